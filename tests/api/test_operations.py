"""The table of operations against the schema: every call of Qdrant is there, and no other."""

from __future__ import annotations

import importlib

from tests.api.schema import openapi
from workbench.api.operations import MODULES, operations

# Of 1.18: gone from the schema of 1.19, still asked by clients up to 1.15.
LEGACY = {
    "search_points", "search_batch_points", "search_point_groups", "recommend_points",
    "recommend_batch_points", "recommend_point_groups", "discover_points", "discover_batch_points",
}  # fmt: skip


def test_every_operation_of_the_schema_is_answered() -> None:
    named = {
        own["operationId"]
        for methods in openapi()["paths"].values()
        for own in methods.values()
        if isinstance(own, dict)
    }
    assert len(named) == 69
    assert set(operations()) == named | LEGACY


def test_every_module_says_what_its_operations_do() -> None:
    for name in MODULES:
        assert importlib.import_module(f"workbench.api.{name}").__doc__
    for own in operations().values():
        assert own.run.__doc__, own.name
