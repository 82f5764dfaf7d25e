"""`run.json`: what a run is about. Written once, before its first round."""

from __future__ import annotations

import hashlib

import msgspec

from bench.core.environment import EnvironmentRecord, Uncompiled
from bench.core.machine import Machine, Pinning
from bench.core.options import Options
from bench.core.revision import Pair
from bench.core.target import Benchmark

FORMAT = 1


class PlannedBenchmark(msgspec.Struct, frozen=True):
    """A benchmark's declaration and a digest of all that it runs (declaration and script)."""

    declaration: Benchmark
    layer: str
    digest: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a sceptic needs beside the rounds. Holds no variable of the user's shell.

    `network` says whether measured processes could reach one; `harness` names this project's own
    commit, Python and tools; `variables` are the target's own, from its TOML file.
    `slice` is the cgroup that measured processes had to themselves; `pinning` what the playbook's
    verification says of the machine, None where it never ran. `uncompiled` are modules of the
    interpreter without usable bytecode, as the run began.
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
    seed: int
    started_at: str
    slice: str = ""
    pinning: Pinning | None = None
    uncompiled: Uncompiled | None = None

    @property
    def identity(self) -> str:
        """A digest of what two sessions must share to be one run."""
        shared = (
            self.target,
            self.python,
            self.base.key,
            self.head.key,
            self.machine.name,
            self.options,
            [planned.digest for planned in self.benchmarks],
            self.network,
        )
        return hashlib.sha256(msgspec.json.encode(shared)).hexdigest()[:16]
