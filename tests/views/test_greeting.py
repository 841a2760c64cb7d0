"""Whether the kernel hears a widget beside a running cell."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from workbench.views.widgets.greeting import answer_greetings


def kernel(message: dict[str, Any]) -> Any:
    return SimpleNamespace(kernel=SimpleNamespace(get_parent=lambda: message))


@pytest.mark.parametrize(
    ("comm", "beside"),
    [
        (kernel({"header": {"msg_type": "comm_msg", "subshell_id": "a1"}}), True),
        (kernel({"header": {"msg_type": "comm_msg", "subshell_id": None}}), False),
        (kernel({"header": {"msg_type": "comm_msg"}}), False),
        (kernel({}), False),
        (SimpleNamespace(), True),
        (None, True),
    ],
)
def test_a_greeting_is_answered_with_the_thread_it_was_heard_on(comm: Any, beside: bool) -> None:
    sent: list[Any] = []
    handlers: list[Any] = []
    widget: Any = SimpleNamespace(comm=comm, send=sent.append, on_msg=handlers.append)
    answer_greetings(widget)
    for said in ({"hello": True}, {"look": True}):
        handlers[0](widget, said, [])
    assert sent == [{"welcome": beside}]
