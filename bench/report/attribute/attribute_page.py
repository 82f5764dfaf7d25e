"""The page of an attribution: what each commit contributed, the proof, and what is open."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.explain.attribute.range import RangeCommit
from bench.explain.attribute.reach import NoEffectProof
from bench.explain.attribute.record import Attribution, ReachRecord
from bench.explain.attribute.standing import AttributionProgress
from bench.explain.attribute.stored import ATTRIBUTIONS
from bench.formats.markdown import (
    bullets,
    code,
    collapsed,
    heading,
    image,
    link,
    plain,
    prose,
    table,
)
from bench.formats.text import (
    change,
    counted,
    day,
    effect,
    joined,
    share,
)
from bench.report.attribute.contributions import (
    Contribution,
    Contributions,
    contributions_of,
    life_words,
    named_words,
    outcome,
    whole_words,
    work_words,
)
from bench.report.attribute.document import attribution_document
from bench.report.attribute.screen import group_rows, group_words, sum_rows
from bench.report.attribute.sums import SUMS, by_group
from bench.report.attribute.waterfall import draw_waterfall, picture_words
from bench.report.journal_pages import JournalPages, ShownRecords, repeat_section
from bench.report.output import Output, Page

_NAMED = 12


def attribute_page(attribution: Attribution) -> str:
    """The page, from `results/` on; one of a single benchmark has its name."""
    asked = attribution.asked
    name = "-".join([asked.pair.label, *(asked.scenarios if len(asked.scenarios) == 1 else ())])
    return f"{ATTRIBUTIONS.folder}/{asked.target}/{name}.md"


def picture_name(stem: str, one: Contributions) -> str:
    """The file of a scenario's picture, beside the page with this stem."""
    return f"{stem}-{one.scenario}-py{one.python}.svg"


def waterfall_file(attribution: Attribution, one: Contributions) -> str:
    """The picture of a scenario on its page, from `results/` on."""
    return picture_name(attribute_page(attribution).removesuffix(".md"), one)


def pairs_of_stretches(attribution: Attribution) -> set[tuple[str, str]]:
    """The pairs of stretches; that of the whole range has a row of its own as any pair."""
    asked = attribution.asked
    found = {
        one.run.pair
        for scenario, python in attribution.reached
        for one in attribution.measured(scenario, python).values()
        if one.run is not None
    }
    return {(asked.target, label) for label in found - {asked.pair.label}}


def _index_row(page: str, attribution: Attribution) -> list[str]:
    asked, found = attribution.asked, contributions_of(attribution)
    named = {number for one in found for step in one.steps for number in step.numbers}
    proved = [len(one.reach.proved) for one in found if not one.reach.failure]
    return [
        plain(asked.target),
        link(asked.pair.label, page),
        str(len(asked.commits)),
        f"{min(proved)} to {max(proved)}" if len(set(proved)) > 1 else str(max(proved, default=0)),
        str(len(named)),
        ", ".join(asked.pythons),
        day(asked.started_at),
        str(attribution.progress),
    ]


def write_attribute_pages(output: Output) -> ShownRecords[Attribution]:
    """Write the page of the newest attribution of each range; what is damaged is a problem."""

    def blocks(attribution: Attribution, file: Path, page: Page) -> Iterator[str]:
        output.write_json(page.file.with_suffix(".json"), attribution_document(attribution))
        return _blocks(attribution, file, page)

    return ATTRIBUTE_PAGES.write(output, blocks)


ATTRIBUTE_PAGES = JournalPages(
    store=ATTRIBUTIONS, page_of=attribute_page, parts_of=pairs_of_stretches, row_of=_index_row
)


def _blocks(attribution: Attribution, file: Path, page: Page) -> Iterator[str]:
    asked, found = attribution.asked, contributions_of(attribution)
    yield heading(1, f"{asked.target} {asked.pair.label}: which commit did what")
    yield _first_words(attribution, found)
    if attribution.progress is not AttributionProgress.DONE:
        yield f"The attribution is {attribution.progress.words}: the command below goes on with it."
    for one in found:
        yield from _scenario(attribution, one, page)
    yield from _groups(attribution, found)
    yield from _proofs(attribution, found)
    yield heading(2, "How to read it")
    yield _method(attribution)
    json = link("this page as JSON", page.file.with_suffix(".json").name)
    yield from repeat_section(attribution, file, page, json)


def _first_words(attribution: Attribution, found: Sequence[Contributions]) -> str:
    asked = attribution.asked
    words = [f"{counted(len(asked.commits), 'commit')} along first parents."]
    for one in found:
        name = code(asked.words.get(one.scenario, one.scenario))
        words.append(f"{name} on Python {one.python}: {prose(outcome(one))}.")
    return " ".join(words) if len(found) == 1 else f"{words[0]}\n\n{bullets(words[1:])}"


def _scenario(attribution: Attribution, one: Contributions, page: Page) -> Iterator[str]:
    yield heading(2, f"{one.scenario}, Python {one.python}")
    if one.reach.failure:
        yield f"Not attributed: {prose(one.reach.failure)}."
        return
    yield from map(prose, life_words(one))
    yield _reached(attribution, one.reach)
    if not one.parts:
        return
    if one.whole_interval is not None and one.whole is not None and one.whole.gain is not None:
        name = picture_name(page.file.stem, one)
        file = page.file.with_name(name)
        title = f"{one.scenario} on Python {one.python}: {whole_words(one)}"
        named = named_words(one).replace("`", "")
        label = attribution.asked.pair.label
        caption = f"{attribution.asked.target} {label}, commit by commit; {named}"
        page.output.write(file, draw_waterfall(title, caption, one))
        yield image(plain(picture_words(one)), name)
    yield table(
        ("commits", "contribution", "finding", "what"),
        [_row(part) for part in one.parts],
        numbers=("contribution",),
    )
    yield from _sums(one)
    for kind, add_up in SUMS.items():
        rows = sum_rows(add_up(one))
        if len(rows) > 1:
            yield table(
                (f"by {kind}", "contribution", "commits"),
                [[plain(name), *figures] for name, *figures in rows],
            )
    yield from _proof_limits(one.reach)


def _groups(attribution: Attribution, found: Sequence[Contributions]) -> Iterator[str]:
    for one in by_group(attribution, found):
        yield heading(2, f"Group {plain(one.group)}, Python {one.python}")
        yield f"{prose(group_words(one))}."
        if one.left_out:
            names = joined([code(name) for name in one.left_out])
            yield f"Left out, as they do not work on all of the range: {names}."
        rows = [[_label(commits), words] for commits, words in group_rows(attribution, one)]
        if rows:
            yield table(("commits", "contribution"), rows)


def _reached(attribution: Attribution, reach: ReachRecord) -> str:
    commits, proved = len(reach.living(len(attribution.asked.commits))), len(reach.proved)
    words = (
        f"{proved} of {counted(commits, 'commit')} contribute exactly nothing, as is proved; "
        f"{commits - proved} may matter."
    )
    if reach.left_out:
        names = joined(
            [code(attribution.asked.revision(number).label) for number in sorted(reach.left_out)]
        )
        words += f" Stepped around, as it does not work there: {names}."
    return words


def _row(part: Contribution) -> list[str]:
    words = part.words if part.interval else prose(part.words)
    finding = f"**{part.finding_word}**" if part.is_step else part.finding_word
    return [_label(part.commits), words, finding, _what(part)]


def _what(part: Contribution) -> str:
    """The commits' subjects; of a merge that is named also how to split it."""
    words = plain(part.subject)
    commit = part.commits[0]
    if part.is_step and len(part.commits) == 1 and commit.merge:
        words += f" ({code(f'--into {commit.revision.label}')} splits it)"
    return words


def _label(commits: Sequence[RangeCommit]) -> str:
    if len(commits) == 1:
        return code(commits[0].revision.label)
    first, last = commits[0].revision.label, commits[-1].revision.label
    return f"{counted(len(commits), 'commit')}, {code(first)} to {code(last)}"


def _sums(one: Contributions) -> Iterator[str]:
    words = []
    if one.agrees is not None:
        fits = "which agrees with" if one.agrees else "which does **not** agree with"
        words.append(
            f"The product of all parts is {change(one.product)}, {fits} the range as measured "
            f"directly, {change(one.whole_interval)}"
            f"{'.' if one.agrees else ': something is missing.'}"
        )
    if one.rest is not None and one.steps:
        words.append(f"Not attributed to a named commit: {change(one.rest)}.")
    if one.work is not None:
        words.append(work_words(one.work))
    yield " ".join(words)


def _proof_limits(reach: ReachRecord) -> Iterator[str]:
    """What the proofs of a scenario do not cover."""
    if not reach.proved:
        return
    if reach.built_files:
        names = joined([code(name) for name in reach.built_files[:_NAMED]])
        yield (
            f"Read, and made by the build: {names}. A version in them that the build computes from "
            "the commit counts as the same."
        )
    if reach.unobserved:
        names = joined([code(name) for name in reach.unobserved[:_NAMED]])
        yield f"Started, and not observed: {names}. What they read is not in the proof."


def _proofs(attribution: Attribution, found: Sequence[Contributions]) -> Iterator[str]:
    """The commits that contribute nothing: to any benchmark of the page, and to some."""
    reached = [one.reach for one in found if not one.reach.failure]
    everywhere, somewhere = list[str](), list[str]()
    for number, commit in enumerate(attribution.asked.commits, 1):
        proofs = [one.proved.get(number) for one in reached]
        told = f"{code(commit.revision.label)} {plain(commit.revision.subject)}"
        if len(set(proofs)) == 1 and proofs[0] is not None:
            everywhere.append(f"{told}: {proofs[0]}")
        elif any(proofs):
            somewhere.append(f"{told}: {_where_proved(reached, number)}")
    if everywhere:
        commits = counted(len(everywhere), "commit")
        yield collapsed(f"{commits} proved to contribute nothing", bullets(everywhere))
    if somewhere:
        commits = counted(len(somewhere), "commit")
        yield collapsed(
            f"{commits} proved to contribute nothing to some of the benchmarks", bullets(somewhere)
        )


def _where_proved(reached: Sequence[ReachRecord], number: int) -> str:
    names: dict[NoEffectProof, list[str]] = {}
    several = len({one.python for one in reached}) > 1
    for one in reached:
        proof = one.proved.get(number)
        if proof is not None:
            name = f"{one.scenario} on {one.python}" if several else one.scenario
            names.setdefault(proof, []).append(name)
    return "; ".join(f"{proof} ({joined(each)})" for proof, each in names.items())


def _method(attribution: Attribution) -> str:
    asked = attribution.asked
    return (
        "A commit is proved to contribute nothing when it changes no file that the process reads, "
        "adds none that it looks for, and changes nothing that an installation follows from; or "
        "when what is read has the same content after it. The others are candidates. A stretch of "
        f"them is left together when its ends differ by less than {effect(asked.least)} and the "
        "instructions and modules counted in all its states agree; what cancels inside without a "
        "trace in these would be missed. A commit is named only where it was measured against the "
        f"state before it; the chance that any innocent commit is named on this page is at most "
        f"{share(asked.alpha)}, shared out beforehand among the candidates, more to those whose "
        "counts move."
    )
