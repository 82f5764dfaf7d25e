"""The form that suits what a project says of its Pythons."""

from __future__ import annotations

import pytest

from bench.explain.optimize.forms import suitable_form
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
