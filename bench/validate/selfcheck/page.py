"""The page of a selfcheck: a pure function of its raw data."""

from __future__ import annotations

from pathlib import Path

from bench.core.files import write_atomically
from bench.formats.text import mebibytes
from bench.validate.selfcheck.claims import Claim, Outcome, claims
from bench.validate.selfcheck.record import Check, load
from bench.validate.selfcheck.tables import tables


def write_page(data: Path, results: Path) -> Path:
    """Make `results/selfcheck/<machine>/README.md` from a file of raw data; returns the page."""
    check = load(data)
    page = results / "selfcheck" / check.machine.name / "README.md"
    write_atomically(page, page_of(check))
    return page


def write_pages(data: Path, results: Path) -> list[Path]:
    """Make every machine's page again, from its newest raw data."""
    folders = sorted(folder for folder in data.glob("selfcheck/*") if folder.is_dir())
    newest = [max(files) for folder in folders if (files := list(folder.glob("*.json")))]
    return [write_page(file, results) for file in newest]


def page_of(check: Check) -> str:
    """The page as Markdown."""
    lines = [
        f"# Selfcheck: {check.machine.name}",
        "",
        "Does what this project says of itself hold on this machine? Every figure is worked out "
        f"from [`{check.id}.json`](../../../data/selfcheck/{check.machine.name}/{check.id}.json); "
        "`python -m bench selfcheck` measures again.",
        "",
        *_state(check),
        "## Claims",
        "",
        *[f"- {_marked(claim)}" for claim in claims(check)],
        "",
    ]
    for table in tables(check):
        lines += [f"## {table.title}", "", table.text("github"), "", table.note, ""]
    lines += ["## Machine and settings", "", *_facts(check), ""]
    return "\n".join(lines)


def _marked(claim: Claim) -> str:
    word = f"**{claim.outcome}**" if claim.outcome is Outcome.FAILED else claim.outcome
    return f"{word}: {claim.text}"


def state(check: Check) -> list[str]:
    """What is missing from a selfcheck, in words; nothing for a whole one."""
    found = [] if check.complete else [f"This selfcheck is incomplete: {check.stopped}."]
    found += [f"Cut short: {note}." for note in check.cut_short]
    return found + [f"Failed: {note}." for note in dict.fromkeys(check.failures)]


def _state(check: Check) -> list[str]:
    return [line for note in state(check) for line in (f"> {note}", "")]


def _facts(check: Check) -> list[str]:
    machine, noise, options = check.machine, check.noise, check.options
    settings = ", ".join(f"{name} {value:g}" for name, value in check.settings.items())
    return [
        f"- {machine.cpu_model}, {machine.cpus} CPUs, {mebibytes(machine.memory_bytes)}, "
        f"{machine.system}, kernel {machine.kernel}, {machine.hypervisor}",
        f"- Python {check.python} ({check.interpreter}); harness {check.harness}",
        f"- {check.elapsed_s:.0f} s; other processes used {noise.others:.0%} of the machine, the "
        f"hypervisor took {noise.steal:.0%}; load at the end {noise.load_1min:g}",
        f"- Options: α {options.alpha:g}, MEI {options.mei:.1%}, at most {options.rounds} rounds "
        f"and {options.budget_s:g} s a benchmark",
        f"- Settings: {settings}",
    ]
