"""Which benchmarks a run takes, and when they count as changed."""

from __future__ import annotations

import pytest
from support.sandbox import EXTRA, IMPORT, WORK, Sandbox, target_text

from bench.core.errors import UsageError
from bench.core.options import Options
from bench.core.result import CONTROL
from bench.core.target import parse_target
from bench.engine.session.selection import select

# patterns, groups → names beside the control
CASES = [
    ((), (), ["work", "extra", "import"]),
    (("*o*",), (), ["work", "import"]),
    (("extra", "work"), (), ["work", "extra"]),
    (("[ew]*",), (), ["work", "extra"]),
    ((), ("other",), ["extra"]),
    (("*",), ("default",), ["work", "import"]),
]


@pytest.mark.parametrize(("patterns", "groups", "names"), CASES)
def test_selection(
    sandbox: Sandbox, patterns: tuple[str, ...], groups: tuple[str, ...], names: list[str]
) -> None:
    target = parse_target(target_text(WORK, EXTRA, IMPORT))
    chosen = select(target, Options(benchmarks=patterns, groups=groups), sandbox.workspace.suites)
    assert [one.declaration.name for one in chosen] == [CONTROL, *names]


FAILURES = [
    (("gone*",), (), "--benchmark gone\\* matches nothing in sample"),
    (("work", "x"), (), "--benchmark x matches nothing"),
    ((), ("gone",), "no benchmark group 'gone'"),
    (("work",), ("other",), "both the groups and the names"),
]


@pytest.mark.parametrize(("patterns", "groups", "message"), FAILURES)
def test_nothing_selected(
    sandbox: Sandbox, patterns: tuple[str, ...], groups: tuple[str, ...], message: str
) -> None:
    target = parse_target(target_text(WORK, EXTRA))
    with pytest.raises(UsageError, match=message):
        select(target, Options(benchmarks=patterns, groups=groups), sandbox.workspace.suites)


def test_script_that_is_not_there(sandbox: Sandbox) -> None:
    target = parse_target(target_text('name = "s"\nscript = "gone"'))
    with pytest.raises(UsageError, match=r"no .*bm_gone/run_benchmark\.py"):
        select(target, Options(), sandbox.workspace.suites)


def test_digest_changes_with_declaration_and_script(sandbox: Sandbox) -> None:
    script = sandbox.workspace.suites / "bm_s" / "run_benchmark.py"
    script.parent.mkdir(parents=True)

    def digest(source: str, rest: str = "") -> str:
        script.write_text(source, encoding="utf-8")
        target = parse_target(target_text(f'name = "s"\nscript = "s"\n{rest}'))
        return select(target, Options(), sandbox.workspace.suites)[1].digest

    assert digest("1") == digest("1")
    assert len({digest("1"), digest("2"), digest("1", "timeout_s = 9")}) == 3
