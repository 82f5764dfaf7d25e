"""`results/case-study/`: what was done to a target, by people and by machine, and what came of it.

What it is about is declared in the target's file (`[case-study]`); everything that is said stands
on data. Parts that were not measured are left out, and listed at the end with the commands that
would measure them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bench.core.target import Target
from bench.formats.markdown import bullets, heading, link, plain, prose
from bench.report.case.check_section import check_lines, missing_lines
from bench.report.case.commits_section import claims_blocks, commits_blocks
from bench.report.case.evidence import CaseEvidence, WrittenRecords, gather
from bench.report.case.first_screen import first_screen
from bench.report.case.machine_section import endings, machine_blocks, steps_picture
from bench.report.case.stack_sections import boundaries_blocks, waits_blocks
from bench.report.known_pairs import KnownPairs
from bench.report.optimize.steps_sections import left_table
from bench.report.output import Output, Page
from bench.report.stack.stack_around import around_of
from bench.report.summaries import PairSummary

FOLDER = "case-study"
_LEFT = 3


def case_pages(targets: Sequence[Target]) -> dict[str, str]:
    """Where the study of each target that declares one lies, from `results/` on.

    The only one is the folder's first page; several have pages of their own below a list.
    """
    names = [one.name for one in targets if one.case_study is not None]
    return {name: f"{FOLDER}/{'README' if len(names) == 1 else name}.md" for name in names}


@dataclass(frozen=True, kw_only=True)
class CaseWriter:
    """Writes the studies of some targets; `pairs` are those that have pages."""

    targets: Sequence[Target]
    known: KnownPairs
    pairs: Sequence[PairSummary]
    output: Output

    def write(self, told: WrittenRecords) -> None:
        """Write all that there is something to tell in; what can't be shown is a problem."""
        written: dict[str, tuple[str, str]] = {}
        for target in self.targets:
            study, place = target.case_study, self.pages.get(target.name)
            if study is None or place is None:
                continue
            with self.output.guarded(self.output.root / place):
                evidence = gather(target, study, self.known, told)
                if not evidence.is_empty:
                    page = self.output.page(place)
                    page.write(self._blocks(evidence, page))
                    written[target.name] = study.title, place
        if len(self.pages) > 1 and written:
            self._write_list(written)

    def index_lines(self) -> list[str]:
        """For the index of everything: a line for each study that has a page."""
        lines = []
        for target in self.targets:
            study, place = target.case_study, self.pages.get(target.name)
            if study and place and self.output.has(self.output.root / place):
                words = "what was gained, by whom, how certain that is, and what is left"
                lines.append(f"{link(prose(study.title), place)}: {words}")
        return lines

    @property
    def pages(self) -> Mapping[str, str]:
        """Where each lies."""
        return case_pages(self.targets)

    def _write_list(self, written: Mapping[str, tuple[str, str]]) -> None:
        page = self.output.page(f"{FOLDER}/README.md")
        lines = (
            f"{link(plain(title), page.link_to(self.output.root / place))} ({plain(name)})"
            for name, (title, place) in written.items()
        )
        page.write((heading(1, "Case studies"), bullets(lines)))

    def _blocks(self, evidence: CaseEvidence, page: Page) -> Iterator[str]:
        study = evidence.study
        yield heading(1, prose(study.title))
        index = link("all results", page.link_to(page.output.root / "README.md"))
        yield " · ".join(filter(None, (prose(study.about), index)))
        yield from first_screen(evidence)
        if evidence.machine:
            yield steps_picture(evidence.machine[0], page)
        if evidence.stack:
            yield heading(2, "What a user waits for")
            yield from waits_blocks(evidence.stack, page)
        if evidence.attributions:
            yield heading(2, "What the commits did")
            yield from commits_blocks(evidence.attributions, page)
        if evidence.claims:
            yield heading(2, "Do the claimed speed-ups hold?")
            yield from claims_blocks(evidence.claims, page)
        for one in evidence.machine:
            yield heading(2, f"What the machine found: {one.title}")
            first = one is evidence.machine[0]
            yield from machine_blocks(one, study.traced, page, in_full=first)
        yield from self._left(evidence, page)
        yield heading(2, "Check it")
        yield bullets(check_lines(evidence, page))
        around = around_of(self.targets)
        missing = list(missing_lines(evidence, around, self.pairs))
        if missing:
            yield heading(2, "Not measured")
            yield bullets(missing)

    def _left(self, evidence: CaseEvidence, page: Page) -> Iterator[str]:
        machine = evidence.machine
        blocks = list(endings(machine))
        if machine and machine[0].optimization.left:
            blocks.append(left_table(machine[0].optimization, _LEFT))
        stack = evidence.last_stack
        if stack:
            kept = any(one.optimization.kept for one in machine) and stack is evidence.stack
            later = " What the machine changed of them since is among its steps." if kept else ""
            blocks += boundaries_blocks(stack, page, later)
        if blocks:
            yield heading(2, "What is left, and why")
            yield from blocks
