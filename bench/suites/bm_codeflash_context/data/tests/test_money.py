"""Tests of amounts."""

import unittest

from parcel.money import CurrencyError, Money, split_evenly, total


class MoneyTest(unittest.TestCase):
    """Sums and products."""

    def test_total(self) -> None:
        """Amounts add up."""
        self.assertEqual(total([Money(150), Money(250)]), Money(400))  # noqa: PT009

    def test_times(self) -> None:
        """Half is rounded up."""
        self.assertEqual(Money(101).times(0.5), Money(51))  # noqa: PT009

    def test_currencies(self) -> None:
        """Apples and pears."""
        with self.assertRaises(CurrencyError):  # noqa: PT027
            Money(1, "EUR") + Money(1, "USD")

    def test_split(self) -> None:
        """Nothing is lost."""
        self.assertEqual(total(split_evenly(Money(100), 3)), Money(100))  # noqa: PT009
