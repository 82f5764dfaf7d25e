"""Names that others take from a module, imported when they do: its `__getattr__` (PEP 562)."""

from __future__ import annotations

import textwrap
from collections.abc import Collection, Iterable, Sequence

import libcst as cst
from libcst import matchers as m

from bench.explain.rank.rewriting.editing import HAVE_STATEMENTS
from bench.explain.rank.rewriting.postponing import are_used
from bench.explain.rank.rewriting.statements import Line, Placed
from bench.explain.rank.rewriting.type_checking import is_test
from bench.explain.rank.rewriting.wanted import Wanted, names_of
from bench.explain.rank.sources import ModuleSource

_NAME, _DIR = "__getattr__", "__dir__"
_EARLIER = "_earlier_getattr"
_CONFIG = cst.PartialParserConfig(default_indent="    ", default_newline="\n")

Group = tuple[Placed, Sequence[Wanted]]


def handed_out(
    module: cst.Module, groups: Iterable[Group], source: ModuleSource, added: Collection[str]
) -> cst.Module:
    """The module with a `__getattr__` and `__dir__` for names; `added` are names it has newly.

    One that is there already is extended, also in an `if` or where it is not a function of its own.
    """
    groups = list(groups)
    names = [name for _, wanted in groups for name in names_of(wanted)]
    extending = _Extending(groups, source)
    extended = module.visit(extending)
    assert isinstance(extended, cst.Module)
    new = set(added)
    if not extending.found:
        earlier = any(m.matches(line, _ASSIGNED) for line in module.body)
        extended = _with_function(module, groups, source, earlier=earlier)
        new.add(_EARLIER if earlier else _NAME)
    return _with_dir(extended, names, sorted({*new, _DIR}), source)


def _cases(groups: Iterable[Group], source: ModuleSource, asked: str) -> str:
    found = []
    for placed, wanted in groups:
        names = names_of(wanted)
        if len(names) == 1:
            condition = f'{asked} == "{names[0]}"'
        else:
            condition = f"{asked} in {{{', '.join(map(_quoted, names))}}}"
        lines = [*_statements(placed, wanted, source), "", f"globals().update({_same(names)})"]
        lines.append(f"return {names[0] if len(names) == 1 else f'globals()[{asked}]'}")
        found.append(f"if {condition}:\n{textwrap.indent(chr(10).join(lines), '    ')}\n")
    return "".join(found)


def _same(names: Sequence[str]) -> str:
    return ", ".join(f"{name}={name}" for name in names)


def _quoted(name: str) -> str:
    return f'"{name}"'


def _statements(placed: Placed, wanted: Sequence[Wanted], source: ModuleSource) -> list[str]:
    """The import; of the package's own modules by `importlib`, as a from-import asks the package.

    That would be the `__getattr__` which it stands in.
    """
    if source.absolute(wanted[0].statement.node) != source.module or isinstance(
        placed.small, cst.Import
    ):
        code = cst.Module([]).code_for_node(placed.small)
        return [f"{code}  {placed.remark}" if placed.remark else code]
    return [
        "import importlib",
        "",
        *(
            f'{one.name.bound} = importlib.import_module(".{one.name.asked}", __name__)'
            for one in wanted
        ),
    ]


class _Extending(cst.CSTTransformer):
    """Puts cases first into the `__getattr__` of the module, wherever it is defined."""

    def __init__(self, groups: Sequence[Group], source: ModuleSource) -> None:
        super().__init__()
        self.groups, self.source = groups, source
        self.found, self.unseen = False, 0

    def on_visit(self, node: cst.CSTNode) -> bool:
        """Not in classes and functions."""
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
        asked = original_node.params.params[0].name.value
        cases = _parsed(_cases(self.groups, self.source, asked))
        self.found = True
        body = updated_node.body
        if isinstance(body, cst.SimpleStatementSuite):
            line = cst.SimpleStatementLine(body.body, trailing_whitespace=body.trailing_whitespace)
            return updated_node.with_changes(body=cst.IndentedBlock([*cases, line]))
        lines = list(body.body)
        at = 1 if m.matches(lines[0], m.SimpleStatementLine([m.Expr(m.SimpleString())])) else 0
        assert all(isinstance(one, cst.BaseStatement) for one in lines)
        return updated_node.with_changes(
            body=body.with_changes(body=[*lines[:at], *cases, *lines[at:]])
        )


def _parsed(text: str) -> list[Line]:
    return list(cst.parse_module(text, config=_CONFIG).body)


def _with_function(
    module: cst.Module, groups: Sequence[Group], source: ModuleSource, *, earlier: bool
) -> cst.Module:
    """A new function at the end; where `__getattr__` was assigned, that one is asked then."""
    names = [name for _, wanted in groups for name in names_of(wanted)]
    asked = next(one for one in ("name", "attribute", "_name") if one not in names)
    typed = are_used(source.tree)
    head = f"def {_NAME}({asked}: str) -> object:" if typed else f"def {_NAME}({asked}):"
    text = _cases(groups, source, asked)
    if earlier:
        text += f"return {_EARLIER}({asked})\n"
    else:
        text += 'raise AttributeError(f"module {__name__!r} has no attribute {' + asked + '!r}")\n'
    before = f"\n\n{_EARLIER} = {_NAME}\n" if earlier else ""
    return _appended(module, f"{before}\n\n{head}\n{textwrap.indent(text, '    ')}")


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


def _appended(module: cst.Module, text: str) -> cst.Module:
    lines = _parsed(text)
    blank = [cst.EmptyLine(indent=False)] * 2
    lines[0] = lines[0].with_changes(leading_lines=blank)
    return module.with_changes(body=[*module.body, *lines])


def _with_dir(
    module: cst.Module, names: Sequence[str], new: Sequence[str], source: ModuleSource
) -> cst.Module:
    """`dir()` shows what it showed: these names, and not what is new."""
    if _DIR in source.text:
        return module
    head = f"def {_DIR}() -> list[str]:" if are_used(source.tree) else f"def {_DIR}():"
    shown = f"globals().keys() | {{{', '.join(map(_quoted, names))}}}"
    hidden = f"{{{', '.join(map(_quoted, new))}}}"
    return _appended(module, f"\n\n{head}\n    return sorted(({shown}) - {hidden})\n")
