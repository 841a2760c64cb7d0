"""Qdrant's API as operations on plain values: the one place where requests are read, checked and answered.

The three surfaces (in process, REST, gRPC) turn their wire format into a
:class:`~workbench.api.operations.Call`, whose body has the shape of Qdrant's REST API, run an operation by
its name, and turn its result and its errors back. So what one surface answers, all answer.
"""
