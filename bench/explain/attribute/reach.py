"""Which commits can matter to a scenario, by what it reads: pure decisions.

A process that reads the same does the same. So from a state whose reads are known, a commit that
changes none of them leads to a state with the same reads, and contributes exactly nothing; it need
not be built. The first commit that touches them is built and observed, and if what is read has the
same content after all (another file of the package, a comment that bytecode does not have), it is
proved as well. At the end what the head reads is held against what this says of it.
"""

from __future__ import annotations

import enum
import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from bench.explain.attribute.life import Life
from bench.explain.attribute.range import ChangedPath, RangeCommit

ANYWHERE = "*"
# What an installation follows from, beside the files that are installed.
_BUILT_FROM = {
    "pyproject.toml", "setup.py", "setup.cfg", "MANIFEST.in", "uv.lock", "poetry.lock", "pdm.lock",
    "pylock.toml", "hatch_build.py", "build.py", "hatch.toml", "pdm.toml", "meson.build",
    "CMakeLists.txt", "Cargo.toml", "Cargo.lock", ".gitignore", ".gitattributes", ".gitmodules",
    ".hgignore", ".git_archival.txt", "VERSION", "version.txt", ".python-version",
}  # fmt: skip
_COMPILED = (".c", ".h", ".cc", ".cpp", ".hpp", ".pyx", ".pxd", ".pxi", ".rs", ".f", ".f90", ".in")
_MODULES = (".py", ".so", ".pyd", ".pyc")


class NoEffectProof(enum.StrEnum):
    """Why a commit contributes exactly nothing to a scenario."""

    NOT_READ = "changes nothing that is read"
    SAME_CONTENT = "what is read has the same content"


@dataclass(frozen=True, kw_only=True)
class Reads:
    """What a scenario reads at a state, and what it looks for.

    `files` are paths from the root of the repository; `built` are installed files of the project
    that are no file of the commit; `asked` are names of modules, found or not; `listed` are folders
    of the repository that the program itself lists (`ANYWHERE` for one that is not known). `digest`
    is that of all content that was read from the environment, the project's version left out.
    `modules` were loaded. `started` are programs it starts that are not observed; `blind`: some
    process told nothing, so that nothing can be proved.
    """

    files: frozenset[str]
    digest: str
    built: frozenset[str] = frozenset()
    asked: frozenset[str] = frozenset()
    listed: frozenset[str] = frozenset()
    modules: frozenset[str] = frozenset()
    started: tuple[str, ...] = ()
    blind: bool = False

    def touched_by(self, commit: RangeCommit) -> bool:
        """Whether a commit may change what is read."""
        return self.blind or any(map(self.is_touched, commit.changed))

    def is_touched(self, change: ChangedPath) -> bool:
        """Whether a path may be read, or is what an installation follows from."""
        path = change.path
        folder, _, name = path.rpartition("/")
        if path in self.files or name in _BUILT_FROM or name.startswith("requirements"):
            return True
        if name.endswith(_COMPILED):
            return True
        if name.lower().startswith("readme") and any("METADATA" in one for one in self.built):
            return True
        return not change.stays and (
            bool({folder, ANYWHERE} & self.listed) or self._is_asked(folder, name)
        )

    def _is_asked(self, folder: str, name: str) -> bool:
        """Whether a file that came or went could be a module that is asked for."""
        if not name.endswith(_MODULES):
            return False
        stem = name.partition(".")[0]
        wanted = folder.rpartition("/")[2] if stem == "__init__" else stem
        return any(one.rpartition(".")[2] == wanted for one in self.asked)


@dataclass(frozen=True)
class State:
    """What a scenario reads after some commits of the range; 0 is the base."""

    index: int
    reads: Reads


@dataclass(frozen=True)
class Candidates:
    """What may matter: states in order, and the commits that lead from each to the next.

    Commits are counted from 1; those outside `life` are in none of it. `left_out` are those at
    which the scenario could not be installed or does not work: they are in one candidate with the
    next that does. `proved` has all others.
    """

    states: tuple[State, ...]
    steps: tuple[tuple[int, ...], ...]
    life: Life
    proved: dict[int, NoEffectProof] = field(default_factory=dict)
    left_out: tuple[int, ...] = ()


def find_candidates(
    commits: Sequence[RangeCommit],
    observe: Callable[[int], Reads | None],
    life: Life | None = None,
) -> Candidates:
    """Walk along a range; `observe` tells the reads after so many commits, None for no state.

    Both ends of its `life` have to work; without one these are base and head. The last state is
    observed whatever is said of it before; where it reads something else than the proofs have it,
    the commits behind the last state are one more step.
    """
    life = life or Life(0, len(commits))
    base = observe(life.first)
    assert base is not None
    states, steps = [State(life.first, base)], list[tuple[int, ...]]()
    proved: dict[int, NoEffectProof] = {}
    left_out: list[int] = []
    pending: tuple[int, ...] = ()
    for number, commit in enumerate(commits[life.first : life.last], life.first + 1):
        now = states[-1].reads
        if not pending and not now.touched_by(commit):
            proved[number] = NoEffectProof.NOT_READ
            continue
        pending = (*pending, number)
        reads = observe(number)
        if reads is None:
            left_out.append(number)
        elif reads.digest == now.digest and not reads.blind:
            proved |= dict.fromkeys(pending, NoEffectProof.SAME_CONTENT)
            pending = ()
        else:
            states.append(State(number, reads))
            steps.append(pending)
            pending = ()
    _check_head(life.last, observe, states, steps, proved)
    left_out = [one for one in left_out if one not in proved]
    return Candidates(tuple(states), tuple(steps), life, proved, tuple(left_out))


def _check_head(
    last: int,
    observe: Callable[[int], Reads | None],
    states: list[State],
    steps: list[tuple[int, ...]],
    proved: dict[int, NoEffectProof],
) -> None:
    head = observe(last)
    assert head is not None
    if head.digest != states[-1].reads.digest:
        rest = tuple(range(states[-1].index + 1, last + 1))
        for number in rest:
            proved.pop(number, None)
        states.append(State(last, head))
        steps.append(rest)


def built_ahead(commits: Sequence[RangeCommit], ends: Iterable[Reads], life: Life) -> list[int]:
    """The commits, counted from 1, that will have to be built by what both ends read."""
    ends = list(ends)
    return [
        number
        for number, commit in enumerate(commits, 1)
        if life.first < number < life.last and any(one.touched_by(commit) for one in ends)
    ]


def touching_paths(
    commits: Sequence[RangeCommit], found: Candidates
) -> tuple[tuple[str, ...], ...]:
    """Of each step the paths that its commits change and that are read before or after it."""
    return tuple(
        tuple(
            sorted(
                {
                    change.path
                    for number in step
                    for change in commits[number - 1].changed
                    if before.reads.is_touched(change) or after.reads.is_touched(change)
                }
            )
        )
        for step, (before, after) in zip(found.steps, itertools.pairwise(found.states), strict=True)
    )


def common_folder(paths: Iterable[str]) -> str:
    """The folder that all these modules lie in, with a slash; "" for the root."""
    folders = [path.split("/")[:-1] for path in paths if path.endswith(".py")]
    if not folders:
        return ""
    shared = list(itertools.takewhile(lambda names: len(set(names)) == 1, zip(*folders)))  # noqa: B905
    return "".join(f"{names[0]}/" for names in shared)
