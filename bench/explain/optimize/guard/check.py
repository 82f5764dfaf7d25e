"""Hold a revision against a guard: which of its modules a scenario imports at its start again."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from bench.explain.rank.recording import Place, Recording

_SHOWN = 3
_OURS = str(Path(__file__).parents[2] / "agents")  # the recorder imports modules as well


@dataclass(frozen=True)
class ImportedAgain:
    """A module that is back, and the statements that import it (`sample/cli.py:12`)."""

    module: str
    importers: tuple[str, ...]

    @property
    def words(self) -> str:
        """For a screen, and a log of continuous integration."""
        shown = ", ".join(self.importers[:_SHOWN]) or "no statement that was seen"
        rest = len(self.importers) - _SHOWN
        return f"{self.module}, by {shown}{f' and {rest} more' if rest > 0 else ''}"


def imported_again(recording: Recording, modules: Collection[str]) -> tuple[ImportedAgain, ...]:
    """The guarded modules that a run imported, sorted."""
    return tuple(
        ImportedAgain(name, _importers(recording, name))
        for name in sorted(set(modules))
        if name in recording.modules
    )


def _importers(recording: Recording, module: str) -> tuple[str, ...]:
    """The places that asked for a module, or for what lies in it."""
    found = [
        place
        for place in recording.places
        if any(_is_of(one.got, module) for one in place.asked)
        and not _is_of(place.module, module)
        and not place.file.startswith(_OURS)
    ]
    return tuple(dict.fromkeys(map(_shown, found)))


def _is_of(name: str, module: str) -> bool:
    return name == module or name.startswith(f"{module}.")


def _shown(place: Place) -> str:
    """`sample/cli.py:12`: from site-packages on, or the end of the path."""
    if not place.file:
        return f"{place.module} (in C)"
    parts = Path(place.file).parts
    inside = [i + 1 for i, part in enumerate(parts) if part.endswith("-packages")]
    return f"{'/'.join(parts[inside[-1] if inside else -2 :])}:{place.line}"
