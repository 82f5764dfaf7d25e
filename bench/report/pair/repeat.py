"""The command that measures a pair again."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence

from bench.core.options import Options
from bench.core.program import session
from bench.core.target import READ, word_of
from bench.engine.store.manifest import Manifest
from bench.engine.testgate.run_gate import SKIPPED
from bench.formats.markdown import fenced
from bench.report.select_runs import Evaluated


def repeat_commands(shown: Sequence[Evaluated]) -> str:
    """One command for each set of options, as Markdown."""
    return fenced("\n".join(repeat_lines(shown)), "sh")


def repeat_lines(shown: Sequence[Evaluated]) -> list[str]:
    """One command for each set of options."""
    commands: dict[tuple[str, ...], list[str]] = {}
    for one in shown:
        commands.setdefault(_words(one), []).append(one.python)
    manifest = shown[-1].run.manifest
    return [
        shlex.join(
            (
                *_begun(manifest),
                *(word for python in dict.fromkeys(pythons) for word in ("--python", python)),
                *options,
            )
        )
        for options, pythons in commands.items()
    ]


def _begun(manifest: Manifest) -> Iterator[str]:
    """A checkout without a target's file is named by its folder, a package by its name."""
    clone = _own_clone(manifest.pair.origin)
    place = clone[1] if clone else manifest.head.distribution
    for word in session(f"bench-{manifest.target}", manifest.pair.typed).split():
        yield place if word == word_of(manifest.target) else word


def _words(one: Evaluated) -> tuple[str, ...]:
    """Everything that was not as usual: options, a clone of the user's own, parts left out."""
    manifest, gate = one.run.manifest, one.run.gate
    words = [*option_words(manifest.options)]
    if not manifest.target.endswith(READ):
        words += _own_clone(manifest.pair.origin)
    if gate is not None and gate.reason == SKIPPED:
        words.append("--no-tests")
    if not manifest.options.counters:
        words.append("--no-counters")
    return tuple(words)


def _own_clone(origin: str) -> list[str]:
    """`--repo` if the revisions come from a clone that is not the target's own."""
    first = origin.partition("; ")[0]
    path = re.fullmatch(r"clone ([~/]\S*)", first)
    if path:
        return ["--repo", path[1]]
    named = re.fullmatch(r"clone (\S+) of \S+", first)
    return ["--repo", f"repos/{named[1]}"] if named else []


def option_words(options: Options) -> tuple[str, ...]:
    """The words of the command line for every option that is not the default."""
    default = Options()
    words: list[str] = []
    for name in options.benchmarks:
        words += ["--benchmark", name]
    for name in options.groups:
        words += ["--group", name]
    for flag, chosen, usual in (
        ("--deps", options.dependencies, default.dependencies),
        ("--design", options.design, default.design),
        ("--alpha", options.alpha, default.alpha),
        ("--mei", options.mei, default.mei),
        ("--mei-memory", options.mei_memory, default.mei_memory),
        ("--budget", options.budget_s, default.budget_s),
        ("--rounds", options.rounds, default.rounds),
    ):
        if chosen != usual and chosen is not None:
            words += [flag, f"{chosen:g}" if isinstance(chosen, float) else str(chosen)]
    return (*words, "--allocated") if options.allocated else tuple(words)
