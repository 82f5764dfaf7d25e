"""Names of frames, and stacks as profilers write them."""

from __future__ import annotations

from bench.explain.profile.folded import parse_folded, scaled, total, write_folded
from bench.explain.profile.frames import (
    IMPORT_SYSTEM,
    NATIVE,
    SCRIPT,
    STANDARD_LIBRARY,
    Frame,
    Namer,
    RawFrame,
)
from bench.explain.profile.import_times import parse_import_times

SITE = "/v/lib/python3.13/site-packages"
LIBRARY = "/usr/lib/python3.13"
BOOTSTRAP = "<frozen importlib._bootstrap>"
NAMER = Namer("sample", {"sample", "sample_extra"})


def named(function: str, file: str) -> Frame:
    return NAMER.frame(RawFrame(function, file))


def test_modules_and_functions_by_package() -> None:
    assert named("<module>", f"{SITE}/sample/cli.py") == ("sample.cli", "sample.cli", "sample")
    assert named("main", f"{SITE}/sample_extra.py") == ("main()", "sample_extra", "sample")
    assert named("<module>", f"{SITE}/rich/__init__.py") == ("rich", "rich", "rich")
    assert named("loads", f"{LIBRARY}/json/__init__.py").group == STANDARD_LIBRARY
    assert named("x", f"{LIBRARY}/lib-dynload/_json.cpython-313-x86_64.so").module == "_json"
    assert named("main", "<frozen site>") == ("main()", "site", STANDARD_LIBRARY)
    assert named("<module>", "/v/bin/sample") == ("sample (command)", "sample (command)", SCRIPT)
    assert named("<module>", "<string>").group == SCRIPT
    assert named("malloc", "libc.so.6").group == NATIVE
    assert named("0x7f0c1", "libc.so.6") == named("0x7f0c2", "libc.so.6")


def test_the_import_system_is_left_out_but_where_time_is_spent_in_it() -> None:
    importing = [RawFrame("_find_and_load", BOOTSTRAP), RawFrame("exec_module", BOOTSTRAP)]
    cli, json = (RawFrame("<module>", f) for f in (f"{SITE}/sample/cli.py", f"{LIBRARY}/json.py"))
    assert [one.name for one in NAMER.stack([cli, *importing, json])] == ["sample.cli", "json"]
    loading = RawFrame("SourceLoader.get_code", "<frozen importlib._bootstrap_external>")
    *_, last = NAMER.stack([cli, *importing, loading])
    assert last == ("(loading byte code)", IMPORT_SYSTEM, IMPORT_SYSTEM)


def test_stacks_of_py_spy_with_a_child_process() -> None:
    parent = 'process 7:"/v/bin/python /v/bin/sample; work"'
    child = 'process 8:"/v/bin/python -c x"'
    text = (
        f"{parent};<module> (/v/bin/sample:3);burn ({SITE}/sample/cli.py:12) 30\n"
        f"{parent};<module> (/v/bin/sample:4);burn ({SITE}/sample/cli.py:13) 10\n"
        f"{parent};{child};<module> (<string>:1) 5\n"
        f"{parent} 2\n"
        "Wrote raw flamegraph data\n"
    )
    stacks = parse_folded(text, NAMER)
    by_names = {tuple(frame.name for frame in stack): value for stack, value in stacks.items()}
    assert by_names[("sample (command)", "burn()")] == 40
    assert by_names[()] == 2
    assert {names[0] for names in by_names if len(names) > 1} == {"sample (command)", "[python -c]"}
    assert total(scaled(stacks, 100.0)) == 100.0
    assert write_folded(stacks).splitlines()[0] == "sample (command);sample.cli: burn() 40000"


def test_scaling_nothing_is_nothing() -> None:
    assert scaled({}, 100.0) == {}


IMPORTS = """\
import time: self [us] | cumulative | imported package
import time:       100 |        100 |     sample.deep
import time:       200 |        300 |   json
a word of the program's own
import time:       400 |        700 | sample.cli
import time:        50 |         50 | csv
"""


def test_imports_are_nested_by_who_came_first() -> None:
    stacks = parse_import_times(IMPORTS, NAMER)
    by_names = {tuple(frame.name for frame in stack): value for stack, value in stacks.items()}
    assert by_names == {
        ("sample.cli",): 0.4,
        ("sample.cli", "json"): 0.2,
        ("sample.cli", "json", "sample.deep"): 0.1,
        ("csv",): 0.05,
    }
    assert {frame.group for stack in stacks for frame in stack} == {"sample", STANDARD_LIBRARY}
