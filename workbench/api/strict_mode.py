"""Strict mode: the limits that a collection's owner set, and what is refused beyond them.

Operations call the function for what they do, after the request was read and before anything is done; where
strict mode is off, each returns at once. ``timeout`` is checked for all in :meth:`Service.run`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from weakref import WeakKeyDictionary

from workbench.api import rate_limits, strict_filters
from workbench.api.resources import resident_percent
from workbench.collection.collection import Collection
from workbench.errors import BadRequest
from workbench.models.filters import Filter
from workbench.models.json_path import parse_path
from workbench.models.payload_schema import SchemaType
from workbench.models.points import IdArray, PointBatch, VectorBatch
from workbench.models.query import SearchParams
from workbench.models.requests import Formula, Fusion, GroupsRequest, OrderBy, Prefetch, Sample
from workbench.models.vectors import MultiRows, SparseRows
from workbench.query import scroll

# The bytes of all payloads are summed again after so many checks, since that reads the whole table; up to so
# many points each time, which takes 0.4 ms for payloads of 500 bytes.
_SUM_EVERY = 32
_SUM_AT_ONCE = 1_000

_MATCHING = frozenset({SchemaType.KEYWORD, SchemaType.INTEGER, SchemaType.BOOL, SchemaType.UUID})

_payload_bytes: WeakKeyDictionary[Collection, tuple[int, int]] = WeakKeyDictionary()


def limits_of(collection: Collection) -> Mapping[str, Any]:
    """Return the limits in force: none when strict mode is not enabled."""
    limits = collection.config.strict_mode
    return limits if limits and limits.get("enabled") else {}


# -- reads -----------------------------------------------------------------------------------------------


def check_timeout(collection: Collection, timeout: int | None) -> None:
    """Check the parameter ``timeout``."""
    _limit(limits_of(collection), "max_timeout", timeout, "timeout")


def check_read(
    collection: Collection,
    flt: Filter | None = None,
    *,
    limit: int | None = None,
    exact: bool = False,
    cost: int = 1,
) -> None:
    """Check a scroll, count, facet, matrix or retrieval, and count it against the rate limit.

    Parameters
    ----------
    flt : Filter or None
        What it selects by.
    limit : int or None
        Points asked for, where the operation has a limit.
    exact : bool
        Whether an exact answer is asked for, where that can be chosen.
    cost : int
        Tokens of the operation; each condition of `flt` costs one more.

    Raises
    ------
    BadRequest, RateLimited
        Beyond a limit.
    """
    if limits := limits_of(collection):
        _limit(limits, "max_query_limit", limit, "limit")
        _filter(collection, limits, flt, "unindexed_filtering_retrieve")
        _exact(limits, exact)
        rate(collection, "read", cost + conditions(flt))


def check_query(collection: Collection, request: Prefetch) -> None:
    """Check a whole query with its prefetches, and count it against the rate limit."""
    check_queries(collection, [request], batch=False)


def check_queries(collection: Collection, requests: Sequence[Prefetch], *, batch: bool = True) -> None:
    """Check the queries of a batch, and count them against the rate limit."""
    if not (limits := limits_of(collection)):
        return
    if batch:
        _limit(limits, "search_max_batchsize", len(requests), "search batch size")
    cost = 0
    for request in requests:
        for part in request.walk():
            _query(collection, limits, part, rescored=part is request and bool(part.prefetches))
            _limit(limits, "max_query_limit", part.limit, "limit")
            cost += 1 + conditions(part.flt)
    rate(collection, "read", cost)


def check_groups(collection: Collection, request: GroupsRequest) -> None:
    """Check a grouped query, and count it against the rate limit."""
    if limits := limits_of(collection):
        _limit(limits, "max_query_limit", request.query.limit * request.group_size, "limit")
        check_queries(collection, [request.query], batch=False)
        if limits.get("unindexed_filtering_retrieve") is False:
            _grouping(collection, request.group_by)


# -- writes ----------------------------------------------------------------------------------------------


def check_upsert(collection: Collection, batch: PointBatch, *, update: bool = False) -> None:
    """Check points, or (with `update`) vectors for points, and count them against the rate limit."""
    if not (limits := limits_of(collection)):
        return
    _limit(limits, "upsert_max_batchsize", len(batch), "update limit" if update else "upsert limit")
    check_growth(collection)
    for name, vectors in batch.vectors.items():
        _lengths(limits, name, vectors)
    rate(collection, "write", len(batch))


def check_update(collection: Collection, which: IdArray | Filter, *, grows: bool = False) -> None:
    """Check an update of payloads, a deletion of points or vectors, and count it against the rate limit.

    Parameters
    ----------
    which : IdArray or Filter
        The points it is about; each costs a token.
    grows : bool
        Whether it adds payload.
    """
    if not (limits := limits_of(collection)):
        return
    flt = which if isinstance(which, Filter) else None
    _filter(collection, limits, flt, "unindexed_filtering_update")
    if grows:
        _payload_size(collection, limits)
        check_memory(collection)
    if limits.get("write_rate_limit") is not None:
        points = len(which) if isinstance(which, IdArray) else scroll.count(collection.view, which)
        rate(collection, "write", max(1, points))


def check_filter_update(collection: Collection, flt: Filter | None) -> None:
    """Check the filter of an update."""
    _filter(collection, limits_of(collection), flt, "unindexed_filtering_update")


def check_growth(collection: Collection) -> None:
    """Check that there is room for more points."""
    if not (limits := limits_of(collection)):
        return
    check_memory(collection)
    most = limits.get("max_collection_vector_size_bytes")
    if most is not None and sum(s.segment.nbytes for s in collection.view.segments) >= most:
        raise BadRequest(f"Max vector storage size limit of {_megabytes(most)}MB reached!")
    _payload_size(collection, limits)
    count = limits.get("max_points_count")
    if count is not None and collection.view.live >= count:
        raise BadRequest(f"Max points count limit of {count} reached!")


def check_memory(collection: Collection) -> None:
    """Check the share of the machine's memory that this process holds."""
    most = limits_of(collection).get("max_resident_memory_percent")
    if most is not None and (used := resident_percent()) is not None and used >= most:
        raise _refused(
            f"Resident memory usage is at {used}% of total memory, exceeding the configured limit of {most}%",
            "Reduce memory usage (e.g. delete points or drop collections), or raise "
            "`max_resident_memory_percent` in the strict mode config of this collection.",
        )


def check_index_count(collection: Collection) -> None:
    """Check that one more payload index is allowed."""
    most = limits_of(collection).get("max_payload_index_count")
    if most is not None and len(collection.config.payload_indexes) >= most:
        raise _refused(
            f"Collection already has the maximum number of payload indices ({most})",
            "Please delete an existing index before creating a new one.",
        )


# -- both ------------------------------------------------------------------------------------------------


def rate(collection: Collection, kind: rate_limits.Kind, cost: int = 1) -> None:
    """Count an operation against the collection's limit a minute."""
    most = limits_of(collection).get(f"{kind}_rate_limit")
    if most is not None:
        rate_limits.spend(collection, kind, cost, most)


def conditions(flt: Filter | None) -> int:
    """Return the number of conditions of a filter: what it costs."""
    return 0 if flt is None else sum(1 for _ in strict_filters.leaves(flt))


def _refused(problem: str, remedy: str) -> BadRequest:
    return BadRequest(f"{problem}. Help: {remedy}")


def _limit(limits: Mapping[str, Any], field: str, value: float | None, name: str) -> None:
    most = limits.get(field)
    if most is not None and value is not None and value > most:
        raise _refused(
            f'Limit exceeded {value} > {most} for "{name}"',
            f'Reduce the "{name}" parameter to or below {most}.',
        )


def _exact(limits: Mapping[str, Any], exact: bool) -> None:
    if exact and limits.get("search_allow_exact") is False:
        raise _refused("Exact search disabled!", "Set exact=false.")


def _filter(collection: Collection, limits: Mapping[str, Any], flt: Filter | None, field: str) -> None:
    if not limits or flt is None:
        return
    if key := strict_filters.substring_key(flt):
        raise _refused(
            f'Substring matching is not allowed, used for "{key}": it scans every value of the field, with '
            "or without an index",
            "Use a prefix match or a full-text match instead.",
        )
    most, count = limits.get("filter_max_conditions"), conditions(flt)
    if most is not None and count > most:
        raise _refused(
            f"Filter condition limit reached ({count} > {most})",
            "Reduce the amount of conditions of your filter.",
        )
    most = limits.get("condition_max_size")
    largest = max((strict_filters.size(condition) for _, condition in strict_filters.leaves(flt)), default=0)
    if most is not None and largest > most:
        raise _refused(
            f"Condition size limit reached ({largest} > {most})", "Reduce the size of your condition."
        )
    if limits.get(field) is False:
        _indexed(strict_filters.unindexed(flt, collection.config.payload_indexes), "use a different filter")


def _indexed(missing: tuple[str, list[str]] | None, otherwise: str) -> None:
    if missing is not None:
        key, kinds = missing
        raise _refused(
            f'Index required but not found for "{key}" of one of the following types: [{", ".join(kinds)}]',
            f"Create an index for this key or {otherwise}.",
        )


def _query(collection: Collection, limits: Mapping[str, Any], part: Prefetch, *, rescored: bool) -> None:
    if part.query is not None and not rescored:
        _full_scan(collection, limits, part)
    if isinstance(part.query, Formula) and limits.get("unindexed_filtering_retrieve") is False:
        missing = strict_filters.unindexed_in(part.query.expression, collection.config.payload_indexes)
        _indexed(missing, "use a different formula expression")
    _filter(collection, limits, part.flt, "unindexed_filtering_retrieve")
    _params(collection, limits, part.params)


def _params(collection: Collection, limits: Mapping[str, Any], params: SearchParams) -> None:
    quantization = params.quantization
    oversampling = None if quantization is None else quantization.oversampling
    _limit(limits, "search_max_oversampling", oversampling, "oversampling")
    _limit(limits, "search_max_hnsw_ef", params.hnsw_ef, "hnsw_ef")
    _filter(collection, limits, params.idf_corpus, "unindexed_filtering_retrieve")
    _exact(limits, params.exact)


def _full_scan(collection: Collection, limits: Mapping[str, Any], part: Prefetch) -> None:
    """Refuse what would compare every vector, where exact search is not allowed."""
    config = collection.config
    if limits.get("search_allow_exact") is not False or part.using not in config.vectors:
        return
    if isinstance(part.query, Fusion | OrderBy | Formula | Sample) or config.hnsw_of(part.using).m > 0:
        return
    where = f" on '{part.using}'" if part.using else ""
    keys = {getattr(c, "key", None) for _, c in strict_filters.leaves(part.flt or Filter())}
    tenants = {key for key, index in config.payload_indexes.items() if index.params.get("is_tenant")}
    if not keys & tenants:
        raise _refused(
            f"Request is forbidden{where} because global vector indexing is disabled (hnsw_config.m = 0)",
            "Use tenant-specific filter, enable global vector indexing or enable strict mode "
            "`search_allow_exact` option",
        )
    if not config.hnsw_of(part.using).payload_m:
        raise _refused(
            f"Request is forbidden{where} because vector indexing is disabled (hnsw_config.m = 0 and "
            "hnsw_config.payload_m = 0)",
            "Enable vector indexing, use a prefetch query with indexed vectors or enable strict mode "
            "`search_allow_exact` option",
        )


def _grouping(collection: Collection, key: str) -> None:
    index = collection.config.payload_indexes.get(str(parse_path(key)))
    help_text = "Create an index supporting `match` for this key."
    if index is None:
        raise _refused(f'Index required but not found for "{key}"', help_text)
    if index.type not in _MATCHING:
        raise _refused(f'Index of type "{index.type.value.capitalize()}" found for "{key}"', help_text)


def _lengths(limits: Mapping[str, Any], name: str, vectors: VectorBatch) -> None:
    own = vectors.values
    if isinstance(own, MultiRows):
        most = ((limits.get("multivector_config") or {}).get(name) or {}).get("max_vectors")
        longest = int((own.starts[1:] - own.starts[:-1]).max(initial=0))
        if most is not None and longest > most:
            raise BadRequest(
                f"Multivector '{name}' has a limit of {most} vectors, but {longest} were provided!"
            )
    if isinstance(own, SparseRows):
        most = ((limits.get("sparse_config") or {}).get(name) or {}).get("max_length")
        longest = int((own.starts[1:] - own.starts[:-1]).max(initial=0))
        if most is not None and longest > most:
            raise BadRequest(
                f"Sparse vector '{name}' has a limit of {most} indices, but {longest} were provided!"
            )


def _payload_size(collection: Collection, limits: Mapping[str, Any]) -> None:
    most = limits.get("max_collection_payload_size_bytes")
    if most is None:
        return
    uses, total = _payload_bytes.get(collection, (0, 0))
    if uses % _SUM_EVERY == 0 or collection.view.live <= _SUM_AT_ONCE:
        ((total,),) = collection.store.rows("SELECT coalesce(sum(length(payload)), 0) FROM points")
    _payload_bytes[collection] = (uses + 1, total)
    if total >= most:
        raise BadRequest(f"Max payload storage size limit of {_megabytes(most)}MB reached!")


def _megabytes(size: int) -> str:
    return f"{size / (1 << 20):.9g}"
