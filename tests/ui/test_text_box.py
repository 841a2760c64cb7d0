"""A text box of a screen: what is typed into it, and what comes from the kernel meanwhile."""

from __future__ import annotations

from playwright.sync_api import Browser

from workbench.views.widgets import assets

# A box bound to the trait `name` of a model, which a kernel sets by `told`.
_BOX = """(source) => {
  const traits = { name: "" };
  let changed = null;
  const model = {
    on: (_event, act) => (changed = act),
    get: (trait) => traits[trait],
    set: (trait, value) => { traits[trait] = value; changed(); },
    save_changes: () => {},
  };
  window.told = (value) => model.set("name", value);
  window.kept = () => traits.name;
  document.body.append(new Function("model", source + "; return textBox(model, 'name', 'Name')")(model));
}"""


def test_what_is_being_typed_is_not_overwritten(browser: Browser) -> None:
    page = browser.new_page()
    page.evaluate(_BOX, assets.module("parts"))
    box = page.get_by_label("Name")
    page.evaluate("told('emoji')")
    assert box.input_value() == "emoji"
    box.fill("signs")
    page.evaluate("told('rows')")
    assert box.input_value() == "signs"
    box.press("Enter")
    assert (box.input_value(), page.evaluate("kept()")) == ("signs", "signs")
    page.evaluate("told('flags')")
    assert box.input_value() == "flags"
    page.close()
