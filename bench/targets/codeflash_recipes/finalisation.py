"""Recipe `codeflash-finalisation`: what is still there at the end is not looked through again.

The trace shows 0.4 to 1.1 s between the end of `main` and the end of the process, and 0.1 s in each
pytest process. The interpreter collects garbage three times while it ends, each time over all of
210,000 objects (0.16 s each); nothing of its own waits there. `gc.freeze()` as the first exit
handler, which is the last to be carried out, takes them out of what is looked through.
"""

from __future__ import annotations

import re

import libcst as cst
import libcst.matchers as m

from bench.explain.optimize.change import Change, Left, Proposal, Site
from bench.explain.optimize.project import Project
from bench.explain.optimize.recipes.reading import (
    OwnFile,
    file_of,
    rewriter,
    statements,
    with_imports,
)

# Where a process of the scenario begins: the function, or "" for the part that runs as a program.
_PLACES = (
    ("codeflash.main", "main"),
    ("codeflash.verification.pytest_plugin", "pytest_configure"),
    ("codeflash.discovery.pytest_new_process_discovery", ""),
)
_TEXT = "atexit.register(gc.freeze)  # what is left at the end need not be looked through\n"
_IS_PROGRAM = m.Comparison(m.Name("__name__"), [m.ComparisonTarget(m.Equal())])
_WHY = (
    "Exit handlers, the flushing of files and modules' own ends are as before; objects that nobody "
    "but themselves refers to are not looked for any more, and Python never promised that such are "
    "ended at exit."
)


class Finalisation:
    """Finds where the processes of a scenario begin."""

    name = "codeflash-finalisation"
    summary = "The last collections of garbage, over all that a command has left, are not made."

    def propose(self, project: Project) -> Proposal:
        """One change with a site for each kind of process."""
        sites, left = [], []
        for module, function in _PLACES:
            file = file_of(project, module)
            body = _body(file, function) if file else None
            if file is None or body is None:
                left.append(
                    Left(what=f"the end of {module}", why=f"no {function or 'program'} there")
                )
            elif re.search(r"^\s+import (gc|atexit)\b", file.text, re.MULTILINE):
                left.append(Left(what=f"the end of {module}", why="a function has gc for itself"))
            elif "gc.freeze" not in file.text:
                words = "gc.freeze is carried out when the process ends"
                line = file.line(body)
                risk = "a file that is only closed with a circle of objects that nobody else holds"
                sites.append(Site(file=file.path, line=line, words=words, risks=(risk,)))
        change = Change(
            recipe=self.name,
            title="end processes without looking through all objects again",
            sites=tuple(sites),
            why=_WHY,
        )
        functions = dict(_PLACES)

        def edit(file: OwnFile, _: frozenset[Site]) -> str:
            return _written(file, functions[file.module])

        return Proposal(
            changes=(change,) if sites else (), rewrite=rewriter(project, edit), left=tuple(left)
        )


def _body(file: OwnFile, function: str) -> cst.IndentedBlock | None:
    """The body of a function of the top level, or of `if __name__ == "__main__"`."""
    for one in file.tree.body:
        is_function = isinstance(one, cst.FunctionDef) and one.name.value == function
        is_program = isinstance(one, cst.If) and "__main__" in cst.Module([]).code_for_node(
            one.test
        )
        if is_function or (not function and is_program):
            assert isinstance(one, cst.FunctionDef | cst.If)
            return one.body if isinstance(one.body, cst.IndentedBlock) else None
    return None


def _written(file: OwnFile, function: str) -> str:
    body = _body(file, function)
    assert body is not None
    new = statements(_TEXT, file.tree.config_for_parsing)
    place = int(m.matches(body.body[0], m.SimpleStatementLine([m.Expr(m.SimpleString())])))
    changed = body.with_changes(body=[*body.body[:place], *new, *body.body[place:]])
    tree = cst.ensure_type(file.tree.deep_replace(body, changed), cst.Module)
    return with_imports(tree, ("atexit", "gc")).code


RECIPE = Finalisation()
