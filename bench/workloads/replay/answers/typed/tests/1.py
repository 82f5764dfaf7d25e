from shelf.matching import common_numbers


def test_negative_numbers():
    assert common_numbers([-1, 0, 1], [1, -1]) == [-1, 1]


def test_nothing_to_find():
    assert common_numbers(list(range(250)), list(range(250, 500))) == []


def test_shelves_stay_as_they_are():
    mine, others = [2, 1, 2], [2]
    assert common_numbers(mine, others) == [2]
    assert (mine, others) == ([2, 1, 2], [2])


def test_large_numbers():
    numbers = [10**20 + number for number in range(60)]
    assert common_numbers(numbers, numbers) == numbers
