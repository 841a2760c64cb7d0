"""One process at a time has a folder open, and no lock outlives the process that held it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from workbench.engine import open_engine
from workbench.errors import Closed, FolderLocked
from workbench.models.config import CollectionConfig, VectorParams
from workbench.models.points import IdArray
from workbench.storage.lock import FolderLock

HOLD = """
import sys, time
from workbench.engine import open_engine
engine = open_engine(sys.argv[1])
print("open", flush=True)
sys.stdin.read()
"""


@contextmanager
def another_process(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that has the database in `folder` open."""
    command = [sys.executable, "-c", HOLD, str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        yield process
        process.kill()


def test_a_second_process_is_told_which_one_has_the_folder_open(tmp_path: Path) -> None:
    with another_process(tmp_path) as owner, pytest.raises(FolderLocked) as refused:
        open_engine(tmp_path, wait=0.1)
    assert f"is open in process {owner.pid} (" in str(refused.value)
    assert "There is no lock file to delete" in str(refused.value)


def test_a_folder_opens_at_once_after_its_owner_was_killed(tmp_path: Path) -> None:
    with another_process(tmp_path) as owner:
        os.kill(owner.pid, signal.SIGKILL)
        assert owner.wait(10) == -signal.SIGKILL
        started = time.monotonic()
        open_engine(tmp_path).close()
        assert time.monotonic() - started < 1


def test_opening_waits_until_the_owner_closes(tmp_path: Path) -> None:
    with another_process(tmp_path) as owner:
        threading.Timer(0.2, owner.kill).start()
        open_engine(tmp_path, wait=30).close()


def test_opening_a_folder_twice_gives_the_same_engine(tmp_path: Path) -> None:
    engine = open_engine(tmp_path)
    assert open_engine(str(tmp_path)) is engine
    assert open_engine(tmp_path / ".." / tmp_path.name) is engine
    engine.close()
    with open_engine(tmp_path) as again:
        assert again is not engine


def test_closing_lets_the_folder_go_although_a_forked_child_lives(tmp_path: Path) -> None:
    lock = FolderLock(tmp_path)
    child = forked(lambda: time.sleep(30))
    lock.release()
    lock.release()
    FolderLock(tmp_path, wait=0).release()
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def test_releasing_lets_go_of_every_copy_of_the_handle(tmp_path: Path) -> None:
    lock = FolderLock(tmp_path)
    copy = os.dup(lock._handle)  # as a child has it that was forked this very moment
    lock.release()
    FolderLock(tmp_path, wait=0).release()
    os.close(copy)


def test_a_forked_child_may_neither_use_the_engine_nor_open_the_folder(tmp_path: Path) -> None:
    with open_engine(tmp_path) as engine:
        collection = engine.create("points", CollectionConfig(vectors={"": VectorParams(size=2)}))

        def use() -> None:
            from workbench.collection import updates

            for call in (
                lambda: engine.collection("points"),
                lambda: collection.view,
                lambda: updates.delete(collection, IdArray.of([1])),  # would wait for ever for the writer
            ):
                with pytest.raises(Closed, match="forked"):
                    call()
            with pytest.raises(FolderLocked, match=f"process {os.getppid()}"):
                open_engine(tmp_path, wait=0)
            engine.close()

        _, status = os.waitpid(forked(use), 0)
        assert status == 0
        assert collection.view.live == 0  # and the parent goes on


def forked(work: object) -> int:
    pid = os.fork()
    if pid:
        return pid
    try:
        signal.alarm(20)  # a child that hangs fails
        work()  # type: ignore[operator]
        os._exit(0)
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        os._exit(1)


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match="expected the path of a folder, got the file"):
        open_engine(tmp_path / "file")
