"""What all screens share: one flat module each, and a page of their own that needs no kernel."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import anywidget
import pytest
from traitlets import Bool, Bytes, Float, HasTraits, List, Unicode

from workbench.views.dashboards.taskrow import TaskRow
from workbench.views.widgets import assets
from workbench.views.widgets.screen import Screen
from workbench.views.widgets.standalone import page_of

MODULE = """
function render({ model, el }) {
  const third = new Uint8Array(model.get("data").buffer)[2];
  el.append(make("p", { textContent: `${model.get("text")} ${third}` }));
}
export default { render };
"""


class Words(HasTraits):
    text = Unicode("hello")
    status = Unicode("")
    problem = Unicode("")
    working = Bool(False)
    done = Float(0.0)
    cancelled = Bool(False)

    def cancel(self) -> None:
        self.cancelled = True


class WordsView(anywidget.AnyWidget):
    _esm = assets.script() + MODULE
    _css = assets.style()

    text = Unicode("hello").tag(sync=True)
    data = Bytes(b"\x00\x01\x07").tag(sync=True)
    lines: List[Any] = List(["</script><b>"]).tag(sync=True)


class AlarmedView(WordsView):
    problem = Unicode("").tag(sync=True)


class WordsScreen(Screen):
    def __init__(self) -> None:
        super().__init__(Words(), WordsView(), "Words & more")

    def _body(self) -> str:
        return "<p>one line</p>"


@pytest.mark.parametrize(("view", "told"), [(WordsView(), "no such color"), (AlarmedView(), "")])
def test_a_problem_is_told_once_under_the_view_if_that_has_no_place_for_it(
    view: WordsView, told: str
) -> None:
    screen = Screen(Words(), view, "Words")
    screen.state.problem = "no such color"
    bar = screen.children[1].children[0]
    assert (bar.problem, TaskRow(screen.state, view).problem) == (told, told)


@pytest.mark.parametrize("name", sorted(p.stem for p in Path(assets.__file__).parent.glob("page/*.js")))
def test_scripts_are_flat_and_ask_no_network(name: str) -> None:
    text = assets.script(name)
    assert re.findall(r"^\s*import\b|https?://(?!www\.w3\.org/2000/svg)", text, re.MULTILINE) == []


def test_a_module_begins_with_the_shared_parts() -> None:
    assert assets.script("scatter").index("const make") < assets.script("scatter").index("function scatter")
    assert ".wb-screen" in assets.style()


def test_a_screen_shows_text_and_a_still_picture_without_a_kernel() -> None:
    data, _ = WordsScreen()._repr_mimebundle_()
    assert data["text/plain"] == "<WordsScreen Words & more>"
    assert "Words &amp; more" in data["text/html"]
    assert "<p>one line</p>" in data["text/html"]
    assert "application/vnd.jupyter.widget-view+json" in data


def test_a_screen_follows_its_state_and_can_be_cancelled() -> None:
    screen = WordsScreen()
    seen: list[str] = []
    screen.follow(["text"], lambda: seen.append(screen.state.text))
    screen.state.text = "goodbye"
    assert seen == ["hello", "goodbye"]
    row = screen.children[1]
    screen.state.status, screen.state.working = "counting", True
    assert (row.children[0].status, row.children[0].working) == ("counting", True)
    row.children[1]._cancel()
    assert screen.state.cancelled


def test_a_saved_page_holds_everything_and_nothing_that_ends_its_scripts(tmp_path: Path) -> None:
    page = WordsScreen().save(tmp_path / "words.html").read_text()
    state = re.search(r'<script type="application/json" id="state">(.*?)</script>', page, re.DOTALL)
    assert state is not None
    held = json.loads(state.group(1))
    assert (held["text"], held["lines"], held["data"]) == (
        "hello",
        ["</script><b>"],
        {"__bytes__": "AAEH"},
    )
    assert page.count("</script>") == 2
    assert "<p>one line</p>" in page


def test_only_a_flat_module_can_be_saved() -> None:
    class Other(anywidget.AnyWidget):
        _esm = "export function render() {}"

    with pytest.raises(ValueError, match="expected a flat module"):
        page_of("other", Other())
