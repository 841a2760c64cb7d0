"""The boxes of screens: what is typed into them, and what comes from the kernel meanwhile."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from workbench.views.widgets import assets

# Boxes bound to the traits `name` and `count` of a model, which a kernel sets by `told`.
_BOXES = """(source) => {
  const traits = { name: "", count: 3 };
  const changed = {};
  const model = {
    on: (event, act) => (changed[event] = act),
    get: (trait) => traits[trait],
    set: (trait, value) => { traits[trait] = value; changed[`change:${trait}`](); },
    save_changes: () => {},
  };
  window.told = (trait, value) => model.set(trait, value);
  window.kept = (trait) => traits[trait];
  const boxes = "return [textBox(model, 'name', 'Name'), numberBox(model, 'count', 'Count', 2, 200)]";
  document.body.append(...new Function("model", `${source}; ${boxes}`)(model));
}"""


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    opened = browser.new_page()
    opened.evaluate(_BOXES, assets.module("parts"))
    yield opened
    opened.close()


def test_what_is_being_typed_is_not_overwritten(page: Page) -> None:
    box = page.get_by_label("Name")
    page.evaluate("told('name', 'emoji')")
    assert box.input_value() == "emoji"
    box.fill("signs")
    page.evaluate("told('name', 'rows')")
    assert box.input_value() == "signs"
    box.press("Enter")
    assert (box.input_value(), page.evaluate("kept('name')")) == ("signs", "signs")
    page.evaluate("told('name', 'flags')")
    assert box.input_value() == "flags"


def test_a_number_that_is_being_typed_is_not_overwritten(page: Page) -> None:
    box = page.get_by_label("Count")
    assert box.input_value() == "3"
    box.fill("1")
    page.evaluate("told('count', 7)")
    assert box.input_value() == "1"
    box.press_sequentially("5")
    box.press("Enter")
    assert (box.input_value(), page.evaluate("kept('count')")) == ("15", 15)
    page.evaluate("told('count', 8)")
    assert box.input_value() == "8"


@pytest.mark.parametrize(("typed", "kept"), [("9000", 200), ("1", 2), ("2.6", 3), ("", 3)])
def test_a_number_is_kept_in_its_bounds_and_the_box_says_so(page: Page, typed: str, kept: int) -> None:
    box = page.get_by_label("Count")
    box.fill(typed)
    box.press("Enter")
    assert (box.input_value(), page.evaluate("kept('count')")) == (str(kept), kept)


# The table of machines of the page that makes a collection, which a kernel writes anew by `told`.
_MACHINES = """(source) => {
  const machine = (ram) => ({ at: 0, name: "small", ram, gpu: 0, price: 1, used: 0.5, fits: true });
  const traits = { _estimate: { ram: "1 GB" }, _machines: [machine(8)] };
  const changed = {};
  const model = { on: (event, act) => (changed[event] = act), get: (trait) => traits[trait] };
  window.sent = [];
  window.told = (ram) => { traits._machines = [machine(ram)]; changed["change:_machines"](); };
  const parts = `${source.replace("export default", "void")}; return machinesOf(model, send)`;
  document.body.append(new Function("model", "send", parts)(model, (said) => window.sent.push(said)));
}"""


def test_what_is_typed_while_a_table_is_written_anew_is_sent_when_the_cell_is_left(browser: Browser) -> None:
    page = browser.new_page()
    page.evaluate(_MACHINES, assets.module("parts") + assets.module("create"))
    cell = page.get_by_label("Price a month of small")
    cell.fill("25")
    page.evaluate("told(16)")
    assert (cell.input_value(), page.get_by_label("RAM of small").input_value()) == ("25", "16")
    assert page.evaluate("sent") == []
    cell.press("Tab")
    assert page.evaluate("sent") == [{"machine": 0, "values": {"price": "25"}}]
    page.close()
