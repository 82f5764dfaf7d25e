"""The form of deferred imports that suits a project, where none was asked for."""

from __future__ import annotations

import tomllib

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from bench.engine.revisions.git import Clone
from bench.explain.optimize.project import Form

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
