"""Nothing that looks like a secret reaches data, results, logs or the screen."""

from __future__ import annotations

import os
import re

# `://name:password@` and `://token@`; the account of ssh URLs is no secret.
_IN_URL = re.compile(r"(?<=://)(?!git@)[^/@\s\"']+@")
_NAMES = re.compile(
    r"TOKEN|SECRET|PASSW|CREDENTIAL|API_?KEY|PRIVATE_?KEY|ACCESS_?KEY", re.IGNORECASE
)
_SHORTEST = 8  # a shorter value stands in texts by chance


def without_secrets(text: str) -> str:
    """The text without credentials in URLs and without values of the caller's secret variables.

    A variable is taken for a secret by its name (`…TOKEN`, `…PASSWORD`, `…API_KEY`, …).
    """
    text = _IN_URL.sub("", text)
    for name, value in os.environ.items():
        if len(value) >= _SHORTEST and value in text and _NAMES.search(name):
            text = text.replace(value, f"[value of {name}]")
    return text
