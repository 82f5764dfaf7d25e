"""The package index as a client sees it."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from urllib.parse import urljoin

import pytest

from bench.workloads.fixtures.catalogue import FIXTURES, prepare_fixture

JSON = "application/vnd.pypi.simple.v1+json"
PIP_ACCEPTS = f"{JSON}, application/vnd.pypi.simple.v1+html; q=0.1, text/html; q=0.01"
PAGE = "/simple-hard/hard-root/"


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[http.client.HTTPConnection]:
    """A connection to the index of the fixture, which serves more than one request."""
    folder = prepare_fixture("pip-index", tmp_path_factory.mktemp("cache"))
    server = FIXTURES["pip-index"].server
    assert server is not None
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with subprocess.Popen([sys.executable, "-I", server.program, folder, str(port)]) as process:
        try:
            with contextlib.closing(connect(port)) as connection:
                yield connection
        finally:
            process.terminate()


def connect(port: int) -> http.client.HTTPConnection:
    deadline = time.monotonic() + 20
    while True:
        try:
            found = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            found.connect()
        except ConnectionRefusedError:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        else:
            return found


def get(
    connection: http.client.HTTPConnection, path: str, **headers: str
) -> tuple[int, dict[str, str], bytes]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request("GET", path, headers=named)
    answer = connection.getresponse()
    return answer.status, dict(answer.getheaders()), answer.read()


def test_pages_for_new_and_old_clients(connection: http.client.HTTPConnection) -> None:
    status, headers, body = get(connection, PAGE, Accept=PIP_ACCEPTS)
    assert (status, headers["content-type"]) == (200, JSON)
    assert json.loads(body)["meta"]["api-version"] == "1.1"
    status, headers, body = get(connection, PAGE, Accept="text/html")
    assert (status, headers["content-type"]) == (200, "text/html")
    assert b"data-core-metadata" in body


def test_files_and_metadata_are_what_the_page_says(connection: http.client.HTTPConnection) -> None:
    (listed,) = json.loads(get(connection, PAGE, Accept=JSON)[2])["files"]
    link = urljoin(PAGE, listed["url"])
    for path, hashes in ((link, listed["hashes"]), (f"{link}.metadata", listed["core-metadata"])):
        status, headers, body = get(connection, path)
        assert (status, headers["content-type"]) == (200, "application/octet-stream")
        assert hashlib.sha256(body).hexdigest() == hashes["sha256"]
        assert "immutable" in headers["cache-control"]


def test_answers_are_the_same_each_time(connection: http.client.HTTPConnection) -> None:
    first = get(connection, PAGE, Accept=PIP_ACCEPTS)
    assert get(connection, PAGE, Accept=PIP_ACCEPTS) == first


def test_the_same_from_a_distance(connection: http.client.HTTPConnection) -> None:
    before = time.monotonic()
    far = get(connection, f"/after-300ms{PAGE}", Accept=JSON)
    assert time.monotonic() - before >= 0.3
    assert far == get(connection, PAGE, Accept=JSON)


def test_who_has_it_already_is_told_so(connection: http.client.HTTPConnection) -> None:
    _, headers, _ = get(connection, PAGE, Accept=JSON)
    status, again, body = get(connection, PAGE, Accept=JSON, If_None_Match=headers["etag"])
    assert (status, body) == (304, b"")
    assert again["etag"] == headers["etag"]


@pytest.mark.parametrize("path", ["/simple-hard/absent/", "/", "/../../etc/passwd"])
def test_what_is_not_there(connection: http.client.HTTPConnection, path: str) -> None:
    assert get(connection, path)[0] == 404
