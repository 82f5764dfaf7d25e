"""What servers that keep a journal have in common as programs: their words, and how they end."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from starlette.types import ASGIApp

from bench.core.errors import BenchError
from bench.workloads.replay.conditions import Conditions, read_conditions
from bench.workloads.replay.server import ServerOptions, serve


def server_parser(prog: str) -> argparse.ArgumentParser:
    """`FOLDER PORT [--journal FILE] [--conditions FILE]`."""
    parser = argparse.ArgumentParser(prog=prog)
    parser.add_argument("folder", type=Path)
    parser.add_argument("port", type=int)
    parser.add_argument("--journal", type=Path)
    parser.add_argument("--conditions", type=Path)
    return parser


def run_server(
    make_application: Callable[[], ASGIApp],
    told: argparse.Namespace,
    ports: Mapping[int, str],
    *,
    keep_bodies: bool = False,
) -> int:
    """Serve until a signal comes; what is wrong ends in one message. Returns the exit status."""
    try:
        conditions = read_conditions(told.conditions) if told.conditions else Conditions()
        options = ServerOptions(ports, told.journal, keep_bodies, conditions)
        serve(make_application(), options)
    except BenchError as error:
        print(error, file=sys.stderr)
        return int(error.status)
    return 0
