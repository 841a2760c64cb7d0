"""The threads that answer calls, which take up a call when its request has come.

``grpc.server`` gives a call to a thread as soon as it begins; the thread asks for the request and waits until
the one thread that receives everything wakes it: a call changes threads three times, each time through the
interpreter's lock. Here the request is asked for first. Then a call changes threads once, or not at all where
it is answered faster than handed over.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from workbench.surfaces.grpc.answering import Answering

try:  # no public part of grpcio tells that a request has come
    from grpc._cython.cygrpc import ReceiveMessageOperation
    from grpc._server import _RECEIVE_MESSAGE_TOKEN, _receive_message, _unary_response_in_pool
except ImportError:  # a version that is made otherwise: calls are given to threads as it likes
    _unary_response_in_pool = None


class CallThreads(ThreadPoolExecutor):
    """The executor of a ``grpc.server``; what is no call of an :class:`Answering` runs as in any executor."""

    def submit(self, run: Callable[..., Any], /, *task: Any, **named: Any) -> Future[Any]:
        """Run a task; where it is a call of ours, when its request has come."""
        match task:
            case (respond, event, state, Answering() as answering, _, read, write) if (
                respond is _unary_response_in_pool
            ):
                pass
            case _:
                return super().submit(run, *task, **named)
        receive = _receive_message(state, event.call, read)

        def received(message: Any) -> Any:
            outcome = receive(message)  # reads the request, and hands it over in `state`
            request, state.request = state.request, None
            if request is None:  # canceled, refused or missing: grpc's own way tells which
                super(CallThreads, self).submit(run, *task, **named)
            elif answering.at_once(request):
                run(respond, event, state, answering, lambda: request, read, write)
            else:
                answer = (respond, event, state, answering, lambda: request, read, write)
                super(CallThreads, self).submit(run, *answer)
            return outcome

        event.call.start_server_batch((ReceiveMessageOperation(0),), received)
        state.due.add(_RECEIVE_MESSAGE_TOKEN)
        return _TAKEN


_TAKEN: Future[None] = Future()
_TAKEN.set_result(None)
