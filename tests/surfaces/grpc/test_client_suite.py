"""The suite of calls that every surface answers, through the official client over gRPC."""

from __future__ import annotations

from workbench.testing.client_tests import ClientTests


class TestOverGrpc(ClientTests):
    """``client`` is the fixture of this folder."""
