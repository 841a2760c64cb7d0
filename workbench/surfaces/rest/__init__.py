"""Qdrant's REST API over HTTP.

``routes`` is the table of paths; ``app`` answers a request: ``bodies`` and ``point_batch`` read what came,
``parameters`` the rest of the address, ``formatting`` writes the result; ``server`` listens.
"""

from workbench.surfaces.rest.server import RestServer

__all__ = ["RestServer"]
