"""Which imports can be deferred, and why others cannot."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.import_packages import by_name, reasons, write_package

from bench.explain.rank.candidates import DeferralWay, Judgement


def judge(folder: Path, main: str, statement: str = "import own.main", **others: str) -> Judgement:
    """Judge the imports of `own/main.py`; `others` are more modules of the package."""
    files = {
        "own/__init__.py": "",
        "own/main.py": main,
        "heavy.py": "class Thing:\n    pass\n\n\ndef make():\n    return Thing()\n",
        **{f"own/{name}.py": text for name, text in others.items()},
    }
    return write_package(folder, files, statement).analyse()[1]


def test_a_name_that_only_unused_functions_need_goes_into_them(tmp_path: Path) -> None:
    found = judge(tmp_path, "import heavy\n\n\ndef work():\n    return heavy.make()\n")
    (deferral,) = by_name(found)["heavy"].deferrals
    assert (deferral.ways, deferral.functions) == (
        frozenset({DeferralWay.INTO_FUNCTIONS}),
        ("work",),
    )


def test_what_the_scenario_uses_can_not_be_deferred(tmp_path: Path) -> None:
    main = "import heavy\n\n\ndef work():\n    return heavy.make()\n"
    found = judge(tmp_path, main, "import own.main; own.main.work()")
    assert reasons(found) == {"heavy": "used in this scenario"}


def test_a_function_that_ends_before_the_name_is_used_does_not_need_it(tmp_path: Path) -> None:
    main = "def work(n):\n    import heavy\n\n    if n:\n        return 1\n    return heavy\n"
    found = judge(tmp_path, main, "import own.main; own.main.work(1)")
    assert by_name(found)["heavy"].is_whole


@pytest.mark.parametrize(
    ("use", "reason"),
    [
        ("class Own(Thing):\n    pass\n", "a base class"),
        ("@Thing\nclass Own:\n    pass\n", "a class decorator"),
        ("@Thing\ndef work():\n    pass\n", "a decorator or a default"),
        ("def work(one=Thing):\n    pass\n", "a decorator or a default"),
        ("ready = Thing\n", "used at import time"),
        ("several = [Thing for _ in range(2)]\n", "used at import time"),
        ("class Own:\n    Thing = Thing\n", "used in a class body"),
        ("ready = [Thing for Thing in vars(Thing)]\n", "used at import time"),
        ("ready = [(Thing := one) for one in ()]\n", "bound more than once"),
        ("del Thing\n", "bound more than once"),
        ("later = lambda: Thing\n", "used in a lambda"),
        ("Thing = str(1)\n", "bound more than once"),
        ("def work():\n    global Thing\n    Thing = 1\n", "bound more than once"),
        (
            "class Own:\n    def __del__(self):\n        Thing()\n",
            "used in `__del__`, when imports may be over",
        ),
        (
            "__all__ = ['Thing']\nif __all__:\n\n    def __getattr__(name):\n        return 1\n",
            "the module has a __getattr__ under a condition",
        ),
    ],
)
def test_what_is_needed_at_import_time_can_not_be_deferred(
    tmp_path: Path, use: str, reason: str
) -> None:
    head = "from heavy import Thing\n"
    if "@" in use:
        head = "from helper import Thing\n"
    (tmp_path / "helper.py").write_text("def Thing(one):\n    return one\n", encoding="utf-8")
    found = judge(tmp_path, f"{head}\n\n{use}")
    assert reasons(found)["Thing"] == reason


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("try:\n    import heavy\nexcept ImportError:\n    heavy = None\n", "in try"),
        ("import sys\nif sys.argv:\n    import heavy\n", "under a condition"),
        ("class Own:\n    import heavy\n", "in a class"),
        ("x = 1; import heavy\n", "shares its line"),
    ],
)
def test_statements_that_do_not_stand_by_themselves_stay(
    tmp_path: Path, statement: str, reason: str
) -> None:
    assert reasons(judge(tmp_path, statement))["heavy"] == reason


def test_annotations_need_no_import_once_they_are_not_evaluated(tmp_path: Path) -> None:
    main = "from heavy import Thing\n\n\ndef work(one: Thing) -> Thing:\n    return one\n"
    plain = by_name(judge(tmp_path / "a", main))["Thing"].deferrals[0]
    future = f"from __future__ import annotations\n{main}"
    strings = by_name(judge(tmp_path / "b", future))["Thing"].deferrals[0]
    assert plain.ways == strings.ways == {DeferralWay.FOR_TYPES}
    assert not strings.needs_future


def test_fields_of_classes_that_look_at_them_keep_their_types(tmp_path: Path) -> None:
    main = (
        "from __future__ import annotations\nfrom dataclasses import dataclass\n"
        "from heavy import Thing\n\n\n@dataclass\nclass Own:\n    one: Thing\n"
    )
    found = reasons(judge(tmp_path, main))["Thing"]
    assert found == "annotates a field, which may be needed at run time"


@pytest.mark.parametrize(
    ("decorator", "is_kept"),
    [("app.command()", True), ("validate_call", True), ("functools.wraps(x)", False)],
)
def test_decorators_may_evaluate_annotations(
    tmp_path: Path, decorator: str, *, is_kept: bool
) -> None:
    head = "from __future__ import annotations\nfrom heavy import Thing\n"
    more = "import functools\nimport types\n\n\ndef validate_call(x):\n    return x\n\n\nx = 1\n"
    app = "app = types.SimpleNamespace(command=lambda: validate_call)\n\n\n"
    main = f"{head}{more}{app}@{decorator}\ndef go(one: Thing):\n    pass\n"
    found = reasons(judge(tmp_path, main))
    assert ("Thing" in found) is is_kept


def test_names_that_others_take_from_here_are_handed_out(tmp_path: Path) -> None:
    main = "from heavy import Thing\nfrom heavy import make\n\n__all__ = ['make']\n"
    found = by_name(judge(tmp_path, main, other="from own.main import Thing\n"))
    taken, exported = found["Thing"].deferrals[0], found["make"].deferrals[0]
    assert (taken.ways, taken.asked_by) == (frozenset({DeferralWay.ON_REQUEST}), ("own.other",))
    assert (exported.ways, exported.exported) == (frozenset({DeferralWay.ON_REQUEST}), True)


def test_a_name_of_another_scope_is_no_use(tmp_path: Path) -> None:
    main = "import heavy\n\n\ndef work(heavy):\n    return heavy\n"
    standard = main.replace("heavy", "textwrap")
    found = by_name(judge(tmp_path / "a", standard, "import own.main; own.main.work(1)"))
    assert found["textwrap"].deferrals[0].ways == {DeferralWay.REMOVED}
    kept = reasons(judge(tmp_path / "b", main, "import own.main; own.main.work(1)"))
    assert kept["heavy"].startswith("nothing uses the name")


def test_of_one_statement_some_names_can_be_deferred(tmp_path: Path) -> None:
    main = "from heavy import Thing, make\n\nready = make\n\n\ndef work():\n    return Thing\n"
    found = judge(tmp_path, main)
    assert not by_name(found)["Thing"].is_whole
    assert reasons(found) == {"make": "used at import time"}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (
            "    try:\n        n += 1\n    except Thing:\n        n = 0\n",
            "caught by a try that runs in this scenario",
        ),
        (
            "    if n:\n        pass\n    elif n is Thing:\n        n = 0\n",
            "a part of a statement that runs in this scenario",
        ),
        (
            "    n = (\n        n\n        or\n        Thing\n    )\n",
            "a part of a statement that runs in this scenario",
        ),
        ("    try:\n        n += 1\n    except ValueError:\n        n = Thing\n", ""),
        (
            "    if not n:\n        try:\n            n += 1\n        except Thing:\n"
            "            n = 0\n",
            "",
        ),
    ],
)
def test_an_import_that_would_stand_where_it_is_carried_out_can_not_be_deferred(
    tmp_path: Path, body: str, reason: str
) -> None:
    main = f"from heavy import Thing\n\n\ndef work(n):\n{body}    return n\n"
    found = judge(tmp_path, main, "import own.main; own.main.work(1)")
    assert reasons(found).get("Thing", "") == reason
