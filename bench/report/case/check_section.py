"""How to check each figure, and what of the study is not measured."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bench.core.program import session
from bench.formats.markdown import code, link, plain
from bench.formats.text import joined
from bench.report.case.evidence import CaseEvidence
from bench.report.output import Page
from bench.report.pair.repeat import repeat_lines
from bench.report.stack.stack_around import Around, not_measured_around
from bench.report.summaries import PairSummary


def check_lines(evidence: CaseEvidence, page: Page) -> Iterator[str]:
    """One command for each kind of figure."""
    yield f"This page, again from the data: {code(session('report'))}"
    if evidence.people:
        pair = evidence.people.runs
        target = page.link_to(page.output.root / pair.target / pair.pair.label / "README.md")
        runs = [*evidence.people.main.shown, *(row.run for row in evidence.elsewhere)]
        commands = joined([code(one) for one in repeat_lines(runs)])
        yield f"What people changed ({link('all rounds', target)}): {commands}"
    if evidence.stack:
        stack = evidence.stack
        words = f"{stack.target} {stack.pair.typed} --python {stack.python}"
        command = session("trace", f"{words} --scenario {stack.scenario}")
        yield f"What a user waits for, and boundaries: {code(command)}"
    if evidence.attributions:
        first, *others = evidence.attributions
        names = joined(
            [code(f"--benchmark {name}") for one in others for name in one.asked.scenarios]
        )
        more = f", and the same with {names} alone" if names else ""
        yield f"Commit by commit: {code(first.asked.repeat)}{more}"
    if evidence.claims:
        yield f"What commits claim: {code(evidence.claims.asked.repeat)}"
    for one in evidence.machine:
        yield f"What the machine changed on {one.title}: {code(one.optimization.asked.repeat)}"


def missing_lines(
    evidence: CaseEvidence, around: Sequence[Around], pairs: Sequence[PairSummary]
) -> Iterator[str]:
    """What is declared, or belongs to it, and is not measured, with the command that would."""
    yield from (f"{what}: {code(command)}" for what, command in _parts(evidence))
    yield from _pythons(evidence)
    if evidence.stack:
        words = not_measured_around(evidence.stack, around, pairs)
        if words:
            yield words


def _parts(evidence: CaseEvidence) -> Iterator[tuple[str, str]]:
    """Each part of the study that is missing, and what would measure it."""
    study, target = evidence.study, evidence.target.name
    parts = (
        ("What people changed", study.range, evidence.people, "bench", ""),
        ("What a user waits for, layer by layer", study.traced and study.range, evidence.stack,
         "trace", f" --scenario {study.traced}"),
        ("Which commit did what", study.commits, evidence.attributions or None, "attribute", ""),
        ("Whether what the commits claim holds", study.commits, evidence.claims, "claims", ""),
    )  # fmt: skip
    for what, wanted, found, name, options in parts:
        if wanted and found is None:
            yield what, session(name, f"{target} {wanted}{options}")
    for one in study.optimized:
        if evidence.optimization_of(one) is None:
            note = f" ({plain(one.note)})" if one.note else ""
            branch = f" --branch {one.branch}" if one.branch else ""
            command = session("optimize", f"{target} {one.revision}{branch}")
            yield f"What a machine would change on {plain(one.revision)}{note}", command
    for each in evidence.machine:
        if study.traced and not each.has(study.traced):
            asked = each.optimization.asked
            words = f"{target} {asked.revision.label}..{asked.branch} --benchmark {study.traced}"
            what = f"What the branch on {each.title} does to the whole {code(study.traced)}"
            yield what, session("bench", words)


def _pythons(evidence: CaseEvidence) -> Iterator[str]:
    """Pythons that the target is measured on, and a part of the study is not."""
    wanted = evidence.target.pythons
    if evidence.people:
        missing = [one for one in wanted if one not in
                   {each.python for each in evidence.people.main.shown}]  # fmt: skip
        if missing:
            words = " ".join(("", *(f"--python {one}" for one in missing)))
            command = session("bench", f"{evidence.target.name} {evidence.study.range}{words}")
            yield f"What people changed, on Python {joined(missing)}: {code(command)}"
    for one in evidence.machine[:1]:
        asked = one.optimization.asked
        missing = [python for python in wanted if python not in asked.pythons]
        if missing:
            words = code(" ".join(f"--python {python}" for python in missing))
            yield (
                f"What the machine changed on {one.title}, on Python {joined(missing)}: the "
                f"command above with {words}"
            )
