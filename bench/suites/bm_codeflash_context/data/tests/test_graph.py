"""Tests of routes."""

import pytest
from parcel.errors import NoRouteError
from parcel.graph import RoadMap, shortest_route, walk_back

ROADS = RoadMap([("hub", "a", 4), ("a", "b", 1), ("hub", "b", 7), ("c", "d", 1)])


def test_shortest() -> None:
    """The detour is shorter."""
    assert shortest_route(ROADS, "hub", "b") == (5, ["hub", "a", "b"])


def test_no_route() -> None:
    """Islands are told."""
    with pytest.raises(NoRouteError):
        shortest_route(ROADS, "hub", "c")


def test_walk_back() -> None:
    """Steps are reversed."""
    assert walk_back({"b": "a"}, "b") == ["a", "b"]


def test_reachable() -> None:
    """Only what is connected."""
    assert ROADS.reachable("hub") == {"hub", "a", "b"}
