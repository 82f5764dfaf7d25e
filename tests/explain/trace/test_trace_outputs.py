"""The trace file's format, and the picture."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET

import pytest
from support.tracing import JournalServer, Traced, trace_program

from bench.explain.trace.chrome import chrome_trace
from bench.explain.trace.lanes import lanes_of
from bench.explain.trace.path import Layer, path_of
from bench.explain.trace.picture import draw_timeline

PROGRAM = """
import subprocess, sys, urllib.request
from concurrent.futures import ThreadPoolExecutor
ask = lambda path: urllib.request.urlopen(sys.argv[1] + path, data=b"x").read()
with ThreadPoolExecutor(2) as pool:
    list(pool.map(ask, ["/one", "/two"]))
for _ in range(2):
    subprocess.run([sys.executable, "-c", "import json"], check=True)
"""


@pytest.fixture(scope="module")
def traced(tmp_path_factory: pytest.TempPathFactory) -> Traced:
    with JournalServer.serving(delay_s=0.05) as server:
        folder = tmp_path_factory.mktemp("traced")
        return trace_program(folder, PROGRAM, server.url, served=server.served)


def test_the_trace_event_format(traced: Traced) -> None:
    """The fields each phase needs (the format's description, "Event Descriptions")."""
    content = chrome_trace(traced.timeline, path_of(traced.timeline), 0, lambda words: words)
    document = json.loads(content)
    assert document["displayTimeUnit"] == "ms"
    events = document["traceEvents"]
    wall_us = traced.timeline.wall_ns / 1000
    for event in events:
        assert {"ph", "pid", "tid", "name"} <= set(event)
        assert isinstance(event["pid"], int)
        assert isinstance(event["tid"], int)
        if event["ph"] == "X":
            assert event["ts"] >= 0
            assert event["dur"] >= 0
            assert event["ts"] + event["dur"] <= wall_us + 1
            assert isinstance(event["cat"], str)
        elif event["ph"] in "sf":
            assert {"id", "ts", "cat"} <= set(event)
        else:
            assert event["ph"] == "M"
            assert event["name"] in {"process_name", "process_sort_index"}
    flows = [event for event in events if event["ph"] in "sf"]
    assert len({event["id"] for event in flows}) * 2 == len(flows) == 2 * (2 + 2)
    named = {e["args"]["name"].partition(" (")[0] for e in events if e["name"] == "process_name"}
    assert named == {"critical path", "service", "program.py", "python -c"}


def test_spans_of_a_thread_nest(traced: Traced) -> None:
    """Or a viewer would draw them over each other."""
    content = chrome_trace(traced.timeline, path_of(traced.timeline), 0, lambda words: words)
    lines: dict[tuple[int, int], list[tuple[float, float]]] = {}
    for event in json.loads(content)["traceEvents"]:
        if event["ph"] == "X" and event["pid"] != 2:
            span = (event["ts"], -(event["ts"] + event["dur"]))
            lines.setdefault((event["pid"], event["tid"]), []).append(span)
    for spans in lines.values():
        open_: list[float] = []
        for begin, minus_end in sorted(spans):
            while open_ and open_[-1] <= begin + 0.002:
                open_.pop()
            assert not open_ or -minus_end <= open_[-1] + 0.002
            open_.append(-minus_end)


def test_small_files_leave_short_spans_out(traced: Traced) -> None:
    path = path_of(traced.timeline)
    whole, short = (
        json.loads(chrome_trace(traced.timeline, path, least, str))["traceEvents"]
        for least in (0, 5_000_000)
    )
    assert len(short) < len(whole)
    assert any(event["name"].startswith("import ") for event in whole)


def test_lanes(traced: Traced) -> None:
    lanes = lanes_of(traced.timeline)
    names = [lane.name for lane in lanes]
    assert names == ["program.py", "other threads", "", "service", "python -c"]
    children = lanes[-1]
    assert children.note == "× 2"
    layers = {piece.layer for piece in children.pieces}
    assert {Layer.INTERPRETER_START, Layer.IMPORTS, Layer.EXIT} <= layers


def test_the_picture(traced: Traced) -> None:
    svg = draw_timeline(traced.timeline, path_of(traced.timeline), "a <title>", "a caption")
    root = ET.fromstring(svg)
    words = [text.text for text in root.iter("{http://www.w3.org/2000/svg}text")]
    assert "a <title>" in words
    assert "critical path" in words
    assert "program.py" in words
    width = float(root.attrib["width"])
    for box in root.iter("{http://www.w3.org/2000/svg}rect"):
        assert float(box.attrib["x"]) + float(box.attrib["width"]) <= width
