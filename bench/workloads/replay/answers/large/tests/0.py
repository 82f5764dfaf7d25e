import pytest
from shelf.routing import distances_from


def corridor(length):
    """A row of places; the ways are listed from its end, which is the worst order."""
    return [(number, number + 1, 1) for number in reversed(range(length))]


@pytest.mark.parametrize("length", [1, 10, 60, 120])
def test_corridor(length):
    assert distances_from(0, corridor(length)) == {place: place for place in range(length + 1)}


def test_what_can_not_be_reached_is_left_out():
    assert distances_from("a", [("b", "c", 1)]) == {"a": 0}


def test_negative_lengths_are_none():
    assert distances_from("a", [("a", "b", -3)]) == {"a": 0, "b": 0}
