"""Rich's ``Style``: adding styles and comparing them, as every rendered cell does.

One call adds each of 44 styles to each of them, combines them all into one, and compares each with
each of an equal set that was built apart. The 1936 sums are more than the 1024 that Rich remembers,
and come in the same order each time, so each one is computed: a cold cache, on purpose.
"""

from __future__ import annotations

import pyperf
from rich.style import Style

COUNT = 44
ATTRIBUTES = ("bold", "italic", "underline", "dim", "not bold", "reverse")


def build_styles() -> list[Style]:
    """Return styles that are all different."""
    return [
        Style.parse(
            f"{ATTRIBUTES[n % len(ATTRIBUTES)]} #{n * 5 % 256:02x}{n:02x}80 on #10{n:02x}20"
        )
        for n in range(COUNT)
    ]


def add_and_compare(styles: list[Style], others: list[Style]) -> tuple[list[Style], Style, int]:
    """Do what is timed: every sum, one combination, and the number of equal pairs."""
    sums = [first + second for first in styles for second in styles]
    equal = sum(first == second for first in styles for second in others)
    return sums, Style.combine(styles), equal


def check(answer: tuple[list[Style], Style, int], styles: list[Style]) -> None:
    """Refuse to time styles that add up to something else."""
    sums, combined, equal = answer
    if equal != COUNT:
        msg = f"{equal} pairs are equal, expected {COUNT}"
        raise RuntimeError(msg)
    for number, found in enumerate(sums):
        first, second = styles[number // COUNT], styles[number % COUNT]
        bold = first.bold if second.bold is None else second.bold
        if (found.color, found.bgcolor, found.bold) != (second.color, second.bgcolor, bold):
            msg = f"{first} + {second} is {found}"
            raise RuntimeError(msg)
    if combined.color != styles[-1].color or not combined.italic or combined.bold is not True:
        msg = f"all styles together are {combined}"
        raise RuntimeError(msg)


def main() -> None:
    """Check, then time."""
    styles, others = build_styles(), build_styles()
    check(add_and_compare(styles, others), styles)
    runner = pyperf.Runner()
    runner.metadata["description"] = f"Rich: add and compare {COUNT} by {COUNT} styles"
    runner.bench_func("rich_style", add_and_compare, styles, others)


if __name__ == "__main__":
    main()
