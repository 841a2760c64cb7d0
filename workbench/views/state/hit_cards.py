"""A hit as a card: what is worth reading of its payload, the words it shares with the query, its picture."""

from __future__ import annotations

import json
import re
from typing import Any

from workbench.surfaces.notebook.words import marked

Pieces = list[tuple[str, bool]]

# What a card shows of a text; the detail shows a value up to the second length, which no screen shows whole.
_SNIPPET, _VALUE, _TITLE = 180, 20_000, 90
_PICTURE = re.compile(r"^data:image/(png|jpeg|gif|webp);base64,[A-Za-z0-9+/=]+$")
# Characters of a picture that is sent with a card; two hundred of them are what a screen may cost.
_PICTURE_LENGTH = 60_000
_FILE = re.compile(r"\.(png|jpe?g|gif|webp|bmp|tiff?)$", re.IGNORECASE)


def headline(payload: dict[str, Any], text_key: str, query: str) -> tuple[Pieces, Pieces]:
    """Return the title and the snippet of a hit, each in pieces that say whether they are words of the query.

    The title is the first short text of the payload, the snippet the text that was embedded, or else the
    longest, cut around the first word of the query.
    """
    texts = {k: v for k, v in payload.items() if isinstance(v, str) and v and not v.startswith("data:")}
    body = text_key if text_key in texts else max(texts, key=lambda k: len(texts[k]), default="")
    title = next((k for k, v in texts.items() if k != body and len(v) <= _TITLE), "")
    shown = texts.get(title, "")
    if not texts:
        plain = {k: v for k, v in payload.items() if not isinstance(v, str)}
        return [(_line(plain), False)] if plain else [], []
    return _pieces(shown, query), snippet(texts[body], query)


def snippet(text: str, query: str, length: int = _SNIPPET) -> Pieces:
    """Return about `length` characters around the first word of the query, in pieces."""
    text = " ".join(text[:_VALUE].split())
    pieces = _pieces(text, query)
    if len(text) <= length:
        return pieces
    at = 0
    first = next((i for i, (_, hit) in enumerate(pieces) if hit), -1)
    if first > 0:
        at = max(0, sum(len(p) for p, _ in pieces[:first]) - length // 3)
        at = 0 if at < length // 6 else text.find(" ", at) + 1
    cut: Pieces = [("… ", False)] if at else []
    for piece, hit in _window(pieces, at, at + length):
        cut.append((piece, hit))
    return [*cut, (" …", False)] if at + length < len(text) else cut


def payload_rows(payload: dict[str, Any], query: str) -> list[tuple[str, Pieces]]:
    """Return the whole payload, key by key, with the words of the query marked in its texts."""
    return [(key, _value(value, query)) for key, value in payload.items()]


def picture(payload: dict[str, Any], limit: int = _PICTURE_LENGTH) -> str:
    """Return the first picture of a payload that is a data URI of at most `limit` characters, or ``""``."""
    found = (v for v in payload.values() if isinstance(v, str) and len(v) <= limit and _PICTURE.match(v))
    return next(found, "")


def picture_note(payload: dict[str, Any]) -> str:
    """Return a sentence for a picture that the page cannot show, or ``""``."""
    for key, value in payload.items():
        if not isinstance(value, str):
            continue
        if value.startswith("data:image/"):
            return (
                ""
                if picture(payload)
                else f"The picture in {key!r} is too large for a card: {len(value):,} characters."
            )
        if _FILE.search(value) and len(value) < 500:
            where = (
                "on the web, which this page does not ask"
                if "://" in value
                else "a file, which this page cannot read"
            )
            return f"{key}: {value} is {where}; payload values data:image/… are shown."
    return ""


def _value(value: Any, query: str) -> Pieces:
    if isinstance(value, str):
        if value.startswith("data:"):
            return [(f"{value[:60]}… ({len(value):,} characters)", False)]
        cut = value[:_VALUE]
        rest = [] if len(value) <= _VALUE else [(f" … ({len(value):,} characters)", False)]
        return [*_pieces(cut, query), *rest]
    text = json.dumps(value, ensure_ascii=False, indent=1, default=str)
    return [(text if len(text) <= _VALUE else f"{text[:_VALUE]} … ({len(text):,} characters)", False)]


def _pieces(text: str, query: str) -> Pieces:
    if not text:
        return []
    return marked(text, query) if query else [(text, False)]


def _window(pieces: Pieces, start: int, stop: int) -> Pieces:
    found: Pieces = []
    at = 0
    for text, hit in pieces:
        part = text[max(0, start - at) : max(0, stop - at)]
        if part:
            found.append((part, hit))
        at += len(text)
    return found


def _line(payload: dict[str, Any]) -> str:
    text = ", ".join(f"{k}: {json.dumps(v, ensure_ascii=False, default=str)}" for k, v in payload.items())
    return text if len(text) <= _SNIPPET else f"{text[: _SNIPPET - 1]}…"
