"""The table of the API in the docs is that of the code."""

from __future__ import annotations

from pathlib import Path

from workbench.testing.api_table import render

PAGE = Path(__file__).parents[2] / "API.md"


def test_the_page_is_what_the_code_gives() -> None:
    assert PAGE.read_text() == render(), "python -m workbench.testing.api_table > API.md"


def test_every_operation_and_remote_call_is_answered_or_refused_as_qdrant_does() -> None:
    states = [line.rsplit("|", 2)[1].strip() for line in render().splitlines() if line.startswith("| ")]
    assert states.count("**not answered**") == 0
    assert states.count("answered") > 120
