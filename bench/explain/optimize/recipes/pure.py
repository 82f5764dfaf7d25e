"""Expressions that can be carried out later and give the same: nothing they read can change."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import libcst as cst
import libcst.matchers as m

BUILTINS = frozenset({
    "bytes", "chr", "dict", "enumerate", "float", "frozenset", "int", "len",
    "list", "max", "min", "ord", "range", "reversed", "set", "sorted",
    "str", "sum", "tuple", "zip",
})  # fmt: skip
_CONSTANTS = frozenset({"True", "False", "None"})
_OF_MODULES = {  # functions of modules that depend on their arguments alone
    "re": frozenset({"compile", "escape"}),
}
_VALUES = frozenset({"re", "string"})  # modules whose other attributes are constants
_METHODS = frozenset({
    "casefold", "encode", "format", "join", "keys", "items", "values", "lower",
    "lstrip", "maketrans", "replace", "rsplit", "rstrip", "split", "splitlines", "strip",
    "title", "upper", "union",
})  # fmt: skip


def is_pure(
    node: cst.BaseExpression,
    constants: Mapping[str, cst.BaseExpression],
    modules: Collection[str],
    local: frozenset[str] = frozenset(),
) -> bool:
    """Whether an expression of a module's top level always gives the same.

    `constants` are names that are bound once, to what; `modules` those that are imported whole.
    Names of builtins are none of these; `local` are the variables of comprehensions around it.
    """
    return _Purity(constants, frozenset(modules)).of(node, local)


class _Purity:
    def __init__(
        self, constants: Mapping[str, cst.BaseExpression], modules: frozenset[str]
    ) -> None:
        self.constants, self.modules = constants, modules

    def of(self, node: cst.CSTNode, local: frozenset[str]) -> bool:
        if isinstance(node, cst.Name):
            return node.value in local | _CONSTANTS or self._is_constant(node.value)
        if isinstance(node, cst.Attribute):
            return m.matches(node.value, m.Name()) and self._owner(node) in _VALUES
        if isinstance(node, cst.Call):
            return self._is_pure_call(node, local)
        if isinstance(node, cst.BaseSimpleComp | cst.DictComp):
            return self._is_pure_comprehension(node, local)
        if isinstance(node, cst.BaseNumber | cst.SimpleString | cst.Ellipsis):
            return True
        if not isinstance(node, _COMPOSED):
            return False
        return all(
            self.of(one, local)
            for one in node.children
            if isinstance(one, (cst.BaseExpression, *_INSIDE))
        )

    def _is_constant(self, name: str) -> bool:
        """Whether a name stands for a value that nobody can change."""
        value = self.constants.get(name)
        if value is None or not isinstance(value, _UNCHANGING) or m.findall(value, _CHANGING):
            return False
        return self.of(value, frozenset())

    def _owner(self, node: cst.Attribute) -> str:
        name = node.value
        return name.value if isinstance(name, cst.Name) and name.value in self.modules else ""

    def _is_pure_call(self, node: cst.Call, local: frozenset[str]) -> bool:
        func = node.func
        if isinstance(func, cst.Name):
            known = func.value in BUILTINS and func.value not in self.constants
        elif isinstance(func, cst.Attribute) and self._owner(func):
            known = func.attr.value in _OF_MODULES.get(self._owner(func), ())
        elif isinstance(func, cst.Attribute):
            is_str = m.matches(func.value, m.Name("str")) and func.attr.value == "maketrans"
            known = func.attr.value in _METHODS and (is_str or self.of(func.value, local))
        else:
            known = False
        return known and all(self.of(one.value, local) for one in node.args)

    def _is_pure_comprehension(
        self, node: cst.BaseSimpleComp | cst.DictComp, local: frozenset[str]
    ) -> bool:
        loop: cst.CompFor | None = node.for_in
        while loop is not None:
            if loop.asynchronous is not None or not self.of(loop.iter, local):
                return False
            local |= {
                one.value for one in m.findall(loop.target, m.Name()) if isinstance(one, cst.Name)
            }
            if not all(self.of(one.test, local) for one in loop.ifs):
                return False
            loop = loop.inner_for_in
        parts = (node.key, node.value) if isinstance(node, cst.DictComp) else (node.elt,)
        return all(self.of(one, local) for one in parts)


_UNCHANGING = (cst.SimpleString, cst.ConcatenatedString, cst.FormattedString, cst.BaseNumber,
               cst.BinaryOperation, cst.Tuple)  # fmt: skip
_COMPOSED = (
    cst.ConcatenatedString, cst.FormattedString, cst.BaseList, cst.Dict, cst.Set, cst.Tuple,
    cst.BinaryOperation, cst.UnaryOperation, cst.BooleanOperation, cst.Comparison, cst.IfExp,
    cst.Subscript, cst.Element, cst.StarredElement, cst.DictElement, cst.StarredDictElement,
    cst.FormattedStringExpression, cst.FormattedStringText, cst.ComparisonTarget,
    cst.SubscriptElement, cst.Index,
)  # fmt: skip
_INSIDE = (
    cst.BaseElement, cst.BaseDictElement, cst.FormattedStringExpression, cst.ComparisonTarget,
    cst.SubscriptElement, cst.Index,
)  # fmt: skip
_CHANGING = m.List() | m.Dict() | m.Set() | m.Call() | m.ListComp() | m.SetComp() | m.DictComp()
