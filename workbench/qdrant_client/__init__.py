"""Programs written for ``qdrant_client``, in process: put ``workbench.`` before the name they import.

``QdrantClient(":memory:")`` and ``QdrantClient(path=...)`` are Workbench; with a host or a URL it is Qdrant's
own client over the network. ``AsyncQdrantClient`` is the same. The calls and models that clients before 1.16
had are here beside today's.
"""

from workbench.surfaces.client import models
from workbench.surfaces.client.asynchronous import AsyncQdrantClient
from workbench.surfaces.client.compat import QdrantClient

__all__ = ["AsyncQdrantClient", "QdrantClient", "models"]
