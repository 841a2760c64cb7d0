"""Results as Markdown: a table a person reads, with what was asked for beside what was measured."""

from __future__ import annotations

from typing import Any


def markdown(results: dict[str, Any]) -> str:
    """Return the tables of one run."""
    machine = results["machine"]
    parts = [
        f"# Benchmarks on {results['data']}",
        f"{machine['cpu']}; Python {machine['python']}, NumPy {machine['numpy']}, numba {machine['numba']}.",
        "Ratios compare engines in one run; absolute figures depend on the machine. Repeat with "
        f"`make bench BENCH='{results['command']}'`.",
    ]
    for name, table in (
        ("search", _search),
        ("filtered", _filtered),
        ("ingest", _ingest),
        ("startup", _startup),
        ("responsiveness", _responsiveness),
        ("surfaces", _surfaces),
    ):
        if name in results:
            parts.append(table(results[name]))
    return "\n\n".join(parts) + "\n"


def _table(head: list[str], rows: list[list[Any]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def _search(r: dict[str, Any]) -> str:
    head = ["recall@10", "workbench q/s", "hnswlib q/s", "ratio", "wanted"]
    wanted = {"0.95": "≥ 1.00", "0.99": "–"}
    rows = [
        [at, qps["workbench"] or "–", qps["hnswlib"] or "–", r["ratio_to_hnswlib"].get(at, "–"), wanted[at]]
        for at, qps in r["qps_at_recall"].items()
    ]
    pairs = zip(r["curves_ef_recall_qps"]["workbench"], r["curves_ef_recall_qps"]["hnswlib"], strict=True)
    curves = _table(
        ["ef", "workbench recall", "q/s", "hnswlib recall", "q/s"],
        [[ours[0], ours[1], ours[2], peer[1], peer[2]] for ours, peer in pairs],
    )
    title = (
        f"## Search: {r['points']:,} × {r['dim']}, one thread, single calls, M {r['m']}, "
        f"ef_construct {r['ef_construct']}\n\nQueries a CPU second; median of {r['rounds']} interleaved "
        f"rounds of {r['queries']:,} queries, through "
        "`collection.search(vector, k=10, ef=…, payload=False)` and "
        "`hnswlib.Index.knn_query`."
    )
    return f"{title}\n\n{_table(head, rows)}\n\n{curves}"


def _filtered(r: dict[str, Any]) -> str:
    names = list(next(iter(r["filters"].values()))["engines"])
    head = [
        "filter",
        "matching",
        *(part for name in names for part in (f"{name} q/s", "recall, ef")),
        "ratio",
    ]
    rows = [
        [
            name,
            f"{own['matching']:,}",
            *(
                part
                for e in own["engines"].values()
                for part in (f"{e['qps']:,}", f"{e['recall']:.3f}, {e['ef']}")
            ),
            own["ratio"] or "–",
        ]
        for name, own in r["filters"].items()
    ]
    return (
        f"## Filters: {r['points']:,} points, one thread, single calls\n\n"
        f"Queries a CPU second at the first ef that reaches recall@{r['k']} .95; median of {r['rounds']} "
        "rounds. Wanted: ratios of at least 2.\n\n"
        f"{_table(head, rows)}"
    )


def _ingest(r: dict[str, Any]) -> str:
    rows = [["DataFrame, batches of 10,000", f"{r['points_per_second']:,}", "–", "≥ 100,000"]]
    rows += [
        [f"`{how}` of 1,000", f"{n['points_per_second']:,}", f"{n['points_per_cpu_second']:,}", "≥ 30,000"]
        for how, n in r["by_upserts"].items()
    ]
    table = _table(["how", "points a second", "points a CPU second", "wanted"], rows)
    title = f"{r['points']:,} points of {r['payload_fields']} payload fields, each batch synced to disk"
    return f"## Ingest: {title}\n\n{table}"


def _startup(r: dict[str, Any]) -> str:
    s = r["seconds_after_import"]
    rows = [
        ["`import workbench`, CPU seconds", r["import_cpu_seconds"], "≤ 0.5"],
        [f"open {r['points']:,} points, seconds", s["open"], "–"],
        [f"… to the first answer ({r['first_answered_by']}), seconds", s["first_answer"], "≤ 0.5"],
        ["… until the compiled kernels are loaded, seconds", s["kernels_ready"], "–"],
    ]
    table = _table(["what", "measured", "wanted"], rows)
    return f"## Start-up, median of {r['rounds']} fresh processes\n\n{table}"


def _responsiveness(r: dict[str, Any]) -> str:
    rows = [
        [work, v["seconds"], *(f"{gap} ({cpu})" for gap, cpu in v["gaps"])]
        for work, v in r.items()
        if isinstance(v, dict)
    ]
    table = _table(["beside", "seconds", "longest gap, ms (CPU ms)", "second", "third"], rows)
    return (
        f"## A thread that ticks each millisecond, beside work on {r['points']:,} × {r['dim']}\n\n"
        "The longest time between two ticks is how long a notebook's event loop stands still; wanted: at "
        "most 50 ms. In brackets the CPU time that the process used in it: a gap with little of that is the "
        f"machine's doing.\n\n{table}"
    )


def _surfaces(r: dict[str, Any]) -> str:
    asked, filled = r["queries_per_second"], r["points_per_second"]
    wanted = {"rest": ("≥ 1,000", "≥ 15,000"), "grpc": ("≥ 2,000", "≥ 25,000")}
    rows = [
        [
            name.replace("_", " "),
            f"{rate:,}",
            wanted.get(name.split("_")[0], ("–", "–"))[0],
            asked["ratio_to_in_process"][name],
            asked["recall"][name],
            f"{filled['median'][name]:,}" if name in filled["median"] else "–",
            wanted[name][1] if name in wanted else "–",
        ]
        for name, rate in asked["median"].items()
    ]
    table = _table(["surface", "queries/s", "wanted", "ratio", "recall@10", "points/s", "wanted"], rows)
    crowd = _table(
        ["surface", "calls", "errors", "wrong answers", "p50 ms", "p99 ms"],
        [
            [name, f"{c['calls']:,}", c["errors"], c["wrong"], c["p50_ms"], c["p99_ms"]]
            for name, c in r["crowd"].items()
        ],
    )
    clients = r["crowd"]["rest"]
    return (
        f"## Surfaces: {r['points']:,} × {r['dim']}, the official client's `query_points` (ef {r['ef']}, "
        "payloads off) and `upsert` of 1,000 points (durable)\n\nBare clients are `http.client` and gRPC's "
        "generated stub. The server on one core, "
        f"{r['client_threads']} threads of one client process on the other; in process: one thread. Medians "
        f"of {r['rounds']} rounds.\n\n{table}\n\n### {clients['clients']} clients at once for "
        f"{clients['seconds']:.0f} s, a tenth of the calls write and read back\n\n{crowd}"
    )
