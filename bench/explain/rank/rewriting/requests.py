"""Names that others take from a module, imported when they do: its `__getattr__` (PEP 562)."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import libcst as cst
from libcst import matchers as m

from bench.explain.rank.rewriting.editing import HAVE_STATEMENTS
from bench.explain.rank.rewriting.inspected import are_used
from bench.explain.rank.rewriting.shown_names import ShownNames, with_dir
from bench.explain.rank.rewriting.snippets import appended, as_text, displayed, parsed
from bench.explain.rank.rewriting.statements import Placed
from bench.explain.rank.rewriting.type_checking import is_test
from bench.explain.rank.rewriting.wanted import Wanted, names_of
from bench.explain.rank.scopes import bound_names
from bench.explain.rank.sources import ModuleSource

_NAME, _TABLE, _EARLIER = "__getattr__", "_DEFERRED", "_earlier_getattr"
_MANY = 4  # names that have a table rather than a condition each
_IS_TEXT = m.SimpleStatementLine([m.Expr(m.SimpleString())])

Group = tuple[Placed, Sequence[Wanted]]


def handed_out(
    module: cst.Module, groups: Iterable[Group], source: ModuleSource, added: Collection[str]
) -> cst.Module:
    """The module with a `__getattr__` and `__dir__` for names; `added` are names it has newly.

    One that is there already is extended, also in an `if` or where it is not a function of its own.
    """
    plan = _Plan.of(list(groups), source, module)
    new = set(added)
    extending = _Extending(plan, module)
    edited = module.visit(extending)
    assert isinstance(edited, cst.Module)
    earlier = any(m.matches(line, _ASSIGNED) for line in module.body)
    if plan.table:
        edited, is_new = _with_table(edited, plan.table, extending.position)
        new |= {_TABLE} if is_new else set()
    if not extending.found:
        edited = _with_function(edited, plan, earlier=earlier)
        new.add(_EARLIER if earlier else _NAME)
    names = tuple(name for name in plan.names if name not in plan.table)
    return with_dir(
        edited,
        ShownNames(
            names=names,
            hidden=frozenset(new),
            tables=(_TABLE,) if plan.table or plan.has_table else (),
            typed=plan.typed,
            globals_=plan.globals_,
        ),
    )


@dataclass(frozen=True, kw_only=True)
class _Plan:
    """What is handed out: by a table name → (module, attribute), or by a statement each.

    `inner` are modules of the package that the deferred statements had made its attributes.
    `globals_` is how the function of that name is reached: a submodule can have it too.
    `has_table`: the module has one of ours already.
    """

    source: ModuleSource
    names: tuple[str, ...]
    table: Mapping[str, tuple[str, str]]
    cases: tuple[Group, ...]
    inner: tuple[str, ...]
    typed: bool
    globals_: str
    has_table: bool

    @classmethod
    def of(cls, groups: Sequence[Group], source: ModuleSource, module: cst.Module) -> _Plan:
        """Own modules go into a table when they are many."""
        names = tuple(name for _, wanted in groups for name in names_of(wanted))
        bound = set(bound_names(source.tree))
        has_table = any(_is_table(line) for line in module.body)
        inner = _inner_modules(source, [one for _, wanted in groups for one in wanted])
        fit = {name: (f".{name}", "") for name in inner if name not in bound} | {
            one.name.bound: entry
            for _, wanted in groups
            for one in wanted
            if (entry := _entry(one)) is not None
        }
        inner = [name for name in fit if name not in names]
        if not has_table and (len(fit) < _MANY or _TABLE in bound):
            fit = {}
        shadowed = (source.file.parent / "globals.py").exists() and source.is_package
        return cls(
            source=source,
            names=(*names, *inner),
            table=fit,
            inner=tuple(name for name in inner if name not in fit),
            cases=tuple(
                (placed, left)
                for placed, wanted in groups
                if (left := [one for one in wanted if one.name.bound not in fit])
            ),
            typed=are_used(source.tree),
            globals_="builtins.globals()" if shadowed or "globals" in bound else "globals()",
            has_table=has_table,
        )

    def text(self, asked: str) -> str:
        """The cases as they stand in the function, whose parameter is `asked`."""
        found = [self._case(placed, wanted, asked) for placed, wanted in self.cases]
        for name in self.inner:
            lines = ["import importlib", "", f'return importlib.import_module(".{name}", __name__)']
            found.append(f"if {asked} == {as_text(name)}:\n{_indented(lines)}")
        if self.table and not self.has_table:
            found.insert(0, self._lookup(asked))
        return "".join(found)

    def _lookup(self, asked: str) -> str:
        lines = [
            *self._imports("importlib"),
            "",
            f"module, attribute = {_TABLE}[{asked}]",
            "found = importlib.import_module(module, __package__)",
            f"{self.globals_}[{asked}] = found = getattr(found, attribute) if attribute else found",
            "return found",
        ]
        return f"if {asked} in {_TABLE}:\n{_indented(lines)}"

    def _case(self, placed: Placed, wanted: Sequence[Wanted], asked: str) -> str:
        names = names_of(wanted)
        if len(names) == 1:
            condition, result = f"{asked} == {as_text(names[0])}", names[0]
        else:
            condition = f"{asked} in {{{', '.join(map(as_text, names))}}}"
            result = f"{self.globals_}[{asked}]"
        same = ", ".join(f"{name}={name}" for name in names)
        lines = [
            *self._imports(),
            *_statements(placed, wanted, self.source),
            "",
            f"{self.globals_}.update({same})",
            f"return {result}",
        ]
        return f"if {condition}:\n{_indented(lines)}"

    def _imports(self, *others: str) -> list[str]:
        builtins = ["builtins"] if self.globals_.startswith("builtins") else []
        return [f"import {name}" for name in (*builtins, *others)]


def _inner_modules(source: ModuleSource, wanted: Sequence[Wanted]) -> list[str]:
    """Modules of a package that are its attributes because statements import from them.

    Those that statements which stay import from too are left out.
    """
    if not source.is_package:
        return []
    moved = {id(one.name.alias) for one in wanted}
    gone, stay = dict[str, None](), set[str]()
    for statement in source.statements:
        inner = source.absolute(statement.node).removeprefix(f"{source.module}.")
        if not statement.at_top or inner == source.absolute(statement.node):
            continue
        name = inner.partition(".")[0]
        if all(id(one.alias) in moved for one in statement.names):
            gone[name] = None
        else:
            stay.add(name)
    return [name for name in gone if name not in stay]


def _indented(lines: Sequence[str]) -> str:
    return textwrap.indent("\n".join(lines), "    ") + "\n"


def _entry(one: Wanted) -> tuple[str, str] | None:
    """Module and attribute ("" for the module itself) of what the package has; else None."""
    node, source = one.statement.node, one.source
    top = source.module.partition(".")[0]
    where = source.absolute(node)
    if isinstance(node, ast.Import) or where.partition(".")[0] != top:
        return None
    written = "." * node.level + (node.module or "")
    root = source.file.parents[len(source.module.split(".")) - (not source.is_package)]
    folder = root.joinpath(*where.split("."))
    name = one.name.alias.name
    if any((folder / other).exists() for other in (f"{name}.py", f"{name}/__init__.py")):
        return f"{written}{'' if written.endswith('.') else '.'}{name}", ""
    return None if where == source.module else (written, name)


def _statements(placed: Placed, wanted: Sequence[Wanted], source: ModuleSource) -> list[str]:
    """The import; of the package's own modules by `importlib`, as a from-import asks the package.

    That would be the `__getattr__` which it stands in.
    """
    if source.absolute(wanted[0].statement.node) != source.module or isinstance(
        placed.small, cst.Import
    ):
        code = cst.Module([]).code_for_node(placed.small)
        return [f"{code}  {placed.remark}" if placed.remark else code]
    found = ["import importlib", ""]
    for one in wanted:
        module = as_text(f".{one.name.alias.name}")
        found.append(f"{one.name.bound} = importlib.import_module({module}, __name__)")
    return found


class _Extending(cst.CSTTransformer):
    """Puts cases first into the `__getattr__` of the module, wherever it is defined."""

    def __init__(self, plan: _Plan, module: cst.Module) -> None:
        super().__init__()
        self.plan = plan
        self._places = {id(line): place for place, line in enumerate(module.body)}
        self._now = 0
        self.found, self.unseen = False, 0
        self.position: int | None = None  # among the statements of the module

    def on_visit(self, node: cst.CSTNode) -> bool:
        """Not in classes and functions."""
        self._now = self._places.get(id(node), self._now)
        return isinstance(node, HAVE_STATEMENTS) and not isinstance(
            node, cst.ClassDef | cst.FunctionDef
        )

    def visit_If_body(self, node: cst.If) -> None:
        """What only type checkers see is none."""
        self.unseen += is_test(node.test)

    def leave_If_body(self, node: cst.If) -> None:
        """Its `else` is."""
        self.unseen -= is_test(node.test)

    def leave_FunctionDef(
        self, original_node: cst.FunctionDef, updated_node: cst.FunctionDef
    ) -> cst.FunctionDef:
        """Extend it."""
        if self.unseen or original_node.name.value != _NAME:
            return updated_node
        self.found = True
        if self.position is None:
            self.position = self._now
        asked = original_node.params.params[0].name.value
        cases = parsed(self.plan.text(asked))
        body = updated_node.body
        if isinstance(body, cst.SimpleStatementSuite):
            line = cst.SimpleStatementLine(body.body, trailing_whitespace=body.trailing_whitespace)
            return updated_node.with_changes(body=cst.IndentedBlock([*cases, line]))
        lines = list(body.body)
        at = 1 if m.matches(lines[0], _IS_TEXT) else 0
        return updated_node.with_changes(
            body=body.with_changes(body=[*lines[:at], *cases, *lines[at:]])
        )


def _with_function(module: cst.Module, plan: _Plan, *, earlier: bool) -> cst.Module:
    """A new function at the end; where `__getattr__` was assigned, that one is asked then."""
    asked = next(one for one in ("name", "attribute", "_name") if one not in plan.names)
    head = f"def {_NAME}({asked}: str) -> object:" if plan.typed else f"def {_NAME}({asked}):"
    text = plan.text(asked)
    if earlier:
        text += f"return {_EARLIER}({asked})\n"
        module = appended(module, f"{_EARLIER} = {_NAME}\n")
    else:
        words = f'f"module {{__name__!r}} has no attribute {{{asked}!r}}"'
        text += f"raise AttributeError({words})\n"
    return appended(module, f"{head}\n{textwrap.indent(text, '    ')}")


_ASSIGNED = m.SimpleStatementLine(
    [
        m.Assign(targets=[
            m.AtLeastN(
                m.AssignTarget(
                    m.Name(_NAME)
                    | m.Tuple([m.ZeroOrMore(), m.Element(m.Name(_NAME)), m.ZeroOrMore()])
                ),
                n=1,
            )
        ])
        | m.ImportFrom(
            names=[
                m.ZeroOrMore(),
                m.ImportAlias(name=m.Name(_NAME)) | m.ImportAlias(asname=m.AsName(m.Name(_NAME))),
                m.ZeroOrMore(),
            ]
        )
    ]
)  # fmt: skip


def _is_table(line: cst.CSTNode) -> bool:
    target = m.AssignTarget(m.Name(_TABLE))
    return m.matches(line, m.SimpleStatementLine([m.Assign([target], value=m.Dict())]))


def _with_table(
    module: cst.Module, table: Mapping[str, tuple[str, str]], position: int | None
) -> tuple[cst.Module, bool]:
    """Names in the table that is there, or in a new one; whether it is new.

    A new one goes before the statement at `position`, where `__getattr__` is, or to the end.
    """
    for at, line in enumerate(module.body):
        if _is_table(line):
            code = module.code_for_node(line).strip().removeprefix(_TABLE).lstrip(" =")
            (made,) = parsed(_table_text({**ast.literal_eval(code), **table}))
            made = made.with_changes(leading_lines=getattr(line, "leading_lines", ()))
            body = [*module.body[:at], made, *module.body[at + 1 :]]
            return module.with_changes(body=body), False
    if position is not None:
        (made,) = parsed(_table_text(table))
        made = made.with_changes(leading_lines=[cst.EmptyLine(indent=False)])
        body = [*module.body[:position], made, *module.body[position:]]
        return module.with_changes(body=body), True
    return appended(module, _table_text(table)), True


def _table_text(table: Mapping[str, tuple[str, str]]) -> str:
    items = [
        f"{as_text(name)}: ({as_text(where)}, {as_text(attribute)})"
        for name, (where, attribute) in sorted(table.items())
    ]
    return displayed(f"{_TABLE} = ", items)
