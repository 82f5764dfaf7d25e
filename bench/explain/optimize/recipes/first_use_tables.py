"""Recipe `first-use-tables`: tables and regular expressions are made when they are first used.

A value of a module's top level that costs time in the scenarios, and that none of them uses, moves
into a function that makes it once. It must always come out the same, be bound once and changed by
nobody, and be used in functions of its module alone. The name is still there for everybody, by the
module's `__getattr__` and `__dir__`.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import libcst as cst
import libcst.matchers as m
from libcst.metadata import (
    Access,
    Assignment,
    FunctionScope,
    GlobalScope,
    ParentNodeProvider,
    Scope,
    ScopeProvider,
)

from bench.explain.optimize.change import Change, Proposal, Site
from bench.explain.optimize.project import Project
from bench.explain.optimize.recipes.pure import BUILTINS, is_pure
from bench.explain.optimize.recipes.reading import (
    OwnFile,
    Replacement,
    bound_once,
    oldest_python,
    own_files,
    parsed,
    ran_in,
    replaced,
    rewriter,
    statements,
    with_imports,
)

_LEAST_S = 0.00002
_FUNCTION = """\
@functools.{cache}
def {function}(){result}:
    return {value}
"""
_ON_REQUEST = '''

def __getattr__(name: str) -> Any:
    """Names that are made at their first use."""
    made = {{{names}}}.get(name)
    if made is None:
        raise AttributeError(f"module {{__name__!r}} has no attribute {{name!r}}")
    return made()


def __dir__() -> list[str]:
    return sorted([*globals(), {listed}])
'''
_CHANGING = frozenset({
    "add", "append", "appendleft", "clear", "discard", "extend", "insert", "pop",
    "popitem", "remove", "reverse", "setdefault", "sort", "update",
})  # fmt: skip
_WHY = (
    "What is made does not depend on when, nothing rebinds or changes it, and it is made once; "
    "whoever takes a public name gets it from the module's `__getattr__`."
)
_TITLES = {
    "expressions": "compile regular expressions at their first use",
    "tables": "build tables at their first use",
}


@dataclass(frozen=True)
class _Table:
    """A value of a module's top level; `uses` are the names in functions that read it."""

    name: str
    statement: cst.SimpleStatementLine
    value: cst.BaseExpression
    annotation: cst.Annotation | None
    uses: tuple[cst.Name, ...]

    @property
    def kind(self) -> str:
        """Which of the two commits it belongs to."""
        called = m.Call(func=m.Attribute(m.Name("re"), m.Name("compile")))
        return "expressions" if m.matches(self.value, called) else "tables"


class FirstUseTables:
    """Finds values that are made at import for nobody, and makes them when they are needed."""

    name = "first-use-tables"
    summary = "Tables and regular expressions that a command does not need are made at first use."

    def propose(self, project: Project) -> Proposal:
        """One change for regular expressions, and one for tables."""
        costs = _costs(project)
        found: dict[str, list[Site]] = defaultdict(list)
        saves: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
        dropped = []
        files = parsed(own_files(project, only=costs))
        candidates = [(file, _tables(file, costs[file.path])) for file in files]
        elsewhere = _named(project, [one for _, those in candidates for one in those])
        for file, those in candidates:
            for table, reason in those.items():
                line = file.line(table.statement)
                site = _site(file, table, line)
                place = elsewhere.get(table.name, set()) - {file.path}
                ran = ran_in(project, file, [file.line(one) for one in table.uses])
                why = reason or _against(file, table, place) or (
                    f"used in {', '.join(sorted(ran))}" if ran else ""
                )  # fmt: skip
                if why:
                    dropped.append((site, why))
                    continue
                found[table.kind].append(site)
                for scenario, cost in costs[file.path][line].items():
                    saves[table.kind][scenario] += cost
        changes = [
            Change(
                recipe=self.name,
                title=_TITLES[kind],
                sites=tuple(sites),
                why=_WHY,
                saves_s=dict(saves[kind]),
            )
            for kind, sites in sorted(found.items())
        ]
        cache = "cache" if oldest_python(project) >= (3, 9) else "lru_cache(maxsize=None)"
        return Proposal(
            changes=tuple(changes),
            rewrite=rewriter(project, lambda file, sites: _written(file, sites, cache)),
            dropped=tuple(dropped),
        )


def _costs(project: Project) -> dict[str, dict[int, dict[str, float]]]:
    """Path → line → scenario → CPU seconds, for statements that cost enough somewhere."""
    found: dict[str, dict[int, dict[str, float]]] = defaultdict(lambda: defaultdict(dict))
    paths = {str(file): path for file, path in project.files.items()}
    for scenario in project.scenarios:
        for (file, line), cost in scenario.imports.timed.top.items():
            if file in paths and cost >= _LEAST_S:
                found[paths[file]][line][scenario.benchmark.name] = cost
    return found


def _tables(file: OwnFile, lines: Mapping[int, object]) -> dict[_Table, str]:
    """What stands on these lines, with the reason against it; "" where there is none."""
    if not file.as_installed:
        return {}
    found = {}
    scopes = file.wrapper.resolve(ScopeProvider)
    scope = next((one for one in scopes.values() if isinstance(one, GlobalScope)), None)
    constants = dict(_constants(file.tree))
    modules = {one for one in ("re", "string") if bound_once(file, one)}
    if scope is not None:  # a builtin that the module has for itself is none
        constants |= {one: cst.Name(one) for one in BUILTINS if _is_own(scope, one)}
    for statement in file.tree.body:
        bound = _bound(statement)
        if bound is None or scope is None or file.line(statement) not in lines:
            continue
        assert isinstance(statement, cst.SimpleStatementLine)
        name, value, annotation = bound
        if isinstance(value, cst.BaseNumber | cst.SimpleString | cst.Name):
            continue
        accesses = [one for binding in scope[name] for one in binding.references]
        reason = _against_uses(file, scope, name, accesses)
        if not is_pure(value, constants, modules):
            reason = "its value may depend on when it is made"
        uses = tuple(one.node for one in accesses if isinstance(one.node, cst.Name))
        found[_Table(name, statement, value, annotation, uses)] = reason
    return found


def _is_own(scope: Scope, name: str) -> bool:
    return any(isinstance(one, Assignment) for one in scope[name])


def _bound(
    statement: cst.CSTNode,
) -> tuple[str, cst.BaseExpression, cst.Annotation | None] | None:
    """The name, value and annotation of an assignment to one name."""
    if not isinstance(statement, cst.SimpleStatementLine) or len(statement.body) != 1:
        return None
    one = statement.body[0]
    if isinstance(one, cst.Assign) and len(one.targets) == 1:
        target = one.targets[0].target
        return (target.value, one.value, None) if isinstance(target, cst.Name) else None
    if isinstance(one, cst.AnnAssign) and one.value and isinstance(one.target, cst.Name):
        return one.target.value, one.value, one.annotation
    return None


def _constants(tree: cst.Module) -> Iterator[tuple[str, cst.BaseExpression]]:
    """Names of the top level that are bound once, with what to."""
    bound = [one for one in map(_bound, tree.body) if one is not None]
    targets = [
        one.target.value
        for one in m.findall(tree, m.AssignTarget(m.Name()) | m.AugAssign(m.Name()))
        if isinstance(one, cst.AssignTarget | cst.AugAssign) and isinstance(one.target, cst.Name)
    ]
    for name, value, annotation in bound:
        if targets.count(name) <= (annotation is None):
            yield name, value


def _against_uses(file: OwnFile, scope: Scope, name: str, accesses: list[Access]) -> str:
    bindings = list(scope[name])
    if len(bindings) != 1 or not isinstance(bindings[0], Assignment):
        return "it is bound more than once"
    parents = file.wrapper.resolve(ParentNodeProvider)
    for access in accesses:
        inner: Scope = access.scope
        while not isinstance(inner, FunctionScope | GlobalScope):
            inner = inner.parent
        if not isinstance(inner, FunctionScope) or not isinstance(access.node, cst.Name):
            return "it is used while the module is imported"
        if access.is_annotation:
            return "an annotation names it"
        if _is_changed(access.node, parents):
            return "it is changed"
    texts = re.findall(rf"""["']{re.escape(name)}["']""", file.text)
    if len(texts) > (name in _exported(file)):
        return "a string names it"
    return ""


def _is_changed(node: cst.CSTNode, parents: Mapping[cst.CSTNode, cst.CSTNode]) -> bool:
    parent = parents[node]
    if isinstance(parent, cst.Attribute) and parent.value is node:
        if parent.attr.value in _CHANGING:
            return True
        above = parents[parent]
        return isinstance(above, cst.AssignTarget | cst.AugAssign | cst.Del)
    if isinstance(parent, cst.Subscript) and parent.value is node:
        above = parents[parent]
        return isinstance(above, cst.AssignTarget | cst.AugAssign | cst.Del | cst.AnnAssign)
    return isinstance(parent, cst.Del | cst.AugAssign)


def _exported(file: OwnFile) -> frozenset[str] | tuple[()]:
    """The names in `__all__`, where it is written out once."""
    values = [value for name, value in _constants(file.tree) if name == "__all__"]
    if len(values) != 1 or not isinstance(values[0], cst.List | cst.Tuple):
        return ()
    texts = [one.value for one in values[0].elements]
    return frozenset(str(one.evaluated_value) for one in texts if isinstance(one, cst.SimpleString))


def _against(file: OwnFile, table: _Table, places: set[str]) -> str:
    if places:
        return f"{sorted(places)[0]} names it"
    is_public = not table.name.startswith("_")
    if is_public and not re.search(r"^__all__\b", file.text, re.MULTILINE):
        return "a star import would not bring it any more"
    if re.search(r"^def __(getattr|dir)__\b", file.text, re.MULTILINE):
        return "the module has a __getattr__ of its own"
    return ""


def _named(project: Project, tables: list[_Table]) -> dict[str, set[str]]:
    """Name → the files that have it anywhere."""
    names = sorted({one.name for one in tables})
    if not names:
        return {}
    word = re.compile(rf"\b({'|'.join(names)})\b")
    found = defaultdict(set)
    for path, _, text in project.clone.grep(project.commit, rf"\b({'|'.join(names)})\b"):
        for name in word.findall(text):
            found[name].add(path)
    return found


def _site(file: OwnFile, table: _Table, line: int) -> Site:
    times = f"{len(table.uses)} place{'s' if len(table.uses) != 1 else ''}"
    return Site(
        file=file.path,
        line=line,
        words=f"{table.name} is made at its first use, for {times}",
        names=(table.name,),
        risks=("what is wrong with it shows at its first use", "each use costs a call"),
    )


def _written(file: OwnFile, sites: frozenset[Site], cache: str) -> str:
    whole = OwnFile(file.path, file.installed, file.text, as_installed=True)
    tables = _tables(whole, {one.line: 0 for one in sites})
    changed: dict[cst.CSTNode, Replacement] = {}
    moved, names = [], set(re.findall(r"\w+", whole.text))
    for table in sorted(tables, key=lambda one: one.name):
        function = _function_name(table.name, names)
        names.add(function)
        for use in table.uses:
            called = cst.Call(cst.Name(function))
            changed[use] = called.with_changes(lpar=use.lpar, rpar=use.rpar)
        changed[table.statement] = _maker(whole, table, function, cache)
        moved.append((table.name, function))
    tree = with_imports(replaced(whole.tree, changed), ("functools",))
    if moved:
        text = _ON_REQUEST.format(
            names=", ".join(f'"{name}": {function}' for name, function in moved),
            listed=", ".join(f'"{name}"' for name, _ in moved),
        )
        tree = tree.with_changes(body=[*tree.body, *statements(text, tree.config_for_parsing)])
        tree = with_imports(tree, (), (("typing", "Any"),))
    return tree.code


def _function_name(name: str, taken: set[str]) -> str:
    wanted = f"_{name.strip('_').lower()}"
    while wanted in taken:
        wanted = f"{wanted}_made"
    return wanted


def _maker(
    file: OwnFile, table: _Table, function: str, cache: str
) -> cst.FlattenSentinel[cst.SimpleStatementLine | cst.BaseCompoundStatement]:
    result = table.annotation.annotation if table.annotation else None
    shown = f" -> {cst.Module([]).code_for_node(result)}" if result else ""
    if not shown and table.kind == "expressions":
        assert isinstance(table.value, cst.Call)
        pattern = table.value.args[0].value
        is_bytes = isinstance(pattern, cst.SimpleString) and "b" in pattern.prefix
        if cache == "cache":
            shown = f" -> re.Pattern[{'bytes' if is_bytes else 'str'}]"
    text = _FUNCTION.format(cache=cache, function=function, result=shown, value="None")
    (made,) = statements(text, file.tree.config_for_parsing)
    node = m.findall(made, m.Return())[0]
    made = cst.ensure_type(
        cst.CSTNode.deep_replace(
            made, node, cst.ensure_type(node, cst.Return).with_changes(value=table.value)
        ),
        cst.FunctionDef,
    )
    lines = list(table.statement.leading_lines)
    if not any(one.comment is None for one in lines[:1]):
        lines = [cst.EmptyLine(indent=False), *lines]
    if len([one for one in lines if one.comment is None]) < 2:
        lines = [cst.EmptyLine(indent=False), *lines]
    after = cst.EmptyLine(indent=False)
    body = cst.ensure_type(made.body, cst.IndentedBlock)
    return cst.FlattenSentinel(
        [made.with_changes(leading_lines=lines, body=body.with_changes(footer=[after, after]))]
    )


RECIPE = FirstUseTables()
