"""What ``qdrant_client.models`` has, with what older clients had."""

from workbench.surfaces.client.models import *  # noqa: F403
