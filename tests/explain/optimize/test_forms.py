"""The form that suits what a project says of its Pythons."""

from __future__ import annotations

import pytest

from bench.core.errors import UsageError
from bench.explain.optimize.forms import check_form, suitable_form
from bench.explain.optimize.project import Form


@pytest.mark.parametrize(
    ("requires", "form"),
    [
        ("", Form.FUNCTION),
        (">=3.9", Form.FUNCTION),
        (">=3.15", Form.LAZY),
        (">=3.16,<4", Form.LAZY),
        ("~=3.14", Form.FUNCTION),
        ("no version", Form.FUNCTION),
    ],
)
def test_the_lazy_statement_needs_pythons_that_know_it(requires: str, form: Form) -> None:
    assert suitable_form(requires) is form


def test_a_lazy_form_needs_a_python_that_knows_it() -> None:
    check_form(Form.FUNCTION, "", ["3.12"])
    check_form(Form.LAZY_MODULES, ">=3.9", ["3.12", "3.15"])
    check_form(Form.LAZY, ">=3.15", ["3.15"])
    with pytest.raises(UsageError, match="does nothing before Python"):
        check_form(Form.LAZY_MODULES, ">=3.9", ["3.12", "3.13"])
    with pytest.raises(UsageError, match="syntax error"):
        check_form(Form.LAZY, ">=3.9", ["3.15"])
