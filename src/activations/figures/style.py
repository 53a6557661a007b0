"""How every figure of the book looks.

A figure function is decorated with `styled`, asks `new_figure` for its axes and draws with the
colours named here. The figure then shows itself as SVG with a transparent ground. The book's
build replaces the named colours in that SVG by the page's own, so that one drawing serves the
light and the dark mode; outside the book, in a notebook say, they stay what they are.
"""

import base64
import io
import logging
from collections.abc import Callable, Collection
from functools import wraps
from typing import Any, ParamSpec

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.figure import Figure

__all__ = [
    "BLUE",
    "CYCLE",
    "DIVERGING",
    "GREEN",
    "GREY",
    "INK",
    "ORANGE",
    "PALETTE",
    "PAPER_DPI",
    "PURPLE",
    "RC",
    "RED",
    "SEQUENTIAL",
    "BookFigure",
    "new_figure",
    "styled",
]

INK = "#24292e"
BLUE = "#0067b1"
ORANGE = "#b35900"
GREEN = "#007a52"
RED = "#c2263a"
PURPLE = "#7a3fb0"
GREY = "#6b7280"

#: Colours that the book's pages replace by the reader's light or dark variant, by name.
PALETTE = {
    "ink": INK,
    "blue": BLUE,
    "orange": ORANGE,
    "green": GREEN,
    "red": RED,
    "purple": PURPLE,
    "grey": GREY,
}

#: The order in which lines take their colours.
CYCLE = [BLUE, ORANGE, GREEN, PURPLE, RED, GREY]

SEQUENTIAL = "viridis"
DIVERGING = "RdBu_r"

#: Dots an inch, on paper, of what is drawn as an image.
PAPER_DPI = 300

#: matplotlib settings in force while a figure is drawn and while it is written.
RC: Any = {
    "axes.edgecolor": INK,
    "axes.grid": False,
    "axes.labelcolor": INK,
    "axes.labelsize": 11,
    "axes.prop_cycle": cycler(color=CYCLE),
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlecolor": INK,
    "axes.titlesize": 11,
    "axes.unicode_minus": True,
    "axes.linewidth": 0.8,
    "axes.facecolor": "none",
    "figure.facecolor": "none",
    "figure.dpi": 144,
    "font.family": ["DejaVu Sans"],
    "font.size": 10.5,
    "grid.color": GREY,
    "grid.alpha": 0.3,
    "image.interpolation": "none",
    "image.origin": "lower",
    "legend.fontsize": 10,
    "legend.frameon": False,
    "legend.labelcolor": INK,
    "lines.linewidth": 1.8,
    "lines.markersize": 6,
    "mathtext.fontset": "dejavusans",
    "patch.edgecolor": INK,
    "pdf.fonttype": 42,
    "savefig.dpi": 144,
    "savefig.facecolor": "none",
    "savefig.edgecolor": "none",
    "svg.fonttype": "path",
    "svg.hashsalt": "activations",
    "text.color": INK,
    "xtick.color": INK,
    "xtick.labelcolor": INK,
    "xtick.labelsize": 10,
    "ytick.color": INK,
    "ytick.labelcolor": INK,
    "ytick.labelsize": 10,
}

P = ParamSpec("P")


class BookFigure(Figure):
    """A matplotlib figure that shows itself as reproducible SVG, and on paper as PDF.

    It belongs to no window and no global list of figures, so it is collected like any object.

    Attributes
    ----------
    description : str
        What the data made of this drawing, in sentences, for someone who cannot see it. The page
        reads it out after the alternative text, which is written before the data is known.

    Examples
    --------
    >>> from activations.figures.style import BookFigure
    >>> figure = BookFigure(figsize=(1, 1))
    >>> figure.svg().startswith("<svg")
    True
    """

    description: str = ""

    def svg(self) -> str:
        """Write the figure as one ``<svg>`` element.

        Returns
        -------
        str
            The element, without XML declaration and document type, the same text for the same
            drawing at every call.
        """
        metadata = {"Date": None, "Creator": None, "Description": self.description or None}
        text = self._written(format="svg", metadata=metadata).decode()
        return text[text.index("<svg") :]

    def pdf(self) -> bytes:
        """Write the figure as a PDF page of its size.

        Returns
        -------
        bytes
            The file, the same bytes for the same drawing at every call. What is drawn as an image
            has `PAPER_DPI` dots an inch.
        """
        # Of a font that it embeds, fontTools says on stderr that it looks old.
        fonts = logging.getLogger("fontTools")
        level = fonts.level
        fonts.setLevel(logging.ERROR)
        try:
            nobody = {"CreationDate": None, "Creator": None, "Producer": None}
            return self._written(format="pdf", dpi=PAPER_DPI, metadata=nobody)
        finally:
            fonts.setLevel(level)

    def _written(self, **options: Any) -> bytes:
        """Save the figure in the layout it is given once; each drawing would move it a little."""
        buffer = io.BytesIO()
        with mpl.rc_context(RC):
            self.draw_without_rendering()
            self.set_layout_engine("none")
            self.savefig(buffer, **options)
        return buffer.getvalue()

    def _repr_mimebundle_(
        self, include: Collection[str] | None = None, exclude: Collection[str] | None = None
    ) -> dict[str, str]:
        return {
            "image/svg+xml": self.svg(),
            "application/pdf": base64.b64encode(self.pdf()).decode("ascii"),
        }


def new_figure(
    nrows: int = 1,
    ncols: int = 1,
    *,
    height: float = 2.8,
    width: float = 7.0,
    **subplot_kw: Any,
) -> tuple[BookFigure, Any]:
    """Make a figure of the book with its axes.

    Parameters
    ----------
    nrows, ncols : int
        The grid of axes.
    height, width : float
        Size in inches; the text column of the book is 7 inches wide.
    **subplot_kw
        Passed on to `matplotlib.figure.Figure.subplots`.

    Returns
    -------
    figure : BookFigure
        The figure, with constrained layout.
    axes : matplotlib.axes.Axes or numpy.ndarray of Axes
        One Axes for a single panel, else an array of them as matplotlib gives it.

    Examples
    --------
    >>> from activations.figures.style import new_figure
    >>> figure, axes = new_figure(ncols=2)
    >>> axes.shape
    (2,)
    """
    figure = BookFigure(figsize=(width, height), layout="constrained")
    axes: Axes | npt.NDArray[np.object_] = figure.subplots(nrows, ncols, **subplot_kw)
    return figure, axes


def styled(draw: Callable[P, BookFigure]) -> Callable[P, BookFigure]:
    """Give a figure function the book's settings while it draws.

    Parameters
    ----------
    draw : callable
        A function that returns a figure.

    Returns
    -------
    callable
        The same function, run inside a matplotlib context with `RC`.

    Examples
    --------
    >>> from activations.figures import style
    >>> @style.styled
    ... def empty():
    ...     figure, ax = style.new_figure()
    ...     return figure
    >>> empty().axes[0].xaxis.label.get_color() == style.INK
    True
    """

    @wraps(draw)
    def inside(*args: P.args, **kwargs: P.kwargs) -> BookFigure:
        with mpl.rc_context(RC):
            return draw(*args, **kwargs)

    return inside
