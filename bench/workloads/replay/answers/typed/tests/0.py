import pytest
from shelf.matching import common_numbers


@pytest.mark.parametrize("count", [0, 1, 10, 200])
def test_all_in_common(count):
    numbers = list(range(count))
    assert common_numbers(numbers, numbers[::-1]) == numbers


def test_each_once():
    assert common_numbers([5, 5, 4, 5, 4], [4, 5, 5]) == [5, 4]


def test_every_second():
    assert common_numbers(list(range(300)), list(range(0, 300, 2))) == list(range(0, 300, 2))
