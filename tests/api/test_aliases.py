"""Aliases: every operation takes them, changes are made together, they last as long as their collection."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.api.calls import Api
from tests.api.schema import check
from workbench.api.service import service_of
from workbench.engine import open_engine

SMALL = {"vectors": {"size": 4, "distance": "Dot"}}


def create(alias: str, collection: str) -> dict[str, Any]:
    return {"create_alias": {"alias_name": alias, "collection_name": collection}}


def delete(alias: str) -> dict[str, Any]:
    return {"delete_alias": {"alias_name": alias}}


def rename(old: str, new: str) -> dict[str, Any]:
    return {"rename_alias": {"old_alias_name": old, "new_alias_name": new}}


@pytest.fixture
def two(api: Api) -> Api:
    """Collections ``a`` and ``b``."""
    api("create_collection", "a", SMALL)
    api("create_collection", "b", SMALL)
    return api


def known(api: Api) -> dict[str, str]:
    found = check(api("get_collections_aliases"), "CollectionsAliasesResponse")["aliases"]
    return {entry["alias_name"]: entry["collection_name"] for entry in found}


def test_a_collection_answers_to_its_alias(two: Api) -> None:
    body = check({"actions": [create("live", "a")]}, "ChangeAliasesOperation")
    assert two("update_aliases", "", body) is True
    assert two("get_collection", "live") == two("get_collection", "a")
    assert two("collection_exists", "live") == {"exists": True}
    assert two("update_collection", "live", {"metadata": {"n": 1}}) is True
    assert two("get_collection", "a")["config"]["metadata"] == {"n": 1}


def test_aliases_are_listed_for_one_and_for_all(two: Api) -> None:
    two("update_aliases", "", {"actions": [create("x", "a"), create("y", "a"), create("z", "b")]})
    assert known(two) == {"x": "a", "y": "a", "z": "b"}
    of_one = check(two("get_collection_aliases", "a"), "CollectionsAliasesResponse")
    assert [entry["alias_name"] for entry in of_one["aliases"]] == ["x", "y"]
    assert two.fails("get_collection_aliases", "c") == (404, "Not found: Collection `c` doesn't exist!")


def test_an_alias_moves_is_renamed_and_goes(two: Api) -> None:
    two("update_aliases", "", {"actions": [create("x", "a")]})
    two("update_aliases", "", {"actions": [create("x", "b")]})
    assert known(two) == {"x": "b"}
    two("update_aliases", "", {"actions": [rename("x", "y")]})
    assert known(two) == {"y": "b"}
    two("update_aliases", "", {"actions": [delete("y"), delete("never")]})
    assert known(two) == {}


@pytest.mark.parametrize(
    ("action", "failure"),
    [
        (create("z", "c"), (404, "Not found: Collection `c` doesn't exist!")),
        (create("b", "a"), (409, "Wrong input: Collection `b` already exists!")),
        (rename("none", "z"), (404, "Not found: Alias none does not exists!")),
    ],
)
def test_all_changes_of_a_list_are_made_or_none(
    two: Api, action: dict[str, Any], failure: tuple[int, str]
) -> None:
    two("update_aliases", "", {"actions": [create("x", "a")]})
    assert two.fails("update_aliases", "", {"actions": [create("y", "a"), delete("x"), action]}) == failure
    assert known(two) == {"x": "a"}


def test_an_action_must_be_one_of_three(two: Api) -> None:
    status, text = two.fails("update_aliases", "", {"actions": [{"drop_alias": {}}]})
    assert (status, text[:35]) == (400, "Format error in JSON body: actions[")


def test_an_alias_is_a_name_that_a_path_can_hold(two: Api) -> None:
    assert two.fails("update_aliases", "", {"actions": [create("x/y", "a")]}) == (
        422,
        "Validation error in JSON body: "
        '[actions[0].create_alias.alias_name: collection name cannot contain "/" char]',
    )


def test_no_collection_is_called_like_an_alias(two: Api) -> None:
    two("update_aliases", "", {"actions": [create("live", "a")]})
    assert two.fails("create_collection", "live", SMALL) == (
        400,
        "Wrong input: Can't create collection with name live. Alias with the same name already exists",
    )


def test_a_collection_is_not_removed_by_its_alias_but_takes_its_aliases_along(two: Api) -> None:
    two("update_aliases", "", {"actions": [create("live", "a"), create("other", "b")]})
    assert two("delete_collection", "live") is False
    assert two("delete_collection", "a") is True
    assert known(two) == {"other": "b"}
    assert two("collection_exists", "live") == {"exists": False}


def test_aliases_survive_a_restart(tmp_path: Path) -> None:
    with open_engine(tmp_path) as engine:
        api = Api(service_of(engine))
        api("create_collection", "a", SMALL)
        api("update_aliases", "", {"actions": [create("x", "a"), create("y", "a")]})
        api("update_aliases", "", {"actions": [delete("x")]})
    with open_engine(tmp_path) as engine:
        api = Api(service_of(engine))
        assert known(api) == {"y": "a"}
        assert api("collection_exists", "y") == {"exists": True}
