"""The page of tested claims: what was claimed, what was measured, and what holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.explain.attribute.standing import AttributionProgress
from bench.explain.claims.choosing import ChosenBy
from bench.explain.claims.judging import TOLERANCE, ClaimVerdict
from bench.explain.claims.record import ClaimsTest
from bench.explain.claims.stored import CLAIMS
from bench.formats.markdown import code, collapsed, heading, link, plain, prose, table
from bench.formats.text import counted, day, effect, share
from bench.report.claims.shown import (
    NOT_MEASURED,
    ShownClaim,
    claimed,
    shown_claims,
    tally,
    tested_by,
)
from bench.report.journal_pages import JournalPages, ShownRecords, repeat_section
from bench.report.output import Output, Page

_DIGITS = 10
# The verdicts in the order of the page: what does not hold comes first.
VERDICT_ORDER = (
    ClaimVerdict.SLOWER, ClaimVerdict.NO_EFFECT, ClaimVerdict.LESS, ClaimVerdict.ELSEWHERE,
    ClaimVerdict.UNDECIDED, ClaimVerdict.MORE, ClaimVerdict.HOLDS,
)  # fmt: skip


def claims_page(test: ClaimsTest) -> str:
    """The page, from `results/` on."""
    asked = test.asked
    of = f"-of-{asked.message_of[:_DIGITS]}" if asked.message_of else ""
    return f"{CLAIMS.folder}/{asked.target}/{asked.pair.label}{of}.md"


def pairs_of_claims(test: ClaimsTest) -> set[tuple[str, str]]:
    """(target, label) of the pairs that measure single claims."""
    labels = {one.run.pair for key in test.keys for one in test.tests(*key) if one.run is not None}
    return {(test.asked.target, label) for label in labels - {test.asked.pair.label}}


def _index_row(page: str, test: ClaimsTest) -> list[str]:
    asked, found = test.asked, shown_claims(test)

    def count(*verdicts: ClaimVerdict) -> str:
        return str(sum(one.judged.verdict in verdicts for one in found))

    return [
        plain(asked.target),
        link(asked.pair.label, page),
        str(len(found)),
        count(ClaimVerdict.HOLDS, ClaimVerdict.MORE),
        count(ClaimVerdict.LESS),
        count(ClaimVerdict.NO_EFFECT, ClaimVerdict.SLOWER),
        count(ClaimVerdict.ELSEWHERE),
        count(ClaimVerdict.UNDECIDED, *NOT_MEASURED),
        day(asked.started_at),
        str(test.progress),
    ]


def write_claims_pages(output: Output) -> ShownRecords[ClaimsTest]:
    """Write the page of the newest test of each range; what is damaged is a problem."""
    return CLAIMS_PAGES.write(output, _blocks)


CLAIMS_PAGES = JournalPages(
    store=CLAIMS, page_of=claims_page, parts_of=pairs_of_claims, row_of=_index_row
)


def _blocks(test: ClaimsTest, file: Path, page: Page) -> Iterator[str]:
    asked, found = test.asked, shown_claims(test)
    yield heading(1, f"{asked.target} {asked.pair.label}: do the claimed speed-ups hold?")
    yield first_words(test, found)
    if test.progress is not AttributionProgress.DONE:
        yield f"The test is {test.progress.words}: the command below goes on with it."
    yield from _tested(found, page, asked.target)
    yield from _not_tested(found)
    yield heading(2, "How to read it")
    yield method_words(test)
    yield from repeat_section(test, file, page)


def first_words(test: ClaimsTest, found: Sequence[ShownClaim]) -> str:
    """How many claims there are, and what became of them."""
    asked = test.asked
    of = (
        f"the message of {code(asked.message_of[:_DIGITS])}, held against the whole range"
        if asked.message_of
        else f"the messages of {counted(asked.commits, 'commit')}, each measured against its parent"
    )
    again = f" {counted(asked.repeated, 'claim')} told once more in merges are left out." * bool(
        asked.repeated
    )
    return f"**{counted(len(found), 'claim')} of {of}: {tally(tuple(found))}.**{again}"


def _tested(found: Sequence[ShownClaim], page: Page, target: str) -> Iterator[str]:
    measured = [one for one in found if one.judged.verdict in VERDICT_ORDER]
    if not measured:
        return
    yield heading(2, "What was measured")
    rows = [
        _row(one, page, target)
        for one in sorted(measured, key=lambda one: VERDICT_ORDER.index(one.judged.verdict))
    ]
    yield table(
        ("verdict", "what", "claimed", "measured", "commit", "Python", "tested by"),
        rows,
        numbers=False,
    )


def _row(one: ShownClaim, page: Page, target: str) -> list[str]:
    verdict = f"**{one.judged.verdict}**"
    if one.judged.reason:
        verdict += f": {prose(one.judged.reason)}"
    measured = _linked(one.measured, one.judged.test, page, target)
    if one.judged.older is not None and one.claim.older is not None:
        older = _linked(one.measured_older, one.judged.older, page, target)
        measured += f"; against {code(one.claim.older.label)}: {older}"
    return [
        verdict,
        code(one.what),
        plain(claimed(one.claim)),
        measured,
        _commit(one),
        one.python,
        prose(tested_by(one.candidate)),
    ]


def _linked(words: str, test: object, page: Page, target: str) -> str:
    """A figure, with the page of the pair that it is from."""
    run = getattr(test, "run", None)
    if run is None:
        return words
    words = words if words != "–" else "rounds"
    return link(words, page.link_to(page.output.root / target / run.pair / "README.md"))


def _commit(one: ShownClaim) -> str:
    words = code(one.claim.commit.label)
    told_by = one.claim.told_by
    return f"{words} (figure in {code(told_by[:_DIGITS])})" if told_by else words


def _not_tested(found: Sequence[ShownClaim]) -> Iterator[str]:
    aside = [one for one in found if one.judged.verdict in NOT_MEASURED]
    if not aside:
        return
    rows = [
        [
            _commit(one),
            code(one.what) or "–",
            plain(claimed(one.claim)),
            prose(one.judged.reason or str(one.judged.verdict)),
        ]
        for one in aside
    ]
    yield collapsed(
        f"{counted(len(aside), 'claim')} not tested here, and why",
        table(("commit", "what", "claimed", "why"), rows, numbers=False),
    )


def method_words(test: ClaimsTest) -> str:
    """How verdicts come about."""
    asked = test.asked
    has_tests = any(
        one.candidates and one.candidates[0].chosen_by is ChosenBy.TESTS for one in asked.claims
    )
    of_tests = (
        " A function is timed while tests of the project's own run that call it: their inputs are "
        "not those that the claim was measured with."
        if has_tests
        else ""
    )
    return (
        "Claims are told in our words, by their figures and the commit whose message has them; "
        "*35% faster* is 1.35x. A claim *holds* where the interval of what was measured comes "
        f"within {share(TOLERANCE).replace('.0', '')} of it, as ln(before / after): published "
        "figures are rounded, and of other machines. *Less* and *more* are beyond that; *no "
        f"effect* is a change below {effect(asked.least)}; *elsewhere* is a claim that does not "
        "hold against the parent but holds where the branch began, or that the message itself "
        f"tells of another base.{of_tests} Each test is an ordinary pair, in which the chance that "
        f"a *faster* or *slower* is wrong is at most {share(asked.alpha)}; over all claims of the "
        "page it is not limited further."
    )
