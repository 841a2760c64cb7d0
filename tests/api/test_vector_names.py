"""What vectors may be called."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.calls import Api

PLANE = {"size": 2, "distance": "Dot"}


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"vectors": {"a/b": PLANE}}, 'Invalid dense vector name `a/b`: vector name cannot contain "/" char'),
        (
            {"vectors": {"é" * 101: PLANE}},
            f"Invalid dense vector name `{'é' * 101}`: vector name must be at most 200 bytes long",
        ),
        (
            {"sparse_vectors": {"a:b": {}}},
            'Invalid sparse vector name `a:b`: vector name cannot contain ":" char',
        ),
        ({"sparse_vectors": {"": {}}}, "Sparse vector name cannot be empty"),
        (
            {"vectors": {"a": PLANE, "b": PLANE}, "sparse_vectors": {"b": {}}},
            "Dense and sparse vector names must be unique - duplicate found with 'b'",
        ),
    ],
)
def test_a_name_that_no_vector_can_have_makes_no_collection(
    api: Api, body: dict[str, Any], text: str
) -> None:
    assert api.fails("create_collection", "c", body) == (400, f"Wrong input: {text}")
    assert api("get_collections") == {"collections": []}


def test_a_name_of_200_bytes_is_none_too_long(api: Api) -> None:
    assert api("create_collection", "c", {"vectors": {"é" * 100: PLANE}}) is True


def test_a_name_that_no_vector_can_have_is_not_added(api: Api) -> None:
    api("create_collection", "c", {"vectors": PLANE})
    assert api.fails("create_vector_name", "c", {"dense": PLANE}, path={"vector_name": "a/b"}) == (
        422,
        'Validation error in path parameters: [vector_name: vector name cannot contain "/" char]',
    )


def test_a_modifier_that_is_the_default_is_echoed_when_it_was_given(api: Api) -> None:
    api("create_collection", "c", {"sparse_vectors": {"a": {"modifier": "none"}, "b": {}}})
    assert api("get_collection", "c")["config"]["params"]["sparse_vectors"] == {
        "a": {"modifier": "none"},
        "b": {},
    }
    api("update_collection", "c", {"sparse_vectors": {"a": {"index": {"on_disk": True}}}})
    api("create_vector_name", "c", {"sparse": {"modifier": "none"}}, path={"vector_name": "b"})
    assert api("get_collection", "c")["config"]["params"]["sparse_vectors"] == {
        "a": {"modifier": "none", "index": {"on_disk": True}},
        "b": {},
    }
