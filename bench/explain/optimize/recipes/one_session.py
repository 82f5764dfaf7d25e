"""Recipe `one-session`: requests of a process share their connections.

`requests.get(…)` makes a session, a pool and a connection for one request. A call that a scenario
carries out, or that a stored trace names, goes through one session instead. It stores no cookies,
so that no request carries what an earlier one was given; environment, proxies and `.netrc` are read
for each request as before; a forked process gets a session of its own; and connections that nobody
used for a while are not used again, since they may be gone without a word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import libcst as cst
import libcst.matchers as m
import msgspec

from bench.engine.store.accounts import NEW_CONNECTIONS, StackRecord
from bench.explain.optimize.change import Change, Proposal, Site
from bench.explain.optimize.project import Project
from bench.explain.optimize.recipes.reading import (
    OwnFile,
    Replacement,
    after_imports,
    bound_once,
    own_files,
    parsed,
    ran_in,
    replaced,
    rewriter,
    statements,
    with_imports,
)

_METHODS = ("get", "post", "put", "patch", "delete", "options")
_CALL = re.compile(rf"\b(requests|httpx)\.({'|'.join(_METHODS)})\(")
# What a session cannot be given for a single request, or would treat in another way.
_OTHER = {
    "requests": frozenset({"stream", "hooks"}),
    "httpx": frozenset({"cookies", "proxy", "proxies", "verify", "cert", "trust_env", "mounts"}
                       | {"follow_redirects"}),
}  # fmt: skip
_MAKING = {
    "requests": ("requests.Session", "session.cookies.set_policy"),
    "httpx": ("httpx.Client", "session.cookies.jar.set_policy"),
}
_NEEDED = "functools|http|os|time|_request|_session_of|_last_request|_IDLE_S"
_TAKEN = re.compile(
    rf"^(def|class) ({_NEEDED})\b|^({_NEEDED})\s*[:=]|\bas ({_NEEDED})\b"
    rf"|^from \S+ import .*\b({_NEEDED})\b",
    re.MULTILINE,
)
_TEXT = '''

@functools.lru_cache(maxsize=1)
def _session_of(process: int) -> {kind}:
    """The session of a process: it keeps no cookies, as requests by themselves do not."""
    session = {kind}()
    {policy}(http.cookiejar.DefaultCookiePolicy(allowed_domains=[]))
    return session


_last_request = [0.0]
_IDLE_S = 30.0  # a connection that waited for longer may be gone without a word


def _request(method: str, *arguments: Any, **options: Any) -> {response}:
    """Send a request on a connection that an earlier one left open."""
    if time.monotonic() - _last_request[0] > _IDLE_S:
        _session_of.cache_clear()
    try:
        return _session_of(os.getpid()).request(method, *arguments, **options)
    finally:
        _last_request[0] = time.monotonic()
'''
_WHY = (
    "The session stores no cookies and is used by one process; environment and proxies are read "
    "as before, so a request is sent as it was, on a connection that is open already."
)
_IMPORTS = ("functools", "http.cookiejar", "os", "time")


class OneSession:
    """Finds requests with a connection each, and sends them through one session a module."""

    name = "one-session"
    summary = "Requests of one process share their connections to a host."

    def propose(self, project: Project) -> Proposal:
        """One change a module."""
        traced = traced_callers(project)
        patched = _patched(project)
        changes, dropped = [], []
        for file in parsed(own_files(project, _CALL.pattern)):
            sites = []
            for call, library in calls_of(file):
                site = site_of(file, call)
                reason = against(file, call, library) or _mocked(patched, file, call)
                ran = ran_in(project, file, file.lines(call))
                if reason:
                    dropped.append((site, reason))
                elif ran or any(file.path.endswith(one) for one in traced):
                    sites.append(site)
                else:
                    dropped.append((site, "no scenario sends it, so nothing could be measured"))
            if sites:
                name = file.module.rpartition(".")[2]
                title = f"keep connections open between the requests of {name}"
                changes.append(Change(recipe=self.name, title=title, sites=tuple(sites), why=_WHY))
        return Proposal(
            changes=tuple(changes), rewrite=rewriter(project, share), dropped=tuple(dropped)
        )


def calls_of(file: OwnFile) -> Iterator[tuple[cst.Call, str]]:
    """Calls of a library's functions that send one request, with the library's name."""
    for library in ("requests", "httpx"):
        called = m.Attribute(m.Name(library), m.Name())
        for call in m.findall(file.tree, m.Call(func=called)):
            assert isinstance(call, cst.Call)
            assert isinstance(call.func, cst.Attribute)
            if call.func.attr.value in _METHODS:
                yield call, library


def site_of(file: OwnFile, call: cst.Call) -> Site:
    """The place of a call."""
    assert isinstance(call.func, cst.Attribute)
    return Site(
        file=file.path,
        line=file.line(call),
        words=f"{call.func.attr.value} sent on the session of the process",
        names=(cst.Module([]).code_for_node(call.func),),
        risks=("a server that closes a connection at the moment a request is sent on it",),
    )


def against(file: OwnFile, call: cst.Call, library: str) -> str:
    """Why a call can't go through a session; "" when it can."""
    if not bound_once(file, library):
        return f"{library} is bound in another way as well"
    if any(one.star for one in call.args):
        return "its arguments are not written out"
    if sum(one.keyword is None for one in call.args) != 1:
        return "its arguments are given by position"
    names = {one.keyword.value for one in call.args if one.keyword is not None}
    for name in sorted(names & _OTHER[library]):
        return f"a session treats {name} in another way"
    if re.search(r"""["']Connection["']\s*:\s*["']close""", file.text):
        return "requests of this module ask for their connection to be closed"
    if library == "httpx" and re.search(r"\brequests\.(get|post)\(", file.text):
        return "the module uses another library as well"
    if _TAKEN.search(file.text):
        return "the names that it needs are taken"
    return ""


def share(file: OwnFile, sites: frozenset[Site]) -> str:
    """The text of a file with its calls at these sites on one session."""
    wanted = {one.line for one in sites}
    found = [call for call, _ in calls_of(file) if file.line(call) in wanted]
    changed: dict[cst.CSTNode, Replacement] = {}
    for call in found:
        assert isinstance(call.func, cst.Attribute)
        method = cst.Arg(cst.SimpleString(f'"{call.func.attr.value}"'), comma=_COMMA)
        changed[call] = call.with_changes(func=cst.Name("_request"), args=[method, *call.args])
    tree = replaced(file.tree, changed)
    body = list(tree.body)
    place = after_imports(tree)
    (library,) = {library for call, library in calls_of(file) if call in changed}
    body[place:place] = statements(_helper(library), tree.config_for_parsing)
    return with_imports(tree.with_changes(body=body), _IMPORTS, (("typing", "Any"),)).code


_COMMA = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))


def _helper(library: str) -> str:
    kind, policy = _MAKING[library]
    return _TEXT.format(kind=kind, policy=policy, response=f"{library}.Response")


def traced_callers(project: Project) -> set[str]:
    """Files (`pkg/module.py`) from which the newest trace saw a connection for each request."""
    for path in project.traces:
        try:
            record = msgspec.json.decode(path.read_bytes(), type=StackRecord)
        except (OSError, msgspec.DecodeError):
            continue
        found = [one for one in record.findings if one.rule == NEW_CONNECTIONS]
        by = [thing.by for one in found for thing in one.instances if thing.by]
        return {_file_in(one) for one in by} - {""}
    return set()


def _file_in(caller: str) -> str:
    """`pkg/module.py` of `function (<environment>/…/site-packages/pkg/module.py:3)`."""
    found = re.search(r"site-packages/([^:()]+\.py)", caller)
    return found[1] if found else ""


def _patched(project: Project) -> Sequence[str]:
    """Lines of the project that put something in place of these functions."""
    pattern = rf"(requests|httpx)(\.|, *[\"'])({'|'.join(_METHODS)})"
    lines = project.clone.grep(project.commit, pattern)
    return [
        text
        for _, _, text in lines
        if re.search(r"patch|setattr|mocker|Mock", text) and not _CALL.search(text)
    ]


def _mocked(patched: Sequence[str], file: OwnFile, call: cst.Call) -> str:
    assert isinstance(call.func, cst.Attribute)
    method = call.func.attr.value
    for text in patched:
        named = re.search(r"[\"']([\w.]*?)\.?(requests|httpx)(\.|[\"'])", text)
        module = named[1] if named else ""
        if re.search(rf"\b{method}\b", text) and module in {"", file.module}:
            return "tests put something in its place"
    return ""


RECIPE = OneSession()
