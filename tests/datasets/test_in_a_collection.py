"""What the sets are for: a collection made of one, without a model for the vectors that come along."""

from __future__ import annotations

import workbench as wb


def test_articles_become_a_collection_that_is_searched_by_meaning_and_takes_new_articles():
    articles = wb.datasets.load("wikipedia")
    plants = articles[articles.extract.str.contains("plant")]
    collection = wb.open().create("articles", plants, progress=False)

    titles = [hit["title"] for hit in collection.search("how plants make food from sunlight", k=3)]
    collection.add(
        [{"title": "Zorbleberry", "extract": "The zorbleberry is a purple fruit that grows under the sea."}],
        progress=False,
    )

    assert titles[0] == "Photosynthesis"
    assert collection.search("purple fruit under the sea", k=1)[0]["title"] == "Zorbleberry"
    assert "vector" not in collection.search("fruit", k=1)[0].payload


def test_recipes_keep_their_lists_and_cities_their_places():
    db = wb.open()
    recipes = db.create("recipes", wb.datasets.load("recipes").head(40), text="title", progress=False)
    places = wb.datasets.load("cities").head(40)
    cities = db.create("cities", places, text="name", progress=False)

    recipe, city = recipes.search("soup", k=1)[0], cities.search("Shanghai", k=1)[0]

    assert isinstance(recipe["ingredients"], list)
    assert city["location"] == {"lat": 31.22222, "lon": 121.45806}
