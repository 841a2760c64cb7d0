"""What the optimizer did, is doing and is about to do, told in terms of segments."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field, replace

from workbench.segments.optimizer import Plan
from workbench.segments.view import SegmentView
from workbench.tasks import Task

_NAMESPACE = uuid.UUID("5f0f35b5-3d0c-4c55-8b0a-6fb7de1a6c2e")


@dataclass(frozen=True, slots=True)
class SegmentName:
    """A segment as the API names it."""

    uuid: uuid.UUID
    number: int
    points: int

    @classmethod
    def of(cls, collection: str, segment: SegmentView) -> SegmentName:
        """Name a segment of a collection; the same segment always has the same UUID."""
        number = segment.segment.number
        return cls(uuid.uuid5(_NAMESPACE, f"{collection}/{number}"), number, segment.live)


@dataclass(frozen=True, slots=True)
class Job:
    """One rebuild of segments as one.

    Parameters
    ----------
    reason : str
        Of the optimizer's plan.
    segments : tuple of SegmentName
        What is rebuilt.
    task : Task
        Its progress and state.
    started : float
        Seconds since 1970.
    """

    reason: str
    segments: tuple[SegmentName, ...]
    task: Task
    started: float
    uuid: uuid.UUID = field(default_factory=uuid.uuid4)

    @classmethod
    def of(cls, collection: str, plan: Plan, task: Task) -> Job:
        """Describe the job that does a plan."""
        return cls(
            plan.reason, tuple(SegmentName.of(collection, s) for s in plan.segments), task, time.time()
        )

    def begun(self) -> Job:
        """Return the job, begun now."""
        return replace(self, started=time.time())

    @property
    def running(self) -> bool:
        """Whether it is not over."""
        return self.task.state in ("pending", "running")

    @property
    def ended(self) -> float | None:
        """When it was over, seconds since 1970."""
        return None if self.running else self.started + max(0.0, self.task.ended - self.task.started)
