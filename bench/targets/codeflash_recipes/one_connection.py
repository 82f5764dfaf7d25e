"""Recipe `codeflash-one-connection`: requests to the service use the connection that is open.

The client of the AI service asks for each connection to be closed (`Connection: close`), and both
clients make a session for each request. Both send on a session of the process instead, and the
header is left out; where the connection waited for half a minute it is opened anew, so that the
long pauses between calls of a model cannot meet a connection that is gone.
"""

from __future__ import annotations

import libcst as cst
import libcst.matchers as m

from bench.explain.optimize.change import Change, Left, Proposal, Site
from bench.explain.optimize.project import Project
from bench.explain.optimize.recipes.one_session import against, calls_of, share, site_of
from bench.explain.optimize.recipes.reading import OwnFile, Replacement, file_of, replaced, rewriter

_CLIENTS = ("codeflash.api.aiservice", "codeflash.api.cfapi")
_HEADER = m.DictElement(m.SimpleString('"Connection"'), m.SimpleString('"close"'))
_WHY = (
    "The service sees the same requests without `Connection: close`; the session keeps no cookies, "
    "is made anew in a forked process, and drops what waited for longer than half a minute."
)


class OneConnection:
    """Finds the requests of both clients, and the header that closes their connections."""

    name = "codeflash-one-connection"
    summary = "Requests to codeflash's service use the connection that is already open."

    def propose(self, project: Project) -> Proposal:
        """One change for each client."""
        changes, left = [], []
        for module in _CLIENTS:
            file = file_of(project, module)
            if file is None:
                left.append(Left(what=f"requests of {module}", why="there is no such module"))
                continue
            open_file = _without_header(file)
            calls = list(calls_of(file))
            reasons = [against(open_file, call, library) for call, library in calls]
            sites = [
                site_of(file, call)
                for (call, _), why in zip(calls, reasons, strict=True)
                if not why
            ]
            if any(reasons) or not sites:
                left.append(
                    Left(what=f"requests of {module}", why=next(filter(None, reasons), "none"))
                )
                continue
            name = module.rpartition(".")[2]
            title = f"keep the connection of {name} open between requests"
            changes.append(Change(recipe=self.name, title=title, sites=tuple(sites), why=_WHY))
        return Proposal(
            changes=tuple(changes), rewrite=rewriter(project, _written), left=tuple(left)
        )


def _written(file: OwnFile, sites: frozenset[Site]) -> str:
    """All requests of a client change together, or the header would still close some."""
    return share(_without_header(file), sites)


def _without_header(file: OwnFile) -> OwnFile:
    """The file without the header; no line is added or removed."""
    changed: dict[cst.CSTNode, Replacement] = {}
    for node in m.findall(file.tree, m.Dict()):
        assert isinstance(node, cst.Dict)
        kept = [one for one in node.elements if not m.matches(one, _HEADER)]
        if kept and len(kept) < len(node.elements):
            kept[-1] = kept[-1].with_changes(comma=node.elements[-1].comma)
            changed[node] = node.with_changes(elements=kept)
    text = replaced(file.tree, changed).code
    return OwnFile(file.path, file.installed, text, file.as_installed)


RECIPE = OneConnection()
