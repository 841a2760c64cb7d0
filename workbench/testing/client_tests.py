"""What every surface must answer, as tests through the public methods of ``qdrant_client.QdrantClient``.

A suite over one surface is a subclass with the fixture ``client``::

    class TestOverRest(ClientTests):
        @pytest.fixture
        def client(self, server):
            yield QdrantClient(url=server.url)

The database may have other collections; those of the suite, whose names begin with ``suite-``, are made anew
by each test.
"""

from __future__ import annotations

from workbench.testing.client_collections import CollectionTests
from workbench.testing.client_errors import ErrorTests
from workbench.testing.client_filters import FilterTests
from workbench.testing.client_points import PointTests
from workbench.testing.client_queries import QueryTests
from workbench.testing.client_vectors import VectorTests


class ClientTests(CollectionTests, PointTests, VectorTests, QueryTests, FilterTests, ErrorTests):
    """All of the suite."""
