"""`python -m bench replay serve|record`: the stand-in for codeflash's backend, by hand."""

from __future__ import annotations

import argparse
import sys
from contextlib import suppress
from pathlib import Path

import msgspec

from bench.cli.arguments import count, describe, not_negative
from bench.core.errors import ExitStatus, UsageError
from bench.workloads.replay.answers import read_answers
from bench.workloads.replay.conditions import Condition, Conditions, read_conditions
from bench.workloads.replay.recorder import Recorder, Upstream
from bench.workloads.replay.server import AI_PORT, CF_PORT, ServerOptions, serve

_ANSWERS = Path(__file__).parents[1] / "workloads" / "replay" / "answers"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The steps, each with its own arguments."""
    describe(
        parser,
        "A local stand-in for codeflash's backend (its AI service and its CF API). `serve` "
        "answers from files, `record` passes requests on to a real backend and keeps its answers.",
        "replay serve --latency 0.1",
        "replay record kept --ai http://a:9000 --cf http://a:9001",
    )
    steps = parser.add_subparsers(dest="step", required=True, metavar="STEP")
    serve_step = steps.add_parser("serve", help="answer requests from files until Ctrl-C")
    describe(
        serve_step,
        "Answer codeflash's requests from files, until Ctrl-C.",
        "replay serve",
        "replay serve my-scenarios --latency 0.1 --journal requests.jsonl",
    )
    serve_step.add_argument(
        "folder",
        nargs="?",
        type=Path,
        metavar="FOLDER",
        help="folder with a folder for each scenario. Default: bench/workloads/replay/answers",
    )
    serve_step.add_argument(
        "--scenario",
        default="",
        metavar="NAME",
        help="scenario for clients whose API key names none. Default: the first by name",
    )
    _add_service(serve_step)
    _add_conditions(serve_step)
    record_step = steps.add_parser("record", help="pass requests on, and keep the answers")
    describe(
        record_step,
        "Pass codeflash's requests on to a real backend, and keep the answers without secrets.",
        "replay record kept --ai https://ai.host --cf https://cf.host",
        "replay record kept --ai http://a:9000 --cf http://a:9001",
    )
    record_step.add_argument(
        "scenario", type=Path, metavar="FOLDER", help="folder that the answers are written to"
    )
    record_step.add_argument("--ai", required=True, metavar="URL", help="address of the AI service")
    record_step.add_argument("--cf", required=True, metavar="URL", help="address of the CF API")
    _add_service(record_step)


def _add_service(step: argparse.ArgumentParser) -> None:
    for name, what, port in (("ai", "AI service", AI_PORT), ("cf", "CF API", CF_PORT)):
        step.add_argument(
            f"--{name}-port", type=count, default=port, metavar="PORT",
            help=f"local port of the {what}. Default: %(default)s",
        )  # fmt: skip
    step.add_argument(
        "--journal",
        type=Path,
        metavar="FILE",
        help="append a line of JSON for each request to FILE. Default: none is kept",
    )
    step.add_argument(
        "--keep-bodies",
        action="store_true",
        help="keep the bodies of requests and responses in the journal, too",
    )


def _add_conditions(step: argparse.ArgumentParser) -> None:
    step.add_argument(
        "--conditions",
        type=Path,
        metavar="FILE",
        help="TOML file with conditions for each endpoint. Default: the same for all, as below",
    )
    every = step.add_argument_group("conditions of all endpoints, without --conditions")
    every.add_argument(
        "--latency", type=not_negative, default=0.0, metavar="S",
        help="latency added to each response, in seconds. Default: %(default)g",
    )  # fmt: skip
    every.add_argument(
        "--jitter", type=not_negative, default=0.0, metavar="S",
        help="at most this much random latency more, in seconds. Default: %(default)g",
    )  # fmt: skip
    every.add_argument(
        "--bandwidth", type=not_negative, default=0.0, metavar="BYTES",
        help="bytes per second of a response; 0: no limit. Default: %(default)g",
    )  # fmt: skip
    every.add_argument(
        "--payload", type=int, default=0, metavar="BYTES",
        help="pad responses to BYTES. Default: they are not padded",
    )  # fmt: skip
    every.add_argument(
        "--error-rate", type=float, default=0.0, metavar="SHARE",
        help="share of requests that fail, 0 to 1. Default: %(default)g",
    )  # fmt: skip
    every.add_argument(
        "--error", default="status", choices=["status", "garbage", "hang", "close", "die"],
        help="how they fail. Default: %(default)s",
    )  # fmt: skip
    every.add_argument(
        "--seed", type=int, default=0, help="random seed of jitter and errors. Default: %(default)s"
    )


def run(arguments: argparse.Namespace) -> ExitStatus:
    """Serve or record; raises `UsageError`."""
    steps = {"serve": _serve, "record": _record}
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
    upstreams: dict[str, Upstream] = {
        "ai": Upstream.of(arguments.ai),
        "cf": Upstream.of(arguments.cf),
    }
    options = _options(arguments, Conditions())
    _say(arguments, f"recording into {arguments.scenario}, secrets removed")
    serve(Recorder(upstreams, options.ports, arguments.scenario).application(), options)


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
        raise UsageError(f"The conditions are not valid: {error}.") from error


def _options(arguments: argparse.Namespace, conditions: Conditions) -> ServerOptions:
    ports: dict[int, str] = {arguments.cf_port: "cf", arguments.ai_port: "ai"}
    return ServerOptions(ports, arguments.journal, arguments.keep_bodies, conditions)


def _say(arguments: argparse.Namespace, what: str) -> None:
    print(
        f"replay: AI service on port {arguments.ai_port}, CF API on {arguments.cf_port}; {what}",
        file=sys.stderr,
        flush=True,
    )
