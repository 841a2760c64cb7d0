"""Vectors that are linked to a sealed graph as they come: one walk finds both."""

from __future__ import annotations

import numpy as np
import pytest

from tests.indexes.test_hnsw_build import DOT, L2, clustered
from workbench import kernels
from workbench.indexes import codes, flat, hnsw_build, live_links
from workbench.indexes.hnsw import HnswSearcher
from workbench.indexes.live_links import LiveLinks
from workbench.indexes.space import Space

SEALED, DIM = 4000, 64


@pytest.fixture(autouse=True)
def _loaded() -> None:
    kernels.warm(block=True)


def drawn(count: int, metric: int, seed: int) -> np.ndarray:
    vectors = clustered(count, DIM, seed)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True) if metric == DOT else vectors


def sealed(metric: int, ef: int = 100) -> HnswSearcher:
    vectors = drawn(SEALED, metric, 0)
    own = codes.encode(vectors, metric)
    return HnswSearcher(hnsw_build.build(vectors, metric, ef_construct=ef), vectors, metric, own)


def link_all(links: LiveLinks, vectors: np.ndarray, dead: np.ndarray, tail_dead: np.ndarray) -> None:
    while links.link(vectors, dead, tail_dead):
        pass


def found_share(
    links: LiveLinks, tail: np.ndarray, alive: np.ndarray, tail_alive: np.ndarray, ef: int
) -> float:
    """Return recall@10, and check that nothing dead is found, nothing twice, and distances are exact."""
    base, metric = links.base, links.base.metric
    both, every = np.concatenate([base.vectors, tail]), np.concatenate([alive, tail_alive])
    space, hits = Space(tail, metric), 0
    queries = drawn(100, metric, 7)
    for query in queries:
        ours, theirs = links.search(query, 10, ef, space, alive, tail_alive[: links.linked])
        nodes = np.concatenate([ours[0], theirs[0] + SEALED])
        assert every[nodes].all()
        assert len(set(nodes.tolist())) == len(nodes) == 10
        gaps = np.concatenate([ours[1], theirs[1]])
        assert gaps == pytest.approx(flat.distances(both, query, metric, nodes), abs=1e-4)
        assert (np.diff(ours[1]) >= 0).all()
        assert (np.diff(theirs[1]) >= 0).all()
        hits += len(np.intersect1d(nodes, flat.search(both, query, 10, metric, every)[0]))
    return hits / (10 * len(queries))


@pytest.mark.parametrize("metric", [L2, DOT])
def test_linked_vectors_are_found_as_well_as_sealed_ones(metric: int) -> None:
    links, tail = LiveLinks(sealed(metric)), drawn(1500, metric, 2)
    dead = np.random.default_rng(3).random(SEALED) < 0.3
    link_all(links, tail, dead, np.zeros(1500, np.bool_))
    assert links.linked == 1500
    assert found_share(links, tail, ~dead, np.ones(1500, np.bool_), 100) > 0.97


def test_random_linking_and_dying_never_returns_the_dead_and_keeps_recall() -> None:
    draw, base = np.random.default_rng(5), sealed(L2)
    links, tail = LiveLinks(base), drawn(1900, L2, 4)
    dead, tail_dead = np.zeros(SEALED, np.bool_), np.zeros(1900, np.bool_)
    count = 0
    while count < len(tail):
        count = min(len(tail), count + int(draw.integers(100, 700)))
        dead[draw.integers(0, SEALED, 150)] = True
        tail_dead[draw.integers(0, count, 50)] = True
        link_all(links, tail[:count], dead, tail_dead[:count])
        assert links.linked == count
        assert found_share(links, tail[:count], ~dead, ~tail_dead[:count], 120) > 0.96


def test_the_sealed_graph_is_not_changed() -> None:
    base = sealed(L2)
    before = base.graph.links0.copy(), base.graph.counts0.copy()
    link_all(LiveLinks(base), drawn(1000, L2, 2), np.zeros(SEALED, np.bool_), np.zeros(1000, np.bool_))
    assert (base.graph.links0 == before[0]).all()
    assert (base.graph.counts0 == before[1]).all()


def test_vectors_that_do_not_fit_the_codes_are_not_linked() -> None:
    links, tail = LiveLinks(sealed(L2)), 50 * drawn(1000, L2, 2)
    link_all(links, tail, np.zeros(SEALED, np.bool_), np.zeros(1000, np.bool_))
    assert (links.linked, links.useful) == (0, False)


def test_a_tail_for_which_there_is_no_room_is_linked_no_further() -> None:
    links, tail = LiveLinks(sealed(L2)), drawn(2500, L2, 2)
    nobody = np.zeros(SEALED, np.bool_)
    link_all(links, tail[:600], nobody, np.zeros(600, np.bool_))
    link_all(links, tail, nobody, np.zeros(2500, np.bool_))
    assert (links.linked, links.useful) == (600, False)


def test_graphs_without_codes_and_very_large_ones_are_not_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    base = sealed(L2)
    assert live_links.fits(base)
    assert not live_links.fits(HnswSearcher(base.graph, base.vectors, L2))
    monkeypatch.setattr(live_links, "LARGEST_COPY", base.graph.links0.nbytes)
    assert not live_links.fits(base)
