"""``workbench dashboard`` as a person would run it."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from workbench.cli import main


def test_it_prints_its_address_serves_and_stops_with_a_signal(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "workbench",
        "dashboard",
        str(tmp_path / "db"),
        "--port",
        "0",
        "--no-browser",
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        lines = [process.stdout.readline() for _ in range(3)]
        found = re.search(r"Dashboard: (http://127\.0\.0\.1:\d+/)", "".join(lines))
        assert found is not None, lines
        assert "<main>" in httpx.get(found[1]).text
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
        assert "Traceback" not in process.communicate()[1]
    finally:
        process.kill()
        process.communicate()


def test_help_says_that_there_is_no_password(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["dashboard", "--help"])
    shown = capsys.readouterr().out
    assert "asks for no password" in shown
    assert "--allow-origin" in shown
