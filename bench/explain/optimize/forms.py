"""The form of deferred imports that suits a project, where none was asked for."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from bench.core.errors import UsageError
from bench.core.variants import numbers
from bench.engine.revisions.git import Clone
from bench.explain.optimize.project import Form
from bench.explain.rank.lazily import FIRST_LAZY

_BEFORE_LAZY = [f"3.{minor}" for minor in range(15)]


def requires_python(clone: Clone, commit: str, folder: str = "") -> str:
    """`requires-python` of a commit's pyproject.toml, in `folder`; "" where it says nothing."""
    path = f"{folder}/pyproject.toml" if folder else "pyproject.toml"
    try:
        project = tomllib.loads(clone.text(commit, path)).get("project", {})
    except ValueError:
        return ""
    told = project.get("requires-python", "") if isinstance(project, dict) else ""
    return told if isinstance(told, str) else ""


def suitable_form(requires: str) -> Form:
    """`lazy` where all Pythons of the project know it, else imports in functions.

    `__lazy_modules__` helps on 3.15 only, so it is for those who ask for it.
    """
    try:
        allowed = SpecifierSet(requires)
    except InvalidSpecifier:
        return Form.FUNCTION
    older = any(True for _ in allowed.filter(_BEFORE_LAZY))
    return Form.FUNCTION if older or not requires else Form.LAZY


def check_form(form: Form, requires: str, pythons: Sequence[str]) -> None:
    """Raise `UsageError` for a lazy form without a Python that knows it, or one that breaks others.

    `requires` is the project's requires-python, "" where it says nothing.
    """
    if form is Form.FUNCTION:
        return
    if all(numbers(one) < FIRST_LAZY for one in pythons):
        raise UsageError(
            f"--form {form} does nothing before Python 3.15, and only {', '.join(pythons)} was "
            "asked for.",
            "Add --python 3.15.",
        )
    if form is Form.LAZY and requires and suitable_form(requires) is not Form.LAZY:
        raise UsageError(
            "--form lazy is a syntax error before Python 3.15, and the project says "
            f"requires-python = {requires!r}.",
            "--form lazy-modules is ignored by older Pythons.",
        )
