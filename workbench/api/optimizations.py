"""Background work of a collection as Qdrant tells it: what runs, what waits, what was done."""

from __future__ import annotations

from typing import Any, Final

from workbench.api.operations import Access, Call, operation
from workbench.api.service import Service
from workbench.collection import Collection
from workbench.collection.jobs import Job, SegmentName
from workbench.errors import FormatError
from workbench.models.datetimes import format_seconds

_PARTS: Final = ("queued", "completed", "idle_segments")
_COMPLETED: Final = 16

_NAMES: Final = {
    "seal": "indexing",
    "merge": "merge",
    "vacuum": "vacuum",
    "rebuild the graph of": "config mismatch",
}


@operation(Access.READ)
def get_optimizations(service: Service, call: Call) -> dict[str, Any]:
    """Describe the optimizer's work; ``with`` names the optional parts."""
    collection = service.engine.collection(call.collection_name)
    wanted = _wanted(call.params.get("with"))
    limit = call.number("completed_limit")
    jobs = list(collection.upkeep.jobs)
    running = [job for job in jobs if job.running]
    busy = {segment.number for job in running for segment in job.segments}
    plan = collection.upkeep.pending()
    queued = () if plan is None else tuple(SegmentName.of(collection.name, s) for s in plan.segments)
    busy |= {segment.number for segment in queued}
    idle = [s for s in segments_of(collection) if s.number not in busy]
    result: dict[str, Any] = {
        "summary": {
            "queued_optimizations": 0 if plan is None else 1,
            "queued_segments": len(queued),
            "queued_points": sum(segment.points for segment in queued),
            "idle_segments": len(idle),
        },
        "running": [job_json(job) for job in running],
    }
    if "queued" in wanted:
        waiting = [] if plan is None else [{"optimizer": _name(plan.reason), "segments": _list(queued)}]
        result["queued"] = waiting
    if "completed" in wanted:
        done = [job_json(job) for job in reversed(jobs) if not job.running]
        result["completed"] = done[: _COMPLETED if limit is None else limit]
    if "idle_segments" in wanted:
        result["idle_segments"] = _list(tuple(idle))
    return result


def segments_of(collection: Collection) -> list[SegmentName]:
    """Return the names of all segments."""
    return [SegmentName.of(collection.name, segment) for segment in collection.view.segments]


def job_json(job: Job) -> dict[str, Any]:
    """Return a job in the shape of ``Optimization``."""
    task, ended = job.task, job.ended
    progress: dict[str, Any] = {"name": "Segment Optimizing", "started_at": format_seconds(job.started)}
    if ended is not None:
        progress |= {"finished_at": format_seconds(ended), "duration_sec": ended - job.started}
    if task.total:
        progress |= {"done": task.done, "total": task.total}
    return {
        "uuid": str(job.uuid),
        "optimizer": _name(job.reason),
        "status": status_json(job),
        "segments": _list(job.segments),
        "progress": progress,
    }


def status_json(job: Job) -> Any:
    """Return how a job stands, in the shape of ``TrackerStatus``."""
    match job.task.state:
        case "done":
            return "done"
        case "cancelled":
            return {"cancelled": str(job.task.error or "cancelled")}
        case "failed":
            return {"error": str(job.task.error)}
        case _:
            return "optimizing"


def _name(reason: str) -> str:
    return _NAMES.get(reason, reason)


def _list(segments: tuple[SegmentName, ...]) -> list[dict[str, Any]]:
    return [{"uuid": str(segment.uuid), "points_count": segment.points} for segment in segments]


def _wanted(value: Any) -> set[str]:
    names = value.split(",") if isinstance(value, str) else list(value or ())
    own = {str(name).strip() for name in names} - {""}
    if unknown := sorted(own - set(_PARTS)):
        raise FormatError(f"with: unknown variant `{unknown[0]}`, expected one of `{'`, `'.join(_PARTS)}`")
    return own
