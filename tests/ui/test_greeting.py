"""What a page says until the kernel hears it beside cells."""

from __future__ import annotations

from playwright.sync_api import Browser

from workbench.views.widgets import assets

# A kernel that answers `late` greetings from behind the cell, and then one from beside it.
_SAID = """([source, late]) => new Promise((done) => {
  let said = 0;
  let heard = null;
  const model = {
    on: (_name, hear) => (heard = hear),
    send: (message) => {
      if (message.hello) said += 1;
      setTimeout(() => { heard({ values: [] }); heard({ welcome: said > late }); }, 0);
    },
  };
  new Function("model", source + "; greet(model)")(model);
  setTimeout(() => done(said), 250 * (late + 3));
})"""


def test_a_page_greets_until_it_is_heard_beside_cells(browser: Browser) -> None:
    page = browser.new_page()
    said = [page.evaluate(_SAID, [assets.module("greeting"), late]) for late in (0, 1, 3)]
    page.close()
    assert said == [1, 2, 4]
