"""The API over a database in memory."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.api.calls import Api
from workbench.api.service import service_of
from workbench.engine import open_engine


@pytest.fixture
def api() -> Iterator[Api]:
    """Operations over a new database in memory."""
    with open_engine() as engine:
        yield Api(service_of(engine))
