"""The fewest statements whose removal leaves nobody who imports a module (minimum cut)."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Collection, Mapping

from bench.explain.rank.graph import Graph

_MANY = 10**9
_ONE = 1000  # one statement; one that cannot be deferred weighs a little more
_Node = tuple[str, str | int]
_START: _Node = ("start", "")
_END: _Node = ("end", "")


def smallest_cut(
    graph: Graph,
    modules: Collection[str],
    removable: Collection[int],
    preferred: Collection[int] = (),
) -> tuple[int, ...] | None:
    """The fewest removable statements between the program and modules; None where none suffice.

    Each removable statement weighs the same (maximum flow, minimum cut; Ford & Fulkerson 1956); of
    cuts of one size that with most `preferred` statements is taken.
    """
    weights = {one: _ONE if one in preferred else _ONE + 1 for one in removable}
    flow = _network(graph, frozenset(modules), weights)
    while True:
        path = _free_path(flow)
        if path is None:
            break
        room = min(flow[a][b] for a, b in path)
        if room >= _MANY // 2:
            return None
        for a, b in path:
            flow[a][b] -= room
            flow[b][a] += room
    behind = _within_reach(flow)
    found = {
        int(number)
        for kind, number in behind
        if kind == "in" and ("out", number) not in behind and number in removable
    }
    return tuple(sorted(found))


def _network(
    graph: Graph, modules: frozenset[str], weights: Mapping[int, int]
) -> dict[_Node, dict[_Node, int]]:
    flow: dict[_Node, dict[_Node, int]] = defaultdict(lambda: defaultdict(int))
    for root in graph.roots:
        flow[_START]["module", root] = _MANY
    for module in modules:
        flow["module", module][_END] = _MANY
    for module, others in graph.brought.items():
        for other in others:
            flow["module", module]["module", other] = _MANY
    for number, place in enumerate(graph.recording.places):
        flow["in", number]["out", number] = weights.get(number, _MANY)
        for account in place.accounts:
            # What a function imports needs both its caller and its own module.
            flow["module", account]["in", number] = _MANY
        for asked in place.asked:
            flow["out", number]["module", asked.got] = _MANY
    return flow


def _free_path(flow: dict[_Node, dict[_Node, int]]) -> list[tuple[_Node, _Node]] | None:
    came: dict[_Node, _Node] = {_START: _START}
    todo = deque([_START])
    while todo:
        node = todo.popleft()
        if node == _END:
            break
        for other, room in flow[node].items():
            if room > 0 and other not in came:
                came[other] = node
                todo.append(other)
    if _END not in came:
        return None
    path, node = [], _END
    while node != _START:
        path.append((came[node], node))
        node = came[node]
    return path


def _within_reach(flow: dict[_Node, dict[_Node, int]]) -> set[_Node]:
    seen, todo = {_START}, [_START]
    while todo:
        for other, room in flow[todo.pop()].items():
            if room > 0 and other not in seen:
                seen.add(other)
                todo.append(other)
    return seen
