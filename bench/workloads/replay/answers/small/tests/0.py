import pytest
from shelf.ordering import order_by_height


def shuffled(count, step):
    return [(f"title {number}", number * step % count) for number in range(count)]


@pytest.mark.parametrize("count", [1, 2, 50, 150])
def test_heights_ascend(count):
    heights = [height for _title, height in order_by_height(shuffled(count, 37))]
    assert heights == sorted(heights)


def test_order_of_equals():
    books = [("first", 3), ("second", 3), ("third", 3)]
    assert order_by_height(books) == books


def test_descending():
    books = [(str(number), 120 - number) for number in range(120)]
    assert order_by_height(books) == books[::-1]
