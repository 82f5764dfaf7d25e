from shelf.ordering import order_by_height


def test_input_is_left_alone():
    books = [("tall", 9), ("small", 1)]
    order_by_height(books)
    assert books == [("tall", 9), ("small", 1)]


def test_negative_and_fractional_heights():
    books = [("a", 0.5), ("b", -1), ("c", 0.25)]
    assert order_by_height(books) == [("b", -1), ("c", 0.25), ("a", 0.5)]


def test_many_of_few_heights():
    books = [(str(number), number % 5) for number in range(180)]
    ordered = order_by_height(books)
    assert [height for _title, height in ordered] == sorted(number % 5 for number in range(180))
    assert ordered[0] == ("0", 0)
    assert ordered[-1] == ("179", 4)


def test_tuple_of_books():
    assert order_by_height((("b", 2), ("a", 1))) == [("a", 1), ("b", 2)]
