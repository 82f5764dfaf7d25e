"""From a repository's messages to what tests each claim."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from support.sample_project import Repository
from support.sandbox import target_text

from bench.core.revision import Pair
from bench.core.target import Target, parse_target
from bench.engine.revisions.git import Clone
from bench.explain.claims.choosing import ChosenBy
from bench.explain.claims.code import CloneTexts, CommitCode, patterns_of
from bench.explain.claims.finding import ClaimsFound, claims_of_message, claims_of_range
from bench.explain.claims.record import SpeedClaim

TARGET = parse_target(
    target_text(
        'name = "work"\ncommand = ["sample", "work"]',
        'name = "help"\ncommand = ["sample", "--help"]',
        'name = "import-cli"\nimport = "from sample.cli import main"',
        'name = "sums"\nscript = "sample_sums"\nneeds = ["sample.sums"]',
    )
)
CLI = "import json\n\n\ndef main():\n    pass\n"
SUMS = """\
class Adder:
    def add_all(self, values):
        return _plain_sum(values)

    def visit_Node(self, node):
        return node


def _plain_sum(values):
    return sum(values)


def never_tested():
    pass
"""
TESTS = """\
from sample.sums import Adder


class TestAdder:
    def test_add_all(self):
        assert Adder().add_all([1]) == 1

    def test_add_all_twice(self):
        assert Adder().add_all([1]) == Adder().add_all([1])


def test_other():
    pass
"""
FILES = {
    "sample/__init__.py": "",
    "sample/cli.py": CLI,
    "sample/sums.py": SUMS,
    "tests/test_sums.py": TESTS,
    "examples/test_more.py": "def test_x():\n    add_all()\n" * 5,
}


def with_changes(**texts: str) -> dict[str, str]:
    """Files with other text in some modules."""
    return FILES | {f"sample/{name}.py": text for name, text in texts.items()}


@pytest.fixture
def made(tmp_path: Path) -> Repository:
    found = Repository.create(tmp_path / "clone")
    found.commit(FILES, "base", tag="v1.0")
    return found


def found(made: Repository, base: str = "v1.0", target: Target = TARGET) -> ClaimsFound:
    clone = Clone(made.path)
    return claims_of_range(clone, target, pair(clone, base), lambda _text: None)


def pair(clone: Clone, base: str = "v1.0") -> Pair:
    ends = [clone.revision(name, clone.find(name) or "") for name in (base, "HEAD")]
    return Pair(ends[0], ends[1], "a test")


def one(made: Repository, message: str, **texts: str) -> SpeedClaim:
    """The only claim of a commit that changes some modules."""
    made.commit(with_changes(**texts), message)
    (claim,) = found(made).claims
    return claim


def test_a_declared_command(made: Repository) -> None:
    claim = one(made, "perf: 2x faster --help", cli=CLI + "# faster\n")
    assert claim.what == "sample --help"
    assert "faster" not in str(msgspec.to_builtins(claim))  # nothing of the message is kept
    (candidate,) = claim.candidates
    assert (candidate.benchmark.name, candidate.declared) == ("help", True)
    assert candidate.chosen_by is ChosenBy.COMMAND


def test_a_command_that_is_made(made: Repository) -> None:
    claim = one(made, "perf: x\n\n`sample show --all`: 4 ms → 2 ms", cli=CLI + "# faster\n")
    (candidate,) = claim.candidates
    assert candidate.benchmark.command == ("sample", "show", "--all")
    assert (candidate.benchmark.name, candidate.declared) == ("command-show-all", False)


@pytest.mark.parametrize(
    ("words", "statement", "declared"),
    [
        ("cli.py import: 4 ms → 2 ms", "from sample.cli import main", True),
        ("import of sample.cli: 4 ms → 2 ms", "from sample.cli import main", True),
        ("importing sample.sums: 4 ms → 2 ms", "sample.sums", False),
        ("Adder import: 4 ms → 2 ms", "from sample.sums import Adder", False),
        ("`from sample.sums import Adder` is 2x faster", "from sample.sums import Adder", False),
    ],
)
def test_an_import(made: Repository, words: str, statement: str, *, declared: bool) -> None:
    claim = one(made, f"perf: x\n\n{words}", cli=CLI + "# faster\n")
    (candidate,) = claim.candidates
    assert (candidate.benchmark.statement, candidate.declared) == (statement, declared)


def test_imports_that_are_deferred(made: Repository) -> None:
    claim = one(made, "perf: defer json import", cli=CLI + "# faster\n", sums=SUMS + "# too\n")
    assert [each.benchmark.name for each in claim.candidates] == [
        "import-cli",
        "import-sample.sums",
    ]
    assert claim.candidates[0].chosen_by is ChosenBy.CHANGED


def test_a_function_by_the_tests_that_name_it(made: Repository) -> None:
    claim = one(made, "Optimize Adder.add_all\n\nA 35% speedup.", sums=SUMS + "# faster\n")
    assert claim.what == "sample.sums:Adder.add_all"
    first, *_ = claim.candidates
    assert first.benchmark.function == "sample.sums:Adder.add_all"
    assert first.benchmark.pytest == "tests/test_sums.py::TestAdder::test_add_all*"
    assert len({each.benchmark.name for each in claim.candidates}) == len(claim.candidates)


def test_a_function_by_the_tests_of_what_calls_it(made: Repository) -> None:
    claim = one(made, "Optimize _plain_sum\n\nA 35% speedup.", sums=SUMS + "# faster\n")
    assert claim.what == "sample.sums:_plain_sum"
    assert claim.candidates[0].benchmark.pytest == "tests/test_sums.py::TestAdder::test_add_all*"


def test_a_method_with_a_common_name_by_its_class(made: Repository) -> None:
    claim = one(made, "Optimize Adder.visit_Node\n\nA 35% speedup.", sums=SUMS + "# faster\n")
    assert claim.candidates[0].benchmark.pytest.startswith("tests/test_sums.py")


def test_a_function_in_a_file_that_the_commit_does_not_change(made: Repository) -> None:
    claim = one(made, "Optimize Adder.add_all\n\nA 35% speedup.", cli=CLI + "# faster\n")
    assert claim.what == "sample.sums:Adder.add_all"


def test_a_declared_script_by_its_name(made: Repository) -> None:
    claim = one(made, "perf: quicker sums (~2x speedup)", sums=SUMS + "# faster\n")
    assert [each.benchmark.name for each in claim.candidates] == ["sums"]


@pytest.mark.parametrize(
    ("message", "module", "why"),
    [
        ("Optimize never_tested\n\n35% speedup", "sums", "no test of the project names"),
        ("Optimize not_there\n\n35% speedup", "sums", "no function not_there on both sides"),
        ("perf: 2x faster", "sums", "it names no command, import or function"),
        ("perf: x\n\n--level 2x faster", "sums", "no command that can be started"),
    ],
)
def test_why_a_claim_cannot_be_tested(
    made: Repository, message: str, module: str, why: str
) -> None:
    claim = one(made, message, **{module: SUMS + "# faster\n"})
    assert claim.candidates == ()
    assert why in claim.reason


def test_a_commit_outside_the_package(made: Repository) -> None:
    made.commit(FILES | {"ci.yml": "x"}, "perf: 2x faster jobs")
    (claim,) = found(made).claims
    assert claim.reason == "the commit changes no module of the package"


def test_a_function_that_is_new_has_no_before(made: Repository) -> None:
    new = f"{SUMS}\n\ndef brand_new():\n    pass\n"
    assert "no function brand_new" in one(made, "Optimize brand_new\n\n2x faster", sums=new).reason


def branch(made: Repository, *messages: str) -> None:
    """Commits on a branch, and main one commit further."""
    made.branch("side", "v1.0")
    for number, message in enumerate(messages):
        made.commit(with_changes(sums=f"{SUMS}# {number}\n"), message)
    made.git("checkout", "--quiet", "main")


def test_a_merge_repeats_a_claim_and_gives_its_figure(made: Repository) -> None:
    branch(made, "Optimize Adder.add_all\n\nThe hot line dropped from 9 ms to 1 ms.")
    made.git(
        "merge",
        "--quiet",
        "--no-ff",
        "-m",
        "Merge\n\nSpeed up method `Adder.add_all` by 18%",
        "side",
    )
    told = found(made)
    (claim,) = told.claims
    assert claim.ratio == pytest.approx(1.18)
    assert (claim.before_s, told.repeated) == (None, 1)
    assert claim.told_by == made.git("rev-parse", "HEAD")
    assert claim.commit.identity == made.git("rev-parse", "side")


def test_what_a_merge_claims_alone_is_its_own(made: Repository) -> None:
    branch(made, "no claim")
    made.git("merge", "--quiet", "--no-ff", "-m", "perf: 2x faster --help", "side")
    (claim,) = found(made).claims
    assert claim.commit.identity == made.git("rev-parse", "HEAD")
    assert claim.base.identity == made.git("rev-parse", "v1.0^{commit}")
    assert claim.older is None


def test_where_a_branch_began_is_an_older_base(made: Repository) -> None:
    branch(made, "one", "two", "perf: 2x faster --help")
    made.git("merge", "--quiet", "--no-ff", "-m", "in", "side")
    (claim,) = found(made).claims
    assert claim.base.identity == made.git("rev-parse", "side~1")
    assert claim.older is not None
    assert claim.older.identity == made.git("rev-parse", "v1.0^{commit}")


def test_a_message_that_was_picked_counts_once(made: Repository) -> None:
    branch(made, "perf: 2x faster --help")
    made.commit(with_changes(cli=CLI + "# 0\n"), "perf: 2x faster --help")
    made.git("merge", "--quiet", "--no-ff", "-m", "in", "-X", "ours", "side")
    told = found(made)
    assert (len(told.claims), told.repeated) == (1, 1)


def test_one_message_on_the_whole_range(made: Repository) -> None:
    made.commit(with_changes(cli=CLI + "# 1\n"), "perf: 2x faster --help")
    made.commit(with_changes(cli=CLI + "# 2\n"), "more")
    clone = Clone(made.path)
    (claim,) = claims_of_message(clone, TARGET, pair(clone), made.git("rev-parse", "HEAD~1")).claims
    assert claim.base.identity == made.git("rev-parse", "v1.0^{commit}")
    assert claim.commit.identity == made.git("rev-parse", "HEAD")
    assert claim.told_by == made.git("rev-parse", "HEAD~1")


def test_a_project_in_a_folder_with_a_source_root(tmp_path: Path) -> None:
    made = Repository.create(tmp_path / "clone")
    files = {
        "packages/one/src/sample/sums.py": SUMS,
        "packages/one/tests/test_sums.py": TESTS,
        "packages/two/src/other/sums.py": SUMS,
    }
    made.commit(files, "base", tag="v1.0")
    changed = {path: f"{text}# new\n" for path, text in files.items()}
    made.commit(changed, "Optimize Adder.add_all\n\n2x faster")
    text = target_text(rest='[install]\nsubfolder = "packages/one"\n')
    (claim,) = found(made, target=parse_target(text)).claims
    assert claim.what == "sample.sums:Adder.add_all"
    assert claim.candidates[0].benchmark.pytest.startswith("tests/test_sums.py::")


def test_modules_by_name(made: Repository) -> None:
    commit = made.commit(with_changes(sums=SUMS + "#\n"), "x")
    read = CloneTexts(Clone(made.path))
    code = CommitCode(read, TARGET, made.git("rev-parse", f"{commit}~1"), commit)
    assert code.changed == ("sample/sums.py",)
    assert code.module_named("sums.py") == "sample.sums"
    assert code.module_named("sample/sums.py") == "sample.sums"
    assert code.module_named("sample.sums") == "sample.sums"
    assert code.module_named("json") is None
    assert code.module_named("gone.py") is None
    assert code.class_named("Adder") == "sample.sums"
    assert code.class_named("Nobody") is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("def test_a():\n    f()\n", ["", "::test_a"][1:]),
        ("def test_a():\n    f()\ndef test_b():\n    f()\n", ["", "::test_a"]),
        (
            "def test_long_one():\n    f()\ndef test_long_two():\n    f()\ndef test_x():\n    1\n",
            ["::test_long_*", "::test_long_one"],
        ),
        (
            "class TestA:\n    def test_a(self):\n        f()\n"
            "    def test_b(self):\n        f(f)\ndef test_c():\n    1\n",
            ["::TestA::*", "::TestA::test_b"],
        ),
        ("async def test_a():\n    f()\ndef test_b():\n    f()\n", ["::test_b"]),
        ("def make():\n    f()\ndef test_a():\n    make()\n", [""]),
        (
            "".join(f"def test_{number:02}():\n    f()\n" for number in range(30)),
            ["::test_00", ""],
        ),
        ("def test_a():\n    g()\n", []),
        ("def test_(:", []),
    ],
)
def test_which_tests_of_a_file(text: str, expected: list[str]) -> None:
    assert list(patterns_of(text, ("f",))) == expected
