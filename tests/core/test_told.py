from __future__ import annotations

import marshal
import os
import random
from pathlib import Path
from typing import Any

import pytest

from bench.core import told
from bench.core.told import NotToldError, read_bytes, read_literal, read_marshalled, read_text

PLAIN: list[Any] = [
    ("cpu", 0, -1, 2**31, -(2**31) - 1, 12345678901234567890, -(10**40), 0.5, -1e300),
    ["", "ä", "\ud800", "x" * 300, b"", b"\x00\xff", None, True, False],
    {"a": {"b": (1, [2, (3,)])}, 4: "c", (5, 6): {}},
]


def test_values_in_format_two(tmp_path: Path) -> None:
    file = tmp_path / "told"
    file.write_bytes(b"".join(marshal.dumps(one, 2) for one in PLAIN))
    assert list(read_marshalled(file)) == PLAIN
    file.write_bytes(file.read_bytes()[:-5])
    assert list(read_marshalled(file)) == PLAIN[:2]


def test_bytes_that_are_no_values(tmp_path: Path) -> None:
    """Nothing but a shorter list comes of them: code, recursion, sizes that are not there."""
    file, chance = tmp_path / "told", random.Random(1)
    good = marshal.dumps(PLAIN, 2)
    hostile = [
        marshal.dumps(compile("1", "", "eval"), 2),
        b"[\x01\0\0\0" * 10_000,
        b"(\xff\xff\xff\x7f",
    ]
    for _ in range(300):
        changed = bytearray(good)
        for _ in range(3):
            changed[chance.randrange(len(changed))] = chance.randrange(256)
        hostile.append(bytes(changed))
    for content in hostile:
        file.write_bytes(content)
        assert len(list(read_marshalled(file))) <= len(content)


@pytest.mark.parametrize(
    "text", ["", "{", "(" * 100_000, "__import__('os')", "{'a': 'b'}", "{[]: 1}", "\0", "ä\ud800"]
)
def test_text_that_is_no_literal_of_the_kind(tmp_path: Path, text: str) -> None:
    (tmp_path / "told").write_bytes(text.encode(errors="surrogatepass"))
    with pytest.raises(NotToldError, match="told is not what was to be written"):
        read_literal(tmp_path / "told", dict[str, int])


def test_literal(tmp_path: Path) -> None:
    (tmp_path / "told").write_text("{('a', 1): (2, 3, {})}", encoding="ascii")
    kind = dict[tuple[str, int], tuple[int, float, dict[str, int]]]
    assert read_literal(tmp_path / "told", kind) == {("a", 1): (2, 3.0, {})}


def test_what_is_too_large_or_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "large").write_bytes(b"x" * (2 << 20))
    with pytest.raises(NotToldError, match="large holds more than 1 MiB"):
        read_bytes(tmp_path / "large", 1 << 20)
    monkeypatch.setattr(told, "_MOST_LITERAL", 1 << 20)
    with pytest.raises(NotToldError, match="large holds more than 1 MiB"):
        read_literal(tmp_path / "large", str)
    os.mkfifo(tmp_path / "pipe")
    for name in ("pipe", "missing"):
        with pytest.raises(NotToldError, match=f"{name} cannot be read"):
            read_text(tmp_path / name)
