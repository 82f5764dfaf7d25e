"""`run.json`: what a run is about. Written once, before its first round."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import msgspec

from bench.core.counts import Count
from bench.core.environment import EnvironmentRecord, StartFiles, Uncompiled
from bench.core.machine import Machine, Pinning
from bench.core.options import PACKAGES, Options
from bench.core.revision import Pair, Revision
from bench.core.sample import Side
from bench.core.target import Benchmark
from bench.core.variants import whole_name

# From 2 on the lines of `rounds.jsonl` are chained, and the cores are stored; from 3 on duets tell
# what a side used after the other one had ended, the control and peak memory have their parts of
# the error rate, what an interpreter reads at its start is stored, and rounds are taken on lanes,
# in an order that is balanced within small blocks; from 4 on a revision can be a working tree.
FORMAT = 4
FIRST_CHAINED = 2
FIRST_WITH_LANES = 3
_SHORT = 60


class PlannedBenchmark(msgspec.Struct, frozen=True):
    """A benchmark's declaration and a digest of all that it runs (declaration and script)."""

    declaration: Benchmark
    layer: str
    digest: str

    def judged_by_the_run(self, *keys: str) -> PlannedBenchmark:
        """The same without minimum effects of its own, of those that `keys` name."""
        declaration = msgspec.structs.replace(self.declaration, **dict.fromkeys(keys, 0.0))
        return msgspec.structs.replace(self, declaration=declaration)


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a sceptic needs beside the rounds. Holds no variable of the user's shell.

    `network` says whether measured processes could reach one, `sandbox` what else was kept from
    them ("" in runs from before there was one); `harness` names this project's own
    commit, Python and tools; `variables` are the target's own, from its TOML file.
    `slice` is the cgroup that measured processes had to themselves, `cpus` the cores they could be
    pinned to (not stored until format 2); `pinning` what the playbook's verification says of the
    machine, None where it never ran. `uncompiled` are modules of the interpreter without usable
    bytecode, as the run began. `base_start` and `head_start` are what each start of an interpreter
    reads in its environment (not stored until format 3).
    """

    format: int
    run_id: str
    target: str
    layer: str
    pair: Pair
    python: str
    base: EnvironmentRecord
    head: EnvironmentRecord
    machine: Machine
    options: Options
    benchmarks: tuple[PlannedBenchmark, ...]
    network: str
    harness: dict[str, str]
    variables: dict[str, str]
    seed: Count
    started_at: str
    slice: str = ""
    cpus: tuple[Count, ...] = ()
    pinning: Pinning | None = None
    uncompiled: Uncompiled | None = None
    base_start: StartFiles | None = None
    head_start: StartFiles | None = None
    sandbox: str = ""

    def __post_init__(self) -> None:
        if datetime.fromisoformat(self.started_at).tzinfo is None:
            raise ValueError(f"started_at has no time zone: {self.started_at}")
        names = [one.declaration.name for one in self.benchmarks]
        if len(set(names)) < len(names):
            raise ValueError("a benchmark is named twice")
        for side in Side:
            built, asked = self.environment(side).revision, self._revision(side)
            if (built.source, built.identity) != (asked.source, asked.identity):
                raise ValueError(f"{side} is {asked.label}, and its environment is {built.label}")

    def _revision(self, side: Side) -> Revision:
        """Whose code is measured on one side: where packages are compared, base's on both."""
        is_base = self.options.dependencies == PACKAGES
        return self.pair.side(Side.BASE if is_base else side)

    def environment(self, side: Side) -> EnvironmentRecord:
        """The environment of one side."""
        return self.base if side is Side.BASE else self.head

    @property
    def whole_python(self) -> str:
        """Its Python with the patch release and the variant: `3.14.2t`, `3.14.2+jit`."""
        return whole_name(self.python, self.base.provenance.python)

    def is_same_question(self, other: Manifest) -> bool:
        """Whether both runs were asked for the same."""
        return self._question == other._question

    @property
    def _question(self) -> tuple[object, ...]:
        revisions = [(one.source, one.identity) for one in (self.pair.base, self.pair.head)]
        names = [one.declaration.name for one in self.benchmarks]
        return self.target, revisions, self.python, self.machine.name, self.options, names

    def changes_to(self, now: Manifest) -> Iterator[str]:
        """What keeps a session that asks the same from going on with this run, in words."""
        before, after = self._conditions, now._conditions
        for what, found in after.items():
            known = before.get(what)
            if known != found:
                both = all(isinstance(one, str) and len(one) < _SHORT for one in (known, found))
                yield f"{what} ({known} before, {found} now)" if both else what

    @property
    def _cores(self) -> str:
        """The cores that could be pinned to, and how they are kept apart."""
        named = ",".join(map(str, self.cpus)) or "not pinned"
        isolated = ",".join(map(str, self.machine.isolated_cpus))
        apart = f" of isolated {isolated}" if isolated else ""
        return f"{named}{apart}{f' in {self.slice}' if self.slice else ''}"

    @property
    def _conditions(self) -> dict[str, object]:
        """What decides about figures besides the question, by its name in messages."""
        machine, pinning = self.machine, self.pinning
        tools = {name: found for name, found in self.harness.items() if name != "commit"}
        return {
            "the harness": self.harness.get("commit", "not known"),
            "the harness's uncommitted changes, Python or packages": tools,
            "the format of data": str(self.format),
            "the kernel": machine.kernel,
            "the CPU governor": machine.governor,
            "the clock source": machine.clock_source,
            "address space randomisation": machine.aslr,
            "simultaneous multithreading": machine.smt or "not recorded",
            "the cores": self._cores,
            "the pinning of the machine": pinning and (pinning.pinned, pinning.holds),
            "the network": self.network,
            "the sandbox": self.sandbox or "none",
            "the environment of base": self.base.key,
            "the environment of head": self.head.key,
            "the variables of the target": self.variables,
            "modules of the interpreter without bytecode": self.uncompiled,
            **{f"the declaration of {one.declaration.name}": one for one in self.benchmarks},
        }
