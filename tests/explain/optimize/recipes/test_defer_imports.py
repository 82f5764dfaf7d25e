"""The recipe `defer-imports` on a small project whose libraries are slow."""

from __future__ import annotations

import dataclasses
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from support.import_packages import RUNNER
from support.recipe_projects import RecipeProject

from bench.core.target import Benchmark
from bench.engine.measure.client import Invocation
from bench.explain.optimize.change import Proposal
from bench.explain.optimize.project import Form, Project, Scenario
from bench.explain.optimize.recipes.defer_imports import RECIPE
from bench.explain.rank.graph import Graph
from bench.explain.rank.ranked_imports import RankedImports
from bench.explain.rank.recording import record

# Each of these stands for a tenth of a second, see `costs_s`.
LIBRARIES = {
    "vendor_git.py": "import vendor_db\n\n\ndef clone():\n    return 'cloned'\n",
    "vendor_db.py": "",
    "vendor_http.py": "def get():\n    return 'got'\n",
    "vendor_ui.py": "class Widget:\n    pass\n",
}
DEMO = {
    "demo/__init__.py": "",
    "demo/cli.py": """
import sys

import vendor_git
from vendor_http import get

from demo import ui


def main():
    if sys.argv[1:] == ["clone"]:
        print(vendor_git.clone())
    elif sys.argv[1:] == ["get"]:
        print(get())
    elif sys.argv[1:] == ["ui"]:
        print(ui.Own().go())
    else:
        print("help")
""",
    "demo/ui.py": "import vendor_git\nfrom vendor_ui import Widget\n\n\nclass Own(Widget):\n"
    "    def go(self):\n        return vendor_git.clone()\n",
}
COMMANDS = {"help": [], "clone": ["clone"], "get": ["get"]}


def recorded(demo: RecipeProject, **changes: object) -> Project:
    """The project with its commands recorded; each library costs 0.1 of a second's process."""
    project = demo.project()
    scenarios = []
    for name, words in COMMANDS.items():
        code = f"import sys; sys.argv[1:] = {words}; from demo.cli import main; main()"
        invocation = Invocation(
            argv=(sys.executable, "-c", code), env=environment(demo), cwd=demo.folder
        )
        benchmark = Benchmark(name=name, command=("demo", *words))
        recording = record(RUNNER, benchmark, invocation, [demo.site / "demo"])
        costs = {name.removesuffix(".py"): 0.1 for name in LIBRARIES}
        times = SimpleNamespace(process_s=1.0)
        imports = SimpleNamespace(
            graph=Graph(recording, costs), timed=SimpleNamespace(scenario=times)
        )
        scenarios.append(Scenario(benchmark=benchmark, imports=cast(RankedImports, imports)))
    record_ = SimpleNamespace(
        distribution="demo",
        module="demo",
        provenance=SimpleNamespace(python="3.13.0", local=("demo",)),
    )
    vars(project.environment)["record"] = record_
    return dataclasses.replace(project, scenarios=tuple(scenarios), **changes)  # type: ignore[arg-type]


def environment(demo: RecipeProject) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(demo.site),
        "PYTHONSAFEPATH": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def made(folder: Path, more: Mapping[str, str] | None = None) -> RecipeProject:
    demo = RecipeProject(folder, {**DEMO, **(more or {})})
    demo.install(LIBRARIES)
    (demo.site.parents[2] / "bin").mkdir(parents=True)
    (demo.site.parents[2] / "bin/python").symlink_to(sys.executable)
    return demo


def told(proposal: Proposal) -> list[tuple[str, list[str]]]:
    return [(one.title, [site.place for site in one.sites]) for one in proposal.changes]


def saved(proposal: Proposal) -> dict[str, float]:
    """The sum of the changes."""
    return {name: round(sum(one.saves_s[name] for one in proposal.changes), 3) for name in COMMANDS}


def test_all_commands_are_considered_together(tmp_path: Path) -> None:
    demo = made(tmp_path)
    proposal = RECIPE.propose(recorded(demo))
    assert told(proposal) == [
        (
            "defer vendor_git and vendor_ui until they are needed",
            ["demo/cli.py:4", "demo/cli.py:7"],
        ),
        ("defer vendor_http until it is needed", ["demo/cli.py:5"]),
    ]
    assert saved(proposal) == {"help": 0.4, "clone": 0.2, "get": 0.3}
    assert not proposal.dropped


def test_what_is_written_runs_and_loads_only_what_is_needed(tmp_path: Path) -> None:
    demo = made(tmp_path)
    demo.apply(RECIPE.propose(recorded(demo)))
    asked = "import sys; sys.argv[1:] = {}; from demo.cli import main; main(); "
    loaded = "print(*sorted(name for name in sys.modules if name.startswith('vendor')))"
    assert demo.python(asked.format([]) + loaded) == "help\n\n"
    assert demo.python(asked.format(["get"]) + loaded) == "got\nvendor_http\n"
    assert demo.python(asked.format(["clone"]) + loaded) == "cloned\nvendor_db vendor_git\n"
    assert demo.python(asked.format(["ui"])) == "cloned\n"


def test_any_part_of_a_proposal_can_be_written(tmp_path: Path) -> None:
    demo = made(tmp_path)
    proposal = RECIPE.propose(recorded(demo))
    sites = [site for one in proposal.changes for site in one.sites]
    assert not proposal.rewrite([])
    for site in sites:
        (text,) = proposal.rewrite([site]).values()
        compile(text, site.file, "exec")


def test_the_cost_that_moved_is_told(tmp_path: Path) -> None:
    proposal = RECIPE.propose(recorded(made(tmp_path)))
    moved = {one.module: one for change in proposal.changes for one in change.moved}
    http = moved["vendor_http"]
    assert (http.takes_s, http.scenario, http.where) == (0.1, "get", "`demo.cli.main`")
    git = moved["vendor_git"]
    assert (git.takes_s, git.scenario) == (0.2, "clone")


@pytest.mark.parametrize(
    ("test", "why"),
    [
        ("mock.patch('demo.cli.get')\n", "replaced in the module by tests/test_cli.py"),
        ("from demo.cli import *\n", "taken with all else by tests/test_cli.py"),
    ],
)
def test_what_tests_do_with_a_name_is_seen_before(tmp_path: Path, test: str, why: str) -> None:
    demo = made(tmp_path, {"tests/test_cli.py": test})
    proposal = RECIPE.propose(recorded(demo))
    sites = {site.place for one in proposal.changes for site in one.sites}
    assert "demo/cli.py:5" not in sites
    assert ("demo/cli.py:5", why) in [(site.place, reason) for site, reason in proposal.dropped]


def test_a_lazy_form_needs_no_place_to_go_and_keeps_what_is_patched(tmp_path: Path) -> None:
    demo = made(tmp_path, {"tests/test_cli.py": "mock.patch('demo.cli.get')\n"})
    proposal = RECIPE.propose(recorded(demo, form=Form.LAZY_MODULES))
    assert saved(proposal) == {"help": 0.4, "clone": 0.2, "get": 0.3}
    text = proposal.rewrite([site for one in proposal.changes for site in one.sites])["demo/cli.py"]
    assert "__lazy_modules__" in text
    assert "from vendor_http import get\n" in text


def test_a_name_in_a_function_that_is_called_all_the_time_stays(tmp_path: Path) -> None:
    hot = "\n\ndef again():\n    for _ in range(9000):\n        one()\n\n\ndef one(which=0):\n"
    hot += "    if which:\n        return get()\n"
    cli = DEMO["demo/cli.py"].replace(
        '    else:\n        print("help")', "    else:\n        again()"
    )
    demo = made(tmp_path, {"demo/cli.py": cli + hot})
    proposal = RECIPE.propose(recorded(demo))
    assert any("calls `one` 9,000 times" in why for _, why in proposal.dropped)


def test_nothing_to_do_is_no_change(tmp_path: Path) -> None:
    demo = made(tmp_path, {"demo/cli.py": "def main():\n    print('help')\n"})
    proposal = RECIPE.propose(recorded(demo))
    assert (proposal.changes, proposal.dropped, proposal.left) == ((), (), ())
