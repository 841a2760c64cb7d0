"""Moments in time: RFC 3339 in the several forms that payloads and conditions may use, as UTC microseconds.

Accepted, as by the engine (measured on qdrant-edge-py 0.9.0, which reads them with Rust's chrono):
``2020-01-31``, ``2020-01-31T12:30``, ``2020-01-31 12:30:05.25`` (all UTC), and with seconds an offset:
``Z``, ``UTC``, ``+01``, ``+0100``, ``+01:00``. Digits may be single, a year outside 0..9999 takes a sign,
a 60th second is the next minute. Digits after the sixth of a second are cut off. A time without seconds
takes no offset.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

from workbench.errors import InvalidRequest

Instant = str | datetime | date

# Possessive quantifiers ({1,2}+), because chrono never gives a digit back: 2020-1-12:00 is no date, not 1
# January, 2:00.
_FORM = re.compile(
    r"\s*([+-][0-9]++|[0-9]{1,4}+)-\s*([0-9]{1,2}+)-\s*([0-9]{1,2}+)"
    r"(?:(?P<sep>[Tt]?)\s*([0-9]{1,2}+):\s*([0-9]{1,2}+)"
    r"(?::\s*([0-9]{1,2}+)(?:\.([0-9]++))?"
    r"(?P<offset>\s*(?:Z|UTC|(?P<sign>[+\-\u2212])([0-9]{2})\s*:?\s*([0-9]{2})?)\s*)?)?)?",
    re.IGNORECASE,
)
# What a small "t" needs behind it: chrono reads that by another form, which takes no offset of hours alone.
_TO_THE_MINUTE = re.compile(r"[Zz]|UTC|[0-9]{2}\s*:?\s*[0-9]{2}\s*$", re.IGNORECASE)
_YEARS = range(-262_143, 262_143)  # chrono's own range
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def encode_moment(value: object) -> str | None:
    """Return a ``pandas.Timestamp`` and the like, which orjson does not know, as RFC 3339: its ``default=``.

    None for ``NaT``; raises ``TypeError`` for what is no moment.
    """
    if isinstance(value, datetime):
        return value.isoformat() if value == value else None
    raise TypeError(f"Type is not JSON serializable: {type(value).__name__}")


def parse_datetime(text: str) -> int | None:
    """Microseconds since 1970-01-01 UTC, or None if the text is not a moment in time."""
    found = _FORM.fullmatch(text)
    if found is None or (found["sep"] == "t" and not _TO_THE_MINUTE.search(found["offset"] or "")):
        return None
    _, _, _, _, *clock = (groups := found.groups())
    year, month, day = int(groups[0]), int(groups[1]), int(groups[2])
    hour, minute, second = (int(part or 0) for part in clock[:3])
    offset_hours, offset_minutes = (int(part or 0) for part in clock[6:8])
    if year not in _YEARS or not 1 <= month <= 12 or not 1 <= day <= _days_in_month(year, month):
        return None
    if hour > 23 or minute > 59 or second > 60 or offset_hours > 23 or offset_minutes > 59:
        return None
    offset = (offset_hours * 60 + offset_minutes) * (1 if found["sign"] == "+" else -1)
    seconds = ((_days_since_epoch(year, month, day) * 24 + hour) * 60 + minute - offset) * 60 + second
    return seconds * 1_000_000 + int((clock[3] or "")[:6].ljust(6, "0"))


def microseconds(value: Instant) -> int:
    """Microseconds since 1970 of a text, a ``datetime`` (no zone: UTC) or a ``date`` (midnight UTC).

    Raises
    ------
    InvalidRequest
        If it is none of these, or the text is not a moment in time.
    """
    if isinstance(value, datetime):
        aware = value if value.tzinfo is not None else value.replace(tzinfo=UTC)
        return (aware - _EPOCH) // _MICROSECOND
    if isinstance(value, date):
        return (datetime(value.year, value.month, value.day, tzinfo=UTC) - _EPOCH) // _MICROSECOND
    moment = parse_datetime(value) if isinstance(value, str) else None
    if moment is None:
        raise InvalidRequest(
            f"not a date and time: {value!r}; expected RFC 3339, as in '2020-01-31', '2020-01-31T12:30:05Z' "
            "or '2020-01-31T12:30:05+01:00', or a datetime object"
        )
    return moment


def format_datetime(moment: int) -> str:
    """RFC 3339 text, in UTC, of microseconds since 1970: the inverse of ``parse_datetime``."""
    seconds, micros = divmod(moment, 1_000_000)
    days, clock = divmod(seconds, 86_400)
    year, month, day = _civil(days)
    sign = "-" if year < 0 else "+" if year > 9999 else ""
    fraction = f".{micros:06d}" if micros else ""
    hour, minute, second = clock // 3600, clock // 60 % 60, clock % 60
    return f"{sign}{abs(year):04d}-{month:02d}-{day:02d}T{hour:02d}:{minute:02d}:{second:02d}{fraction}Z"


def format_seconds(seconds: float) -> str:
    """RFC 3339 text, in UTC, of seconds since 1970, as ``time.time`` gives them."""
    return format_datetime(round(seconds * 1_000_000))


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def _days_in_month(year: int, month: int) -> int:
    return 28 + _is_leap(year) if month == 2 else 30 + (month + month // 8) % 2


def _days_since_epoch(year: int, month: int, day: int) -> int:
    """Days since 1970-01-01 in the proleptic Gregorian calendar, also before year 1, where ``datetime`` ends.

    The calendar repeats every 400 years = 146,097 days, so the year is moved into ``datetime``'s range first.
    """
    cycles, year_of_cycle = divmod(year, 400)
    return (
        date(2000 + year_of_cycle, month, day).toordinal()
        - date(1970, 1, 1).toordinal()
        + (cycles - 5) * 146_097
    )


def _civil(days: int) -> tuple[int, int, int]:
    """Year, month and day of a number of days since 1970-01-01."""
    cycles, day_of_cycle = divmod(days - _days_since_epoch(2000, 1, 1), 146_097)
    moved = date(2000, 1, 1) + timedelta(days=day_of_cycle)
    return moved.year + cycles * 400, moved.month, moved.day
