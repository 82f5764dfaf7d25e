"""Starting: the same imports in one process after the other, processes, the first of it all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from bench.explain.trace.findings.finding import BoundaryFinding, Evidence, How
from bench.explain.trace.path import Layer
from bench.explain.trace.tables import import_ns
from bench.explain.trace.timeline import Process
from bench.formats.markdown import code
from bench.formats.text import counted, seconds

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
            "repeated imports",
            name,
            f"{code(name)} is started {len(group)} times and imports the same each time",
            starting + importing,
            (
                f"after the first of them: {seconds(starting)} until their main modules began, "
                f"{seconds(importing)} in imports that the first had done too",
                "most of it: "
                + ", ".join(f"{code(k)} {seconds(ns / 1e9)}" for k, ns in heavy.most_common(5)),
                "a process that stays, or one that is forked off one that has imported it all, "
                "would save nearly all of this",
            ),
            local_s=starting + importing,
            how=How.MEASURED,
        )


def process_starts(seen: Evidence) -> Iterator[BoundaryFinding]:
    """What making processes costs, whatever they do."""
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
    lines = [", ".join(f"{many} × {code(name)}" for name, many in by_name.most_common(8))]
    if foreign:
        lines.append(
            f"{counted(len(foreign), 'program')} that {'is' if len(foreign) == 1 else 'are'} no "
            f"Python took {seconds(waited)} from start to end"
        )
    yield BoundaryFinding(
        "process starts",
        "",
        f"{counted(len(children), 'child process', 'child processes')} made",
        making_s,
        tuple(lines),
        local_s=making_s,
        how=How.MEASURED,
    )


def exits(seen: Evidence) -> Iterator[BoundaryFinding]:
    """What is done after the main module's end, while somebody waits for the process's end."""
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
        "exits",
        "",
        "taking down interpreters",
        cost_s,
        (
            *(
                f"{code(name)}: {seconds(ns / 1e9)} in "
                f"{counted(len(many[name]), 'process', 'processes')}"
                for name, ns in sorted(taken.items(), key=lambda item: -item[1])
            ),
            "threads joined, atexit, modules and objects taken apart; what leaves with `os._exit` "
            "after flushing its files pays for none of the last",
        ),
        local_s=cost_s,
        how=How.MEASURED,
    )


def cold_start(seen: Evidence) -> Iterator[BoundaryFinding]:
    """How long it takes until the command turns to anybody else."""
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
    what = "its first request or child" if firsts else "its end"
    yield BoundaryFinding(
        "cold start",
        "",
        f"cold start: {seconds(seen.at(until))} until {what}",
        (start_ns + importing) / 1e9,
        (
            f"{seconds(start_ns / 1e9)} until its main module began, {seconds(importing / 1e9)} in "
            f"imports of {counted(len(_modules(root)), 'module')} (all of the run)",
            "`nox -s targets-…` says which imports could wait",
        ),
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
