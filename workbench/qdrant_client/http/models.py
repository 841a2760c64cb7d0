"""What ``qdrant_client.http.models`` has, with what older clients had."""

from workbench.surfaces.client.models import *  # noqa: F403
