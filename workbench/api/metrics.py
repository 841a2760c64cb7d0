"""Metrics in Prometheus' text format, under the names that Qdrant gives them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.api.operations import Access, Call, operation
from workbench.api.request_statistics import BUCKETS, Statistics, Surface
from workbench.api.service import VERSION, Service
from workbench.api.telemetry import hashed, memory_json
from workbench.collection import Collection
from workbench.collection.info import vectors_in
from workbench.errors import WorkbenchError
from workbench.query import nearest

if TYPE_CHECKING:
    from prometheus_client.core import Metric

_TIMED = {"rest": 200, "grpc": 0}
"""The status whose times are told: a refusal is quick and says nothing."""

_RESOURCES = {"resident_memory": "memory", "disk_usage": "disk"}

_PROCESS_FIELDS = {"process_minor_page_faults_total": 9, "process_major_page_faults_total": 11}


@operation(Access.READ)
def metrics(service: Service, call: Call) -> str:
    """Return every metric as text."""
    from prometheus_client import CollectorRegistry, generate_latest

    call.number("timeout", 1)
    registry = CollectorRegistry()
    registry.register(
        _Collector(service, anonymize=call.flag("anonymize"), per_collection=call.flag("per_collection"))
    )
    return generate_latest(registry).decode()


class _Collector:
    """What prometheus_client asks for metrics."""

    def __init__(self, service: Service, *, anonymize: bool, per_collection: bool) -> None:
        self._service, self._per_collection = service, per_collection
        self._shown = hashed if anonymize else str

    def describe(self) -> list[Metric]:
        """Return nothing: that keeps a registry from collecting only to learn the names."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Yield every metric."""
        yield _gauge(
            "app_info", "information about the server", (("name", "version"), ("workbench", VERSION))
        )
        yield _gauge("app_status_recovery_mode", "is running in recovery mode", value=0)
        yield from self._quotas()
        yield from self._collections()
        yield _gauge("cluster_enabled", "is cluster support enabled", value=0)
        yield from self._requests("rest", ("method", "endpoint", "status"))
        yield from self._requests("grpc", ("endpoint", "status"))
        for name, size in memory_json().items():
            yield _gauge(f"memory_{name}", f"{name.replace('_', ' ')} of this process", value=size)
        yield from _process()

    def _collections(self) -> Iterator[Metric]:
        from prometheus_client.core import GaugeMetricFamily

        names = self._service.engine.names()
        opened = [found for name in names if (found := self._open(name)) is not None]
        yield _gauge("collections_total", "number of collections", value=len(names))
        points = GaugeMetricFamily("collection_points", "approximate amount of points", labels=["id"])
        vectors = GaugeMetricFamily(
            "collection_vectors", "amount of vectors grouped by vector name", labels=["collection", "vector"]
        )
        running = GaugeMetricFamily(
            "collection_running_optimizations",
            "number of currently running optimization tasks",
            labels=["id"],
        )
        queue = GaugeMetricFamily("collection_update_queue_length", "writes that wait", labels=["id"])
        total = 0
        for collection in opened:
            view, name = collection.view, self._shown(collection.name)
            points.add_metric([name], view.live)
            running.add_metric([name], sum(job.running for job in collection.upkeep.jobs))
            queue.add_metric([name], 0)
            for vector in (*view.config.vectors, *view.config.sparse_vectors):
                count = sum(vectors_in(segment, vector) for segment in view.segments)
                total += count
                vectors.add_metric([name, self._shown(vector)], count)
        yield _gauge("collections_vector_total", "total number of vectors in all collections", value=total)
        yield from (points, vectors, running, queue, self._excluded(opened))
        for name, value in (("active_replicas_min", 1), ("active_replicas_max", 1), ("dead_replicas", 0)):
            text = f"{name.replace('_', ' ')} of all shards"
            yield _gauge(f"collection_{name}", text, value=value if opened else 0)
        yield from self._snapshots(opened)

    def _excluded(self, opened: list[Collection]) -> Metric:
        from prometheus_client.core import GaugeMetricFamily

        family: Metric = GaugeMetricFamily(
            "collection_indexed_only_excluded_points",
            "amount of points excluded in indexed_only requests",
            labels=["id", "vector"],
        )
        for collection in opened:
            view = collection.view
            for vector in (*view.config.vectors, *view.config.sparse_vectors):
                where = {"id": self._shown(collection.name), "vector": self._shown(vector)}
                family.add_sample(family.name, where, nearest.left_out(view, vector))
        return family

    def _snapshots(self, opened: list[Collection]) -> Iterator[Metric]:
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        kept = self._service.snapshots
        taking = GaugeMetricFamily(
            "snapshot_creation_running", "amount of snapshots that are being created", labels=["id"]
        )
        restoring = GaugeMetricFamily(
            "snapshot_recovery_running", "amount of snapshots that are being recovered", labels=["id"]
        )
        taken = CounterMetricFamily("snapshot_created", "total amount of snapshots created", labels=["id"])
        for collection in opened:
            name = collection.name
            for family, counts in (
                (taking, kept.taking),
                (restoring, kept.restoring),
                (taken, kept.taken),
            ):
                family.add_metric([self._shown(name)], counts[name])
        yield from (taking, restoring, taken)

    def _quotas(self) -> Iterator[Metric]:
        exceeded = self._service.quotas.exceeded()
        if exceeded:
            family = _family("quota_exceeded", "whether a quota is reached", ("resource",))
            for name, over in exceeded.items():
                family.add_metric([_RESOURCES[name]], over)
            yield family

    def _open(self, name: str) -> Collection | None:
        try:
            return self._service.engine.collection(name)
        except WorkbenchError:  # damaged, or removed meanwhile
            return None

    def _requests(self, surface: Surface, labels: tuple[str, ...]) -> Iterator[Metric]:
        from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily

        own = (*labels, "collection") if self._per_collection else labels
        seen = self._service.requests.seen(surface, per_collection=self._per_collection)
        if not seen:
            return
        prefix = f"{surface}_responses"
        total = CounterMetricFamily(prefix, "total number of responses", labels=own)
        failed = CounterMetricFamily(f"{prefix}_fail", "total number of failed responses", labels=own)
        times = {
            name: _family(f"{prefix}_{name}_duration_seconds", f"{text} response duration", own)
            for name, text in (("avg", "average"), ("min", "minimum"), ("max", "maximum"))
        }
        spread = HistogramMetricFamily(
            f"{prefix}_duration_seconds", "response duration histogram", labels=own
        )
        for (collection, endpoint, status), one in sorted(seen.items()):
            where = endpoint.split(" ", 1) if surface == "rest" else [endpoint]
            values = [*where, str(status), *([self._shown(collection)] if self._per_collection else [])]
            total.add_metric(values, one.count)
            failed.add_metric(values, one.count if _failed(surface, status) else 0)
            if status == _TIMED[surface]:
                times["avg"].add_metric(values, one.seconds / one.count)
                times["min"].add_metric(values, one.shortest)
                times["max"].add_metric(values, one.longest)
                spread.add_metric(values, buckets=_cumulative(one), sum_value=one.seconds)
        yield from (total, failed, *times.values(), spread)


def _failed(surface: Surface, status: int) -> bool:
    return status >= 500 if surface == "rest" else status != 0


def _cumulative(one: Statistics) -> list[tuple[str, float]]:
    result, sofar = [], 0
    for bound, count in zip((*map(str, BUCKETS), "+Inf"), one.buckets, strict=True):
        sofar += count
        result.append((bound, float(sofar)))
    return result


def _family(name: str, text: str, labels: tuple[str, ...]) -> Any:
    from prometheus_client.core import GaugeMetricFamily

    return GaugeMetricFamily(name, text, labels=labels)


def _gauge(
    name: str, text: str, labels: tuple[tuple[str, ...], tuple[str, ...]] = ((), ()), value: float = 1.0
) -> Metric:
    family: Metric = _family(name, text, labels[0])
    family.add_sample(name, dict(zip(*labels, strict=True)), value)
    return family


def _process() -> Iterator[Metric]:
    """Yield what the system tells of this process; nothing where it has no ``/proc``."""
    from prometheus_client.core import CounterMetricFamily

    yield _gauge("process_threads", "count of active threads", value=threading.active_count())
    own = Path("/proc/self")
    try:
        maps, files = (own / "maps").read_bytes().count(b"\n"), sum(1 for _ in (own / "fd").iterdir())
        fields = (own / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return
    yield _gauge("process_open_mmaps", "count of open mmaps", value=maps)
    yield _gauge("process_open_fds", "count of currently open file descriptors", value=files)
    yield _gauge("process_max_fds", "limit of open file descriptors", value=_most_files())
    with suppress(OSError, ValueError):
        most = int(Path("/proc/sys/vm/max_map_count").read_text())
        yield _gauge("system_max_mmaps", "limit of open mmaps", value=most)
    for name, place in _PROCESS_FIELDS.items():
        family = CounterMetricFamily(name.removesuffix("_total"), name.replace("_", " "))
        family.add_metric([], int(fields[place - 2]))
        yield family


def _most_files() -> float:
    import resource

    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]
