"""What made-up commit messages claim, in the forms that people and bots write."""

from __future__ import annotations

import pytest

from bench.explain.claims.mentions import Mention, MentionKind, Vocabulary
from bench.explain.claims.messages import MessageClaim, find_claims

WORDS = Vocabulary(
    programs=("sample",),
    commands=(("--version",), ("--help",), ("work", "--help"), ("auth", "status"), ("work",)),
)


def command(name: str) -> Mention:
    return Mention(MentionKind.COMMAND, name)


def imported(name: str) -> Mention:
    return Mention(MentionKind.IMPORT, name)


def function(name: str, file: str = "") -> Mention:
    return Mention(MentionKind.FUNCTION, name, file)


def claims(message: str) -> tuple[MessageClaim, ...]:
    return find_claims(message, WORDS)


def only(message: str) -> MessageClaim:
    (found,) = claims(message)
    return found


@pytest.mark.parametrize(
    ("message", "subject", "ratio"),
    [
        ("perf: defer imports for 7.7x faster --help", command("--help"), 7.7),
        ("perf: quick start\n\n--help: 297ms → 39ms (7.6x)", command("--help"), 297 / 39),
        ("perf: quick\n\n- `sample work --help`: 90 ms -> 30 ms", command("work --help"), 3.0),
        ("perf: quick\n\nauth status: ~1000ms → 250ms (4.0x)", command("auth status"), 4.0),
        ("perf: add --version fast path\n\nBefore: 500ms\nAfter: ~20ms", command("--version"), 25),
        ("perf: x\n\n`sample show --all now` is 2x faster", command("show --all now"), 2.0),
        ("perf: x\n\nConsole import: 78 ms → 52 ms (1.5x faster)", imported("Console"), 1.5),
        ("perf: x\n\nmodels.py import: 600ms → 120ms on a server", imported("models.py"), 5.0),
        ("perf: x\n\nimporting sample.cli goes from 60 to 30 ms", imported("sample.cli"), 2.0),
        ("perf: x\n\nimport time of `sample.cli`: 60 → 30 ms", imported("sample.cli"), 2.0),
        (
            "perf: x\n\n`from sample.cli import main` is 1.5x faster",
            imported("from sample.cli import main"),
            1.5,
        ),
        ("perf: x\n\nmerge_results ~1.43x faster", function("merge_results"), 1.43),
        ("perf: x\n\n`Style.combine()` 34% faster", function("Style.combine"), 1.34),
        ("Optimize Walker.visit_all\n\nA 35% speedup.", function("Walker.visit_all"), 1.35),
        ("Optimize should_stop\n\nIt is a **437% speedup**.", function("should_stop"), 5.37),
        ("⚡️ Speed up function `add_all` by 18% in PR #6 (`b`)", function("add_all"), 1.18),
        ("⚡️ Speed up method `A.b_c` by 1,500%", function("A.b_c"), 16.0),
        ("Speed up A._b by 40%", function("A._b"), 1.4),
        ("Merge #12: Speed up A._b by 40%", function("A._b"), 1.4),
        (
            "Merge pull request #7 from a/b\n\n⚡️ Speed up function `add_all` by 18% in PR #6",
            function("add_all"),
            1.18,
        ),
        (
            "tidy\n\n📄 12% (0.12x) speedup in function `add_all` in `sample/sums.py`",
            function("add_all", "sample/sums.py"),
            1.12,
        ),
        (
            "tidy\n\n### 📄 12% (0.12x) speedup for ***`A.b` in `sample/sums.py`***\n\n"
            "⏱️ Runtime : **`1.12 ms`** **→** **`1.00 ms`** (best of `5` runs)",
            function("A.b", "sample/sums.py"),
            1.12,
        ),
    ],
)
def test_one_claim(message: str, subject: Mention, ratio: float) -> None:
    found = only(message)
    assert found.subject == subject
    assert found.ratio == pytest.approx(ratio, rel=1e-3)


def test_a_claim_for_each_command() -> None:
    first, second = claims(
        "perf: skip the banner\n\nauth status: ~1000ms → 250ms (4.0x)\n"
        "work --help: ~300ms → 40ms (7.5x)\n--version: 17ms (unchanged)"
    )
    assert (first.subject, first.before_s, first.after_s) == (command("auth status"), 1.0, 0.25)
    assert second.subject == command("work --help")
    assert second.ratio == pytest.approx(7.5)


def test_a_claim_for_each_import() -> None:
    first, second = claims(
        "perf: plain classes\n\nCombined with the previous commits:\n"
        "- Console import: 1.82x faster (78.1ms → 43.0ms)\n"
        "- RichHandler import: 1.75x → 2.10x faster (99.4ms → 47.3ms)"
    )
    assert (first.subject, second.subject) == (imported("Console"), imported("RichHandler"))
    assert [first.ratio, second.ratio] == pytest.approx([78.1 / 43, 99.4 / 47.3])
    assert first.older_base
    assert second.older_base


def test_several_on_one_line() -> None:
    found = claims("perf: keys\n\nBenchmarks: read_code ~1.39x faster, merge_all ~1.43x faster")
    assert [(one.subject, one.ratio) for one in found] == [
        (function("read_code"), 1.39),
        (function("merge_all"), 1.43),
    ]


def test_the_same_in_title_and_text_is_one_claim_with_its_times() -> None:
    found = only("perf: 7.7x faster --help\n\nOn 3.13:\n  --help: 297ms → 39ms (7.7x faster)")
    assert [found.before_s, found.after_s] == pytest.approx([0.297, 0.039])


@pytest.mark.parametrize(
    ("text", "ratio"),
    [
        (
            "The profiler shows the sort line dropped from 568 µs to 197 µs (65% faster) and the "
            "debug call from 1102 µs to 124 µs (89% faster), yielding a 45% overall speedup.",
            1.45,
        ),
        (
            "Line profiling shows `_one` dropped from 2 ms to 1 ms (48% faster), and `_two` "
            "improved from 97 µs to 53 µs (46% faster). The 51% overall runtime improvement "
            "(1.43 ms → 948 µs) comes from all of these.",
            1.43 / 0.948,
        ),
        (
            "Achieves a **35% runtime improvement** (from 2.70ms to 2.00ms).\n\n"
            "- Long inputs: 300% faster (9 ms → 2 ms)\n- `test_small`: 5% faster",
            1.35,
        ),
        ("The hot line fell from 7120ns to 4292ns per hit, for the observed 111% speedup.", 2.11),
        ("Per-call latency dropped from ~23 µs to ~21.6 µs, yielding a 17% speedup.", 1.17),
        (
            "The lookup drops from ~293 µs to ~10 µs per call, yielding the 1244% overall speedup.",
            13.44,
        ),
        ("Runs ~11% faster overall (10.3ms -> 9.28ms). Up to ~20x speedups for long lists.", 1.11),
    ],
)
def test_a_function_is_told_by_the_figure_of_the_whole(text: str, ratio: float) -> None:
    found = only(f"Optimize A.b_c\n\n{text}")
    assert found.ratio == pytest.approx(ratio, rel=2e-3)
    assert found.is_of_function


@pytest.mark.parametrize(
    ("message", "mentions"),
    [
        ("perf: use a set in TestFiles.add()", (function("TestFiles.add"),)),
        ("perf: cache scans in _clear_caches and test more", (function("_clear_caches"),)),
        ("perf: fewer traversals\n\nin `topological_order`", (function("topological_order"),)),
        ("perf(parser): nothing is named", ()),
        ("Optimize A.b_c\n\nNo figure.", (function("A.b_c"),)),
    ],
)
def test_faster_without_a_figure(message: str, mentions: tuple[Mention, ...]) -> None:
    found = only(message)
    assert found.ratio is None
    assert found.mentions == mentions


def test_what_is_deferred_is_not_what_gets_faster() -> None:
    found = only("perf: defer `getpass` import in console.py to Console.input()")
    assert found.deferral
    assert found.mentions == ()
    found = only(
        "perf: defer `html.escape` in console.py\n\nMove `from html import escape` inside."
    )
    assert found.deferral
    assert found.mentions == ()
    found = only("perf: defer Traceback import to reduce RichHandler import time")
    assert found.mentions == (imported("RichHandler"),)


@pytest.mark.parametrize(
    "message",
    [
        "",
        "fix: a bug",
        "docs: say what is faster",
        "feat: show what improved\n\nSuch as a 45% speedup.",
        "test: larger data\n\nA 1.3x speedup is wanted.",
        'Revert "perf: 7.7x faster --help"',
        "fixup! perf: 7.7x faster --help",
        "Optimize CI\n\nFewer jobs.",
        "chore: raise the timeout from 30 s to 10 s",
        "Optimise the pipeline a little",
    ],
)
def test_no_claim(message: str) -> None:
    assert claims(message) == ()


def test_of_another_program() -> None:
    found = only(
        "perf: add --version fast path\n\nAs `pip --version` went from 138ms to 20ms (7x).\n"
        "Before: 500ms\nAfter: 20ms"
    )
    assert found.ratio == 25


@pytest.mark.parametrize(
    ("text", "older"),
    [
        ("Combined with the previous commits:\n--help: 80ms → 40ms", True),
        ("--help: 80ms → 40ms, cumulative", True),
        ("--help: 80ms → 40ms vs main", True),
        ("--help: 80ms → 40ms compared to v1.2", True),
        ("Combined effect:\n--help: 80ms → 40ms", False),
        ("Combined with the previous commits it is smaller.\n\n--help: 80ms → 40ms", False),
    ],
)
def test_an_older_base(text: str, older: bool) -> None:  # noqa: FBT001
    assert only(f"perf: x\n\n{text}").older_base is older


def test_how_it_was_measured() -> None:
    found = only("perf: x\n\n(CPython 3.15, hyperfine)\n--help: 80ms → 40ms")
    assert (found.python, found.net) == ("3.15", False)
    found = only("perf: x\n\nsample.cli import: 80ms → 40ms, net of the interpreter's start")
    assert (found.python, found.net) == ("", True)


def test_words_are_kept_to_find_benchmarks_by_name() -> None:
    found = only("perf: optimize context extraction (~2x speedup)")
    assert found.mentions == ()
    assert {"context", "extraction"} <= found.words
