"""What has to be there before the first process: manifest, network isolation, subjects."""

from __future__ import annotations

import dataclasses
import hashlib
import importlib.metadata
import os
import platform
import secrets
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from bench.core.files import write_atomically
from bench.core.lock import exclusive
from bench.core.process import run_tool
from bench.core.program import HOME, IS_INSTALLED, installed_harness
from bench.core.sample import Side
from bench.core.scratch import scratch_folder
from bench.core.target import Kind, Target
from bench.core.workspace import Workspace
from bench.engine.environments.bytecode import uncompiled_library
from bench.engine.environments.interpreters import Interpreter, interpreter_facts
from bench.engine.environments.pair import Environments
from bench.engine.environments.startup import start_files
from bench.engine.machine.fingerprint import describe_machine, measuring_cpus
from bench.engine.machine.pinning import find_slice, read_pinning
from bench.engine.measure.client import Launcher
from bench.engine.measure.invocations import Subject
from bench.engine.measure.network import (
    AS_DECLARED,
    IN_CONTAINERS,
    WITHOUT_ROOT,
    Network,
    Service,
    session_network,
)
from bench.engine.measure.rounds import RoundTaker
from bench.engine.measure.turns import Turns
from bench.engine.sandbox.folders import make_home
from bench.engine.sandbox.isolation import Isolation, isolate
from bench.engine.session.open_run import OpenRun, Station
from bench.engine.session.plan import Plan
from bench.engine.session.proof import PairProof, refused_if_unproven
from bench.engine.session.support import pyperf_folder
from bench.engine.session.unreported import mark_unreported
from bench.engine.store.events import Measured
from bench.engine.store.manifest import FORMAT, Manifest, PlannedBenchmark
from bench.engine.store.place import check_links
from bench.engine.store.run import Journal, Run, create_run, unfinished_run
from bench.engine.suites.folders import SuiteFolders, suite_folders
from bench.workloads.containers.leftovers import nothing_left
from bench.workloads.fixtures.catalogue import check_fixture, find_fixture, prepare_fixture

# A target's file only says what is measured; each benchmark has a digest of its own.
_MEASURES = ("bench", ":(exclude)bench/targets", "noxfile.py", "pyproject.toml", "uv.lock")
_DIGITS = 12


@contextmanager
def opened(
    plan: Plan,
    folder: Path,
    interpreter: Interpreter,
    environments: Environments,
    say: Callable[[str], None],
    turns: Turns | None = None,
) -> Iterator[OpenRun]:
    """Begin a run in a folder, or go on with its unfinished one: locked, proven, off the network.

    `say` hears which, and why an unfinished run is not gone on with; `turns` are those of all runs
    that are open at once. Raises `BenchError`.
    """
    target, benchmarks, workspace = plan.target, plan.benchmarks, plan.workspace
    check_links(folder, workspace.data)
    with exclusive(folder / "lock"), network_of(target, benchmarks, workspace) as network:
        proof = PairProof(environments, interpreter_facts(interpreter.executable))
        wanted = describe_run(plan, proof, interpreter, network)
        run = _resumed(folder, wanted, say) or create_run(folder, wanted)
        mark_unreported(workspace, run)
        with Journal(run) as journal, refused_if_unproven(journal):
            proof.begin(target.env, workspace)
            with (
                nothing_left(environments.base.record.image, workspace.cache),
                subjects(
                    target, benchmarks, workspace, interpreter, environments, network,
                    lanes=lane_count(plan.lanes, network.cpus), repo=plan.repo,
                ) as sides,
                _stations(sides, network, run.manifest.seed, turns or Turns()) as (whole, lanes),
            ):  # fmt: skip
                yield OpenRun(
                    plan=plan,
                    interpreter=interpreter,
                    environments=environments,
                    proof=proof,
                    run=run,
                    journal=journal,
                    network=network,
                    whole=whole,
                    lanes=lanes,
                )


def lane_count(wanted: int, cpus: tuple[int, ...]) -> int:
    """How many lanes there are on these cores: as many as wanted, one without any core."""
    return max(1, min(wanted or len(cpus), len(cpus)))


@contextmanager
def _stations(
    sides: Sequence[tuple[Subject, Subject]], network: Network, seed: int, turns: Turns
) -> Iterator[tuple[Station, tuple[Station, ...]]]:
    """The whole machine as a station, and its lanes. A single lane is the whole machine."""
    with ExitStack() as stack:
        takers = [
            RoundTaker(
                stack.enter_context(Launcher(network.isolation)),
                network.cpus if len(sides) == 1 else network.cpus[lane : lane + 1],
                seed,
                network,
                turns=turns,
            )
            for lane in range(len(sides))
        ]
        lanes = tuple(
            Station(taker=taker, base=base, head=head)
            for taker, (base, head) in zip(takers, sides, strict=True)
        )
        whole = dataclasses.replace(
            lanes[0], taker=dataclasses.replace(takers[0], cpus=network.cpus)
        )
        yield whole, lanes


def _resumed(folder: Path, wanted: Manifest, say: Callable[[str], None]) -> Run | None:
    """The run to go on with, if there is one; says what the session begins with."""
    run, words = unfinished_run(folder, wanted)
    if wanted.uncompiled:
        say(wanted.uncompiled.describe(wanted.base.provenance.base_executable))
    for line in words:
        say(line)
    if run is not None:
        rounds = sum(isinstance(event, Measured) for event in run.events)
        lost = " (half a line of a round under way is dropped)" if run.dropped else ""
        say(
            f"going on with the unfinished run {run.manifest.run_id}: {rounds} rounds are there "
            f"already{lost}"
        )
    return run


@contextmanager
def network_of(
    target: Target,
    benchmarks: Sequence[PlannedBenchmark],
    workspace: Workspace,
    latency_s: float = 0.0,
) -> Iterator[Network]:
    """The network of a target's processes as its file wants it, with the servers they need.

    Those that keep a journal answer `latency_s` later than they could.
    """
    served = sorted({one.declaration.fixture for one in benchmarks if one.declaration.served})
    apart = find_slice()
    cpus = measuring_cpus(describe_machine(), apart)
    with scratch_folder(workspace.scratch, "journals-") as journals:
        services = [
            service_of(name, prepare_fixture(name, workspace.cache), journals, latency_s)
            for name in served
        ]
        isolation = _isolation(target, workspace, served=bool(services))
        loopback = any(one.declaration.service for one in benchmarks)
        with session_network(services, cpus, isolation, loopback=loopback) as network:
            network.isolation = network.isolation.inside(apart)
            network.cpus = cpus
            yield network


def _isolation(target: Target, workspace: Workspace, *, served: bool) -> Isolation:
    """What keeps a target's processes to themselves; an engine of containers does so by itself."""
    if target.container is None:
        open_because = AS_DECLARED if target.network == "host" else ""
        return isolate(workspace, open_because=open_because)
    # Containers have a network of their own: an open one is only for the builds of images.
    open_because = AS_DECLARED if target.network == "host" and not served else ""
    if os.geteuid():
        open_because = WITHOUT_ROOT
    return isolate(workspace, open_because=open_because, bare_because=IN_CONTAINERS)


def service_of(
    fixture: str, folder: Path, journals: Path | None = None, latency_s: float = 0.0
) -> Service:
    """The server of a fixture that has one, for a folder of it.

    One that keeps a journal does so in the folder `journals`, if that is given, and may be told to
    answer `latency_s` later.
    """
    server = find_fixture(fixture).server
    assert server is not None  # or `select` would have complained
    argv: tuple[str, ...] = (
        sys.executable, "-I", str(server.program), str(folder), str(server.port),
    )  # fmt: skip
    if journals is None or not server.journals:
        return Service(fixture, argv, server.port)
    journal = journals / f"{fixture}.jsonl"
    argv = (*argv, "--journal", str(journal))
    if latency_s:
        conditions = journals / f"{fixture}.toml"
        write_atomically(conditions, f"[[endpoint]]\nlatency_s = {latency_s!r}\n")
        argv = (*argv, "--conditions", str(conditions))
    return Service(fixture, argv, server.port, journal)


def describe_run(
    plan: Plan, proof: PairProof, interpreter: Interpreter, network: Network
) -> Manifest:
    """The manifest of a run that begins now, with an id and a seed of its own."""
    now, environments = datetime.now(UTC), proof.environments
    return Manifest(
        format=FORMAT,
        run_id=f"{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}",
        target=plan.target.name,
        layer=plan.target.layer,
        pair=plan.pair,
        python=interpreter.version,
        base=environments.base.record,
        head=environments.head.record,
        machine=describe_machine(),
        options=plan.options,
        benchmarks=plan.benchmarks,
        network=network.isolation.network,
        sandbox=network.isolation.description,
        slice=network.isolation.slice,
        cpus=network.cpus,
        pinning=read_pinning(),
        uncompiled=uncompiled_library(proof.facts),
        base_start=start_files(environments.base),
        head_start=start_files(environments.head),
        harness=harness(),
        variables={**plan.target.env, **interpreter.variables},
        seed=secrets.randbits(48),
        started_at=now.isoformat(timespec="seconds"),
    )


def harness() -> dict[str, str]:
    """What measures: this project's commit, its Python and the tools that matter.

    Of an installed one its version and a digest of its files.
    The commit is the last one that changed a file that measures: new results and targets do not
    count. It is marked as dirty where such a file has changed since; `changes` is a digest of that.
    """
    return {
        **(installed_harness() if IS_INSTALLED else _checkout()),
        "python": platform.python_version(),
        **{name: importlib.metadata.version(name) for name in ("numpy", "pyperf", "uv")},
    }


def _checkout() -> dict[str, str]:
    last = _git("log", "-1", "--format=%H", "--", *_MEASURES)
    commit = _git("describe", "--always", last or "HEAD")
    changed = _git("status", "--porcelain", "--", *_MEASURES)
    told = {"commit": commit or "not a git checkout"}
    if changed:
        changed += _git("diff", "HEAD", "--", *_MEASURES)
        digest = hashlib.sha256(changed.encode(errors="replace")).hexdigest()[:_DIGITS]
        told = {"commit": f"{commit}-dirty", "changes": digest}
    return told


def _git(*words: str) -> str:
    """What git says of this checkout; "" where it fails."""
    try:
        said = run_tool(["git", "-C", HOME, *words], guarded=False)
    except FileNotFoundError:  # releases are measured without git too
        return ""
    return said.stdout.strip() if said.ok else ""


@contextmanager
def subjects(
    target: Target,
    benchmarks: Sequence[PlannedBenchmark],
    workspace: Workspace,
    interpreter: Interpreter,
    environments: Environments,
    network: Network,
    *,
    lanes: int = 1,
    repo: Path | None = None,
) -> Iterator[list[tuple[Subject, Subject]]]:
    """Base and head for each lane: throwaway homes, pyperf for scripts, and fixtures checked
    afterwards. All paths are of one length. Suites come from `repo`, or the target's own clone.
    """
    scripts = any(one.declaration.kind is Kind.SCRIPT for one in benchmarks)
    pyperf = pyperf_folder(interpreter, workspace) if scripts else None
    fixtures = _fixtures(benchmarks, workspace)
    digits = len(str(lanes - 1))

    declared = [one.declaration for one in benchmarks]

    def subject(folder: Path, side: Side, suites: SuiteFolders) -> Subject:
        return Subject(
            environment=environments.side(side),
            own={**target.env, **interpreter.variables},
            home=make_home(folder / side, network.isolation.owner),
            support=pyperf or folder,
            suites=workspace.suites,
            targets=workspace.targets,
            fixtures=fixtures,
            services={service.name: service.address for service in network.services},
            refusal=network.refusal,
            suites_of=partial(suites.of, side=side),
        )

    with scratch_folder(workspace.scratch) as scratch:
        folders = [scratch / f"{lane:0{digits}}" for lane in range(lanes)]
        for folder in folders:
            folder.mkdir(mode=0o711)  # may be entered by another account, not listed
        suites = suite_folders(target, declared, environments, workspace, repo, scratch / "suites")
        yield [
            (subject(folder, Side.BASE, suites), subject(folder, Side.HEAD, suites))
            for folder in folders
        ]
        for name, fixture in fixtures.items():
            check_fixture(name, fixture)


def _fixtures(benchmarks: Sequence[PlannedBenchmark], workspace: Workspace) -> dict[str, Path]:
    """The folders of the fixtures that the benchmarks name, made where they are missing."""
    names = sorted({one.declaration.fixture for one in benchmarks} - {""})
    return {name: prepare_fixture(name, workspace.cache) for name in names}
