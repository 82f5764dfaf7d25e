from shelf.routing import distances_from


def test_the_shorter_of_two_ways():
    assert distances_from("a", [("a", "b", 7), ("a", "b", 3)]) == {"a": 0, "b": 3}


def test_a_circle_ends():
    assert distances_from(1, [(1, 2, 1), (2, 1, 1)]) == {1: 0, 2: 1}


def test_a_grid():
    size = 7
    ways = [
        ((x, y), (x + dx, y + dy), 1)
        for x in reversed(range(size))
        for y in reversed(range(size))
        for dx, dy in ((1, 0), (0, 1))
        if x + dx < size and y + dy < size
    ]
    found = distances_from((0, 0), ways)
    assert found == {(x, y): x + y for x in range(size) for y in range(size)}


def test_nowhere_to_go():
    assert distances_from("a", []) == {"a": 0}
