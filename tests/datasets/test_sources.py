"""How the sources of the sets that come along are read: their own formats in, records out."""

from __future__ import annotations

import pytest

from workbench.datasets import cities, emoji, recipes, wikipedia


@pytest.mark.parametrize(
    ("description", "year"),
    [
        ("1968 film by Stanley Kubrick", 1968),
        ("Indian poet (1797–1869)", 1797),
        ("Indian actor (born 1942)", 1942),
        ("Gupta emperor from 335 to 375", 335),
        ("Roman general and dictator (138–78 BC)", -138),
        ("Sumerian high priestess, c. 2300 BC", -2300),
        ("Chemical element with atomic number 84 (Po)", None),
        ("Art movement emerging in the mid-1950s", None),
        ("Unit of distance (1,852 m)", None),
        ("", None),
    ],
)
def test_the_year_of_an_article_is_the_first_that_its_description_names(description, year):
    assert wikipedia.year(description) == year


def test_an_article_becomes_a_record_with_its_address():
    article = {"title": "Café (film)", "extract": " A film. ", "description": "", "topic": "Arts"}

    assert wikipedia.record(article) == {
        "title": "Café (film)",
        "extract": "A film.",
        "description": None,
        "topic": "Arts",
        "year": None,
        "url": "https://en.wikipedia.org/wiki/Caf%C3%A9_(film)",
    }


def test_a_recipe_becomes_a_record_without_wiki_markup():
    recipe = {
        "title": "Tea",
        "category": None,
        "servings": "4–6 persons",
        "time": "Prep: 5 minutes<br/>Rest: 1 hour",
        "difficulty": "1",
        "ingredients": ["1 cup () water<ref>Any.</ref>", "2 tbs<nowiki/>p [[Cookbook:Tea|tea]]"],
        "steps": ["thumb|The potStir '''well'''."],
    }

    assert recipes.record("Cookbook:Tea", recipe) == {
        "title": "Tea",
        "category": None,
        "ingredients": ["1 cup water", "2 tbsp tea"],
        "steps": ["Stir well."],
        "time": "Prep: 5 minutes; Rest: 1 hour",
        "minutes": None,
        "servings": 4,
        "difficulty": 1,
        "text": "Tea: 1 cup water, 2 tbsp tea",
        "url": "https://en.wikibooks.org/wiki/Cookbook:Tea",
    }


@pytest.mark.parametrize(
    ("words", "minutes"),
    [
        ("30 minutes", 30),
        ("About 2 hours", 120),
        ("1 hour 20 minutes", 80),
        ("1½ hours", 90),
        ("½ hour", 30),
        ("15–20 minutes", 20),
        ("1 day", 1440),
        ("1 hour plus chilling", None),
        ("Overnight", None),
        ("", None),
    ],
)
def test_only_a_plain_duration_is_turned_into_minutes(words, minutes):
    assert recipes.minutes(words) == minutes


def test_a_city_joins_its_country():
    city = {
        "geonameid": 2988507, "name": "Paris", "latitude": 48.85341, "longitude": 2.3488, "countrycode": "FR",
        "population": 2138551, "timezone": "Europe/Paris", "alternatenames": ["Lutetia"],
    }  # fmt: skip

    assert cities.record(city, {"name": "France", "iso": "FR", "continentcode": "EU"}) == {
        "name": "Paris",
        "country": "France",
        "country_code": "FR",
        "continent": "EU",
        "location": {"lat": 48.85341, "lon": 2.3488},
        "population": 2138551,
        "timezone": "Europe/Paris",
        "geonameid": 2988507,
    }


def test_an_emoji_joins_the_names_of_its_groups():
    row = {
        "emoji": "🍎", "label": "red apple", "hexcode": "1F34E", "tags": ["apple", "fruit"],
        "group": 4, "subgroup": 42, "version": 0.6, "order": 3000,
    }  # fmt: skip
    groups = {"groups": {"4": "food-drink"}, "subgroups": {"42": "food-fruit"}}

    assert emoji.record(row, groups) == {
        "emoji": "🍎",
        "label": "red apple",
        "tags": ["apple", "fruit"],
        "group": "food-drink",
        "subgroup": "food-fruit",
        "version": 0.6,
        "hexcode": "1F34E",
        "text": "red apple: apple, fruit",
    }
