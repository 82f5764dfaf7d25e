"""The arguments of `python -m bench replay`."""

from __future__ import annotations

import argparse
from pathlib import Path

AI_PORT, CF_PORT = 8000, 3001  # codeflash looks for a local backend on these, and on no others


def add_replay(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the subcommand with its three steps."""
    replay = commands.add_parser(
        "replay", help="a local backend for codeflash: canned answers, or recorded ones"
    )
    steps = replay.add_subparsers(dest="step", required=True, metavar="STEP")
    serve = steps.add_parser("serve", help="answer from files until Ctrl-C")
    _add_folder(serve)
    serve.add_argument("--scenario", default="", help="for clients whose key names none")
    _add_service(serve)
    _add_conditions(serve)
    record = steps.add_parser("record", help="pass requests on to a backend, and keep its answers")
    record.add_argument("scenario", type=Path, metavar="FOLDER", help="where the answers go")
    record.add_argument("--ai", required=True, metavar="URL", help="the real AI service")
    record.add_argument("--cf", required=True, metavar="URL", help="the real CF API")
    _add_service(record)
    load = steps.add_parser("load", help="how fast the service is: a load, and what came of it")
    _add_folder(load)
    load.add_argument("--clients", type=int, default=16, help="at once (%(default)s)")
    load.add_argument("--requests", type=int, default=8000, help="in all (%(default)s)")
    load.add_argument("--body-bytes", type=int, default=2000, help="of a request (%(default)s)")
    load.add_argument(
        "--rate", type=float, default=0.0, help="requests a second (default: as many as it answers)"
    )
    load.add_argument(
        "--reuse", action="store_true", help="one connection a client; else one a request"
    )
    _add_ports(load)


def _add_folder(step: argparse.ArgumentParser) -> None:
    step.add_argument(
        "folder", nargs="?", type=Path,
        help="scenarios, a folder each (default: bench/workloads/replay/answers)",
    )  # fmt: skip


def _add_ports(step: argparse.ArgumentParser) -> None:
    step.add_argument("--ai-port", type=int, default=AI_PORT, metavar="PORT")
    step.add_argument("--cf-port", type=int, default=CF_PORT, metavar="PORT")


def _add_service(step: argparse.ArgumentParser) -> None:
    _add_ports(step)
    step.add_argument("--journal", type=Path, metavar="FILE", help="a line for each request")
    step.add_argument("--keep-bodies", action="store_true", help="bodies go into the journal too")


def _add_conditions(step: argparse.ArgumentParser) -> None:
    step.add_argument("--conditions", type=Path, metavar="FILE", help="TOML, by endpoint")
    every = step.add_argument_group("conditions of every endpoint, where no FILE is given")
    every.add_argument("--latency", type=float, default=0.0, metavar="S", help="seconds an answer")
    every.add_argument("--jitter", type=float, default=0.0, metavar="S", help="at most, added")
    every.add_argument("--bandwidth", type=float, default=0.0, metavar="BYTES", help="a second")
    every.add_argument("--payload", type=int, default=0, metavar="BYTES", help="answers filled up")
    every.add_argument("--error-rate", type=float, default=0.0, metavar="SHARE")
    every.add_argument(
        "--error", default="status", choices=["status", "garbage", "hang", "close", "die"]
    )
    every.add_argument("--seed", type=int, default=0, help="of all chance (%(default)s)")
