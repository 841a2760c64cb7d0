"""A client that does nothing but run an empty cell in a kernel, over and over, in a process of its own.

``python -m tests.benchmarks.screens.asking CONNECTION_FILE`` asks from the first line of its input to the
end of it, and then prints the milliseconds of all answers.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from typing import Self

from jupyter_client.blocking import BlockingKernelClient

# Seconds between an answer and the next question.
_PAUSE_S = 0.01
_PATIENCE_S = 60.0


class Asking:
    """Ask the kernel of a connection file, from :meth:`begin` to the end of a ``with`` block.

    Attributes
    ----------
    answers : list of float
        Milliseconds from each question to its answer, when the block has ended.
    """

    def __init__(self, connection: str) -> None:
        self._connection = connection
        self.answers: list[float] = []

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__, self._connection],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        self._process.stdout.readline()  # it has met the kernel
        return self

    def begin(self) -> None:
        """Ask from now on."""
        assert self._process.stdin is not None
        self._process.stdin.write("begin\n")
        self._process.stdin.flush()

    def __exit__(self, *_: object) -> None:
        told, _errors = self._process.communicate(timeout=_PATIENCE_S)
        self.answers = json.loads(told)


def main(connection: str) -> None:
    """Ask when told to, until the input ends, and print the milliseconds."""
    client = BlockingKernelClient(connection_file=connection)
    client.load_connection_file()
    client.start_channels(stdin=False, hb=False)
    client.wait_for_ready(_PATIENCE_S)
    print("ready", flush=True)
    sys.stdin.readline()
    ended = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
    answers = []
    while not ended.is_set():
        began = time.perf_counter()
        client.execute("None", silent=True, store_history=False, reply=True, timeout=_PATIENCE_S)
        answers.append((time.perf_counter() - began) * 1e3)
        time.sleep(_PAUSE_S)
    client.stop_channels()
    print(json.dumps(answers))


if __name__ == "__main__":
    main(sys.argv[1])
