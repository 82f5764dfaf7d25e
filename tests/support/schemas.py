"""Documents for scripts, held against the schema that is published of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jsonschema


def check_document(schema: Mapping[str, Any], document: Any) -> None:
    """A document is as its schema has it, and nothing in it is undeclared."""
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(document)
    name = schema["$ref"].rpartition("/")[2]
    assert list(document) == list(schema["$defs"][name]["properties"])
