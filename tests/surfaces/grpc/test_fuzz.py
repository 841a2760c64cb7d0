"""Messages of any content are read or refused, and never fail inside."""

from __future__ import annotations

import contextlib
import random

import pytest

from tests.surfaces.grpc.messages import anything
from workbench.errors import InvalidRequest
from workbench.surfaces.grpc.handlers import SERVICES, rpcs


@pytest.mark.parametrize("path", rpcs())
def test_a_request_of_any_content_is_read_or_refused(path: str) -> None:
    _, service, name = path.split("/")
    module, _ = SERVICES[service]
    described = module.DESCRIPTOR.services_by_name[service.split(".")[1]].methods_by_name[name]
    chance, rpc = random.Random(7), rpcs()[path]

    for _ in range(100):
        with contextlib.suppress(InvalidRequest):
            rpc.read(anything(described.input_type, chance))
