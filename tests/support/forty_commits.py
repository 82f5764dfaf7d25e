"""A repository of forty commits whose every step is known: for what names commits.

Along first parents, with what changes by itself in brackets; the others change nothing that runs.

    1 ── [3 +5%] ── [8 -3%] ── 9 (does not build) ── 11 (extra is born) ── [13 +1%] ── 15 (merge)
    └ 12 ── [cyd +2.2%] ── tidy ──────────────────────────────────────────────────────────┘
    15 ── [19 -5%: reverts 3] ── 23 (extra dies) ── [24 +2.2%] ── [25: reverts 24] ── 27 (merge)
    └ 26 ── [up +5%] ── [down -5%] ────────────────────────────────────────────────────────┘
    27 ── [32, 33, 34 +0.4%] ── [37 +5%] ── [39 -3%] ── 40
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from support.sample_project import Repository, sample_files

COMMITS = 40
# What is 2% or more, along first parents.
STEPS = {3, 8, 15, 19, 24, 25, 37, 39}
# What changes less, or by several commits together.
SMALL = {13, 32, 33, 34}
MERGE, CANCELS = "merge", "cancels"
BORN, DIED, UNBUILT = 11, 23, 9
BENCHMARKS = (
    'name = "work"\ngroup = "work"\ncommand = ["sample", "work"]',
    'name = "extra"\ngroup = "other"\ncommand = ["sample", "extra"]',
)

# Of the loops: the start of the interpreter makes each a little smaller as a share of the process.
_LOOPS = {"first": 900_000.0, "second": 900_000.0}
_CHANGED = {3: ("second", 1.12), 8: ("first", 0.93), 13: ("first", 1.025), 19: ("second", 1 / 1.12),
            24: ("first", 1.055), 25: ("first", 1 / 1.055), 32: ("second", 1.008),
            33: ("second", 1.008), 34: ("second", 1.008), 37: ("second", 1.12),
            39: ("first", 0.93)}  # fmt: skip
_AUTHORS = {3: "Ada", 19: "Ada", 8: "Ben", 24: "Ben", 25: "Ben", 37: "Cyd", 39: "Ben"}

_CLI = '''\
"""The command of forty commits."""

import sys

from sample.first import FIRST
from sample.second import SECOND


def burn(loops):
    total = 0
    for number in range(loops):
        total += number % 7
    return total

{spare}
def main():
    what = sys.argv[1]
    if what == "work":
        burn(FIRST)
        burn(SECOND)
    elif what == "extra" and {extra}:
        burn(300_000)
    else:
        sys.exit(f"sample: what is {{what}}?")
{end}'''


class _History:
    """What the files are as commits are made."""

    def __init__(self, path: Path) -> None:
        self.repository = Repository.create(path)
        self.loops = dict(_LOOPS)
        self.more: dict[str, str] = {}
        self.cli = {"spare": "", "extra": "False", "end": ""}
        self.version, self.build = "1.0.0", ""

    def files(self) -> Mapping[str, str]:
        made = sample_files(self.version, extra=False, build=self.build)
        made = {name: text for name, text in made.items() if name != "sample/behaviour.py"}
        made["sample/cli.py"] = _CLI.format(**self.cli)
        for name, loops in self.loops.items():
            made[f"sample/{name}.py"] = f"{name.upper()} = {round(loops)}\n"
        return made | self.more

    def commit(self, subject: str, author: str = "Dot", tag: str = "") -> None:
        self.repository.commit(self.files(), subject, tag=tag, author=author)

    def change(self, part: str, factor: float, subject: str, author: str = "Dot") -> None:
        self.loops[part] *= factor
        self.commit(subject, author)

    def aside(self, number: int) -> None:
        """A commit that changes nothing that is read."""
        self.more[f"docs/{number}.md"] = f"Page {number}.\n"
        self.commit(f"{number}: write a page")


def make_forty_commits(path: Path) -> Repository:
    """All of it, with tags `base`, `head`, `merge` and `cancels` (the merges)."""
    made = _History(path)
    made.commit("Base", tag="base")
    for number in range(1, COMMITS + 1):
        _SPECIAL.get(number, _usual)(made, number)
        made.repository.git("tag", f"n{number}")
    made.repository.git("tag", "head")
    return made.repository


def _usual(made: _History, number: int) -> None:
    if number in _CHANGED:
        part, factor = _CHANGED[number]
        made.change(part, factor, f"{number}: change {part}", _AUTHORS.get(number, "Dot"))
    else:
        made.aside(number)


def _unused(made: _History, number: int) -> None:
    made.more["sample/unused.py"] = "VALUE = 1\n"
    made.commit(f"{number}: add a module that nothing imports")


def _comment(made: _History, number: int) -> None:
    made.cli["end"] = "\n\n# The end.\n"
    made.commit(f"{number}: add a comment")


def _tidy(made: _History, number: int) -> None:
    made.cli["spare"] = f'\ndef spare():\n    """Nobody calls it, since {number}."""\n\n'
    made.commit(f"{number}: tidy up")


def _unbuilt(made: _History, number: int) -> None:
    made.build = "breaks"
    made.commit(f"{number}: break the build")
    made.build = ""


def _born(made: _History, number: int) -> None:
    made.cli["extra"] = "True"
    made.commit(f"{number}: add extra")


def _died(made: _History, number: int) -> None:
    made.cli["extra"] = "False"
    made.commit(f"{number}: remove extra")


def _version(made: _History, number: int) -> None:
    made.version = "1.1.0"
    made.commit(f"{number}: raise the version")


def _merge(made: _History, number: int) -> None:
    """A branch that began at 12, before 13."""
    repository = made.repository
    main = dict(made.loops), dict(made.more)
    repository.branch("cyd", "n12")
    made.loops["first"] /= _CHANGED[13][1]
    del made.more["docs/14.md"]
    made.change("second", 1.055, "cyd: change second", "Cyd")
    made.more["docs/cyd.md"] = "A page.\n"
    made.commit("cyd: write a page", "Cyd")
    second = made.loops["second"]
    repository.git("checkout", "--quiet", "main")
    repository.git("merge", "--quiet", "--no-ff", "-m", f"{number}: merge cyd", "cyd")
    repository.git("tag", MERGE)
    made.loops, made.more = main[0] | {"second": second}, main[1] | {"docs/cyd.md": "A page.\n"}


def _cancels(made: _History, number: int) -> None:
    """A branch that began where it is merged, and takes back what it did."""
    repository = made.repository
    repository.branch("updown", "n26")
    made.change("first", 1.12, "updown: change first")
    made.change("first", 1 / 1.12, "updown: take it back")
    made.more["docs/updown.md"] = "A page.\n"
    made.commit("updown: write a page")
    repository.git("checkout", "--quiet", "main")
    repository.git("merge", "--quiet", "--no-ff", "-m", f"{number}: merge updown", "updown")
    repository.git("tag", CANCELS)


_SPECIAL = {4: _unused, 5: _comment, 6: _tidy, UNBUILT: _unbuilt, BORN: _born, 15: _merge,
            20: _tidy, 22: _version, DIED: _died, 27: _cancels}  # fmt: skip
