"""Points read by id, in pages, one by one, and counted."""

from __future__ import annotations

from workbench.api import strict_mode
from workbench.api.body import REQUIRED, Body
from workbench.api.operations import Access, Call, operation
from workbench.api.service import Service
from workbench.api.updates import refuse_shard_key
from workbench.api.values import (
    id_json,
    payload_selector,
    read_filter,
    read_ids,
    read_order_by,
    read_point_id,
    vector_selector,
)
from workbench.collection import Collection
from workbench.errors import FormatError, InvalidPointId, InvalidRequest, NotFound
from workbench.models.filters import Filter
from workbench.models.points import IdArray, PointId, Record
from workbench.models.query import ALL, Selector
from workbench.models.requests import OrderBy
from workbench.query import scroll
from workbench.query.fetch import records, retrying
from workbench.query.order import order_by
from workbench.segments.view import View

CONSISTENCIES = ("majority", "quorum", "all")


@operation(Access.READ)
def get_points(service: Service, call: Call) -> list[Record]:
    """Return the points that exist, in the order of ``ids``; each once."""
    collection, body = opened(service, call)
    wanted = read_ids(body.raw("ids", REQUIRED), body.at("ids"))
    payload = payload_selector(body.raw("with_payload"), True)
    strict_mode.check_read(collection, cost=max(1, len(wanted)))
    found = _by_ids(collection, wanted, payload, vector_selector(with_vector(body), None))
    return list({record.id: record for record in found}.values())


@operation(Access.READ)
def get_point(service: Service, call: Call) -> Record:
    """Return one point whole; raise ``NotFound`` when there is none."""
    check_consistency(call)
    collection = service.engine.collection(call.collection_name)
    point = path_id(call.path["id"])
    strict_mode.check_read(collection)
    found = _by_ids(collection, IdArray.of([point]), ALL, ALL)
    if not found:
        raise NotFound(f"Point with id {id_json(point)} does not exists!")
    return found[0]


@operation(Access.READ)
def scroll_points(service: Service, call: Call) -> tuple[list[Record], PointId | None]:
    """Return a page of points in the order of their ids or of a payload value, and where the next begins."""
    collection, body = opened(service, call)
    limit = body.integer("limit", 10, low=1)
    flt, payload = read_filter(body.raw("filter")), payload_selector(body.raw("with_payload"), True)
    vectors, order = vector_selector(with_vector(body), None), _order(body)
    offset = None if body.raw("offset") is None else read_point_id(body.raw("offset"))
    if order is not None and offset is not None:
        raise InvalidRequest(
            "Cannot use an `offset` when using `order_by`. The alternative for paging is to use "
            "`order_by.start_from` and a filter to exclude the IDs that you've already seen for the "
            "`order_by.start_from` value"
        )
    strict_mode.check_read(collection, flt, limit=limit)

    def once(view: View) -> tuple[list[Record], PointId | None]:
        if order is not None:
            return _ordered(view, order, flt, limit, payload, vectors), None
        found, following = scroll.scroll(view, flt, limit, offset)
        return records(view, found, payload, vectors), following

    return retrying(lambda: collection.view, once)


@operation(Access.READ)
def count_points(service: Service, call: Call) -> int:
    """Return how many points a filter accepts.

    The answer is exact also where an estimate would do: counting a filter costs what estimating it does.
    """
    collection, body = opened(service, call)
    flt = read_filter(body.raw("filter"))
    strict_mode.check_read(collection, flt, exact=body.flag("exact", True))
    return retrying(lambda: collection.view, lambda view: scroll.count(view, flt))


def opened(service: Service, call: Call) -> tuple[Collection, Body]:
    """Return the collection and the body of a read, whose query parameters are checked."""
    check_consistency(call)
    collection = service.engine.collection(call.collection_name)
    body = call.reader()
    refuse_shard_key(body)
    return collection, body


def check_consistency(call: Call) -> None:
    """Check the query parameters of a read; they change nothing where there is one machine."""
    call.number("timeout", 1)
    value = call.params.get("consistency")
    if value is None or (isinstance(value, str) and value in CONSISTENCIES):
        return
    try:
        call.number("consistency", 1)
    except FormatError:
        raise FormatError(f"consistency: failed to parse read consistency value {value!r}") from None


def with_vector(body: Body) -> object:
    """Return what ``with_vector``, or its older spelling ``with_vectors``, says."""
    return body.renamed(with_vectors="with_vector").fields.get("with_vector", False)


def path_id(text: str) -> PointId:
    """Return the point id in a path: digits, or a UUID."""
    try:
        return read_point_id(int(text) if text.isascii() and text.isdigit() else text)
    except InvalidPointId:
        raise InvalidRequest(f'Can not recognize "{text:.80}" as point id') from None


def _order(body: Body) -> OrderBy | None:
    value = body.raw("order_by")
    return None if value is None else read_order_by(value, body.at("order_by"))


def _ordered(
    view: View, order: OrderBy, flt: Filter | None, limit: int, payload: Selector, vectors: Selector
) -> list[Record]:
    answer = order_by(view, order, flt, limit)
    page = records(view, answer.found, payload, vectors)
    for record, value in zip(page, answer.values or (), strict=True):
        record.order_value = value
    return page


def _by_ids(collection: Collection, wanted: IdArray, payload: Selector, vectors: Selector) -> list[Record]:
    def once(view: View) -> list[Record]:
        found, _ = scroll.by_ids(view, wanted)
        return records(view, found, payload, vectors)

    return retrying(lambda: collection.view, once)
