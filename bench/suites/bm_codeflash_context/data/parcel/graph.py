"""Depots and the roads between them."""

from __future__ import annotations

import heapq
from collections import defaultdict, deque
from typing import TYPE_CHECKING

from parcel.errors import NoRouteError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Edge = tuple[str, str, float]


class RoadMap:
    """An undirected graph with lengths."""

    def __init__(self, edges: Iterable[Edge] = ()) -> None:
        self._near: dict[str, dict[str, float]] = defaultdict(dict)
        for start, end, length in edges:
            self.connect(start, end, length)

    def connect(self, start: str, end: str, length: float) -> None:
        """Add a road; of two between the same depots the shorter one stays."""
        known = self._near[start].get(end, length)
        self._near[start][end] = self._near[end][start] = min(known, length)

    def neighbours(self, depot: str) -> Iterator[tuple[str, float]]:
        """Yield where one can go from here, and how far it is."""
        yield from sorted(self._near[depot].items())

    def reachable(self, start: str) -> set[str]:
        """Return every depot that can be reached at all."""
        seen = {start}
        waiting = deque([start])
        while waiting:
            for depot, _ in self.neighbours(waiting.popleft()):
                if depot not in seen:
                    seen.add(depot)
                    waiting.append(depot)
        return seen


def shortest_route(roads: RoadMap, start: str, end: str) -> tuple[float, list[str]]:
    """Return length and depots of the shortest route."""
    best = {start: 0.0}
    came_from: dict[str, str] = {}
    waiting = [(0.0, start)]
    while waiting:
        so_far, depot = heapq.heappop(waiting)
        if depot == end:
            return so_far, walk_back(came_from, end)
        if so_far > best[depot]:
            continue
        for near, length in roads.neighbours(depot):
            distance = so_far + length
            if distance < best.get(near, float("inf")):
                best[near] = distance
                came_from[near] = depot
                heapq.heappush(waiting, (distance, near))
    raise NoRouteError(start, end)


def walk_back(came_from: dict[str, str], end: str) -> list[str]:
    """Follow the steps from the end to where they began."""
    route = [end]
    while route[-1] in came_from:
        route.append(came_from[route[-1]])
    return route[::-1]
