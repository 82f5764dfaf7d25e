"""Starts and ends of processes: repeated imports, new processes, finalisation, cold start."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from bench.engine.store.accounts import Instance
from bench.explain.trace.findings.finding import BoundaryFinding, Evidence, How
from bench.explain.trace.path import Layer
from bench.explain.trace.tables import import_ns
from bench.explain.trace.timeline import Process

_LAYERS_OF_START = {Layer.PROCESS_START, Layer.INTERPRETER_START}


def repeated_imports(seen: Evidence) -> Iterator[BoundaryFinding]:
    """Interpreters of one program, started one after the other, that import the same."""
    by_name: dict[str, list[Process]] = {}
    for process in seen.timeline.processes:
        if process.recorded and process.recorded.how == "exec":
            by_name.setdefault(process.name, []).append(process)
    for name, group in by_name.items():
        if len(group) < 2:
            continue
        later = group[1:]
        first = _modules(group[0])
        starting = sum(_until_main_ns(one) for one in later) / 1e9
        importing = sum(_common_ns(one, first) for one in later) / 1e9
        heavy = Counter[str]()
        for one in later:
            heavy.update(_outermost(one, first))
        yield BoundaryFinding(
            rule="repeated imports",
            subject=name,
            cost_s=starting + importing,
            numbers={
                "started": len(group),
                "starting seconds": starting,
                "importing seconds": importing,
            },
            instances=tuple(
                Instance(name=module, took_s=ns / 1e9) for module, ns in heavy.most_common(5)
            ),
            local_s=starting + importing,
            how=How.MEASURED,
        )


def process_starts(seen: Evidence) -> Iterator[BoundaryFinding]:
    """What starting processes costs, whatever they do."""
    children = [one for one in seen.timeline.processes if one is not seen.timeline.root]
    if not children:
        return
    making_s = sum(
        piece.length for piece in seen.path if piece.layer in _LAYERS_OF_START
        and not (piece.process is seen.timeline.root
                 and piece.layer is Layer.INTERPRETER_START)
    ) / 1e9  # fmt: skip
    by_name = Counter(one.name for one in children)
    foreign = [one for one in children if not one.is_python]
    waited = sum(one.ended - one.spawned for one in foreign) / 1e9
    yield BoundaryFinding(
        rule="process starts",
        cost_s=making_s,
        numbers={
            "children": len(children),
            "foreign": len(foreign),
            "foreign seconds": waited,
        },
        instances=tuple(Instance(name=name, count=many) for name, many in by_name.most_common(8)),
        local_s=making_s,
        how=How.MEASURED,
    )


def exits(seen: Evidence) -> Iterator[BoundaryFinding]:
    """Interpreter finalisation that the parent waits for."""
    taken: dict[str, int] = {}
    many: dict[str, set[int]] = {}
    for piece in seen.path:
        if piece.layer is Layer.EXIT:
            name = piece.process.name
            taken[name] = taken.get(name, 0) + piece.length
            many.setdefault(name, set()).add(piece.process.spawned)
    cost_s = sum(taken.values()) / 1e9
    if not taken:
        return
    yield BoundaryFinding(
        rule="exits",
        cost_s=cost_s,
        instances=tuple(
            Instance(name=name, took_s=ns / 1e9, count=len(many[name]))
            for name, ns in sorted(taken.items(), key=lambda item: -item[1])
        ),
        local_s=cost_s,
        how=How.MEASURED,
    )


def cold_start(seen: Evidence) -> Iterator[BoundaryFinding]:
    """How long it takes until the command sends its first request or starts a process."""
    root = seen.timeline.root
    if root.recorded is None:
        return
    firsts = [one.begin for one in seen.timeline.exchanges if one.pid == root.pid]
    firsts += [child.spawned for child in root.children]
    until = min(firsts, default=root.ended)
    importing = sum(
        min(piece.end, until) - piece.begin
        for piece in seen.path
        if piece.layer is Layer.IMPORTS and piece.process is root and piece.begin < until
    )
    start_ns = (root.recorded.main or root.recorded.site) - root.spawned
    yield BoundaryFinding(
        rule="cold start",
        cost_s=(start_ns + importing) / 1e9,
        numbers={
            "until seconds": seen.at(until),
            "starts something": int(bool(firsts)),
            "start seconds": start_ns / 1e9,
            "importing seconds": importing / 1e9,
            "modules": len(_modules(root)),
        },
        local_s=importing / 1e9,
        how=How.MEASURED,
    )


def _until_main_ns(process: Process) -> int:
    assert process.recorded is not None
    return (process.recorded.main or process.recorded.site) - process.spawned


def _modules(process: Process) -> set[str]:
    assert process.recorded is not None
    return {str(span.detail[0]) for span in process.recorded.spans if span.kind == "import"}


def _common_ns(process: Process, known: set[str]) -> int:
    """Imports, without what another process of the name did not import."""
    own = sum(_outermost(process, known, inverted=True).values())
    return max(0, import_ns(process) - own)


def _outermost(process: Process, known: set[str], *, inverted: bool = False) -> dict[str, int]:
    """Nanoseconds of outermost imports of modules that are known (or are not)."""
    assert process.recorded is not None
    found: dict[str, int] = {}
    upto = 0
    for span in process.recorded.spans:
        if span.kind != "import" or span.thread != process.recorded.thread or span.begin < upto:
            continue
        upto = span.end
        name = str(span.detail[0])
        if (name in known) is not inverted:
            found[name] = found.get(name, 0) + span.length
    return found
