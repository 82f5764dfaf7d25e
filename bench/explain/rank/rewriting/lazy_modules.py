"""`__lazy_modules__` of PEP 810: statements stay, a set says which of them wait for a use."""

from __future__ import annotations

import ast
from collections.abc import Collection, Sequence

import libcst as cst
from libcst import matchers as m

from bench.explain.rank.rewriting.postponing import head_of
from bench.explain.rank.rewriting.statements import WIDTH, Line
from bench.explain.rank.rewriting.wanted import Wanted

_NAME = "__lazy_modules__"
_ASSIGNS = m.SimpleStatementLine([m.Assign(targets=[m.AssignTarget(m.Name(_NAME))])])


def lazy_names(wanted: Collection[Wanted]) -> list[str]:
    """The modules as the set has to name them: what stands behind `import` or `from`, absolute."""
    found = set()
    for one in wanted:
        node = one.statement.node
        is_import = isinstance(node, ast.Import)
        found.add(one.name.alias.name if is_import else one.source.absolute(node))
    return sorted(found)


def with_lazy_modules(module: cst.Module, names: Sequence[str]) -> cst.Module:
    """The module with these in its set, which is made before its first import or extended."""
    if not names:
        return module
    for position, line in enumerate(module.body):
        if m.matches(line, _ASSIGNS):
            body = list(module.body)
            body[position : position + 1] = _extended(line, names, module)
            return module.with_changes(body=body)
    return _with_new_set(module, names)


def _with_new_set(module: cst.Module, names: Sequence[str]) -> cst.Module:
    body, at = list(module.body), head_of(module)
    line = _set(names, [], module)
    if at:
        line = line.with_changes(leading_lines=[cst.EmptyLine(indent=False)])
    if at < len(body):
        rest = getattr(body[at], "leading_lines", ())
        if not rest or rest[0].comment is not None:
            rest = [cst.EmptyLine(indent=False), *rest]
        body[at] = body[at].with_changes(leading_lines=rest)
    return module.with_changes(body=[*body[:at], line, *body[at:]])


def _extended(line: Line, names: Sequence[str], module: cst.Module) -> list[Line]:
    """The line with more names; one that is no display of texts is followed by another line."""
    assert isinstance(line, cst.SimpleStatementLine)
    (small,) = line.body
    assert isinstance(small, cst.Assign)
    try:
        there = ast.literal_eval(module.code_for_node(small.value))
        known = sorted(str(one) for one in there)
    except (ValueError, TypeError, SyntaxError):
        return [line, _set(names, [f"*{_NAME}"], module)]
    missing = [name for name in names if name not in known]
    if not missing:
        return [line]
    made = _set(sorted({*known, *missing}), [], module)
    behind = line.trailing_whitespace
    return [made.with_changes(leading_lines=line.leading_lines, trailing_whitespace=behind)]


def _set(names: Sequence[str], first: Sequence[str], module: cst.Module) -> cst.SimpleStatementLine:
    quote = "'" if module.code.count("'") > module.code.count('"') else '"'
    items = [*first, *(f"{quote}{name}{quote}" for name in names)]
    text = f"{_NAME} = {{{', '.join(items)}}}"
    if len(text) > WIDTH:
        text = f"{_NAME} = {{\n{''.join(f'    {item},{chr(10)}' for item in items)}}}"
    config = cst.PartialParserConfig(default_indent="    ", default_newline="\n")
    line = cst.parse_statement(text, config=config)
    assert isinstance(line, cst.SimpleStatementLine)
    return line
