"""Rewritten files as the project's own ruff would have them."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.explain.checks.house_style import HouseStyle
from bench.explain.checks.lint import LintCheck, find_ruff

pytestmark = pytest.mark.skipif(find_ruff() is None, reason="ruff is not installed")

BEFORE = "import json\nimport sys\n\n\ndef go():\n    return json.dumps(sys.path)\n"
DEFERRED = (
    "import sys\n\n\ndef go():\n    import json  # needed late\n    return json.dumps(sys.path)\n"
)
FILE = "own/main.py"


def settled(folder: Path, before: str, after: str, settings: str) -> str:
    original, tree = folder / "original.py", folder / "tree"
    original.write_text(before)
    tree.mkdir()
    (tree / "pyproject.toml").write_text(settings)
    said: list[str] = []
    lint = LintCheck(
        clone=None, commit="", originals={FILE: original}, folder=tree, say=said.append
    )
    text = HouseStyle(lint).settled({FILE: after})[FILE]
    assert (tree / FILE).read_text() == before
    assert not said
    return text


def test_a_rule_against_imports_in_functions_is_answered(tmp_path: Path) -> None:
    settings = '[tool.ruff.lint]\nselect = ["F", "PLC"]\n'
    text = settled(tmp_path, BEFORE, DEFERRED, settings)
    assert "    import json  # noqa: PLC0415 # needed late\n" in text or (
        "    import json  # needed late  # noqa: PLC0415\n" in text
    )


HANDED_OUT = """import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import json as json

print(sys.path)


def __getattr__(name):
    raise AttributeError(f"no {name}")
"""


@pytest.mark.parametrize("rules", ['"EM"', '"TRY"', '"EM", "TRY"'])
def test_what_hands_out_names_keeps_to_rules_on_messages_and_aliases(
    tmp_path: Path, rules: str
) -> None:
    settings = f'[tool.ruff.lint]\nselect = ["F", "PLC0414", {rules}]\n'
    text = settled(tmp_path, "import json\nimport sys\n\nprint(sys.path)\n", HANDED_OUT, settings)
    assert "    import json as json  # noqa: PLC0414\n" in text
    assert '    msg = f"no {name}"\n    raise AttributeError(msg)\n' in text


def test_a_rule_that_the_file_does_not_keep_to_is_not(tmp_path: Path) -> None:
    settings = '[tool.ruff.lint]\nselect = ["F", "PLC"]\n[tool.ruff.format]\nexclude = ["*"]\n'
    before = BEFORE + "\n\ndef late():\n    import os\n    return os.name\n"
    after = DEFERRED + "\n\ndef late():\n    import os\n    return os.name\n"
    assert settled(tmp_path, before, after, settings) == after


def test_imports_are_sorted_and_files_formatted_where_they_were(tmp_path: Path) -> None:
    settings = '[tool.ruff]\nline-length = 40\n[tool.ruff.lint]\nselect = ["I"]\n'
    after = "import sys\nimport os\n\nONE = [sys.path, os.name, 'and some more']\n"
    expected = (
        'import os\nimport sys\n\nONE = [\n    sys.path,\n    os.name,\n    "and some more",\n]\n'
    )
    assert settled(tmp_path, "import os\n", after, settings) == expected


@pytest.mark.parametrize("settings", ["", "[tool.black]\nline-length = 40\n"])
def test_a_project_without_settings_for_ruff_is_left_alone(tmp_path: Path, settings: str) -> None:
    assert settled(tmp_path, BEFORE, DEFERRED, settings) == DEFERRED


def test_a_file_that_was_not_formatted_stays_so(tmp_path: Path) -> None:
    settings = '[tool.ruff.lint]\nselect = ["I"]\n'
    before, after = "import os\nx = { }\n", "import os\nx = { 1 }\n"
    assert settled(tmp_path, before, after, settings) == after
