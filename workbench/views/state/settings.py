"""Keyword arguments of a screen are its traits; a wrong one is refused with advice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from traitlets import HasTraits, TraitError

from workbench.errors import InvalidRequest


def apply_settings(target: HasTraits, screen: str, known: Sequence[str], settings: Mapping[str, Any]) -> None:
    """Set traits of `target` from keyword arguments.

    Raises
    ------
    InvalidRequest
        For a name that is not in `known`, or a value that the trait does not take.
    """
    for name in settings:
        if name not in known:
            near = get_close_matches(name, known, 1)
            advice = f"; did you mean {near[0]}=?" if near else "."
            raise InvalidRequest(f"{screen}: unknown setting {name!r}{advice} Settings: {', '.join(known)}")
    try:
        with target.hold_trait_notifications():
            for name, value in settings.items():
                setattr(target, name, value)
    except TraitError as error:
        raise InvalidRequest(f"{screen}: {error}") from error
