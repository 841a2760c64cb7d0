"""The progress bar of a call that takes a while; the notebook's Stop button, or Ctrl-C, cancels it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from workbench.tasks import Progress, silent

Wanted = bool | Progress


@contextmanager
def bar(title: str, unit: str, wanted: Wanted) -> Iterator[Progress]:
    """Yield what working code calls.

    Parameters
    ----------
    title, unit : str
        What stands before the bar, and what is counted.
    wanted : bool or callable
        True shows a tqdm bar (a widget in a notebook), False nothing; a callable is called itself.
    """
    if callable(wanted):
        yield wanted
        return
    if not wanted:
        yield silent
        return
    shown: Any = _tqdm()(total=0, desc=title, unit=f" {unit}", leave=True)

    def report(done: int, total: int, text: str = "") -> None:
        if shown.total != total:
            shown.reset(total=total)
        shown.update(done - shown.n)

    try:
        yield report
    finally:
        shown.close()


def _tqdm() -> Any:
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # tqdm warns where there are no widgets; a text bar is fine there
        from tqdm.auto import tqdm
    return tqdm
