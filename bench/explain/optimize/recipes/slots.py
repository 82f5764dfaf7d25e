"""Recipe `slots`: dataclasses of which there are many get `slots=True`.

Only where nothing seen in the project could tell: no class derives from it or is derived from
another than plain ones, nothing looks at its `__dict__`, refers to it weakly, pickles it, caches
properties on it, or sets an attribute that is no field. Python 3.10 and newer. How many instances
a scenario has is told by its census, or by the rankings that are stored; without either nothing
is proposed, since slots on a class with few instances save nothing, and `slots=True` makes the
class twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import libcst as cst
import libcst.matchers as m

from bench.explain.optimize.change import Change, Left, Proposal, Site
from bench.explain.optimize.project import Project
from bench.explain.optimize.recipes.reading import (
    OwnFile,
    Replacement,
    all_nodes,
    oldest_python,
    own_files,
    parsed,
    replaced,
    rewriter,
)

_MANY = 1000
_NEEDS = (3, 10)
_DATACLASS = m.Name("dataclass") | m.Attribute(m.Name("dataclasses"), m.Name("dataclass"))
_NEEDS_CLASS = re.compile(r"\bslots\s*=|\bsuper\(|__class__|\bcached_property\b|\b__slots__\b")
_SEEN = (
    (re.compile(r"\b__dict__\b|\bvars\(|\b__slots__\b|\b__weakref__\b"), "looks into objects"),
    (re.compile(r"\bweakref\b|\bWeak\w+\("), "refers to objects weakly"),
    (
        re.compile(r"\b([cC]?[pP]ickle|dill|cloudpickle|shelve|multiprocessing|copyreg)\b"),
        "pickles objects",
    ),
    (re.compile(r"\bsetattr\("), "sets attributes by name"),
)
_WHY = (
    "The class has the same fields, defaults, equality and repr; nothing in the project derives "
    "from it, looks at its __dict__, pickles it, refers to it weakly or sets other attributes."
)


class Slots:
    """Finds dataclasses with many instances that nothing needs a `__dict__` of."""

    name = "slots"
    summary = "Dataclasses with many instances get slots, where nothing could tell."

    def propose(self, project: Project) -> Proposal:
        """One change; raises nothing of its own."""
        nothing = Proposal(changes=(), rewrite=lambda _: {})
        counted = {name: most for one in project.scenarios for name, most in one.instances.items()}
        many = {name: most for name, most in counted.items() if most >= _MANY}
        if not many:
            return nothing
        if oldest_python(project) < _NEEDS:
            shown = ", ".join(sorted(many))
            why = "the project runs on Pythons older than 3.10, whose dataclasses have no slots"
            return Proposal(changes=(), rewrite=lambda _: {}, left=(Left(what=shown, why=why),))
        files = list(parsed(own_files(project)))
        sites, dropped = [], []
        for file in files:
            for node in _dataclasses(file):
                name = f"{file.module}.{node.name.value}"
                if name in many:
                    site = _site(file, node, many[name])
                    why = _against(node, file, files)
                    if why:
                        dropped.append((site, why))
                    else:
                        sites.append(site)
        change = Change(
            recipe=self.name,
            title="give dataclasses with many instances slots",
            sites=tuple(sites),
            why=_WHY,
        )
        return Proposal(
            changes=(change,) if sites else (),
            rewrite=rewriter(project, _written),
            dropped=tuple(dropped),
        )


def _dataclasses(file: OwnFile) -> Iterator[cst.ClassDef]:
    """Dataclasses of the top level."""
    for one in file.tree.body:
        if isinstance(one, cst.ClassDef) and any(
            m.matches(each.decorator, _DATACLASS | m.Call(_DATACLASS)) for each in one.decorators
        ):
            yield one


def _site(file: OwnFile, node: cst.ClassDef, most: int) -> Site:
    name = node.name.value
    return Site(
        file=file.path,
        line=file.line(node.name),
        words=f"{name} has slots: a scenario has {most} instances at once",
        names=(name,),
        risks=("others than the project that derive from it, or set attributes on it",),
    )


def _against(node: cst.ClassDef, file: OwnFile, files: list[OwnFile]) -> str:
    """Why a class can't have slots; "" where nothing is seen against it."""
    name = node.name.value
    naming = [one for one in files if re.search(rf"\b{re.escape(name)}\b", one.text)]
    reasons = (*_of_itself(node), *_of_others(node, file, naming))
    return next(iter(reasons), "")


def _of_itself(node: cst.ClassDef) -> Iterator[str]:
    if node.bases or node.keywords:
        yield "it derives from another class"
    if len(node.decorators) != 1:
        yield "other decorators look at it"
    if _NEEDS_CLASS.search(cst.Module([]).code_for_node(node)):
        yield "it has slots, or code that needs the class as it is"
    others = _set_on_self(node) - _fields(node)
    if others:
        yield f"it sets {', '.join(sorted(others))}, which is no field"


def _of_others(node: cst.ClassDef, file: OwnFile, naming: list[OwnFile]) -> Iterator[str]:
    """What the modules that name a class do with its objects, or could."""
    derived = re.compile(rf"\bclass\s+\w+\([^)]*\b{re.escape(node.name.value)}\b")
    fields = _fields(node)
    for one in naming:
        if derived.search(one.text):
            yield f"a class of {one.path} derives from it"
        for pattern, words in _SEEN:
            if pattern.search(one.text):
                yield f"{one.path} {words}"
        if one is not file and _sets_other(one, fields):
            yield f"{one.path} sets attributes that are no fields"


def _fields(node: cst.ClassDef) -> set[str]:
    return {
        one.target.value
        for one in all_nodes(node.body)
        if isinstance(one, cst.AnnAssign) and isinstance(one.target, cst.Name)
    }


def _set_on_self(node: cst.ClassDef) -> set[str]:
    return {
        one.attr.value
        for target in m.findall(node, m.AssignTarget(m.Attribute(m.Name("self"))))
        if isinstance(target, cst.AssignTarget)
        for one in [cst.ensure_type(target.target, cst.Attribute)]
    }


def _sets_other(file: OwnFile, fields: set[str]) -> bool:
    """Whether a module sets an attribute of something else than `self` that is no field."""
    return any(
        isinstance(one, cst.AssignTarget)
        and isinstance(one.target, cst.Attribute)
        and not m.matches(one.target.value, m.Name("self"))
        and one.target.attr.value not in fields
        for one in all_nodes(file.tree)
    )


def _written(file: OwnFile, sites: frozenset[Site]) -> str:
    wanted = {one.names[0] for one in sites}
    changed: dict[cst.CSTNode, Replacement] = {}
    for node in _dataclasses(file):
        if node.name.value in wanted:
            (decorator,) = node.decorators
            slots = cst.Arg(
                cst.Name("True"),
                keyword=cst.Name("slots"),
                equal=cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace("")),
            )
            made = decorator.decorator
            if isinstance(made, cst.Call):
                arguments = [
                    one.with_changes(comma=cst.Comma(whitespace_after=cst.SimpleWhitespace(" ")))
                    for one in made.args
                ]
                new: cst.BaseExpression = made.with_changes(args=[*arguments, slots])
            else:
                new = cst.Call(made, [slots])
            changed[made] = new
    return replaced(file.tree, changed).code


RECIPE = Slots()
