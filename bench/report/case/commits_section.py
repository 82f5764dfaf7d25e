"""What the commits of a range did, one by one, and whether what they claim holds."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from bench.core.variants import python_order
from bench.explain.attribute.record import Attribution
from bench.explain.attribute.standing import AttributionProgress
from bench.explain.claims.record import ClaimsTest
from bench.formats.markdown import code, image, link, plain, prose, table
from bench.formats.text import change, counted
from bench.report.attribute.attribute_page import attribute_page, waterfall_file
from bench.report.attribute.contributions import (
    Contribution,
    Contributions,
    contributions_of,
    whole_words,
)
from bench.report.attribute.waterfall import picture_words
from bench.report.claims.claims_page import VERDICT_ORDER, claims_page
from bench.report.claims.shown import ShownClaim, claimed, shown_claims, tally
from bench.report.output import Page

_COMMITS = 8
_SCENARIOS = 2
_MERGED = re.compile(r"^Merge pull request (#\d+) from [^/\s]+/")
_CLAIMS = 3


def commits_blocks(attributions: Sequence[Attribution], page: Page) -> Iterator[str]:
    """What the range did to each scenario on the newest Python, and a row a named commit.

    All attributions are of one range.
    """
    asked = attributions[0].asked
    targets = [page.link_to(page.output.root / attribute_page(one)) for one in attributions]
    first, *others = targets
    pages = [link("all of it, with the proofs", first), *(link("more", one) for one in others)]
    unfinished = [one.progress for one in attributions
                  if one.progress is not AttributionProgress.DONE]  # fmt: skip
    yield (
        f"{counted(len(asked.commits), 'commit')} along first parents of "
        f"{plain(asked.pair.shown)}, split by measuring ({', '.join(pages)}). A commit is named "
        "only where it was measured against the state before it."
        + (f" The attribution is {unfinished[0].words}." if unfinished else "")
    )
    of = _newest_python(attributions)
    found = [one for one, _ in of.values()]
    yield f"{_outcomes(found)} {_proved(found)}".strip()
    named = [one for one in found if one.steps]
    if named:
        yield from _named(named)
        best = max(named, key=lambda one: one.steps[0].size)
        file = waterfall_file(of[best.scenario][1], best)
        picture = page.output.root / file
        if picture in page.output.written:
            yield image(plain(picture_words(best)), page.link_to(picture))


def _newest_python(
    attributions: Iterable[Attribution],
) -> dict[str, tuple[Contributions, Attribution]]:
    """By scenario, and which attribution it is of: of several the first."""
    newest: dict[str, tuple[Contributions, Attribution]] = {}
    for attribution in attributions:
        for one in contributions_of(attribution):
            known, _ = newest.setdefault(one.scenario, (one, attribution))
            if python_order(one.python) > python_order(known.python):
                newest[one.scenario] = one, attribution
    return newest


def _outcomes(found: Iterable[Contributions]) -> str:
    """The whole range, scenario by scenario."""
    told = [f"{_name(one)} {prose(whole_words(one))}" for one in found]
    return f"{'; '.join(told)}."


def _name(one: Contributions) -> str:
    return f"{code(one.scenario)} ({one.python})"


def _proved(found: Iterable[Contributions]) -> str:
    """How many commits need no measuring."""
    counts = sorted(len(one.reach.proved) for one in found if not one.reach.failure)
    if not counts:
        return ""
    words = counted(counts[-1], "commit")
    told = f"{counts[0]} to {words}" if counts[0] < counts[-1] else words
    return f"Proved to contribute nothing to them: {told}."


def _named(found: Sequence[Contributions]) -> Iterator[str]:
    """The commits that are named somewhere, in the order of the history."""
    steps: dict[tuple[int, ...], list[tuple[Contribution, Contributions]]] = {}
    for one in found:
        for step in one.steps:
            steps.setdefault(step.numbers, []).append((step, one))
    for each in steps.values():
        each.sort(key=lambda item: -item[0].size)
    largest = sorted(steps, key=lambda numbers: -steps[numbers][0][0].size)[:_COMMITS]
    several = len({one.python for one in found}) > 1
    rows = [
        [_commit(steps[numbers][0][0]), _contributions(steps[numbers], several=several)]
        for numbers in sorted(largest)
    ]
    python = "" if several else f", on Python {found[0].python}"
    yield table(("commit", f"what it did{python}"), rows, numbers=False)
    more = len(steps) - len(rows)
    if more > 0:
        yield f"{counted(more, 'smaller step')} more on the page of the attribution."


def _contributions(steps: Sequence[tuple[Contribution, Contributions]], *, several: bool) -> str:
    """Of one commit, on several scenarios; the largest first."""
    told = [
        f"{_name(one) if several else code(one.scenario)} {change(step.interval)}"
        for step, one in steps[:_SCENARIOS]
        if step.interval is not None
    ]
    more = len(steps) - _SCENARIOS
    return ", ".join([*told, *([f"{more} more"] if more > 0 else [])])


def _commit(step: Contribution) -> str:
    first = step.commits[0].revision
    if len(step.commits) > 1:
        return f"{counted(len(step.commits), 'commit')} from {code(first.label)} on"
    subject = _MERGED.sub(r"\1 ", first.subject)
    return f"{code(first.label)} {prose(subject)}"


def claims_blocks(test: ClaimsTest, page: Page) -> Iterator[str]:
    """How many claims hold, and those that were measured: what does not hold first."""
    found = shown_claims(test)
    target = page.link_to(page.output.root / claims_page(test))
    yield (
        f"{counted(len(found), 'claimed speed-up')} in the messages of "
        f"{counted(test.asked.commits, 'commit')}, each measured against the commit's parent: "
        f"**{tally(found)}** ({link('all of them', target)})."
    )
    measured = [one for one in found if one.judged.verdict in VERDICT_ORDER]
    measured.sort(key=lambda one: VERDICT_ORDER.index(one.judged.verdict))
    if measured:
        columns = ("verdict", "what", "claimed", "measured", "commit")
        yield table(columns, [_claim(one) for one in measured[:_CLAIMS]], numbers=columns[2:4])
    if len(measured) > _CLAIMS:
        left = tuple(measured[_CLAIMS:])
        yield f"{counted(len(left), 'more claim')} on that page: {tally(left)}."


def _claim(one: ShownClaim) -> list[str]:
    return [
        f"**{one.judged.verdict}**",
        f"{code(one.claim.what)} ({one.python})",
        plain(claimed(one.claim)),
        one.measured,
        code(one.claim.commit.label),
    ]
