"""pip reading requirements: its vendored parser, and its own layer above.

One call reads about 200 requirement strings twice, as ``Requirement`` and with
``install_req_from_line``. In a real pip process a string is read once or a few times, and pip
remembers what it has read; repeated in a loop, that memory would be all that is measured. So the
``functools`` caches that this work fills are emptied before each call, outside the clock.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pyperf
from pip._internal.req.constructors import install_req_from_line
from pip._vendor.packaging.requirements import Requirement

sys.path.append(str(Path(__file__).resolve().parents[1]))
from suitekit.caches import Cache, find_caches

if TYPE_CHECKING:
    from collections.abc import Sequence

NAMES = (
    "requests",
    "zope.interface",
    "typing_extensions",
    "Django",
    "ruamel.yaml",
    "backports-tarfile",
    "numpy",
    "pytest-xdist",
    "SQLAlchemy",
    "x",
)
SPECIFIERS = (
    "",
    "==1.4.2",
    ">=2.0,<3",
    "~=1.4.5",
    "!=1.5.*,>=1.2,<2.0.0",
    "===2024.1.post1",
    " >= 1.0rc1 , < 2.0.dev3",
)
EXTRAS = ("", "[security]", "[async, http2,cli]")
MARKERS = (
    "",
    ' ; python_version >= "3.8"',
    " ; python_version < '3.11' and sys_platform == 'win32'",
    ' ; (os_name == "nt" or platform_machine != "x86_64") and extra == "test"',
    ' ; implementation_name == "cpython" and python_full_version not in "3.9.0 3.9.1"',
)
DIGEST = "sha256=" + "0123456789abcdef" * 4
PLAIN = 170
LINKED = 30


def plain_requirement(n: int) -> str:
    """Return a name with extras, specifiers and a marker; strides make every mix appear."""
    name = f"{NAMES[n % len(NAMES)]}{n}"
    extras = EXTRAS[n * 5 % len(EXTRAS)]
    specifier = SPECIFIERS[n * 3 % len(SPECIFIERS)]
    return f"{name}{extras}{specifier}{MARKERS[n * 7 // 3 % len(MARKERS)]}"


def linked_requirement(n: int) -> str:
    """Return a name at an address: a wheel, an archive or a repository."""
    name = f"project{n}"
    address = (
        f"https://files.example.org/{name}-1.{n}-py3-none-any.whl#{DIGEST}",
        f"https://example.org/archive/{name}-{n}.0.tar.gz",
        f"git+https://git.example.org/team/{name}.git@v1.{n}",
    )[n % 3]
    marker = ' ; python_version >= "3.9"' if n % 2 else ""
    return f"{name}{EXTRAS[n % len(EXTRAS)]} @ {address}{marker}"


def build_lines() -> list[str]:
    """Return the requirement strings, every one different."""
    plain = [plain_requirement(n) for n in range(PLAIN)]
    return [*plain, *(linked_requirement(n) for n in range(LINKED))]


def read_all(lines: Sequence[str]) -> None:
    """Do what is timed: read every line with both layers."""
    for line in lines:
        Requirement(line)
    for line in lines:
        install_req_from_line(line)


def check_line(line: str) -> None:
    """Refuse to time a parser that loses a part of a requirement."""
    name, extras, specifier, linked, marked = expected_parts(line)
    parsed = Requirement(line)
    installed = install_req_from_line(line)
    facts = (
        parsed.name == name,
        installed.name == name,
        parsed.extras == set(installed.extras) == extras,
        {str(part) for part in parsed.specifier} == specifier,
        (parsed.url is not None) is linked,
        (installed.link is not None) is linked,
        (parsed.marker is not None) is marked,
        (installed.markers is not None) is marked,
    )
    if not all(facts):
        msg = f"pip reads {line!r} as {parsed!r} and {installed!r}"
        raise RuntimeError(msg)


def expected_parts(line: str) -> tuple[str, set[str], set[str], bool, bool]:
    """Return name, extras, specifiers, has an address, has a marker; knows only our own lines."""
    left, _, marker = line.partition(" ;")
    left, at, _ = left.partition(" @ ")
    name = left.split("[")[0]
    for sign in " =<>~!":
        name = name.split(sign)[0]
    rest = left[len(name) :]
    extras, _, specifier = rest[1:].rpartition("]") if rest.startswith("[") else ("", "", rest)
    return name, parts(extras), parts(specifier), bool(at), bool(marker)


def parts(text: str) -> set[str]:
    """Return what stands between commas, without spaces."""
    return {part.replace(" ", "") for part in text.split(",") if part.strip()}


def time_reading(loops: int, lines: Sequence[str], caches: Sequence[Cache]) -> float:
    """Return the seconds that ``loops`` calls took, each with empty caches."""
    total = 0.0
    for _ in range(loops):
        for cache in caches:
            cache.cache_clear()
        start = time.perf_counter()
        read_all(lines)
        total += time.perf_counter() - start
    return total


def main() -> None:
    """Check, then time."""
    lines = build_lines()
    for line in lines:
        check_line(line)
    runner = pyperf.Runner()
    runner.metadata["description"] = f"pip: read {len(lines)} requirement strings"
    runner.bench_time_func("pip_requirement", time_reading, lines, find_caches("pip"))


if __name__ == "__main__":
    main()
