"""Which benchmarks an asv suite has, read from its text alone: no environment is there yet."""

from __future__ import annotations

import ast
import itertools
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

# As asv_runner has them.
_KINDS = re.compile(r"(?:time|peakmem|track)_.+|(?:Time|PeakMem|Track)[A-Z_].+")
_MOST_CASES = 20
_DIRECTORY = re.compile(r'^(?!\s*//).*"benchmark_dir"\s*:\s*"([^"]+)"', re.MULTILINE)
SETTINGS = "asv.conf.json"


@dataclass(frozen=True)
class FoundBenchmark:
    """A benchmark: its name in its module, and its combinations of parameters, where told."""

    name: str
    cases: tuple[str, ...] = ()

    @property
    def is_memory(self) -> bool:
        """Whether its peak memory is what is measured."""
        return self.name.rpartition(".")[2].startswith(("peakmem_", "PeakMem"))


def benchmark_folder(settings: str) -> str:
    """Where the benchmarks lie, seen from a suite's settings."""
    found = _DIRECTORY.search(settings)
    return found[1].removeprefix("./").rstrip("/") if found else "benchmarks"


def find_benchmarks(text: str) -> tuple[FoundBenchmark, ...]:
    """The benchmarks of a file, as they stand in it; a class has those of its bases there."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):  # asv will say so
        return ()
    classes = {one.name: one for one in tree.body if isinstance(one, ast.ClassDef)}
    return tuple(_of_body(tree.body, classes))


def _of_body(
    body: Sequence[ast.stmt], classes: Mapping[str, ast.ClassDef]
) -> Iterator[FoundBenchmark]:
    for one in body:
        if isinstance(one, ast.FunctionDef) and _KINDS.fullmatch(one.name):
            yield FoundBenchmark(one.name, _cases(_set_on(one.name, body)))
        elif isinstance(one, ast.ClassDef) and not one.name.startswith("_"):
            lines = list(_lines_of(one, classes))
            params = _params(lines)
            methods = dict.fromkeys(
                line.name
                for line in lines
                if isinstance(line, ast.FunctionDef) and _KINDS.fullmatch(line.name)
            )
            for name in methods:
                yield FoundBenchmark(f"{one.name}.{name}", _cases(params))


def _lines_of(
    one: ast.ClassDef, classes: Mapping[str, ast.ClassDef], depth: int = 0
) -> Iterator[ast.stmt]:
    """What stands in a class, and then in its bases of the same file."""
    yield from one.body
    for base in one.bases:
        if isinstance(base, ast.Name) and base.id in classes and depth < len(classes):
            yield from _lines_of(classes[base.id], classes, depth + 1)


def _params(body: Sequence[ast.stmt]) -> ast.expr | None:
    for one in body:
        if isinstance(one, ast.Assign) and any(
            isinstance(target, ast.Name) and target.id == "params" for target in one.targets
        ):
            return one.value
    return None


def _set_on(name: str, body: Sequence[ast.stmt]) -> ast.expr | None:
    """The value of `NAME.params = …`."""
    for one in body:
        if isinstance(one, ast.Assign):
            for target in one.targets:
                if ast.unparse(target) == f"{name}.params":
                    return one.value
    return None


def _cases(params: ast.expr | None) -> tuple[str, ...]:
    """One word for each combination, in asv's order; () where there are none, or not to be told."""
    if not isinstance(params, ast.List | ast.Tuple):
        return ()
    several = params.elts and isinstance(params.elts[0], ast.List | ast.Tuple)
    lists = [getattr(one, "elts", None) for one in params.elts] if several else [params.elts]
    if None in lists or math.prod(len(one) for one in lists if one) > _MOST_CASES:
        return ()
    words = [[ast.unparse(value).strip("'\"") for value in one] for one in lists if one]
    return tuple("-".join(case) for case in itertools.product(*words) if case)
