"""Qdrant's gRPC API over an engine: protobuf turned into plain values, and answers turned back.

:func:`workbench.surfaces.grpc.server.serve` starts it. The messages are those of ``qdrant_client.grpc``.
"""
