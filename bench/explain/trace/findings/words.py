"""What a finding says: a title and lines of evidence, in Markdown, from its rule and numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from bench.core.program import session
from bench.engine.store.accounts import NEW_CONNECTIONS, KeptFinding
from bench.explain.trace.findings.finding import BoundaryFinding
from bench.formats.markdown import code
from bench.formats.text import counted, joined, seconds, share

AnyFinding = BoundaryFinding | KeptFinding


def title_of(found: AnyFinding) -> str:
    """What was found; of old data the title that was kept."""
    return (isinstance(found, KeptFinding) and found.title) or _WORDS[found.rule][0](found)


def evidence_of(found: AnyFinding) -> Sequence[str]:
    """What it rests on, a line each; of old data the lines that were kept."""
    if isinstance(found, KeptFinding) and found.title:
        return found.evidence
    return list(_WORDS[found.rule][1](found))


def _count(found: AnyFinding, name: str) -> int:
    return int(found.numbers[name])


def _connections(found: AnyFinding) -> str:
    reusable = counted(_count(found, "reusable"), "connection")
    return f"{reusable} to {code(found.subject)} could have been reused"


def _connections_lines(found: AnyFinding) -> Iterator[str]:
    requests = counted(_count(found, "requests"), "request")
    opened = counted(_count(found, "connections"), "connection")
    yield (
        f"{requests} on {opened}; {_count(found, 'reusable')} opened when an earlier request to "
        f"the same place was finished, {_count(found, 'on path')} of them on the critical path"
    )
    yield (
        f"connecting took {seconds(found.cost_s)} here; each connection costs one round trip (with "
        "TLS one or two more, which are not in the figures)"
    )
    callers = joined([code(one.name) for one in found.instances])
    yield f"requested by {callers}" if callers else "the caller is not known"


def _redundant(found: AnyFinding) -> str:
    return f"{code(found.subject)} requested {_count(found, 'times')} times with the same response"


def _redundant_lines(found: AnyFinding) -> Iterator[str]:
    sent, got = _count(found, "request bytes"), _count(found, "response bytes")
    moments = joined([seconds(one.at_s) for one in found.instances])
    yield f"same request ({sent} B) and same response ({got} B) at {moments}"


def _independent(found: AnyFinding) -> str:
    many = counted(_count(found, "requests"), "request")
    return f"{many} waited for an earlier response without using it"


def _independent_lines(found: AnyFinding) -> Iterator[str]:
    for one in found.instances:
        yield (
            f"{code(one.name)} at {seconds(one.at_s)} began {seconds(one.took_s)} after the "
            f"response to {code(one.other)}: the request contains nothing (no 8 bytes in a row) "
            "that first came with that response, and no child process ran in between"
        )
    yield (
        "by content only: whether the earlier response decides that the later request is sent is "
        "for a reader of the code to tell"
    )


def _payloads(found: AnyFinding) -> str:
    repeated, sent = _count(found, "repeated"), _count(found, "sent")
    again = f"{repeated:,} of {sent:,} B in requests"
    return f"{again} had been transferred before ({share(repeated / sent)})"


def _payloads_lines(found: AnyFinding) -> Iterator[str]:
    for one in found.instances:
        yield f"{code(one.name)}: {one.count:,} of {one.size:,} B had been sent or received before"
    large = counted(_count(found, "large"), "request")
    yield (
        f"sending everything took {seconds(found.cost_s)} here; {large} on a new connection "
        "exceed the initial congestion window"
    )


def _serialisation(found: AnyFinding) -> str:
    return f"{_count(found, 'calls'):,} serialiser calls"


def _serialisation_lines(found: AnyFinding) -> Iterator[str]:
    for one in found.instances:
        size = f" for {one.size:,} B" if one.size else ""
        by = f", from {code(one.by)}" if one.by else ""
        yield f"{code(one.name)} took {seconds(one.took_s)}{size}{by}"
    short = seconds(found.numbers["short seconds"])
    yield f"{_count(found, 'short'):,} calls shorter than 50 µs took {short} in total"


def _retries(found: AnyFinding) -> str:
    return f"{counted(_count(found, 'failed'), 'request')} failed"


def _retries_lines(found: AnyFinding) -> Iterator[str]:
    for one in found.instances:
        ended = one.other or "no response"
        yield f"{code(one.name)} at {seconds(one.at_s)}: {ended} after {seconds(one.took_s)}"
    yield f"{counted(_count(found, 'again'), 'of them was', 'of them were')} sent again"


def _repeated_imports(found: AnyFinding) -> str:
    return (
        f"{code(found.subject)} is started {_count(found, 'started')} times with the same imports"
    )


def _repeated_imports_lines(found: AnyFinding) -> Iterator[str]:
    starting = seconds(found.numbers["starting seconds"])
    importing = seconds(found.numbers["importing seconds"])
    yield (
        f"after the first start: {starting} until their main modules began, {importing} in "
        "imports that the first had done too"
    )
    yield f"most of it: {', '.join(f'{code(i.name)} {seconds(i.took_s)}' for i in found.instances)}"
    yield (
        "a persistent process, or one forked from a process that has imported everything, would "
        "save nearly all of this"
    )


def _process_starts(found: AnyFinding) -> str:
    return f"{counted(_count(found, 'children'), 'child process', 'child processes')} started"


def _process_starts_lines(found: AnyFinding) -> Iterator[str]:
    yield ", ".join(f"{one.count} × {code(one.name)}" for one in found.instances)
    foreign = _count(found, "foreign")
    if foreign:
        took = seconds(found.numbers["foreign seconds"])
        yield f"{counted(foreign, 'program')} not written in Python took {took} from start to end"


def _exits(_: AnyFinding) -> str:
    return "interpreter finalisation"


def _exits_lines(found: AnyFinding) -> Iterator[str]:
    for one in found.instances:
        many = counted(one.count or 0, "process", "processes")
        yield f"{code(one.name)}: {seconds(one.took_s)} in {many}"
    yield (
        "threads joined, atexit, modules and objects freed; a process that ends with `os._exit` "
        "after flushing its files does not free objects"
    )


def _cold_start(found: AnyFinding) -> str:
    until = seconds(found.numbers["until seconds"])
    what = "the first request or child process" if found.numbers["starts something"] else "the end"
    return f"cold start: {until} until {what}"


def _cold_start_lines(found: AnyFinding) -> Iterator[str]:
    start, importing = (seconds(found.numbers[f"{one} seconds"]) for one in ("start", "importing"))
    modules = counted(_count(found, "modules"), "module")
    yield f"{start} until the main module began, {importing} in imports"
    yield f"{modules} imported in the whole run"
    yield f"`{session('rank')}` says which imports are deferrable"


def _version_check(_: AnyFinding) -> str:
    return "a package index is asked before the work begins"


def _version_check_lines(found: AnyFinding) -> Iterator[str]:
    for one in found.instances:
        by = f", from {code(one.by)}" if one.by else ""
        ended = one.other or "response"
        yield f"{code(one.name)} at {seconds(one.at_s)}: {ended} after {seconds(one.took_s)}{by}"
    if not found.instances and _count(found, "looked up"):
        yield f"{counted(_count(found, 'looked up'), 'name lookup')} failed"
    yield "without a network it fails at once; on a slow one it blocks until its timeout"


_WORDS: dict[str, tuple[Callable[[AnyFinding], str], Callable[[AnyFinding], Iterator[str]]]] = {
    NEW_CONNECTIONS: (_connections, _connections_lines),
    "redundant": (_redundant, _redundant_lines),
    "independent": (_independent, _independent_lines),
    "payloads": (_payloads, _payloads_lines),
    "serialisation": (_serialisation, _serialisation_lines),
    "retries": (_retries, _retries_lines),
    "repeated imports": (_repeated_imports, _repeated_imports_lines),
    "process starts": (_process_starts, _process_starts_lines),
    "exits": (_exits, _exits_lines),
    "cold start": (_cold_start, _cold_start_lines),
    "version check": (_version_check, _version_check_lines),
}
