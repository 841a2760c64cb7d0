"""A saved screen, opened from the disk in a real browser."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser, expect

from tests.views.test_screen import WordsScreen


def test_a_saved_screen_draws_itself_from_a_file(browser: Browser, tmp_path: Path) -> None:
    page = browser.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("request", lambda request: problems.append(request.url))
    page.goto(WordsScreen().save(tmp_path / "words.html").as_uri())
    expect(page.locator("#screen p")).to_have_text("hello 7")
    assert problems == [(tmp_path / "words.html").as_uri()]
    page.close()
