"""Letters with accents, ligatures and look-alikes as ASCII.

``folding.txt`` has one line a replacement: the ASCII, a blank, and the characters that become it. The
replacements are those of qdrant-edge-py 0.9.0, which was asked for every character of the basic plane;
they agree with Lucene's ASCIIFoldingFilter.
"""

from __future__ import annotations

from functools import cache
from importlib import resources


@cache
def _table() -> dict[int, str]:
    lines = resources.files(__package__).joinpath("folding.txt").read_text(encoding="utf-8").splitlines()
    return {ord(c): ascii_ for ascii_, chars in (line.split(" ", 1) for line in lines) for c in chars}


def fold(text: str) -> str:
    """Return the text with its accented and special letters as ASCII; other scripts stay as they are."""
    return text if text.isascii() else text.translate(_table())
