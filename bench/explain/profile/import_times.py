"""`-X importtime`: what each import takes, and which import it happened in.

A module counts where it was imported first: whoever comes later gets it for nothing, and taking the
first import away may move the cost, not remove it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bench.core.sample import Sample
from bench.core.told import read_text
from bench.explain.profile.frames import Frame, Namer
from bench.explain.profile.processes import ProfiledProcess

_LINE = re.compile(r"^import time: +(\d+) \| +(\d+) \|( *)(\S+)$", re.MULTILINE)


@dataclass(frozen=True)
class Imports:
    """One run: the text as written, and milliseconds of each module's own by chain of importers."""

    text: str
    stacks: dict[tuple[Frame, ...], float]


def time_imports(subject: ProfiledProcess, namer: Namer) -> tuple[Imports, Sample]:
    """Run once; raises `NotProfiledError`."""
    with subject.scratch() as folder:
        told = folder / "stderr"
        sample = subject.run(variables={"PYTHONPROFILEIMPORTTIME": "1"}, stderr=told)
        text = read_text(told)
    lines = [line for line in text.splitlines() if line.startswith("import time:")]
    return Imports("\n".join(lines) + "\n", parse_import_times(text, namer)), sample


def parse_import_times(text: str, namer: Namer) -> dict[tuple[Frame, ...], float]:
    """Milliseconds by chain of imports. A module is listed after what it imports, so read back."""
    stacks: dict[tuple[Frame, ...], float] = {}
    chain: list[Frame] = []
    for own_us, _, indent, name in reversed(_LINE.findall(text)):
        depth = (len(indent) - 1) // 2
        del chain[depth:]
        chain.append(namer.module(name))
        stack = tuple(chain)
        stacks[stack] = stacks.get(stack, 0.0) + int(own_us) / 1000
    return stacks
