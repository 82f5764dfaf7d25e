"""Processes put in order: who started whom, when each began and ended, seen from both ends."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from bench.explain.trace.exchanges import HttpExchange, exchanges_of, matched
from bench.explain.trace.recording import Recorded, Span
from bench.workloads.journal import Exchange as Served


class NothingRecordedError(Exception):
    """No process of a run was recorded (the message says why that may be)."""


@dataclass(kw_only=True)
class Process:
    """A process from its start to its end, in ns of CLOCK_MONOTONIC.

    `spawned` is when its parent began to make it, `started` when its program was in place, `ended`
    when its parent heard of its end (or the last that is known of it). `recorded` is None for what
    is no Python, or was not recorded: then only the parent's side is known.
    """

    pid: int
    argv: tuple[str, ...]
    spawned: int
    started: int
    ended: int
    recorded: Recorded | None = None
    children: list[Process] = field(default_factory=list)
    exchanges: tuple[HttpExchange, ...] = ()
    status: int | None = None

    @property
    def name(self) -> str:
        """What one would call it: `pytest`, `git`, `python -c`."""
        return program_name(self.argv)

    @property
    def is_python(self) -> bool:
        """Whether it was recorded."""
        return self.recorded is not None

    def has_clock(self, thread: int) -> bool:
        """Whether CPU time of a thread is known: it is the first of a recorded process."""
        return self.recorded is not None and self.recorded.thread == thread

    def walk(self) -> Iterator[Process]:
        """This one and all below it, in the order in which they began."""
        yield self
        for child in self.children:
            yield from child.walk()


@dataclass(frozen=True)
class Timeline:
    """One run of a command: its first process, and what a replay service saw of it."""

    root: Process
    served: tuple[Served, ...] = ()

    @property
    def begin(self) -> int:
        """When the first process was started."""
        return self.root.spawned

    @property
    def wall_ns(self) -> int:
        """From its start to its end."""
        return self.root.ended - self.root.spawned

    @property
    def processes(self) -> list[Process]:
        """All of them, in the order in which they began."""
        return sorted(self.root.walk(), key=lambda one: one.spawned)

    @property
    def exchanges(self) -> list[HttpExchange]:
        """All HTTP requests of all processes, in the order in which they were sent."""
        found = [one for process in self.root.walk() for one in process.exchanges]
        return sorted(found, key=lambda one: one.sent_begin)


def build_timeline(
    recorded: Sequence[Recorded],
    begin: int,
    wall_ns: int,
    served: Iterable[Served] = (),
) -> Timeline:
    """Who belongs where; `begin` and `wall_ns` are the launcher's figures of the first process.

    Raises `NothingRecordedError`.
    """
    if not recorded:
        raise NothingRecordedError(
            "no Python process was recorded: is the command a Python program? (`python -I` and "
            "`-S` cannot be recorded)"
        )
    served = tuple(served)
    first = recorded[0]
    root = Process(
        pid=first.pid,
        argv=first.argv,
        spawned=begin,
        started=begin,
        ended=begin + wall_ns,
        recorded=first,
    )
    known = {first.pid: root}
    waiting = list(recorded[1:])
    for process in _by_parents(root, waiting, known):
        process.children.sort(key=lambda one: one.spawned)
    _adopt(root, waiting, known)
    for process in root.walk():
        process.exchanges = matched(exchanges_of(process.recorded), served)
    return Timeline(root, served)


def _by_parents(
    root: Process, waiting: list[Recorded], known: dict[int, Process]
) -> Iterator[Process]:
    """Hang below each recorded process what it has started by its own account.

    What is found a place is taken out of `waiting`.
    """
    due = [root]
    while due:
        process = due.pop()
        if process.recorded is None:
            continue
        for child in _started_by(process, waiting):
            process.children.append(child)
            known[child.pid] = child
            due.append(child)
        yield process


def _started_by(process: Process, waiting: list[Recorded]) -> Iterator[Process]:
    assert process.recorded is not None
    spans = process.recorded.spans
    spawns = {span.detail[0]: span for span in spans if span.kind == "spawn" and span.detail}
    reaped = {span.detail[0]: span for span in reversed(spans) if span.kind == "reaped"}
    for span in spans:
        pid = _child_of(span)
        if not pid:
            continue
        own = next((one for one in waiting if one.pid == pid and one.site >= span.begin), None)
        if own is not None:
            waiting.remove(own)
            own = _with_last_figures(own, spans)
        told = spawns.get(pid)
        argv = tuple(told.detail[1]) if told else (_argv(own) if own else ("?",))
        end = reaped.get(pid)
        last = end.begin if end else (own.last if own else span.end)
        status = end.detail[1] if end else None
        yield Process(
            pid=pid,
            argv=argv,
            spawned=span.begin,
            started=span.end,
            ended=max(last, span.end),
            recorded=own,
            status=status,
        )


def _with_last_figures(recorded: Recorded, parents: Sequence[Span]) -> Recorded:
    """What its parent read of a process before a signal was sent: a killed one says no more."""
    for span in reversed(parents):
        if span.kind == "signal" and span.detail[0] == recorded.pid and not recorded.told:
            figures = span.detail[1].split()
            if len(figures) >= 2 and span.begin >= recorded.last:
                marks = recorded.marks.until(span.begin, int(figures[0]), int(figures[1]))
                return replace(recorded, marks=marks)
    return recorded


def _child_of(span: Span) -> int:
    """The number of the child that was made; 0 for other spans, and where none came of it."""
    if span.kind != "fork" or not span.detail:
        return 0
    return int(span.detail if isinstance(span.detail, int) else span.detail[0])


def _argv(recorded: Recorded) -> tuple[str, ...]:
    """Its command, or that of the program that took its place (a fork that called exec)."""
    if recorded.how == "fork" and recorded.told.get("how") == "exec":
        return tuple(recorded.told.get("became", ())) or recorded.argv
    return recorded.argv


def _adopt(root: Process, orphans: Iterable[Recorded], known: dict[int, Process]) -> None:
    """Processes whose parent is no recorded one: below the one that has the number, or the root.

    One that became another program (exec) keeps its number: it follows on itself.
    """
    for one in orphans:
        parent = known.get(one.pid) or known.get(one.parent) or root
        begin = max(one.started, parent.spawned) if one.started else one.site
        begin = min(begin, one.site)
        process = Process(
            pid=one.pid, argv=one.argv, spawned=begin, started=begin, ended=one.last, recorded=one
        )
        parent.children.append(process)
        parent.children.sort(key=lambda child: child.spawned)
        parent.ended = max(parent.ended, one.last) if parent is not root else parent.ended
        known.setdefault(one.pid, process)


def program_name(argv: Sequence[str]) -> str:
    """`…/python -m pytest x` is `pytest`, `…/bin/codeflash` is `codeflash`."""
    words = [*argv, "", ""]
    first = words[0].rpartition("/")[2]
    if not first.startswith(("python", "Python")):
        return first.partition(" ")[0] or "?"
    rest = list(words[1:])
    while rest[0].startswith("-") and rest[0] not in {"-m", "-c"}:
        rest = rest[2:] if rest[0] in {"-X", "-W"} else rest[1:]
        rest += ["", ""]
    if rest[0] == "-m":
        return rest[1]
    if rest[0] == "-c":
        return "python -c"
    folder, _, file = rest[0].rpartition("/")
    return f"{folder.rpartition('/')[2]}/{file}" if file == "__main__.py" else file or "python"
