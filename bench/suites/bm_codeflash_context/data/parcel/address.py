"""Postal addresses, read from loose text."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace

POSTCODES = {
    "DE": re.compile(r"\b\d{5}\b"),
    "FR": re.compile(r"\b\d{5}\b"),
    "NL": re.compile(r"\b\d{4}\s?[A-Z]{2}\b"),
    "GB": re.compile(r"\b[A-Z]{1,2}\d[A-Z\d]?\s?\d[A-Z]{2}\b"),
}
ABBREVIATIONS = {"str.": "strasse", "st.": "street", "ave.": "avenue", "rd.": "road"}


@dataclass(frozen=True)
class Address:
    """Where a parcel goes."""

    name: str
    street: str
    postcode: str
    city: str
    country: str = "DE"

    def normalised(self) -> Address:
        """Return the same address in the form in which two can be compared."""
        return replace(
            self,
            name=fold(self.name),
            street=expand_abbreviations(fold(self.street)),
            postcode=self.postcode.replace(" ", "").upper(),
            city=fold(self.city),
        )

    def same_place(self, other: Address) -> bool:
        """Tell whether two addresses mean one door."""
        mine, theirs = self.normalised(), other.normalised()
        return (mine.street, mine.postcode, mine.country) == (
            theirs.street,
            theirs.postcode,
            theirs.country,
        )


def fold(text: str) -> str:
    """Drop case, accents and double spaces."""
    plain = unicodedata.normalize("NFKD", text)
    kept = "".join(char for char in plain if not unicodedata.combining(char))
    return " ".join(kept.lower().split())


def expand_abbreviations(text: str) -> str:
    """Write common short words out."""
    words = [ABBREVIATIONS.get(word, word) for word in text.split()]
    return " ".join(words)


def find_postcode(text: str, country: str) -> str:
    """Return the first postcode of a country in a text, or nothing."""
    pattern = POSTCODES.get(country)
    found = pattern.search(text.upper()) if pattern else None
    return found.group().replace(" ", "") if found else ""


def parse_address(block: str, country: str = "DE") -> Address:
    """Read an address written in three lines."""
    name, street, place = [line.strip() for line in block.strip().splitlines()][:3]
    postcode = find_postcode(place, country)
    city = place.upper().replace(postcode, "").strip(" ,").title()
    return Address(name, street, postcode, city, country)
