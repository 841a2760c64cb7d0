"""The Qdrant client in process: a real ``qdrant_client.QdrantClient`` without a server.

``client`` answers the calls: ``plain`` makes plain values of the client's models, an operation of
:mod:`workbench.api` answers, ``results`` and ``failures`` turn back what that returns and raises; ``compat``
runs code of 2024. Importing this package imports ``qdrant_client`` (1 s): nothing else does before a client
is asked for.
"""

from workbench.surfaces.client.process import client_over

__all__ = ["client_over"]
