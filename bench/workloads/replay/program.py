"""The replay service as a program: `python -I program.py FOLDER PORT [--journal FILE] …`.

Started for a session in its own network namespace, as the programs in `workloads/services` are.
FOLDER holds `answers/`, or is it. PORT is that of the AI service, which whoever starts this waits
for; the CF API's port is opened before it.
"""

from __future__ import annotations

import sys
from pathlib import Path

if __name__ == "__main__":  # -I: the place of a script is not on the path
    sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from bench.workloads.replay.answers import read_answers
from bench.workloads.replay.command_line import run_server, server_parser
from bench.workloads.replay.server import CF_PORT


def main(words: list[str]) -> int:
    """Serve until a signal comes; what is wrong ends in one message."""
    parser = server_parser("replay")
    parser.add_argument("--cf-port", type=int, default=CF_PORT)
    parser.add_argument("--keep-bodies", action="store_true")
    told = parser.parse_args(words)
    answers = told.folder / "answers"
    return run_server(
        lambda: read_answers(answers if answers.is_dir() else told.folder).application(),
        told,
        {told.cf_port: "cf", told.port: "ai"},
        keep_bodies=told.keep_bodies,
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
