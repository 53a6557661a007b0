"""Tables of the book: data frames with a caption, a label and formatted columns."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

__all__ = ["Table", "show_table"]


@dataclass(frozen=True)
class Table:
    """A data frame as the book shows it.

    In the book it becomes a numbered table with a caption; in a notebook, an HTML table.

    Attributes
    ----------
    frame : pandas.DataFrame
        The formatted cells, all of them text.
    caption : str or None
        The caption, in MyST markdown.
    label : str or None
        The name by which the text refers to the table.
    right : tuple of bool
        For each column, whether its cells are set flush right.
    """

    frame: pd.DataFrame
    caption: str | None = None
    label: str | None = None
    right: tuple[bool, ...] = field(default=())

    def markdown(self) -> str:
        """Write the table in MyST markdown.

        Returns
        -------
        str
            A ``table`` directive where there is a caption, else a plain pipe table.
        """
        header = [str(name) for name in self.frame.columns]
        rule = ["---:" if right else ":---" for right in self.right]
        body = self.frame.to_numpy().tolist()
        rows = ["| " + " | ".join(row) + " |" for row in [header, rule, *body]]
        if self.caption is None:
            return "\n".join(rows)
        option = [] if self.label is None else [f":name: {self.label}"]
        return "\n".join([f":::{{table}} {self.caption}", *option, "", *rows, ":::"])

    def _repr_mimebundle_(
        self, include: Collection[str] | None = None, exclude: Collection[str] | None = None
    ) -> dict[str, str]:
        return {
            "text/markdown": self.markdown(),
            "text/html": self.frame.to_html(index=False, border=0),
            "text/plain": self.frame.to_string(index=False),
        }


def show_table(
    frame: pd.DataFrame,
    *,
    caption: str | None = None,
    label: str | None = None,
    formats: Mapping[str, str] | None = None,
    missing: str = "–",
    index: bool = False,
) -> Table:
    """Format a data frame for the page.

    Parameters
    ----------
    frame : pandas.DataFrame
        The data; column names may hold MyST markdown, maths between dollars for instance.
    caption : str, optional
        The caption, in MyST markdown, on one line.
    label : str, optional
        The name for cross-references; needs a caption.
    formats : mapping of str to str, optional
        A format specification for each column that wants one, ``{"accuracy": ".3f"}``.
        Other columns are shown by `str`.
    missing : str
        What stands for a missing value.
    index : bool
        Whether the index is shown, as the first columns, under its own names.

    Returns
    -------
    Table
        What a cell shows.

    Raises
    ------
    ValueError
        If `formats` names a column that the frame does not have, a column name stands twice,
        or a label has no caption.

    Examples
    --------
    >>> import pandas as pd
    >>> from activations.figures.tables import show_table
    >>> frame = pd.DataFrame({"set": ["cities"], "accuracy": [0.98765]})
    >>> print(show_table(frame, formats={"accuracy": ".3f"}).markdown())
    | set | accuracy |
    | :--- | ---: |
    | cities | 0.988 |
    """
    if label is not None and caption is None:
        raise ValueError(f"label {label!r} needs a caption, else the table has no number")
    formats = dict(formats or {})
    shown = frame.reset_index() if index else frame.reset_index(drop=True)
    names = [str(name) for name in shown.columns]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise ValueError(f"frame has the columns {repeated} twice")
    unknown = sorted(set(formats) - set(names))
    if unknown:
        raise ValueError(f"formats names {unknown}, but the columns are {names}")

    def cell(value: Any, spec: str) -> str:
        if pd.api.types.is_scalar(value) and pd.isna(value):
            return missing
        # A bar in maths or text would end the cell of a pipe table.
        return format(value, spec).replace("|", r"\|")

    text = pd.DataFrame(
        {
            str(name): [cell(value, formats.get(str(name), "")) for value in column]
            for name, column in shown.items()
        },
        dtype=object,
    )
    right = tuple(bool(pd.api.types.is_numeric_dtype(dtype)) for dtype in shown.dtypes)
    return Table(text, caption, label, right)
