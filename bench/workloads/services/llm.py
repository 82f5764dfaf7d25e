"""A language model's API that answers at once and always the same: it is not what is measured.

Run as a program (`python -I llm.py FOLDER PORT`), never imported by the harness. It speaks the two
dialects that clients are written for, OpenAI's (`/v1/chat/completions`) and Anthropic's
(`/v1/messages`), without streaming. The answer is one of the texts in the folder, chosen by the
digest of the request's messages, so that a conversation gets the same answers on both sides and on
every machine. Under `/after-2000ms/` all is there once more, and comes that much later.
Under `/fails-1-of-4/` every fourth request is answered with 503, and is told to come again at once:
what a client does then is the client's. Another path is answered with 501, which names it.
`--journal FILE` has it write down each request and the connection it came over.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import re
import sys
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

if __name__ == "__main__":  # -I: the place of a script is not on the path
    sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from bench.workloads.replay.command_line import run_server, server_parser
from bench.workloads.services.serving import after_distance

_CREATED = 1704067200  # 2024-01-01: the same bytes each time
_FAILS = re.compile(r"/fails-1-of-(\d{1,3})(?=/)")
_BUSY = {"retry-after": "0", "retry-after-ms": "1"}


def application(folder: Path) -> Starlette:
    """The API over the texts that are in a folder now."""
    texts = [file.read_text(encoding="utf-8") for file in sorted(folder.glob("*.md"))]
    failing = itertools.count(1)

    async def answer(request: Request) -> Response:
        path = await after_distance(request.url.path)
        fails = _FAILS.match(path)
        if fails is not None:
            path = path[fails.end() :]
            if next(failing) % int(fails[1]) == 0:
                return JSONResponse({"error": {"message": "busy on purpose"}}, 503, _BUSY)
        dialect = _DIALECTS.get(path)
        if dialect is None or request.method != "POST":
            return Response(f"no {request.method} {path} here\n", 501, media_type="text/plain")
        try:
            asked: dict[str, Any] = json.loads(await request.body())
            messages = json.dumps(asked["messages"], sort_keys=True).encode()
        except (ValueError, KeyError, TypeError):
            return Response("no messages in the request\n", 400, media_type="text/plain")
        digest = hashlib.sha256(messages).hexdigest()
        text = texts[int(digest, 16) % len(texts)]
        return JSONResponse(dialect(digest[:24], str(asked.get("model", "")), text, len(messages)))

    return Starlette(routes=[Route("/{path:path}", answer, methods=["GET", "POST"])])


def _openai(number: str, model: str, text: str, asked: int) -> dict[str, Any]:
    used, made = asked // 4, len(text) // 4
    return {
        "id": f"chatcmpl-{number}",
        "object": "chat.completion",
        "created": _CREATED,
        "model": model,
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": text, "refusal": None},
                "logprobs": None,
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": used, "completion_tokens": made, "total_tokens": used + made},
    }


def _anthropic(number: str, model: str, text: str, asked: int) -> dict[str, Any]:
    return {
        "id": f"msg_{number}",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": [{"type": "text", "text": text}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": asked // 4, "output_tokens": len(text) // 4},
    }


_DIALECTS = {"/v1/chat/completions": _openai, "/v1/messages": _anthropic}


def main(words: list[str]) -> int:
    """Serve until a signal comes; what is wrong ends in one message."""
    told = server_parser("llm").parse_args(words)
    return run_server(lambda: application(told.folder), told, {told.port: "llm"})


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
