"""The command ``workbench``: each verb as a person would type it."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench.cli import lab, main


def test_help_lists_the_verbs(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    text = capsys.readouterr().out
    assert all(verb in text for verb in ("lab", "demo", "datasets"))


def test_version_is_the_packages(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--version"])
    assert capsys.readouterr().out.strip() == "workbench 0.1.0"


def test_an_unknown_verb_is_refused_with_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["serv"])
    assert ended.value.code == 2
    assert "lab" in capsys.readouterr().err


def test_datasets_lists_sets_with_their_licenses(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["datasets"]) == 0
    text = capsys.readouterr().out
    assert "wikipedia" in text
    assert "CC BY-SA" in text


def test_datasets_build_asks_which(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["datasets", "build"]) == 2
    assert "fashion|wordnet|debian" in capsys.readouterr().err


def test_lab_says_that_a_notebook_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lab", "no-such.ipynb"]) == 2
    assert "no notebook or folder no-such.ipynb" in capsys.readouterr().err


def test_lab_opens_the_quickstart_of_the_checkout() -> None:
    assert lab.quickstart().name == "01_quickstart.ipynb"
    assert lab.quickstart().exists()


def test_lab_prints_the_address_of_the_notebook_itself() -> None:
    command = lab._command(Path("/notes/my first.ipynb"), 8888)
    assert "--LabApp.default_url=/lab/tree/my%20first.ipynb" in command
    assert "--ServerApp.root_dir=/notes" in command
    assert "--ServerApp.ip=127.0.0.1" in command


def test_demo_ends_with_hits_and_a_measured_recall(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "how plants make food from sunlight", "--k", "3", "--embed", "4"]) == 0
    text = capsys.readouterr().out
    assert "Photosynthesis" in text
    rows = [line.split() for line in text.splitlines() if line.split()[:1] == ["128"]]
    assert len(rows) == 1
    assert float(rows[0][1]) > 0.95
    assert 0 < float(rows[0][2]) <= float(rows[0][3])
