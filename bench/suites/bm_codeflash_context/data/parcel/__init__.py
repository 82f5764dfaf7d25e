"""A small shipping library: what a parcel weighs, where it goes, what that costs, where it is."""

from parcel.errors import ParcelError
from parcel.money import Money
from parcel.quotes import Quote, QuoteBook, quote_shipment

__all__ = ["Money", "ParcelError", "Quote", "QuoteBook", "quote_shipment"]
