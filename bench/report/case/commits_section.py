"""What the commits of a range did, one by one, and whether what they claim holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bench.core.variants import python_order
from bench.explain.attribute.record import Attribution
from bench.explain.attribute.standing import AttributionProgress
from bench.explain.claims.judging import ClaimVerdict
from bench.explain.claims.record import ClaimsTest
from bench.formats.markdown import bullets, code, image, link, plain, prose, table
from bench.formats.text import change, counted, joined
from bench.report.attribute.attribute_page import attribute_page, waterfall_file
from bench.report.attribute.contributions import (
    Contribution,
    Contributions,
    contributions_of,
    outcome,
)
from bench.report.attribute.waterfall import picture_words
from bench.report.claims.claims_page import claims_page
from bench.report.claims.shown import ShownClaim, claimed, shown_claims, tally
from bench.report.output import Page

_COMMITS = 14
_COLUMNS = 4
_CLAIMS = 10
_NOT_MEASURED = {ClaimVerdict.NOT_TESTABLE, ClaimVerdict.OPEN}
# What does not hold comes first.
_ORDER = (ClaimVerdict.SLOWER, ClaimVerdict.NO_EFFECT, ClaimVerdict.LESS, ClaimVerdict.ELSEWHERE,
          ClaimVerdict.UNDECIDED, ClaimVerdict.MORE, ClaimVerdict.HOLDS)  # fmt: skip


def commits_blocks(attribution: Attribution, page: Page) -> Iterator[str]:
    """A row a named commit, a column a scenario on the newest Python."""
    asked, found = attribution.asked, _newest_python(contributions_of(attribution))
    target = page.link_to(page.output.root / attribute_page(attribution))
    yield (
        f"{counted(len(asked.commits), 'commit')} along first parents of "
        f"{plain(asked.pair.shown)}, split by measuring "
        f"({link('all of it, with the proofs', target)}). A commit is named only where it was "
        "measured against the state before it."
        + ("" if attribution.progress is AttributionProgress.DONE
           else f" The attribution is {attribution.progress}.")
    )  # fmt: skip
    yield bullets(_outcome(attribution, one) for one in found)
    shown = [one for one in found if one.steps][:_COLUMNS]
    if shown:
        yield from _named(shown)
        best = max(shown, key=lambda one: one.steps[0].size)
        picture = page.output.root / waterfall_file(attribution, best)
        if picture in page.output.written:
            yield image(plain(picture_words(best)), page.link_to(picture))


def _newest_python(found: Sequence[Contributions]) -> list[Contributions]:
    newest: dict[str, Contributions] = {}
    for one in found:
        known = newest.get(one.scenario)
        if known is None or python_order(one.python) > python_order(known.python):
            newest[one.scenario] = one
    return list(newest.values())


def _outcome(attribution: Attribution, one: Contributions) -> str:
    proved = counted(len(one.reach.proved), "commit")
    words = f"{code(one.scenario)} on {one.python}: {prose(outcome(one))}."
    if one.reach.failure:
        return words
    return f"{words} Proved to contribute nothing: {proved} of {len(attribution.asked.commits)}."


def _named(found: Sequence[Contributions]) -> Iterator[str]:
    """The commits that are named somewhere, in the order of the history."""
    steps: dict[tuple[int, ...], Contribution] = {}
    for one in found:
        for step in one.steps:
            known = steps.get(step.numbers)
            if known is None or step.size > known.size:
                steps[step.numbers] = step
    largest = sorted(steps.values(), key=lambda one: -one.size)[:_COMMITS]
    rows = []
    for step in sorted(largest, key=lambda one: one.numbers):
        cells = (_cell(one, step.numbers) for one in found)
        rows.append([_commit(step), *cells])
    columns = ("commit", *(f"{plain(one.scenario)} ({one.python})" for one in found))
    yield table(columns, rows)
    more = len(steps) - len(rows)
    if more > 0:
        yield f"{counted(more, 'smaller step')} more on the page of the attribution."


def _commit(step: Contribution) -> str:
    first = step.commits[0].revision
    if len(step.commits) > 1:
        return f"{counted(len(step.commits), 'commit')} from {code(first.label)} on"
    return f"{code(first.label)} {prose(first.subject)}"


def _cell(one: Contributions, numbers: tuple[int, ...]) -> str:
    return next((change(step.interval) for step in one.steps if step.numbers == numbers), "–")


def claims_blocks(test: ClaimsTest, page: Page) -> Iterator[str]:
    """How many claims hold, and those that were measured: what does not hold first."""
    found = shown_claims(test)
    target = page.link_to(page.output.root / claims_page(test))
    yield (
        f"{counted(len(found), 'claimed speed-up')} in the messages of "
        f"{counted(test.asked.commits, 'commit')}, each measured against the commit's parent: "
        f"**{tally(found)}** ({link('all of them', target)})."
    )
    measured = [one for one in found if one.judged.verdict not in _NOT_MEASURED]
    measured.sort(key=lambda one: _ORDER.index(one.judged.verdict))
    if measured:
        columns = ("verdict", "what", "claimed", "measured", "commit")
        yield table(columns, [_claim(one) for one in measured[:_CLAIMS]], numbers=columns[2:4])
    if len(measured) > _CLAIMS:
        left = [one.judged.verdict for one in measured[_CLAIMS:]]
        counts = [f"{left.count(one)} {one}" for one in dict.fromkeys(left)]
        yield f"{counted(len(left), 'more claim')} on that page: {joined(counts)}."


def _claim(one: ShownClaim) -> list[str]:
    return [
        f"**{one.judged.verdict}**",
        f"{code(one.claim.what)} ({one.python})",
        plain(claimed(one.claim)),
        one.measured,
        code(one.claim.commit.label),
    ]
