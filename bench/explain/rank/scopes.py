"""Which names of a file mean which import: Python's scoping, as far as imports need it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef, *_COMPREHENSIONS)


@dataclass(frozen=True, kw_only=True)
class Use:
    """A name that is read: where, in which scope it is bound, and what stands around it.

    `statements` lead from the innermost function's body (or the module's) to the use; those within
    a class in that function end at the class. `function` is None at import time. `field_of` is the
    class whose body annotates a variable with it; `signature_of` the
    function that it annotates; `in_text` says that it stands in quotes.
    """

    name: str
    line: int
    bound_in: ast.AST
    function: Function | None
    is_annotation: bool
    in_text: bool
    field_of: ast.ClassDef | None
    signature_of: ast.FunctionDef | ast.AsyncFunctionDef | None
    statements: tuple[ast.stmt, ...]


@dataclass
class _Scope:
    node: ast.AST
    parent: _Scope | None
    names: set[str]
    elsewhere: set[str]  # names it declares global or nonlocal

    def find_all(self, name: str) -> Iterator[_Scope]:
        """The scope that binds a name; in a class, which may not have bound it yet, also the next.

        `json = json` in a class reads the module's name.
        """
        scope: _Scope | None = self
        first = True
        while scope is not None:
            in_class = isinstance(scope.node, ast.ClassDef)
            if (first or not in_class) and name in scope.names and name not in scope.elsewhere:
                yield scope
                if not in_class:
                    return
            first, scope = False, scope.parent


@dataclass
class _Around:
    """What the visitor stands in."""

    function: Function | None = None
    in_class: ast.ClassDef | None = None
    is_annotation: bool = False
    in_text: bool = False
    is_field: bool = False
    signature_of: ast.FunctionDef | ast.AsyncFunctionDef | None = None
    statements: tuple[ast.stmt, ...] = field(default=())


class Uses(ast.NodeVisitor):
    """Collects every use of a name in a module; `found` has them in the order of the file."""

    def __init__(self, module: ast.Module) -> None:
        self.found: list[Use] = []
        self._scope = _Scope(module, None, set(bound_names(module)), set())
        self._around = _Around()
        self._block(module.body)

    def visit_Name(self, node: ast.Name) -> None:
        """A name that is read, or deleted."""
        if isinstance(node.ctx, ast.Store):
            return
        for scope in self._scope.find_all(node.id):
            around = self._around
            self.found.append(
                Use(
                    name=node.id,
                    line=node.lineno,
                    bound_in=scope.node,
                    function=around.function,
                    is_annotation=around.is_annotation,
                    in_text=around.in_text,
                    field_of=around.in_class if around.is_field else None,
                    signature_of=around.signature_of,
                    statements=around.statements,
                )
            )

    def generic_visit(self, node: ast.AST) -> None:
        """Statements are remembered on the way down; the rest is walked through."""
        if not isinstance(node, ast.stmt) or self._within_class_of_function():
            super().generic_visit(node)
            return
        before, self._around = self._around, self._deeper(node)
        super().generic_visit(node)
        self._around = before

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        """What is evaluated at its definition, then its body."""
        self._definition(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        """The same."""
        self._definition(node)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        """Defaults, then the body; a lambda in a function is a part of it."""
        self._defaults(node.args)
        outer = self._around.function
        self._inside(node, [node.body], function=outer or node, keep=True)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        """Decorators and bases, then the body."""
        around = self._around
        if not self._within_class_of_function():
            self._around = self._deeper(node)
        for one in (*node.decorator_list, *node.bases, *node.keywords):
            self.visit(one)
        self._type_parameters(node)
        self._around = self._with(in_class=node)
        scope = self._scope
        self._scope = _Scope(node, scope, set(bound_names(node)), set(_elsewhere(node)))
        for statement in node.body:
            self.visit(statement)
        self._scope, self._around = scope, around

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        """The annotation apart from the rest; in functions it is never evaluated."""
        around = self._around
        if not self._within_class_of_function():
            self._around = self._deeper(node)
        self._annotation(node.annotation, is_field=True)
        for part in (node.target, node.value):
            if part is not None:
                self.visit(part)
        self._around = around

    def visit_ListComp(self, node: ast.ListComp) -> None:
        """A scope of its own that runs at once."""
        self._comprehension(node)

    def visit_SetComp(self, node: ast.SetComp) -> None:
        """The same."""
        self._comprehension(node)

    def visit_DictComp(self, node: ast.DictComp) -> None:
        """The same."""
        self._comprehension(node)

    def visit_GeneratorExp(self, node: ast.GeneratorExp) -> None:
        """The same, though it runs later."""
        self._comprehension(node)

    def _comprehension(self, node: ast.expr) -> None:
        """What the first `for` goes through is evaluated outside."""
        first: ast.comprehension = node.generators[0]  # type: ignore[attr-defined]
        self.visit(first.iter)
        parts = [part for part in ast.iter_child_nodes(node) if part is not first]
        head = [first.target, *first.ifs]
        self._inside(node, [*head, *parts], self._around.function, keep=True)

    def _definition(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        around = self._around
        if not self._within_class_of_function():
            self._around = self._deeper(node)
        for decorator in node.decorator_list:
            self.visit(decorator)
        self._type_parameters(node)
        self._defaults(node.args)
        for argument in _arguments(node.args):
            if argument.annotation is not None:
                self._annotation(argument.annotation, signature_of=node)
        if node.returns is not None:
            self._annotation(node.returns, signature_of=node)
        self._inside(node, list(node.body), function=node, keep=False)
        self._around = around

    def _type_parameters(self, node: ast.stmt) -> None:
        """Bounds and defaults (3.12): needed when somebody asks for them, so at import time."""
        for one in getattr(node, "type_params", ()):
            self.visit(one)

    def _defaults(self, arguments: ast.arguments) -> None:
        for default in (*arguments.defaults, *arguments.kw_defaults):
            if default is not None:
                self.visit(default)

    def _annotation(
        self,
        node: ast.expr,
        *,
        is_field: bool = False,
        signature_of: ast.FunctionDef | ast.AsyncFunctionDef | None = None,
    ) -> None:
        before = self._around
        self._around = self._with(is_annotation=True, is_field=is_field, signature_of=signature_of)
        self.visit(node)
        self._texts(node)
        self._around = before

    def _texts(self, node: ast.expr) -> None:
        """Annotations in quotes, or parts of them."""
        self._around = self._with(in_text=True)
        for one in ast.walk(node):
            if isinstance(one, ast.Constant) and isinstance(one.value, str):
                with suppress(SyntaxError, ValueError, RecursionError):
                    text = ast.parse(one.value.strip(), mode="eval").body
                    for inner in ast.walk(text):
                        ast.copy_location(inner, one)
                    self.visit(text)

    def _inside(
        self, node: ast.AST, parts: list[ast.AST], function: Function | None, *, keep: bool
    ) -> None:
        scope, around = self._scope, self._around
        self._scope = _Scope(node, scope, set(bound_names(node)), set(_elsewhere(node)))
        statements = around.statements if keep else ()
        in_class = around.in_class if keep else None
        self._around = _Around(
            function=function,
            in_class=in_class,
            is_annotation=around.is_annotation,
            in_text=around.in_text,
            statements=statements,
        )
        self._block(parts)
        self._scope, self._around = scope, around

    def _block(self, parts: list[ast.stmt] | list[ast.AST]) -> None:
        for part in parts:
            self.visit(part)

    def _within_class_of_function(self) -> bool:
        statements = self._around.statements
        return bool(statements) and isinstance(statements[-1], ast.ClassDef)

    def _deeper(self, statement: ast.stmt) -> _Around:
        return self._with(statements=(*self._around.statements, statement))

    def _with(self, **changed: object) -> _Around:
        return _Around(**{**vars(self._around), **changed})


def walk_scope(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a scope, without those of the scopes within (their heads aside)."""
    todo: list[ast.AST] = list(ast.iter_child_nodes(node))
    while todo:
        one = todo.pop()
        yield one
        if not isinstance(one, _SCOPES):
            todo.extend(ast.iter_child_nodes(one))


def bound_name(alias: ast.alias) -> str:
    """The name an import binds: `import a.b` binds a."""
    return alias.asname or alias.name.partition(".")[0]


def bound_names(node: ast.AST) -> Iterator[str]:
    """Every name a scope binds, as often as it does."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        yield from (argument.arg for argument in _arguments(node.args))
    for one in walk_scope(node):
        yield from _bound_by(one)
        if isinstance(one, _COMPREHENSIONS) and not isinstance(node, _COMPREHENSIONS):
            yield from _walruses(one)


def _bound_by(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):  # also `del`
        yield node.id
    elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield node.name
    elif isinstance(node, ast.Import | ast.ImportFrom):
        yield from map(bound_name, node.names)
    elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
        yield node.name
    elif isinstance(node, ast.MatchMapping) and node.rest:
        yield node.rest


def _walruses(node: ast.AST) -> Iterator[str]:
    """What `:=` in a comprehension binds, which is a name of the scope around it."""
    for one in ast.walk(node):
        if isinstance(one, ast.NamedExpr):
            yield one.target.id


def _elsewhere(node: ast.AST) -> Iterator[str]:
    for one in walk_scope(node):
        if isinstance(one, ast.Global | ast.Nonlocal):
            yield from one.names


def _arguments(arguments: ast.arguments) -> list[ast.arg]:
    rest = [one for one in (arguments.vararg, arguments.kwarg) if one is not None]
    return [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, *rest]
