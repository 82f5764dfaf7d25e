"""How pictures look, and how they become SVG files that are the same bytes every time.

Pictures are opaque cards, dark where the reader prefers dark pages. Text stays text, in fonts as
wide as the one it is measured with. Pages are 860 px wide, letters 11 px or more.
"""

from __future__ import annotations

import hashlib
import io
import math
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeVar

import matplotlib as mpl
import msgspec
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG, RendererSVG
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.ft2font import LoadFlags
from matplotlib.lines import Line2D
from matplotlib.patches import FancyBboxPatch, Rectangle

from bench.core.verdict import Verdict

MARKER = "made from data/ by python -m bench report"

WIDTH_IN = 860 / 96
SIZE_PT = 9.0
SMALL_PT = 8.25
_FONT_PT = 100.0  # what widths are measured at; they grow in proportion
FONTS = "DejaVu Sans, Verdana, Geneva, sans-serif"
INK, MUTED, RULE, GRID, CARD = "#1f2328", "#59636e", "#d1d9e0", "#e6eaef", "#ffffff"
BAND = "#e4eaf1"
BLUE, ORANGE = "#0969da", "#bc4c00"
RED = "#cf222e"
BASE, HEAD = "#7a5195", "#d9730d"
PYTHONS = (BLUE, ORANGE, "#8250df", "#57606a", "#9a6700")
# What each colour becomes where the reader prefers dark pages.
DARK = {
    INK: "#e6edf3",
    MUTED: "#9198a1",
    RULE: "#3d444d",
    GRID: "#2a313c",
    CARD: "#0d1117",
    BAND: "#21262d",
    BLUE: "#58a6ff",
    ORANGE: "#f0883e",
    RED: "#ff7b72",
    BASE: "#c297e0",
    HEAD: "#f5a04c",
    "#8250df": "#bc8cff",
    "#57606a": "#9ea7b3",
    "#9a6700": "#d29922",
}


class Marker(NamedTuple):
    """How a verdict looks: its colour, its shape, and whether the shape is filled."""

    colour: str
    shape: str
    filled: bool


# The shapes alone tell the verdicts apart: triangles point to where the change went.
MARKS: dict[Verdict, Marker] = {
    Verdict.BROKEN: Marker(RED, "X", filled=True),
    Verdict.FASTER: Marker(BLUE, "<", filled=True),
    Verdict.SLOWER: Marker(ORANGE, ">", filled=True),
    Verdict.LESS_MEMORY: Marker(BLUE, "v", filled=True),
    Verdict.MORE_MEMORY: Marker(ORANGE, "^", filled=True),
    Verdict.SAME: Marker("#57606a", "o", filled=True),
    Verdict.BELOW_MEI: Marker("#57606a", "D", filled=True),
    Verdict.UNDECIDED: Marker("#57606a", "o", filled=False),
}

_SETTINGS = {
    "font.family": "DejaVu Sans",
    "font.size": SIZE_PT,
    "svg.fonttype": "none",
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

_POINTS = 72  # an inch
_EXTENTS: dict[tuple[object, ...], tuple[float, float, float]] = {}
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
    """What `savefig` writes, in half its time: that draws everything twice."""
    stream = io.StringIO()
    metadata = {"Date": None, "Creator": creator, "Identifier": digest}
    figure.patch.set_facecolor("none")
    image_dpi, figure.dpi = figure.dpi, _POINTS
    width, height = figure.get_size_inches() * _POINTS
    renderer: Any = _Renderer(width, height, stream, image_dpi=image_dpi, metadata=metadata)  # type: ignore[no-untyped-call]
    figure.draw(renderer)
    renderer.finalize()
    return _slim(stream.getvalue()).encode()


class _Renderer(RendererSVG):
    """One that measures each text once a process: most stand in many pictures."""

    def get_text_width_height_descent(
        self,
        s: str,
        prop: FontProperties,
        ismath: bool | Literal["TeX"],  # noqa: FBT001
    ) -> tuple[float, float, float]:
        """Of a text, in points."""
        key = s, prop.get_size_in_points(), prop.get_weight()
        if key not in _EXTENTS:
            measure: Any = super().get_text_width_height_descent
            _EXTENTS[key] = measure(s, prop, ismath)
        return _EXTENTS[key]


def _slim(svg: str) -> str:
    """The same picture in half the bytes, with its colours on dark pages.

    No comments or indents, hundredths of a point, the font named once; factors of `scale` keep all
    their digits.
    """
    svg = re.sub(r"<!-- .*? -->", "", svg, flags=re.DOTALL)
    svg = "\n".join(line.strip() for line in svg.splitlines() if line.strip())
    parts = re.split(r"(scale\([^)]*\))", svg)
    parts[::2] = [re.sub(r"-?\d+\.\d{3,}", _hundredths, part) for part in parts[::2]]
    svg = re.sub(r' transform="rotate\(-0 [^"]*"', "", "".join(parts)) + "\n"
    svg = svg.replace(" font-family: 'DejaVu Sans';", "")
    style = f"<style>text{{font-family:{FONTS}}}</style>\n{_dark_style(svg)}"
    return svg.replace("</metadata>", f"</metadata>\n{style}", 1)


def _dark_style(svg: str) -> str:
    """A `<style>` that exchanges the colours of a picture where the reader prefers dark pages."""
    rules = [
        f'[style*="{what}: {light}"]{{{what}:{dark}!important}}'
        for light, dark in DARK.items()
        for what in ("fill", "stroke")
        if f"{what}: {light}" in svg
    ]
    return f"<style>@media (prefers-color-scheme:dark){{{''.join(rules)}}}</style>" if rules else ""


def _hundredths(number: re.Match[str]) -> str:
    short = f"{float(number.group()):.2f}".rstrip("0").rstrip(".")
    return "0" if short == "-0" else short


@cache
def _code_digest(module: str) -> bytes:
    """A digest of what decides how a module's pictures look: another's change is none of theirs."""
    package = module.rpartition(".")[0]
    used = {str(getattr(one, "__module__", "")) for one in vars(sys.modules[module]).values()}
    modules = {module, *(name for name in used if name.startswith(f"{package}."))}
    own = [Path(sys.modules[name].__file__ or "") for name in sorted(modules)]
    folder = Path(__file__).parent
    content = mpl.__version__.encode()
    for file in (folder / "figure_style.py", folder / "text.py", *own):
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


class Field:
    """A panel on a card, with its own scales; places in it are given in these.

    Without axes of matplotlib's: they take longer than all that is drawn into a small panel.
    """

    def __init__(
        self,
        card: Card,
        box: tuple[float, float, float, float],
        across: tuple[float, float],
        up: tuple[float, float],
    ) -> None:
        self.card, self.across, self.up = card, across, up
        self._left, self._top, self._width, self._height = box

    def _places(
        self, across: Sequence[float], up: Sequence[float]
    ) -> tuple[list[float], list[float]]:
        """As parts of the card's width and height."""
        (x0, x1), (y0, y1) = self.across, self.up
        foot = self.card.height_in - self._top - self._height
        return (
            [
                (self._left + (x - x0) / (x1 - x0) * self._width) / self.card.width_in
                for x in across
            ],
            [(foot + (y - y0) / (y1 - y0) * self._height) / self.card.height_in for y in up],
        )

    def line(self, across: Sequence[float], up: Sequence[float], **style: Any) -> None:  # noqa: ANN401
        """A line through places, or marks at them."""
        self.card.figure.add_artist(Line2D(*self._places(across, up), **style))

    def level(self, at: float, **style: Any) -> None:  # noqa: ANN401 - as matplotlib takes it
        """A line from one side to the other."""
        self.line(self.across, [at, at], **style)

    def band(self, low: float, high: float, **style: Any) -> None:  # noqa: ANN401
        """A shade from one side to the other, as far as it is inside."""
        self.shade(self.across, (max(low, self.up[0]), min(high, self.up[1])), **style)

    def shade(
        self,
        across: Sequence[float],
        up: Sequence[float],
        **style: Any,  # noqa: ANN401
    ) -> None:
        """A shaded box between two places each way."""
        (left, right), (bottom, top) = self._places(across, up)
        box = Rectangle((left, bottom), right - left, top - bottom, linewidth=0, **style)
        self.card.figure.add_artist(box)

    def scale(self, places: Sequence[tuple[float, str]]) -> None:
        """A foot line with marks and words at places, and lines up from them."""
        self.level(self.up[0], color=RULE, linewidth=0.8, zorder=2.5)
        for at, words in places:
            self.line([at, at], self.up, color=GRID, linewidth=0.8, zorder=0.5)
            (middle,), (foot,) = self._places([at], [self.up[0]])
            below = [foot, foot - 3 / 72 / self.card.height_in]
            self.card.figure.add_artist(Line2D([middle, middle], below, color=RULE, linewidth=0.8))
            self.card.figure.text(
                middle, below[1] - 3.5 / 72 / self.card.height_in, words,
                ha="center", va="top", size=SMALL_PT, color=MUTED,
            )  # fmt: skip

    def numbers(self, across: Sequence[float], up: Sequence[tuple[float, str]]) -> None:
        """Whole numbers below the foot line, and numbers on the left with lines across."""
        self.level(self.up[0], color=RULE, linewidth=0.8)
        how: dict[str, Any] = {"size": SMALL_PT, "color": MUTED}
        gap_in = 4 / 72
        for at, words in up:
            self.level(at, color=GRID, linewidth=0.8, zorder=0.5)
            (left,), (middle,) = self._places([self.across[0]], [at])
            left -= gap_in / self.card.width_in
            self.card.figure.text(left, middle, words, ha="right", va="center", **how)
        for place in across:
            (middle,), (foot,) = self._places([place], [self.up[0]])
            foot -= gap_in / self.card.height_in
            self.card.figure.text(middle, foot, str(place), ha="center", va="top", **how)

    def dots(self, places: Sequence[tuple[float, float]], *, filled: bool) -> None:
        """Points as one line of dots: a fifth of the bytes that a marker a point takes."""
        across = [x for place in places for x in (place[0], place[0], math.nan)]
        up = [y for place in places for y in (place[1], place[1], math.nan)]
        for colour, width in ((INK, 4.4), (CARD, 2.4))[: 1 if filled else 2]:
            order = 4 if filled else 3
            round_ends = {"solid_capstyle": "round", "zorder": order}
            self.line(across, up, color=colour, linewidth=width, **round_ends)


@cache
def width_in(words: str, size_pt: float = SIZE_PT, weight: str = "normal") -> float:
    """How wide a line of text is, in inches."""
    if not words.strip():
        return 0.0
    font = get_font(findfont(FontProperties(family="DejaVu Sans", weight=weight)))
    font.set_size(_FONT_PT, 72)  # each time: matplotlib shares its fonts, and draws with this one
    font.set_text(words, 0.0, flags=LoadFlags.NO_HINTING)
    return font.get_width_height()[0] / 64 / _FONT_PT * size_pt / 72


def wrapped(name: str, limit_in: float, size_pt: float = SIZE_PT) -> str:
    """A long name on two lines, broken behind a hyphen, dot or underscore near its middle."""
    if width_in(name, size_pt) <= limit_in:
        return name
    places = [i + 1 for i, letter in enumerate(name[:-1]) if letter in "-._"] or [len(name) // 2]
    place = min(places, key=lambda i: abs(i - len(name) / 2))
    return f"{name[:place]}\n{name[place:]}"
