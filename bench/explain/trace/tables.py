"""Tables of a trace's page: where the time went, requests, processes, counts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from bench.core.sample import Side
from bench.explain.trace.exchanges import HttpExchange
from bench.explain.trace.means import TracedSide
from bench.explain.trace.path import Layer, path_of
from bench.explain.trace.phases import account_of
from bench.explain.trace.timeline import Process, Timeline
from bench.formats.markdown import code, table
from bench.formats.text import seconds, share

_INDENT = "&nbsp;&nbsp;&nbsp;"
REQUESTS = 40
_LEAST = 0.0005  # of the wall time: rows below this are put together
MEANING = {
    Layer.PROCESS_START: "from the start of a child process until its program is loaded",
    Layer.INTERPRETER_START: "from the program's start to the first line of its main module",
    Layer.IMPORTS: "loading modules and running their top level",
    Layer.OWN_CODE: "CPU time outside of everything else",
    Layer.SERIALISATION: "json, pickle and their like",
    Layer.HTTP_CLIENT: "the client library around its sockets",
    Layer.HTTP_WIRE: "name lookup, connecting, sending, and waiting outside of the service",
    Layer.SERVICE: "by the service's own clock, from the complete request to the complete response",
    Layer.SIMULATED: "latency that the replay service adds when asked to",
    Layer.SUBPROCESS: "waiting for child processes: what those did is listed below it",
    Layer.WAITING: "sleeps, and waiting for threads of which nothing was recorded",
    Layer.FOR_CPU: "ready to run while other processes used the CPUs (the kernel's figure)",
    Layer.EXIT: "after the main module's end: threads joined, atexit, modules and objects freed",
    Layer.UNEXPLAINED: "neither CPU time nor waiting for anything that was recorded",
}


def where_it_went(told: Mapping[Side, TracedSide]) -> str:
    """The table that adds up to the wall time; with two sides, both and the difference."""
    rows = _rows(told)
    shown = [row for row in rows if row.matters(told)]
    rest = [row for row in rows if not row.matters(told) and row.is_leaf]
    small = {side: sum(row.values[side] for row in rest) for side in told}
    if any(small.values()):
        shown.append(_Row("less than 0.05% each", "", small))
    shown.append(_Row("**wall time**", "", {side: one.wall_s for side, one in told.items()}))
    return table(_columns(told), [row.cells(told) for row in shown])


def meanings(told: Mapping[Side, TracedSide]) -> Iterator[str]:
    """What the rows of the table mean, those that are there."""
    for row in _rows(told):
        if row.matters(told) and row.meaning:
            yield f"{row.name}: {row.meaning}"


class _Row(NamedTuple):
    """A line of the table: seconds by side."""

    name: str
    meaning: str
    values: Mapping[Side, float]
    is_leaf: bool = True

    def matters(self, told: Mapping[Side, TracedSide]) -> bool:
        """Whether it is worth a line."""
        return any(
            self.values[side] >= _LEAST * one.wall_s and self.values[side] > 0
            for side, one in told.items()
        )

    def cells(self, told: Mapping[Side, TracedSide]) -> list[str]:
        """The line."""
        found = [self.name]
        for side, one in told.items():
            found += [seconds(self.values[side]), share(self.values[side] / one.wall_s)]
        if len(told) == 2:
            found.append(signed(self.values[Side.HEAD] - self.values[Side.BASE]))
        return found


def _columns(told: Mapping[Side, TracedSide]) -> tuple[str, ...]:
    if len(told) == 1:
        return ("where", "time", "share")
    return ("where", "base", "share", "head", "share", "difference")


def _rows(told: Mapping[Side, TracedSide]) -> list[_Row]:
    """Layers of the first process, and below its children what they did."""
    rows = []
    for layer in Layer:
        values = {side: one.own(layer) for side, one in told.items()}
        is_parent = layer is Layer.SUBPROCESS
        rows.append(_Row(str(layer), MEANING[layer], values, not is_parent))
        if is_parent:
            rows += _inside(told)
    return rows


def _inside(told: Mapping[Side, TracedSide]) -> Iterator[_Row]:
    programs = list(dict.fromkeys(name for one in told.values() for name in one.programs))
    for program in programs:
        all_ = {side: one.inside(program) for side, one in told.items()}
        yield _Row(f"{_INDENT}{code(program)}, {_many(told, program)}", "", all_, is_leaf=False)
        for layer in Layer:
            values = {side: one.inside(program, layer) for side, one in told.items()}
            yield _Row(_INDENT * 2 + str(layer), "", values)


def _many(told: Mapping[Side, TracedSide], program: str) -> str:
    numbers = [_count(one.shown, program) for one in told.values()]
    words = " → ".join(str(number) for number in dict.fromkeys(numbers))
    return f"{words} {'process' if words == '1' else 'processes'}"


def _count(timeline: Timeline, program: str) -> int:
    return sum(one.name == program for one in timeline.root.walk() if one is not timeline.root)


def requests(timeline: Timeline) -> str:
    """The longest 40 HTTP requests, with their parts; "" where there was none."""
    longest = sorted(timeline.exchanges, key=lambda one: one.begin - one.end)[:REQUESTS]
    rows = [_request(one, timeline) for one in timeline.exchanges if one in longest]
    if not rows:
        return ""
    columns = (
        "request", "at", "whole call", "connect", "client", "wire", "service", "simulated", "up",
        "down", "status", "connection",
    )  # fmt: skip
    return table(columns, rows)


def _request(one: HttpExchange, timeline: Timeline) -> list[str]:
    connect = sum(span.length for span in (one.dns, one.connect, one.tls) if span)
    answered = one.last_byte - one.sent_begin
    client = (one.call.length - answered - connect) if one.call else None
    wire = answered - one.service_ns - one.simulated_ns
    return [
        code(one.name),
        seconds((one.begin - timeline.begin) / 1e9),
        seconds(one.call.length / 1e9) if one.call else "–",
        seconds(connect / 1e9) if one.connect else "–",
        seconds(max(client, 0) / 1e9) if client is not None else "–",
        seconds(max(wire, 0) / 1e9) + ("" if one.served else " (with service)"),
        seconds(one.service_ns / 1e9) if one.served else "–",
        seconds(one.simulated_ns / 1e9) if one.simulated_ns else "–",
        _bytes(one.request_bytes),
        _bytes(one.response_bytes),
        one.failed or str(one.status or "–"),
        "new" if one.connect else "kept",
    ]


def distances(runs: Mapping[float, Timeline]) -> str:
    """Runs with added latency: how much of the critical path was HTTP."""
    rows = []
    for latency_s, timeline in runs.items():
        account = account_of(timeline, path_of(timeline))
        held_s = account.layers.get(Layer.SIMULATED, 0.0)
        http_s = sum(account.layers.get(layer, 0.0) for layer in _HTTP)
        rows.append(
            [
                seconds(latency_s) if latency_s else "none",
                seconds(account.wall_s),
                seconds(http_s),
                share(http_s / account.wall_s),
                str(len(timeline.exchanges)),
                f"{held_s / latency_s:.1f}" if latency_s else "–",
            ]
        )
    columns = (
        "added latency", "wall time", "HTTP on the critical path", "share", "requests",
        "round trips waited for",
    )  # fmt: skip
    return table(columns, rows)


_HTTP = (Layer.HTTP_CLIENT, Layer.HTTP_WIRE, Layer.SERVICE, Layer.SIMULATED)


def processes(told: Mapping[Side, TracedSide]) -> str:
    """Programs that were started: how many, and what one of them took on average."""
    rows = []
    for side, one in told.items():
        by_name: dict[str, list[Process]] = {}
        for process in one.shown.processes:
            by_name.setdefault(process.name, []).append(process)
        for name, group in by_name.items():
            rows.append([code(name), *([str(side)] if len(told) > 1 else []), *_average(group)])
    side_column = ("side",) if len(told) > 1 else ()
    columns = ("program", *side_column, "processes", "each took", "until its main module",
               "imports", "CPU", "modules")  # fmt: skip
    return table(columns, rows)


def _average(group: Sequence[Process]) -> list[str]:
    many = len(group)
    took = sum(one.ended - one.spawned for one in group) / many / 1e9
    recorded = [one for one in group if one.recorded]
    if not recorded:
        return [str(many), seconds(took), *["–"] * 4]
    start = sum(_start_ns(one) for one in recorded) / len(recorded) / 1e9
    imports = sum(import_ns(one) for one in recorded) / len(recorded) / 1e9
    cpu = [one.recorded.cpu_ns for one in recorded if one.recorded]
    loaded = [
        one.recorded.told["modules"] for one in recorded if one.recorded and one.recorded.told
    ]
    return [
        str(many), seconds(took), seconds(start), seconds(imports),
        seconds(sum(cpu) / many / 1e9),
        str(round(sum(loaded) / len(loaded))) if loaded else "–",
    ]  # fmt: skip


def _start_ns(process: Process) -> int:
    assert process.recorded is not None
    return (process.recorded.main or process.recorded.site) - process.spawned


def import_ns(process: Process) -> int:
    """Nanoseconds in the outermost imports of a process's first thread."""
    if process.recorded is None:
        return 0
    total, upto = 0, 0
    for span in process.recorded.spans:
        if span.kind == "import" and span.thread == process.recorded.thread and span.end > upto:
            total += span.end - max(span.begin, upto)
            upto = span.end
    return total


def counts(told: Mapping[Side, TracedSide]) -> str:
    """What can be counted; a range where runs differ."""
    names = next(iter(told.values())).accounts[0].counts
    rows = [
        [name, *(_range([run.counts[name] for run in one.accounts]) for one in told.values())]
        for name in names
    ]
    columns = ("counted", *(("value",) if len(told) == 1 else map(str, told)))
    return table(columns, rows)


def _range(values: Sequence[int]) -> str:
    low, high = min(values), max(values)
    return f"{low:,}" if low == high else f"{low:,}–{high:,}"


def _bytes(many: int) -> str:
    return f"{many / 1000:.1f} kB" if many >= 1000 else f"{many} B"


def signed(value_s: float) -> str:
    """A difference in seconds with its sign."""
    sign = "+" if value_s > 0 else "−" if value_s < 0 else ""
    return f"{sign}{seconds(abs(value_s))}"
