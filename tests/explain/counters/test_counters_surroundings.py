"""Counted processes find the HOME and the server that timed ones find."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from support.bare import BARE
from support.launching import python, shell

from bench.core.target import Benchmark
from bench.engine.measure.homes import FreshHome
from bench.engine.measure.network import Service, session_network
from bench.engine.sandbox.isolation import Isolation
from bench.explain.counters.running import NotCountedError, Runner

SERVED = Benchmark(name="x", command=("x",))
SERVER = (sys.executable, "-I", "-S", "-m", "http.server", "--bind", "127.0.0.1", "8007")
ASK = "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8007/')"


@pytest.fixture
def home(tmp_path: Path) -> FreshHome:
    folder = tmp_path / "home"
    folder.mkdir()
    return FreshHome(
        folder=folder, kept=tmp_path / "kept", first=("/bin/sh", "-c", "echo > seed"), env={}
    )


def test_home_is_renewed(home: FreshHome) -> None:
    takes_it = replace(shell(home.folder, "rm seed"), home=home)
    for _ in range(2):
        Runner(Isolation(network="open"), 20).run(SERVED, takes_it)


def test_home_that_cannot_be_prepared(home: FreshHome) -> None:
    broken = replace(shell(home.folder, ":"), home=replace(home, first=("/bin/sh", "-c", "exit 3")))
    with pytest.raises(NotCountedError, match="preparing HOME: exit status 3"):
        Runner(Isolation(network="open"), 20).run(SERVED, broken)


def test_server_answers(tmp_path: Path) -> None:
    service = Service("files", SERVER, 8007)
    with session_network([service], tuple(os.sched_getaffinity(0)), BARE) as network:
        if network.refusal:
            pytest.skip(network.refusal)
        Runner(network.isolation, 20).run(SERVED, python(tmp_path, ASK))
