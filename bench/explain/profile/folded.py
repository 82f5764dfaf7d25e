"""Folded stacks: `outer;inner 12` a line, as py-spy writes them, and as other tools read them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TypeAlias

from bench.explain.profile.frames import NATIVE, Frame, Namer, RawFrame

# From the outermost frame to the innermost, with samples or milliseconds.
Stacks: TypeAlias = Mapping[tuple[Frame, ...], float]

_PROCESS = re.compile(r'^process \d+:"(.*)"$')
_FRAME = re.compile(r"^(?P<function>.*) \((?P<file>.*?)(?::\d+)?\)$")


def parse_folded(text: str, namer: Namer) -> dict[tuple[Frame, ...], float]:
    """Samples by stack from py-spy's raw format; lines that are none are left out.

    The process itself is no frame; a process it started is one, by its program's name.
    """
    stacks: dict[tuple[Frame, ...], float] = {}
    for line in text.splitlines():
        names, _, count = line.rpartition(" ")
        if not count.isdigit() or not names:
            continue
        stack = _stack(names, namer)
        stacks[stack] = stacks.get(stack, 0) + int(count)
    return stacks


def write_folded(stacks: Stacks) -> str:
    """One line a stack, heaviest first; numbers are whole (microseconds of milliseconds given)."""
    ordered = sorted(stacks.items(), key=lambda item: (-item[1], item[0]))
    lines = (
        f"{';'.join(frame.title.replace(';', ',') for frame in stack)} {round(value * 1000)}"
        for stack, value in ordered
        if stack
    )
    return "\n".join(lines) + "\n"


def total(stacks: Stacks) -> float:
    """All samples, or milliseconds, together."""
    return sum(stacks.values())


def scaled(stacks: Stacks, wanted: float) -> dict[tuple[Frame, ...], float]:
    """The same shares of another total."""
    sum_ = total(stacks)
    return {stack: value * wanted / sum_ for stack, value in stacks.items()} if sum_ else {}


def _stack(names: str, namer: Namer) -> tuple[Frame, ...]:
    processes: list[str] = []
    raw: list[RawFrame] = []
    for word in _split(names):
        process = _PROCESS.match(word)
        if process:
            processes.append(process[1])
        else:
            raw.append(_raw(word))
    started = [_program(command) for command in processes[1:]]
    return (*(Frame(f"[{name}]", name, NATIVE) for name in started), *namer.stack(raw))


def _split(names: str) -> list[str]:
    """At semicolons outside the quotes of a process's command line."""
    if not names.startswith("process "):
        return names.split(";")
    words: list[str] = []
    while names.startswith("process "):
        end = names.find('";', names.index('"') + 1)
        if end < 0:
            return [*words, names]
        words.append(names[: end + 1])
        names = names[end + 2 :]
    return [*words, *names.split(";")]


def _raw(word: str) -> RawFrame:
    found = _FRAME.match(word)
    return RawFrame(found["function"], found["file"]) if found else RawFrame(word, word)


def _program(command: str) -> str:
    """The name of a process that was started: its program, or what Python runs."""
    program, *words = [word.rpartition("/")[2] for word in command.split()[:3]] or ["?"]
    if not program.startswith("python") or not words:
        return program
    if words[0] in {"-c", "-m"}:
        return " ".join(["python", words[0], *(words[1:] if words[0] == "-m" else [])])
    return words[0]


def mean_stacks(runs: list[Stacks]) -> dict[tuple[Frame, ...], float]:
    """The mean of several runs."""
    found: dict[tuple[Frame, ...], float] = {}
    for stacks in runs:
        for stack, value in stacks.items():
            found[stack] = found.get(stack, 0.0) + value / len(runs)
    return found
