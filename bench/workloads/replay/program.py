"""The replay service as a program: `python -I program.py FOLDER PORT [--journal FILE] …`.

Started for a session in its own network namespace, as the programs in `workloads/services` are.
FOLDER holds `answers/`, or is it. PORT is that of the AI service, which whoever starts this waits
for; the CF API's port is opened before it.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

if __name__ == "__main__":  # -I: the place of a script is not on the path
    sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from bench.core.errors import BenchError
from bench.workloads.replay.answers import read_answers
from bench.workloads.replay.conditions import Conditions, read_conditions
from bench.workloads.replay.server import CF_PORT, ServerOptions, serve


def main(words: list[str]) -> int:
    """Serve until a signal comes; what is wrong ends in one message."""
    parser = argparse.ArgumentParser(prog="replay")
    parser.add_argument("folder", type=Path)
    parser.add_argument("port", type=int)
    parser.add_argument("--cf-port", type=int, default=CF_PORT)
    parser.add_argument("--journal", type=Path)
    parser.add_argument("--conditions", type=Path)
    parser.add_argument("--keep-bodies", action="store_true")
    told = parser.parse_args(words)
    answers = told.folder / "answers"
    try:
        serve(
            read_answers(answers if answers.is_dir() else told.folder).application(),
            ServerOptions(
                {told.cf_port: "cf", told.port: "ai"},
                told.journal,
                told.keep_bodies,
                read_conditions(told.conditions) if told.conditions else Conditions(),
            ),
        )
    except BenchError as error:
        print(error, file=sys.stderr)
        return int(error.status)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
