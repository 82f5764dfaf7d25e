"""Names that annotations need: under TYPE_CHECKING, and annotations that are not evaluated."""

from __future__ import annotations

import sys
import typing
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.rewritten_modules import importable, load, rewrite


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Where `heavy` and `own` are imported from."""
    with importable(tmp_path) as found:
        yield found


USE = "\n\ndef work(one: Thing) -> int:\n    return 1\n"


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (
            "import sys\nfrom heavy import Thing\n",
            "import sys\nfrom typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n"
            "    from heavy import Thing\n",
        ),
        (
            "from typing import Any, cast\nfrom heavy import Thing\n",
            "from typing import TYPE_CHECKING, Any, cast\n\nif TYPE_CHECKING:\n"
            "    from heavy import Thing\n",
        ),
        (
            "import typing as t\nfrom heavy import Thing\n",
            "import typing as t\n\nif t.TYPE_CHECKING:\n    from heavy import Thing\n",
        ),
        (
            "import typing as t\nfrom heavy import Thing\n\n"
            "if t.TYPE_CHECKING:\n    from heavy import make\n",
            "import typing as t\n\nif t.TYPE_CHECKING:\n    from heavy import Thing, make\n",
        ),
        (
            "from typing import TYPE_CHECKING\nfrom heavy import Thing\n"
            "if TYPE_CHECKING: import abc  # only\n",
            "from typing import TYPE_CHECKING\n"
            "if TYPE_CHECKING:\n    import abc  # only\n\n    from heavy import Thing\n",
        ),
        (
            "from typing import (\n    Any,\n    cast,\n)\nfrom heavy import Thing\n",
            "from typing import (\n    TYPE_CHECKING,\n    Any,\n    cast,\n)\n\n"
            "if TYPE_CHECKING:\n    from heavy import Thing\n",
        ),
    ],
)
def test_the_block_for_type_checkers(folder: Path, head: str, expected: str) -> None:
    future = "from __future__ import annotations\n\n"
    after = rewrite(folder, f"{future}{head}{USE}", ["Thing"])
    assert after == f"{future}{expected}{USE}"
    assert load().work(1) == 1
    assert "heavy" not in sys.modules


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ("", "from __future__ import annotations\n\nfrom typing import TYPE_CHECKING\n"),
        (
            '"""Doc."""\n',
            '"""Doc."""\n\nfrom __future__ import annotations\n\n'
            "from typing import TYPE_CHECKING\n",
        ),
        (
            "# Licence\n\n",
            "# Licence\n\nfrom __future__ import annotations\n\nfrom typing import TYPE_CHECKING\n",
        ),
        (  # a licence stays on top, whether or not a blank line follows it
            '"""Doc."""\n# Copyright 2020\n# Some licence\n',
            '"""Doc."""\n# Copyright 2020\n# Some licence\n\n'
            "from __future__ import annotations\n\nfrom typing import TYPE_CHECKING\n",
        ),
        (
            '"""Doc."""\n\n# About the file.\n\n# About the import.\nimport sys\n',
            '"""Doc."""\n\n# About the file.\n\nfrom __future__ import annotations\n\n'
            "# About the import.\nimport sys\nfrom typing import TYPE_CHECKING\n",
        ),
        (
            "from __future__ import division\n",
            "from __future__ import division\nfrom __future__ import annotations\n\n"
            "from typing import TYPE_CHECKING\n",
        ),
    ],
)
def test_annotations_are_postponed_where_nothing_looks_at_them(
    folder: Path, head: str, expected: str
) -> None:
    after = rewrite(folder, f"{head}from heavy import Thing\n{USE}", ["Thing"], as_text=True)
    assert after == f"{expected}\nif TYPE_CHECKING:\n    from heavy import Thing\n{USE}"
    assert load().work.__annotations__ == {"one": "Thing", "return": "int"}


def test_annotations_are_quoted_where_something_may_look_at_others(folder: Path) -> None:
    text = (
        "from dataclasses import dataclass\n\nfrom heavy import Thing\n\n\n"
        "@dataclass\nclass Own:\n    one: int\n\n"
        "    def work(self, two: 'list[Thing | None]', *, three: dict[str,\n Thing]) "
        "-> Thing:\n"
        "        return Thing()\n"
    )
    after = rewrite(folder, text, ["Thing"], as_text=True)
    assert "__future__" not in after
    assert 'two: \'list[Thing | None]\', *, three: "dict[str, Thing]") -> "Thing":\n' in after
    found = load()
    assert "heavy" not in sys.modules
    assert typing.get_type_hints(found.Own) == {"one": int}
    assert type(found.Own(1).work(1, three=2)).__name__ == "Thing"


def test_names_that_only_quotes_have(folder: Path) -> None:
    text = "from heavy import Thing\n\n\ndef work(one: 'Thing') -> int:\n    return 1\n"
    after = rewrite(folder, text, ["Thing"])
    assert "if TYPE_CHECKING:\n    from heavy import Thing\n" in after
