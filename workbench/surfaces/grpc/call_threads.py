"""The threads that answer calls, which take up a call when its request has come.

``grpc.server`` gives a call to a thread as soon as it begins; the thread asks for the request and waits until
the one thread that receives everything wakes it: a call changes threads three times, each time through the
interpreter's lock. Here the request is asked for first. Then a call changes threads once, or not at all where
it is answered faster than handed over.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from workbench.surfaces.grpc.answering import Answering
from workbench.surfaces.turns import LARGE, InTurn

try:  # no public part of grpcio tells that a request has come
    from grpc._cython.cygrpc import ReceiveMessageOperation
    from grpc._server import _RECEIVE_MESSAGE_TOKEN, _receive_message, _status, _unary_response_in_pool
except ImportError:  # a version that is made otherwise: calls are given to threads as it likes
    _unary_response_in_pool = None


def _as_known() -> bool:
    """Whether grpcio's private functions still take what is given to them here."""
    if _unary_response_in_pool is None:
        return False
    functions = _receive_message, _status, _unary_response_in_pool
    return [len(inspect.signature(function).parameters) for function in functions] == [3, 3, 6]


_KNOWN = _as_known()


class CallThreads(ThreadPoolExecutor):
    """The executor of a ``grpc.server``; what is no call of an :class:`Answering` runs as in any executor.

    Parameters
    ----------
    count : int
        Calls answered at once; large writes, which take turns, have threads of their own.
    name : str
        What the names of the threads begin with.
    """

    def __init__(self, count: int, name: str) -> None:
        super().__init__(count, name)
        self._large = InTurn(f"{name}-large")

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take no more tasks."""
        super().shutdown(wait, cancel_futures=cancel_futures)
        self._large.shutdown(wait, cancel_futures=cancel_futures)

    def submit(self, run: Callable[..., Any], /, *task: Any, **named: Any) -> Future[Any]:
        """Run a task; where it is a call of ours, when its request has come."""
        match task:
            case (respond, event, state, Answering() as answering, _, read, write) if (
                _KNOWN and respond is _unary_response_in_pool
            ):
                pass
            case _:
                return super().submit(run, *task, **named)
        sized = _Sized(read)
        receive = _receive_message(state, event.call, sized)

        def received(message: Any) -> Any:
            outcome = receive(message)  # reads the request, and hands it over in `state`
            request, state.request = state.request, None
            if request is None:  # canceled, refused or missing: grpc's own way tells which
                self._hand_over(False, run, task, named)
            elif (wire := answering.at_once(request)) is not None:
                _status(event, state, wire)
            else:
                answer = (*task[:4], lambda: request, read, write)
                self._hand_over(sized.size >= LARGE and answering.writes, run, answer, named)
            return outcome

        event.call.start_server_batch((ReceiveMessageOperation(0),), received)
        state.due.add(_RECEIVE_MESSAGE_TOKEN)
        return _TAKEN

    def _hand_over(
        self, large: bool, run: Callable[..., Any], task: tuple[Any, ...], named: dict[str, Any]
    ) -> None:
        """Give a task to a thread; one that comes while the threads are being ended is done here."""
        submit = self._large.submit if large else super().submit
        try:
            submit(run, *task, **named)
        except RuntimeError:
            run(*task, **named)


class _Sized:
    """What reads a request, and tells how many bytes it had."""

    def __init__(self, read: Callable[[bytes], Any]) -> None:
        self._read, self.size = read, 0

    def __call__(self, wire: bytes) -> Any:
        self.size = len(wire)
        return self._read(wire)


_TAKEN: Future[None] = Future()
_TAKEN.set_result(None)
