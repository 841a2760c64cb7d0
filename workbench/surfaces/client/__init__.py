"""The Qdrant client in process: a real ``qdrant_client.QdrantClient`` without a server.

``client`` answers the calls, ``points``, ``filters``, ``config``, ``query`` and ``results`` turn the client's
models into the engine's and back, ``refusals`` names what is not answered yet, ``compat`` runs code of 2024.
Importing this package imports ``qdrant_client`` (1 s), so nothing else does before a client is asked for.
"""

from workbench.surfaces.client.process import client_over

__all__ = ["client_over"]
