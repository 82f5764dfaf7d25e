"""The machine, and what disturbed it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from statistics import median

from bench.core.machine import Machine, Noise
from bench.engine.store.manifest import Manifest
from bench.formats.markdown import code, heading, plain, table
from bench.formats.text import gibibytes, joined, share
from bench.report.select_runs import OnMachine, Shown


def machine_section(on: OnMachine, level: int) -> Iterator[str]:
    """The machine as it was found, and the noise while it measured."""
    yield heading(level, f"Machine {on.machine.name}")
    networks = list(dict.fromkeys(one.run.manifest.network for one in on.shown))
    sandboxes = list(dict.fromkeys(one.run.manifest.sandbox or "none" for one in on.shown))
    pinned = list(dict.fromkeys(_pinned(one.run.manifest) for one in on.shown))
    rows = [
        *_facts(on.machine),
        ["network of measured processes", plain(joined(networks))],
        ["sandbox of measured processes", plain(joined(sandboxes))],
        ["pinned", plain(joined(pinned))],
    ]
    yield table(("", code(on.machine.name)), rows, numbers=False)
    rows = [row for one in on.shown for row in _noise(one)]
    if rows:
        yield "Noise while it measured, over benchmarks:"
        columns = ("run", "load (1 min): median", "max", "other processes: median", "max",
                   "steal: median", "max")  # fmt: skip
        yield table(columns, rows)


def _facts(machine: Machine) -> list[list[str]]:
    isolated = ", ".join(str(cpu) for cpu in machine.isolated_cpus) or "none"
    aslr = {"0": "off (0)", "1": "partly on (1)", "2": "on (2)"}.get(machine.aslr, machine.aslr)
    return [
        ["CPU", f"{plain(machine.cpu_model)}, {machine.cpus} CPUs"],
        ["memory", gibibytes(machine.memory_bytes)],
        ["system", plain(machine.system)],
        ["kernel", plain(machine.kernel)],
        ["hypervisor", plain(machine.hypervisor)],
        ["simultaneous multithreading", plain(machine.smt or "not recorded")],
        [
            "reference speed (a fixed computation)",
            f"{machine.reference_us:g} µs" if machine.reference_us else "not recorded",
        ],
        ["governor", plain(machine.governor)],
        ["clock", plain(machine.clock_source)],
        ["address space randomisation", plain(aslr)],
        ["isolated CPUs", isolated],
        ["pinning to a core", "possible" if machine.can_pin else "not possible"],
    ]


def _pinned(manifest: Manifest) -> str:
    """What is known of pins: held by the playbook's verification, broken, or never verified."""
    pinning = manifest.pinning
    if pinning is None:
        return "not verified (`make provision` pins and verifies a machine)"
    checked = f"checked {pinning.checked[:16].replace('T', ' ')} UTC"
    where = f"; measured in {manifest.slice}" if manifest.slice else "; not in a slice of its own"
    if not pinning.this_boot:
        return f"not known: {checked}, before the machine last started{where}"
    counts = f"{len(pinning.held)} pins held, {len(pinning.not_available)} not available here"
    if pinning.broken:
        return f"no: broken {joined(list(pinning.broken))} ({counts}, {checked}){where}"
    return f"{'yes' if pinning.pinned else 'in part'} ({counts}, {checked}){where}"


def _noise(one: Shown) -> Iterator[list[str]]:
    seen = [result.disturbance for result in one.evaluation.results if result.disturbance]
    if seen:
        yield [
            one.name,
            *_median_and_max(seen, lambda noise: noise.load_1min, lambda load: f"{load:.2f}"),
            *_median_and_max(seen, lambda noise: noise.others, share),
            *_median_and_max(seen, lambda noise: noise.steal, share),
        ]


def _median_and_max(
    seen: Sequence[Noise], figure: Callable[[Noise], float], words: Callable[[float], str]
) -> tuple[str, str]:
    values = [figure(noise) for noise in seen]
    return words(median(values)), words(max(values))
