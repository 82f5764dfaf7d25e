"""`python -m bench replay serve|record|load`: the stand-in for codeflash's backend, by hand."""

from __future__ import annotations

import argparse
import sys
from contextlib import suppress
from pathlib import Path

import msgspec

from bench.core.errors import ExitStatus, UsageError
from bench.formats.tables import render
from bench.formats.text import seconds
from bench.workloads.journal import Backend
from bench.workloads.replay.answers import read_answers
from bench.workloads.replay.conditions import Condition, Conditions, read_conditions
from bench.workloads.replay.load import Findings, Load, measure, percentile
from bench.workloads.replay.recorder import Recorder, Upstream
from bench.workloads.replay.server import Options, serve

_ANSWERS = Path(__file__).parents[1] / "workloads" / "replay" / "answers"


def replay_command(arguments: argparse.Namespace) -> ExitStatus:
    """Serve, record or load; raises `UsageError`."""
    steps = {"serve": _serve, "record": _record, "load": _load}
    with suppress(KeyboardInterrupt):  # how one ends it
        steps[arguments.step](arguments)
    return ExitStatus.DONE


def _serve(arguments: argparse.Namespace) -> None:
    folder = arguments.folder or _ANSWERS
    answers = read_answers(folder, arguments.scenario)
    scenarios = ", ".join(name for name in sorted(answers.files) if name != "common")
    _say(
        arguments,
        f"scenarios {scenarios} of {folder}; a client says which with the key cf-replay-NAME "
        f"(default: {answers.default})",
    )
    serve(answers.application(), _options(arguments, _conditions(arguments)))


def _record(arguments: argparse.Namespace) -> None:
    upstreams: dict[Backend, Upstream] = {
        "ai": Upstream.of(arguments.ai),
        "cf": Upstream.of(arguments.cf),
    }
    options = _options(arguments, Conditions())
    _say(arguments, f"recording into {arguments.scenario}, secrets removed")
    serve(Recorder(upstreams, options.ports, arguments.scenario).application(), options)


def _load(arguments: argparse.Namespace) -> None:
    load = Load(
        arguments.clients,
        arguments.requests,
        arguments.body_bytes,
        arguments.reuse,
        arguments.rate,
    )
    if min(load.clients, load.requests) < 1 or min(load.rate, load.body_bytes) < 0:
        raise UsageError("A load needs a client and a request at least, and no negative figures.")
    ports = arguments.ai_port, arguments.cf_port
    folder = (arguments.folder or _ANSWERS).resolve()
    print(_words(measure(folder, load, ports), load))


def _words(found: Findings, load: Load) -> str:
    rows = [
        [who, *(seconds(percentile(times, share)) for share in (0.5, 0.95, 0.99, 1.0))]
        for who, times in (
            ("the service's own", found.own_s),
            ("from its first byte to its answer", found.inside_s),
            ("as a client sees it", found.seen_s),
        )
    ]
    per_core = len(found.own_s) / found.service_cpu_s if found.service_cpu_s else 0.0
    return "\n".join(
        [
            f"{len(found.own_s)} requests from {load.clients} clients over {found.connections} "
            f"connections in {found.elapsed_s:.1f} s: {found.requests_per_s:.0f} a second; "
            f"{per_core:.0f} a second of the service's CPU time; {found.failed} failed",
            render(("time of a request", "median", "95%", "99%", "longest"), rows),
        ]
    )


def _conditions(arguments: argparse.Namespace) -> Conditions:
    if arguments.conditions:
        return read_conditions(arguments.conditions)
    told = {
        "latency_s": arguments.latency,
        "jitter_s": arguments.jitter,
        "bandwidth_bytes_s": arguments.bandwidth,
        "payload_bytes": arguments.payload,
        "error_rate": arguments.error_rate,
        "error": arguments.error,
    }
    try:
        return Conditions((msgspec.convert(told, Condition),), arguments.seed)
    except msgspec.ValidationError as error:
        raise UsageError(f"Conditions: {error}.") from error


def _options(arguments: argparse.Namespace, conditions: Conditions) -> Options:
    ports: dict[int, Backend] = {arguments.cf_port: "cf", arguments.ai_port: "ai"}
    return Options(ports, arguments.journal, arguments.keep_bodies, conditions)


def _say(arguments: argparse.Namespace, what: str) -> None:
    print(
        f"replay: AI service on port {arguments.ai_port}, CF API on {arguments.cf_port}; {what}",
        file=sys.stderr,
        flush=True,
    )
