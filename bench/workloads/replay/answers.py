"""What the backend's endpoints answer: files, and the few answers that depend on the request.

A scenario is a folder; its name is told by the API key of a request (`cf-replay-<scenario>`), so
that one service answers for all. The answer to `POST /ai/rank` is the file `POST/ai/rank.json` (or
`.txt`) there, or else under `common/`. A folder in the file's place holds several answers, named
by what the request asks for (`digest_of`): a recording.

Generated tests come instrumented from the backend, in the form that the client's version
understands. They are therefore made beforehand by the measured version's own instrumenter, which
hands them in (`PUT /replay/tests`) under that version; requests for tests name it, and so base and
head get each their own. A version that has handed in nothing is refused: nothing else would work.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bench.core.errors import UsageError
from bench.workloads.journal import UNKNOWN
from bench.workloads.replay.errors import error_header

COMMON = "common"
PLACE = "bench_generated_tests"  # the module that handed-in tests say they are
_KEY = re.compile(r"Bearer cf-replay-([a-z0-9-]+)$")
_OUTCOME = "/cfapi/mark-as-success"
_MEDIA = {".json": "application/json", ".txt": "text/plain"}
# What makes two requests the same: times, ids and versions in them differ from run to run.
_TELLING = (
    "source_code", "source_code_being_tested", "qualified_name", "test_index", "test_source",
    "original_source_code", "modified_source_code", "optimized_source_code",
)  # fmt: skip


class HandedIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Tests as one version instrumented them, for one scenario: an answer for each test index."""

    scenario: str
    codeflash_version: str
    tests: tuple[dict[str, str], ...]


@dataclass
class Answers:
    """The answers of all scenarios in a folder."""

    files: dict[str, dict[str, tuple[bytes, str]]]
    default: str
    tests: dict[tuple[str, str], tuple[dict[str, str], ...]] = field(default_factory=dict)

    def application(self) -> Starlette:
        """An ASGI application that gives them."""
        return Starlette(
            routes=[
                Route("/replay/tests", self._hand_in, methods=["PUT"]),
                Route("/{path:path}", self._answer, methods=["GET", "POST", "PUT", "DELETE"]),
            ]
        )

    async def _hand_in(self, request: Request) -> Response:
        try:
            told = msgspec.json.decode(await request.body(), type=HandedIn)
        except ValueError as error:
            return _json({"error": str(error)}, 400)
        key = told.scenario, told.codeflash_version
        if self.tests.setdefault(key, told.tests) != told.tests:
            return _json(
                {
                    "error": f"both sides call themselves {told.codeflash_version}, but "
                    "instrument tests differently: they can't be told apart"
                },
                409,
            )
        return _json({})

    async def _answer(self, request: Request) -> Response:
        scenario = self.scenario_of(request)
        if scenario not in self.files:
            return _refusal(f"there is no scenario {scenario!r}")
        body = await request.body()
        path = request.url.path
        recorded = self._recorded(scenario, f"{request.method}{path}", body)
        if recorded is not None:
            return recorded
        if (request.method, path) == ("POST", "/ai/testgen"):
            return self._generated_tests(scenario, body)
        computed = _COMPUTED.get(path) if request.method == "POST" else None
        if computed is not None:
            found = self.files[scenario].get(f"POST{path}")
            return _json(computed(msgspec.json.decode(body), found[0] if found else b"{}"))
        answer = self._from_file(scenario, f"{request.method}{path}")
        if path == _OUTCOME and answer.status_code == 200 and _found_nothing(body):
            answer.headers.update(error_header("the client says that it found no optimization"))
        return answer

    def scenario_of(self, request: Request) -> str:
        """Which scenario a request belongs to."""
        told = _KEY.match(request.headers.get("authorization", ""))
        return told[1] if told else self.default

    def _recorded(self, scenario: str, endpoint: str, body: bytes) -> Response | None:
        """The answer that was recorded for a request like this, or the only one for its kind."""
        files = self.files[scenario]
        names = [name for name in files if name.rpartition("/")[0] == endpoint]
        wanted = f"{endpoint}/{digest_of(body)}" if names else ""
        found = files.get(wanted) or (files[names[0]] if len(names) == 1 else None)
        return Response(found[0], media_type=found[1]) if found else None

    def _from_file(self, scenario: str, endpoint: str) -> Response:
        for name in (scenario, COMMON):
            found = self.files.get(name, {}).get(endpoint)
            if found:
                return Response(found[0], media_type=found[1])
        return _refusal(f"scenario {scenario} has no answer to {endpoint.replace('/', ' /', 1)}")

    def _generated_tests(self, scenario: str, body: bytes) -> Response:
        asked = msgspec.json.decode(body)
        version = asked.get("codeflash_version", "")
        tests = self.tests.get((scenario, version))
        if tests is None:
            return _refusal(f"no tests for {scenario} were handed in by codeflash {version}")
        chosen = tests[asked["test_index"] % len(tests)]
        module = asked["test_module_path"]
        return _json(
            {
                name: text.replace(
                    PLACE, module.replace("__unit_test_", _PART_OF[name.split("_")[1]])
                )
                for name, text in chosen.items()
            }
        )


# Tests that only time the function are in files of their own: `…__perf_test_0.py`.
_PART_OF = {
    "tests": "__unit_test_",
    "behavior": "__unit_test_",
    "perf": "__perf_test_",
    "generated": "__unit_test_",
}


def _refined(items: list[dict[str, Any]], known: bytes) -> dict[str, Any]:
    """The refinement of each candidate that was sent, by its id; unknown ones have none."""
    by_id = msgspec.json.decode(known)
    return {
        "refinements": [
            by_id[one["optimization_id"]] for one in items if one["optimization_id"] in by_id
        ]
    }


def _ranked(asked: dict[str, Any], _known: bytes) -> dict[str, Any]:
    """As they came, whatever their speed was this time: what comes next must not depend on it."""
    return {"ranking": list(range(len(asked["diffs"])))}


def _reviewed(asked: dict[str, Any], _known: bytes) -> dict[str, Any]:
    """No test needs a repair."""
    return {
        "reviews": [{"test_index": one["test_index"], "functions": []} for one in asked["tests"]]
    }


_COMPUTED: dict[str, Callable[[Any, bytes], dict[str, Any]]] = {
    "/ai/refinement": _refined,
    "/ai/rank": _ranked,
    "/ai/testgen_review": _reviewed,
}


def read_answers(folder: Path, default: str = "") -> Answers:
    """All scenarios of a folder, read into memory. Raises `UsageError` when there is none."""
    files = {
        one.name: dict(_read(one))
        for one in (sorted(folder.iterdir()) if folder.is_dir() else [])
        if one.is_dir()
    }
    scenarios = sorted(files.keys() - {COMMON})
    if not scenarios:
        raise UsageError(
            f"There are no answers in {folder}.",
            "`python -m bench replay record FOLDER/NAME` makes a scenario in FOLDER.",
        )
    if default and default not in scenarios:
        raise UsageError(
            f"There is no scenario {default!r} in {folder}.", f"Scenarios: {', '.join(scenarios)}."
        )
    return Answers(files, default or scenarios[0])


def _read(scenario: Path) -> list[tuple[str, tuple[bytes, str]]]:
    return [
        (
            file.relative_to(scenario).with_suffix("").as_posix(),
            (file.read_bytes(), _MEDIA[file.suffix]),
        )
        for file in sorted(scenario.rglob("*"))
        if file.suffix in _MEDIA
    ]


def digest_of(body: bytes) -> str:
    """What a request asks for, in a few characters: ids and times in it don't count."""
    try:
        asked = msgspec.json.decode(body) if body else None
    except ValueError:
        asked = None
    items = asked if isinstance(asked, list) else [asked]
    telling = [
        {name: one[name] for name in _TELLING if name in one} if isinstance(one, dict) else {}
        for one in items
    ]
    return hashlib.sha256(msgspec.json.encode(telling)).hexdigest()[:12]


def _found_nothing(body: bytes) -> bool:
    """Whether a run came to its end without what every scenario has in store for it."""
    told = msgspec.json.decode(body)
    return isinstance(told, dict) and told.get("is_optimization_found") is False


def _json(content: object, status: int = 200) -> Response:
    return Response(msgspec.json.encode(content), status, media_type="application/json")


def _refusal(why: str) -> Response:
    return Response(
        msgspec.json.encode({"error": f"the replay service: {why}"}),
        UNKNOWN,
        error_header(why),
        "application/json",
    )
