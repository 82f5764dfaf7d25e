"""A folder over HTTP, as a package index serves it: pages in HTML or JSON, files, both cacheable.

Run as a program (`python -I package_index.py FOLDER PORT`), never imported by the harness. All of
the folder is read before the port is opened, so that no request waits for a disk. A page is
`PROJECT/index.html` (PEP 503) or, for who asks for it, `PROJECT/index.json` (PEP 691); pages may
be kept for ten minutes and files for ever, as on PyPI. Answers are the same bytes each time, date
included: it lies so far back that a page in a cache is always asked for again (304), a file never.
Under `/after-20ms/` all is there once more, and comes 20 ms later, as if from a distance.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

if __name__ == "__main__":  # -I: the place of a script is not on the path
    sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from bench.workloads.services.serving import after_distance, serve

JSON = "application/vnd.pypi.simple.v1+json"
_TYPES = {".html": "text/html", ".json": JSON}
_PAGE = "max-age=600, public"
_FILE = "max-age=365000000, immutable, public"
_DATE = "Mon, 01 Jan 2024 00:00:00 GMT"


def application(folder: Path) -> Starlette:
    """The server of what is in a folder now."""
    answers = {
        f"/{file.relative_to(folder).as_posix()}": _answer(file)
        for file in folder.rglob("*")
        if file.is_file()
    }

    async def answer(request: Request) -> Response:
        path = await after_distance(request.url.path)
        if path.endswith("/"):
            wants_json = JSON in request.headers.get("accept", "")
            names = ("index.json", "index.html") if wants_json else ("index.html",)
            path = next((path + name for name in names if path + name in answers), path)
        found = answers.get(path)
        if found is None:
            return Response("not here\n", status_code=404, media_type="text/plain")
        body, headers = found
        if request.headers.get("if-none-match") == headers["etag"]:
            return Response(status_code=304, headers=headers)
        return Response(body, headers=headers)

    return Starlette(routes=[Route("/{path:path}", answer, methods=["GET"])])


def _answer(file: Path) -> tuple[bytes, dict[str, str]]:
    body = file.read_bytes()
    page = file.suffix in _TYPES
    return body, {
        "content-type": _TYPES.get(file.suffix, "application/octet-stream"),
        "cache-control": _PAGE if page else _FILE,
        "date": _DATE,
        "etag": f'"{hashlib.sha256(body).hexdigest()[:32]}"',
        **({"vary": "Accept"} if page else {}),
    }


if __name__ == "__main__":
    serve(application)
