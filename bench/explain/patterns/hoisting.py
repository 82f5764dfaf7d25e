"""What a loop does anew in each turn though nothing of it changes: how to do it once before.

Only what Python's rules leave little doubt about: the loop assigns no part of the name, no function
of the project but an `__init__` assigns an attribute of that name, and each turn is certain to read
it (or it is a method of a container made in the same function). What remains in doubt (a property
with effects, `setattr`) shows when the rewritten copy is run.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field

from bench.explain.patterns.edits import Edit, before, replacing
from bench.explain.rank.scopes import bound_names

Loop = ast.For | ast.AsyncFor | ast.While
Function = ast.FunctionDef | ast.AsyncFunctionDef
_LOOPS = (ast.For, ast.AsyncFor, ast.While)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
# Names within are looked up at another time, or are not where `ast` says before Python 3.12.
_APART = (*_FUNCTIONS, ast.Lambda, ast.ClassDef, ast.JoinedStr)
_LEAVING = (ast.Continue, ast.Break, ast.Return, ast.Raise)
_PARSERS = frozenset(
    {
        "re.compile", "json.loads", "ast.parse", "Path", "pathlib.Path", "datetime.fromisoformat",
        "datetime.strptime", "urlparse", "urlsplit", "Version", "Decimal",
    }
)  # fmt: skip
_MAKERS = frozenset({"list", "dict", "set", "deque", "defaultdict", "bytearray", "Counter"})
_FRESH = (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp)
_FIXED = (
    ast.Name, ast.Attribute, ast.Constant, ast.BinOp, ast.operator, ast.Tuple, ast.keyword,
    ast.expr_context,
)  # fmt: skip


@dataclass(frozen=True)
class Hoist:
    """An expression of a loop that could stand before it: where it is read, and under what name."""

    loop: Loop
    text: str
    reads: tuple[ast.expr, ...]
    name: str


@dataclass
class Hoisting:
    """One function; `stored` is what the project assigns late (see `stored_names`)."""

    function: Function
    stored: Collection[str]
    taken: set[str] = field(default_factory=set)
    covered: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        nodes = list(ast.walk(self.function))
        self.taken |= {one.id for one in nodes if isinstance(one, ast.Name)}
        self.taken |= {one.arg for one in nodes if isinstance(one, ast.arg)}
        self.containers = set(_containers(self.function))
        self.once = _bound_once(self.function)

    def attributes(self) -> Iterator[Hoist]:
        """Dotted names, from the outermost loop on; a longer one before its beginning."""
        for loop in self._loops():
            changed = _changed(loop)
            certain = {id(one) for one in _certain(_turn(loop))}
            by_text = defaultdict[str, list[ast.expr]](list)
            for one in inside(_turn(loop)):
                if isinstance(one, ast.Attribute) and self._is_read(one):
                    by_text[ast.unparse(one)].append(one)
            for text, reads in sorted(by_text.items(), key=lambda item: -item[0].count(".")):
                if self._may_move(text, changed, any(id(one) in certain for one in reads)):
                    left = [one for one in reads if id(one) not in self.covered]
                    if left:
                        yield self._hoist(loop, text, left)

    def parsing(self) -> Iterator[Hoist]:
        """Calls that make the same from the same."""
        for loop in self._loops():
            changed = _changed(loop)
            by_text = defaultdict[str, list[ast.expr]](list)
            for one in inside(_turn(loop)):
                if isinstance(one, ast.Call) and self._is_parsing(one):
                    by_text[ast.unparse(one)].append(one)
            for text, reads in by_text.items():
                if _is_fixed(reads[0], changed, self.stored):
                    yield self._hoist(loop, text, reads)

    def _loops(self) -> Iterator[Loop]:
        """Outermost first; none of functions within."""
        for one in inside(self.function.body):
            if isinstance(one, _LOOPS):
                yield one

    def _is_read(self, node: ast.Attribute) -> bool:
        is_load = isinstance(node.ctx, ast.Load)
        return is_load and id(node) not in self.covered and is_dotted(node)

    def _is_parsing(self, call: ast.Call) -> bool:
        is_new = id(call) not in self.covered
        return is_new and bool(call.args) and ast.unparse(call.func) in _PARSERS

    def _may_move(self, text: str, changed: Collection[str], is_certain: bool) -> bool:  # noqa: FBT001
        root, *names = text.split(".")
        if _touches(text, changed) or _is_stored(text, self.stored):
            return False
        is_method = root in self.containers and len(names) == 1 and root in self.once
        return is_certain or is_method

    def _hoist(self, loop: Loop, text: str, reads: Iterable[ast.expr]) -> Hoist:
        found = tuple(reads)
        for read in found:
            self.covered |= {id(one) for one in ast.walk(read)}
        return Hoist(loop, text, found, self._name(found[0]))

    def _name(self, node: ast.expr) -> str:
        """A name nobody has there: `self.console.width` becomes `console_width`."""
        words = ast.unparse(node.func if isinstance(node, ast.Call) else node).split(".")
        parts = [one.strip("_") for one in words if one not in {"self", "cls"}]
        name = "_".join(filter(None, parts)).lower() or "value"
        if isinstance(node, ast.Call):
            name += "_made"
        while name in self.taken:
            name += "_"
        self.taken.add(name)
        return name


def edits_of(hoists: Iterable[Hoist]) -> tuple[Edit, ...]:
    """The edits that put them before their loops."""
    edits: list[Edit] = []
    by_loop = defaultdict[int, list[Hoist]](list)
    for one in hoists:
        by_loop[id(one.loop)].append(one)
        edits += [replacing(read, one.name) for read in one.reads]
    for found in by_loop.values():
        edits.append(before(found[0].loop, *(f"{one.name} = {one.text}" for one in found)))
    return tuple(edits)


def stored_names(trees: Iterable[ast.AST]) -> frozenset[str]:
    """Attributes (`.name`) that are assigned or deleted anywhere but in an `__init__`.

    And names that some function declares global or nonlocal.
    """
    found = set[str]()
    for tree in trees:
        starts = {
            id(inner)
            for one in ast.walk(tree)
            if isinstance(one, _FUNCTIONS) and one.name in {"__init__", "__post_init__"}
            for inner in ast.walk(one)
        }
        for one in ast.walk(tree):
            if isinstance(one, ast.Attribute) and id(one) not in starts:
                found |= set() if isinstance(one.ctx, ast.Load) else {f".{one.attr}"}
            if isinstance(one, ast.Global | ast.Nonlocal):
                found.update(one.names)
    return frozenset(found)


def _turn(loop: Loop) -> list[ast.AST]:
    """What is carried out in each turn: not what is looped over, not `else`."""
    first = [loop.test] if isinstance(loop, ast.While) else []
    return [*first, *loop.body]


def inside(nodes: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """All nodes within, in order, except those that are looked at another time."""
    for node in nodes:
        if not isinstance(node, _APART):
            yield node
            yield from inside(ast.iter_child_nodes(node))


def _certain(nodes: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """Those of them that are evaluated whatever happens, up to the first that may leave."""
    for node in nodes:
        if isinstance(node, _APART):
            continue
        yield node
        yield from _certain(_always(node))
        if any(isinstance(one, _LEAVING) for one in inside([node])):
            return


def _always(node: ast.AST) -> Iterable[ast.AST]:
    """The children that are evaluated whenever the node is."""
    if isinstance(node, ast.If | ast.IfExp):
        return [node.test]
    if isinstance(node, ast.BoolOp):
        return node.values[:1]
    if isinstance(node, ast.For | ast.AsyncFor):
        return [node.iter]
    if isinstance(node, ast.While):
        return [node.test]
    if isinstance(node, ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
        return [node.generators[0].iter]
    if isinstance(node, ast.Try | ast.TryStar | ast.Match | ast.ExceptHandler):
        return [node.subject] if isinstance(node, ast.Match) else []
    if isinstance(node, ast.Compare):
        return [node.left, node.comparators[0]]
    return ast.iter_child_nodes(node)


def _changed(loop: Loop) -> set[str]:
    """Names that a loop binds, also within comprehensions, and dotted names it assigns to."""
    found = set(bound_names(loop))
    for one in ast.walk(loop):
        if isinstance(one, ast.Name | ast.Attribute) and not isinstance(one.ctx, ast.Load):
            found.add(ast.unparse(one))
        if isinstance(one, ast.arg):
            found.add(one.arg)
    return found


def _touches(name: str, changed: Collection[str]) -> bool:
    parts = name.split(".")
    return any(".".join(parts[: end + 1]) in changed for end in range(len(parts)))


def _is_stored(name: str, stored: Collection[str]) -> bool:
    root, *attributes = name.split(".")
    return root in stored or any(f".{one}" in stored for one in attributes)


def _is_fixed(call: ast.expr, changed: Collection[str], stored: Collection[str]) -> bool:
    """Whether a call's arguments are names and constants that stay as they are."""
    assert isinstance(call, ast.Call)
    parts = [call.func, *call.args, *call.keywords]
    nodes = [inner for one in parts for inner in ast.walk(one)]
    if not all(isinstance(one, _FIXED) for one in nodes):
        return False
    names = [one for one in nodes if isinstance(one, ast.Name | ast.Attribute)]
    texts = [ast.unparse(one) for one in names]
    return not any(_touches(one, changed) or _is_stored(one, stored) for one in texts)


def is_dotted(node: ast.expr) -> bool:
    """Whether it is a name, or a name with attributes."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name)


def _containers(function: Function) -> Iterator[str]:
    """Names that a function assigns a container of its own to."""
    for one in ast.walk(function):
        if isinstance(one, ast.Assign | ast.AnnAssign) and one.value is not None:
            made = isinstance(one.value, ast.Call) and ast.unparse(one.value.func) in _MAKERS
            if made or isinstance(one.value, _FRESH):
                targets = one.targets if isinstance(one, ast.Assign) else [one.target]
                yield from (to.id for to in targets if isinstance(to, ast.Name))


def _bound_once(function: Function) -> set[str]:
    bound = list(bound_names(function))
    return {name for name in bound if bound.count(name) == 1}
