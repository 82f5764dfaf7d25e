"""How pictures look, and how they become SVG files that are the same bytes every time.

Pictures are opaque light cards, readable on light and dark pages alike. Text is drawn as paths from
the font matplotlib brings along: widths are known, and nothing depends on the reader's fonts.
"""

from __future__ import annotations

import hashlib
import io
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import NamedTuple, TypeVar

import matplotlib as mpl
import msgspec
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import FancyBboxPatch
from matplotlib.textpath import TextPath

from bench.core.verdict import Verdict

MARKER = "made from data/ by python -m bench report"

WIDTH_IN = 9.2
SIZE_PT = 9.0
SMALL_PT = 7.5
INK, MUTED, RULE, GRID, CARD = "#1f2328", "#59636e", "#d1d9e0", "#e6eaef", "#ffffff"
BAND = "#e4eaf1"
BASE, HEAD = "#7a5195", "#d9730d"
PYTHONS = ("#0969da", "#d9730d", "#1a7f37", "#8250df", "#9a6700")


class Marker(NamedTuple):
    """How a verdict looks: its colour, its shape, and whether the shape is filled."""

    colour: str
    shape: str
    filled: bool


# The shapes alone tell the verdicts apart: triangles point to where the change went.
MARKS: dict[Verdict, Marker] = {
    Verdict.FASTER: Marker("#1a7f37", "<", filled=True),
    Verdict.SLOWER: Marker("#cf222e", ">", filled=True),
    Verdict.SAME: Marker("#57606a", "o", filled=True),
    Verdict.BELOW_MEI: Marker("#0969da", "D", filled=True),
    Verdict.UNDECIDED: Marker("#9a6700", "o", filled=False),
}

_SETTINGS = {
    "font.family": "DejaVu Sans",
    "font.size": SIZE_PT,
    "svg.fonttype": "path",
    "svg.hashsalt": "bench",
    "text.parse_math": False,
    "path.simplify": False,
    "axes.unicode_minus": True,
    "text.color": INK,
    "axes.labelcolor": MUTED,
    "axes.edgecolor": RULE,
    "axes.linewidth": 0.8,
    "xtick.color": RULE,
    "ytick.color": RULE,
    "xtick.labelcolor": MUTED,
    "ytick.labelcolor": MUTED,
    "xtick.labelsize": SMALL_PT,
    "ytick.labelsize": SMALL_PT,
    "xtick.major.size": 3,
    "ytick.major.size": 3,
}

_Data = TypeVar("_Data", bound=msgspec.Struct)


@contextmanager
def drawing() -> Iterator[None]:
    """Whatever matplotlibrc the user has, pictures look as set here."""
    with mpl.rc_context():
        mpl.rcdefaults()
        for name, value in _SETTINGS.items():
            mpl.rcParams[name] = value  # type: ignore[index]
        yield


def picture(
    data: _Data, draw: Callable[[_Data], Figure], existing: Path, creator: str = MARKER
) -> bytes:
    """The SVG of `data`; `existing` is returned when it was drawn from the same data and code.

    Drawing takes a tenth of a second, and a report is made after every session. `creator` is what
    the file says of its making.
    """
    digest = hashlib.sha256(
        _code_digest(draw.__module__) + msgspec.msgpack.encode(data)
    ).hexdigest()
    try:
        content = existing.read_bytes()
    except OSError:
        content = b""
    if digest.encode() in content[:2000] and content.endswith(b"</svg>\n"):
        return content
    with drawing():
        return _svg(draw(data), digest, creator)


def _svg(figure: Figure, digest: str, creator: str) -> bytes:
    stream = io.BytesIO()
    metadata = {"Date": None, "Creator": creator, "Identifier": digest}
    figure.savefig(stream, format="svg", metadata=metadata, facecolor="none")
    return _slim(stream.getvalue().decode()).encode()


def _slim(svg: str) -> str:
    """The same picture in half the bytes: no comments or indents, hundredths of a point.

    Factors of `scale` keep all their digits.
    """
    svg = re.sub(r"<!-- .*? -->", "", svg, flags=re.DOTALL)
    svg = "\n".join(line.strip() for line in svg.splitlines() if line.strip())
    parts = re.split(r"(scale\([^)]*\))", svg)
    parts[::2] = [re.sub(r"-?\d+\.\d{3,}", _hundredths, part) for part in parts[::2]]
    return "".join(parts) + "\n"


def _hundredths(number: re.Match[str]) -> str:
    short = f"{float(number.group()):.2f}".rstrip("0").rstrip(".")
    return "0" if short == "-0" else short


@cache
def _code_digest(module: str) -> bytes:
    """A digest of what decides how a module's pictures look: another's change is none of theirs."""
    folder = Path(__file__).parent
    own = sys.modules[module].__file__
    content = mpl.__version__.encode()
    for file in (folder / "figure_style.py", folder / "text.py", Path(own or "")):
        content += file.read_bytes()
    return hashlib.sha256(content).digest()


class Card:
    """An empty picture of a size in inches; places on it are inches from its top left corner."""

    def __init__(self, width_in: float, height_in: float) -> None:
        self.width_in, self.height_in = width_in, height_in
        self.figure = Figure(figsize=(width_in, height_in))
        FigureCanvasSVG(self.figure)
        edge = 0.02
        self.figure.add_artist(
            FancyBboxPatch(
                (edge, edge),
                width_in - 2 * edge,
                height_in - 2 * edge,
                boxstyle="round,pad=0,rounding_size=0.09",
                transform=self.figure.dpi_scale_trans,
                facecolor=CARD,
                edgecolor=RULE,
                linewidth=0.8,
                zorder=-10,
            )
        )

    def axes(self, left: float, top: float, width: float, height: float) -> Axes:
        """Axes without a frame but the bottom line."""
        made = self.figure.add_axes(
            (
                left / self.width_in,
                1 - (top + height) / self.height_in,
                width / self.width_in,
                height / self.height_in,
            )
        )
        made.patch.set_visible(False)
        for side in ("top", "left", "right"):
            made.spines[side].set_visible(False)
        made.set_axisbelow(True)
        return made

    def text(self, left: float, top: float, words: str, **style: object) -> None:
        """Words with their baseline's left end at a place."""
        self.figure.text(
            left / self.width_in,
            1 - top / self.height_in,
            words,
            **{"size": SIZE_PT, "va": "baseline", **style},  # type: ignore[arg-type]
        )


@cache
def width_in(words: str, size_pt: float = SIZE_PT, weight: str = "normal") -> float:
    """How wide a line of text is, in inches."""
    if not words.strip():
        return 0.0
    font = FontProperties(family="DejaVu Sans", weight=weight)
    return float(TextPath((0, 0), words, size=size_pt, prop=font).get_extents().width) / 72


def wrapped(name: str, limit_in: float, size_pt: float = SIZE_PT) -> str:
    """A long name on two lines, broken behind a hyphen, dot or underscore near its middle."""
    if width_in(name, size_pt) <= limit_in:
        return name
    places = [i + 1 for i, letter in enumerate(name[:-1]) if letter in "-._"] or [len(name) // 2]
    place = min(places, key=lambda i: abs(i - len(name) / 2))
    return f"{name[:place]}\n{name[place:]}"
