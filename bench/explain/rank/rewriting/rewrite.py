"""Modules with imports deferred: the edits that it takes, all else byte for byte as it was."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from pathlib import Path

import libcst as cst

from bench.explain.rank.rewriting.function_form import FunctionForm, index_of
from bench.explain.rank.rewriting.lazy_modules import lazy_names, with_lazy_modules
from bench.explain.rank.rewriting.parsing import parsed, text_of
from bench.explain.rank.rewriting.wanted import Form, Wanted
from bench.explain.rank.sources import ModuleSource


def rewritten(
    wanted: Iterable[Wanted],
    ran: Collection[tuple[str, int]] = (),
    form: Form = Form.FUNCTION,
) -> dict[Path, str]:
    """File → its new text for all files these names stand in; what stays as it is is not in it.

    `ran` are the lines, by file, that some scenario ran. Raises `RewriteError`.
    """
    groups = defaultdict[Path, list[Wanted]](list)
    for one in wanted:
        groups[one.source.file].append(one)
    texts = {
        file: rewrite_module(
            names[0].source, names, {line for name, line in ran if name == str(file)}, form
        )
        for file, names in groups.items()
    }
    return {file: text for file, text in texts.items() if text != groups[file][0].source.text}


def rewrite_module(
    source: ModuleSource,
    wanted: Collection[Wanted],
    ran: Collection[int] = (),
    form: Form = Form.FUNCTION,
) -> str:
    """One module's new text; raises `RewriteError`."""
    module = parsed(source)
    return text_of(source, _edited(source, module, wanted, ran, form))


def _edited(
    source: ModuleSource,
    module: cst.Module,
    wanted: Collection[Wanted],
    ran: Collection[int],
    form: Form,
) -> cst.Module:
    functions = FunctionForm(source, module, ran)
    if form is Form.FUNCTION:
        return functions.run(wanted)
    # Imports in functions can only go deeper into them.
    edits = functions.edits([one for one in wanted if not one.statement.at_top])
    at_top = [one for one in wanted if one.statement.at_top]
    if form is Form.LAZY_MODULES:
        return with_lazy_modules(functions.edited(edits), lazy_names(at_top))
    for one in at_top:
        edits.lazy[id(functions.small(one.statement))].add(index_of(one))
    return functions.edited(edits)
