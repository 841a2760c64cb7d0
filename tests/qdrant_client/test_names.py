"""Imports of Qdrant programs work with ``workbench.`` before them; ``test_guide`` runs such a program."""

from __future__ import annotations

from typing import Any

import workbench
from workbench.surfaces.client.compat import QdrantClient


def test_a_star_import_brings_the_widened_models() -> None:
    names: dict[str, Any] = {}
    exec("from workbench.qdrant_client.models import *", names)
    exec("from workbench.qdrant_client.http.models import Distance as OldDistance", names)
    exec("from workbench.qdrant_client import models as again", names)
    assert (
        names["models"].QuantizationConfig is names["QuantizationConfig"] is names["again"].QuantizationConfig
    )
    assert names["Distance"] is names["OldDistance"]


def test_errors_are_where_programs_look_for_them() -> None:
    from qdrant_client.http.exceptions import UnexpectedResponse as Theirs

    from workbench.qdrant_client.http.exceptions import UnexpectedResponse

    assert UnexpectedResponse is Theirs


def test_the_class_is_what_workbench_gives() -> None:
    from workbench.qdrant_client import AsyncQdrantClient
    from workbench.qdrant_client import QdrantClient as Imported

    assert workbench.QdrantClient is QdrantClient is Imported
    assert workbench.AsyncQdrantClient is AsyncQdrantClient
