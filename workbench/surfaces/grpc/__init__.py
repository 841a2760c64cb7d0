"""Qdrant's gRPC API over an engine: protobuf turned into plain values, and answers turned back.

:class:`workbench.surfaces.grpc.server.GrpcServer` listens. The messages are those of ``qdrant_client.grpc``.
"""
