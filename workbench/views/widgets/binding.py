"""A widget's public traits and its state's, kept equal."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from traitlets import HasTraits


def bind(state: HasTraits, face: HasTraits, names: Iterable[str], *, both: bool = True) -> None:
    """Let `face` follow `state`, and `state` follow `face` unless `both` is False.

    Unlike ``traitlets.link`` this hears a state that answers a value with another, such as the last page for
    one beyond it; and it never asks whether two values are equal, which a DataFrame refuses.
    """
    for name in names:
        face.set_trait(name, getattr(state, name))

        # What the state holds now, not what the change says: it may have moved on since.
        def follow(change: Any) -> None:
            face.set_trait(change["name"], getattr(state, change["name"]))

        def lead(change: Any) -> None:
            setattr(state, change["name"], change["new"])

        state.observe(follow, name)
        if both:
            face.observe(lead, name)
