"""What ``qdrant_client.http.exceptions`` has: raised by servers; in process, see ``workbench.errors``."""

from qdrant_client.http.exceptions import *  # noqa: F403
