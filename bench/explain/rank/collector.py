"""What a module's objects cost after it has run: garbage collections, and their end.

A collection falls on the module that happens to make one object too many, and looks at those of all
others; at the end of the process the interpreter frees what all of them have made. Both are shared
out by the objects (those that the collector looks after) that each module made. Where a set of
modules goes, whole collections do not take place; how many, is found by counting objects as the
interpreter does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

_OLDEST = 2
_OFF = 0.1  # so many collections may be missing: a large allocation may pass its time
_AROUND = (0.97, 0.98, 0.99, 1.0, 1.01, 1.02, 1.03)  # where a collection falls exactly is chance


@dataclass(frozen=True, kw_only=True)
class Collector:
    """The garbage collector of one process as it was seen.

    `before` objects were there and `counts` (`gc.get_count()`) held when recording began, `made`
    since then. `passes` are the collections: generation, objects made until then, seconds.
    `thresholds` is `gc.get_threshold()`.
    """

    before: int
    made: int
    counts: tuple[int, int, int]
    thresholds: tuple[int, int, int]
    passes: tuple[tuple[int, int, float], ...]

    @cached_property
    def seconds(self) -> float:
        """What all collections took."""
        return sum(took for _, _, took in self.passes)

    def seconds_with(self, made: float) -> float:
        """What they would take, had so many objects been made; in proportion if nothing is known.

        The counting is CPython's up to 3.13: generation 0 when it has grown beyond its threshold,
        an older one when the younger has been collected often enough, the oldest only when those
        that wait for it are a quarter of those it holds. It is believed if it finds the collections
        that there were.
        """
        if self._per_object_s is None:
            return self.seconds * made / self.made if self.made > 0 else 0.0
        looked_at = [sum(number for _, number in self._passes(made * by)) for by in _AROUND]
        return self._per_object_s * sum(looked_at) / len(looked_at)

    @cached_property
    def _per_object_s(self) -> float | None:
        """Seconds an object looked at; None where the counting does not find what was seen."""
        found = self._passes(self.made)
        looked_at = sum(number for _, number in found)
        older = [generation for generation, _ in found if generation]
        seen = [generation for generation, _, _ in self.passes if generation]
        off = abs(len(found) - len(self.passes))
        if older != seen or off > max(1.0, _OFF * len(found)) or not looked_at:
            return None
        return self.seconds / looked_at

    def _passes(self, made: float) -> list[tuple[int, float]]:
        """The collections until so many objects were made: generation, objects looked at."""
        found: list[tuple[int, float]] = []
        counts = list(self.counts)
        room = self.thresholds[0] + 1
        if room <= 1:
            return found
        young, middle, waiting, oldest = float(counts[0]), float(counts[1] * room), 0.0, 0.0
        left = made
        while left >= (step := max(room - counts[0], 0)):
            left -= step
            young += step
            generation = self._due([room, *counts[1:]], waiting, oldest)
            if generation == 0:
                found.append((0, young))
                middle += young
            elif generation == 1:
                found.append((1, young + middle))
                waiting += young + middle
            else:
                found.append((_OLDEST, young + middle + waiting + oldest))
                oldest, waiting = young + middle + waiting + oldest, 0.0
            if generation:
                middle = 0.0
            young = 0.0
            counts[: generation + 1] = [0] * (generation + 1)
            if generation < _OLDEST:
                counts[generation + 1] += 1
        return found

    def _due(self, counts: list[int], waiting: float, oldest: float) -> int:
        """The generation that is collected, with all that are younger."""
        if counts[2] > self.thresholds[2] and waiting >= oldest / 4:
            return _OLDEST
        return 1 if counts[1] > self.thresholds[1] else 0


@dataclass(frozen=True)
class Afterwards:
    """What modules' objects cost after these have run; `objects` are those each has made."""

    collector: Collector
    objects: Mapping[str, float] = field(default_factory=dict)
    finalisation_s: float = 0.0

    def parts_s(self) -> dict[str, float]:
        """Each module's part of all collections and of finalisation, by its objects."""
        return {name: self._part_s(made) for name, made in self.objects.items()}

    def correction_s(self, modules: Iterable[str]) -> float:
        """How much more is saved without these modules than their parts add up to."""
        collector = self.collector
        made = sum(self._counted(self.objects.get(name, 0.0)) for name in modules)
        if made <= 0 or collector.made <= 0:
            return 0.0
        left = collector.seconds_with(max(collector.made - made, 0.0))
        return collector.seconds - left - self._collections_s(made)

    def _part_s(self, objects: float) -> float:
        made, collector = self._counted(objects), self.collector
        at_end = collector.before + collector.made
        freed_s = self.finalisation_s * made / at_end if at_end > 0 else 0.0
        return self._collections_s(made) + freed_s

    def _collections_s(self, made: float) -> float:
        collector = self.collector
        return collector.seconds * made / collector.made if collector.made > 0 else 0.0

    @staticmethod
    def _counted(objects: float) -> float:
        """A module that freed more than it made saves nothing by that."""
        return max(objects, 0.0)
