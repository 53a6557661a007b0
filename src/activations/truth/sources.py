"""Activations by name, from whichever source is there: one interface, three sources.

The course's archive, the activations that the book ships, and any folder of either form are read
by the same functions. Which one was read always stands in the result.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from activations.truth import store
from activations.truth.archive import HOW_TO_GET, MODELS, read_archive
from activations.truth.statement_sets import DataMissingError, kind_of, read_statements

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "Activations",
    "LanguageModel",
    "available_models",
    "available_source",
    "data_folder",
    "load_activations",
    "statements",
]

#: The embedded model that is read if none is asked for.
_DEFAULT: Final = "Qwen2.5-Coder-1.5B-Instruct"


@dataclass(frozen=True)
class LanguageModel:
    """A language model whose activations a source holds.

    Attributes
    ----------
    name : str
        Its name.
    parameters : int
        The number of its parameters.
    n_layers : int
        The number of its decoder layers.
    width : int
        The dimension d of its residual stream.
    layer : int
        The layer that is read if none is asked for, counted from 0.
    layers : tuple of int
        The layers that the source holds.
    """

    name: str
    parameters: int
    n_layers: int
    width: int
    layer: int
    layers: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Activations:
    """Activation vectors of a statement set, with all that is known about each row.

    The arrays are read-only.

    Attributes
    ----------
    name : str
        The statement set's name.
    X : numpy.ndarray of float32, shape (n, d)
        One activation vector a row: the residual stream at the statement's last token.
    y : numpy.ndarray of int64, shape (n,)
        1 for a true statement, 0 for a false one.
    groups : numpy.ndarray of int64, shape (n,)
        Equal for statements that a split must keep together; see `StatementSet`.
    polarity : numpy.ndarray of int64, shape (n,)
        +1 for an affirmative statement, -1 for a negated one.
    statements : tuple of str
        The n sentences.
    model : str
        The language model's name.
    layer : int
        The decoder layer after which the residual stream was read, counted from 0.
    source : str
        Where the data came from: ``"archive"``, ``"embedded"``, or the folder that was asked for.
    """

    name: str
    X: NDArray[np.float32]
    y: NDArray[np.int64]
    groups: NDArray[np.int64]
    polarity: NDArray[np.int64]
    statements: tuple[str, ...]
    model: str
    layer: int
    source: str

    def __len__(self) -> int:
        return len(self.y)

    def __repr__(self) -> str:
        return (
            f"Activations({self.name!r}: {self.X.shape[0]} statements, {self.X.shape[1]} "
            f"dimensions, {self.model}, layer {self.layer}, from {self.source!r})"
        )


def data_folder() -> Path:
    """Tell where the data lies that comes with the book.

    Returns
    -------
    Path
        The folder ``data`` of the checkout, or the copy of it in an installed package.

    Examples
    --------
    >>> from activations.truth.sources import data_folder
    >>> (data_folder() / "statements" / "cities.csv").is_file()
    True
    """
    installed = Path(__file__).resolve().parents[1] / "_data"
    return installed if installed.is_dir() else Path(__file__).resolve().parents[3] / "data"


class _Place(NamedTuple):
    """A folder with data, and what results call it."""

    folder: Path
    origin: str

    @property
    def is_archive(self) -> bool:
        return (self.folder / "datasets").is_dir() and (self.folder / "acts").is_dir()

    @property
    def is_store(self) -> bool:
        return (self.folder / "statements").is_dir() and (self.folder / "activations").is_dir()

    @property
    def statements(self) -> Path:
        return self.folder / ("datasets" if self.is_archive else "statements")

    def models(self) -> dict[str, LanguageModel]:
        known = MODELS if self.is_archive else store.models(self.folder)
        return {
            name: LanguageModel(
                name, told.parameters, told.n_layers, told.width, told.layer, told.layers
            )
            for name, told in known.items()
        }

    def read(self, model: str, layer: int, name: str, n: int) -> NDArray[np.float32]:
        read = read_archive if self.is_archive else store.read_layer_set
        return read(self.folder, model, layer, name, n)


def _archive_of_checkout() -> Path:
    return data_folder() / "lie_detection"


def _locate(source: str | os.PathLike[str] | None) -> _Place:
    """Resolve `source` to a place that holds data."""
    if source is not None and not isinstance(source, str | os.PathLike):
        raise TypeError(f"source must be None, a string or a path, got {type(source).__name__}")
    asked = None if source is None else os.fspath(source)
    if asked == "":
        raise ValueError("source must be None, a name or a folder, got an empty string")
    variable = os.environ.get("ACTIVATIONS_DATA", "")
    at_home = _Place(_archive_of_checkout(), "archive")
    if asked not in (None, "archive", "embedded"):
        place, why = _Place(Path(str(asked)), str(asked)), f"source={asked!r}"
    elif asked == "embedded" or (asked is None and variable == "embedded"):
        place, why = _Place(data_folder(), "embedded"), "the embedded default"
    elif variable not in ("", "embedded"):
        place, why = _Place(Path(variable), "archive"), f"ACTIVATIONS_DATA={variable!r}"
        if asked is None and place.is_store and not place.is_archive:
            place = _Place(place.folder, variable)
    elif asked == "archive" or at_home.is_archive:
        place, why = at_home, "source='archive', where ACTIVATIONS_DATA names no folder,"
    else:
        place, why = _Place(data_folder(), "embedded"), "the embedded default"
    fits = place.is_archive if place.origin == "archive" else place.is_archive or place.is_store
    if not fits:
        wanted = "datasets/ and acts/" + (
            "" if asked == "archive" else ", or statements/ and activations/,"
        )
        raise DataMissingError(
            f"no activations found: {why} leads to {str(place.folder)!r}, which is no folder with "
            f"{wanted} in it. {HOW_TO_GET}"
        )
    return place


def available_source() -> str:
    """Say which source `load_activations` reads if none is named.

    Returns
    -------
    str
        ``"archive"`` if the course's archive is where it is looked for, ``"embedded"`` for the
        data that comes with the book, or a folder of that form that ``ACTIVATIONS_DATA`` names.

    Raises
    ------
    DataMissingError
        If ``ACTIVATIONS_DATA`` names a folder without data; an OSError.

    Notes
    -----
    This only looks for the folders. Whether the files in them are sound is decided when they are
    read.

    Examples
    --------
    >>> from activations.truth import available_source
    >>> isinstance(available_source(), str)
    True
    """
    return _locate(None).origin


def available_models(
    source: str | os.PathLike[str] | None = None,
) -> dict[str, LanguageModel]:
    """List the language models whose activations a source holds.

    Parameters
    ----------
    source : str or path, optional
        As for `load_activations`.

    Returns
    -------
    dict of str to LanguageModel
        The models by name, the smallest first.

    Raises
    ------
    DataMissingError
        If the source is not there; an OSError.
    DataUnusableError
        If a model's datasheet is not what it must be; a ValueError.

    Examples
    --------
    >>> from activations.truth import available_models
    >>> [(m.name, m.n_layers, m.width) for m in available_models("embedded").values()]
    [('SmolLM2-135M-Instruct', 30, 576), ('Qwen2.5-Coder-1.5B-Instruct', 28, 1536)]
    """
    return _locate(source).models()


def _choose(place: _Place, models: Mapping[str, LanguageModel], name: str | None) -> LanguageModel:
    if not models:
        raise DataMissingError(f"{place.folder / 'activations'} holds no model's activations")
    if name is None and _DEFAULT in models:
        return models[_DEFAULT]
    if name is None and len(models) == 1:
        return next(iter(models.values()))
    if not isinstance(name, str) or name not in models:
        raise ValueError(
            f"model must be one of {', '.join(models)} in the source {place.origin!r}, got {name!r}"
        )
    return models[name]


def load_activations(
    name: str,
    *,
    source: str | os.PathLike[str] | None = None,
    model: str | None = None,
    layer: int | None = None,
) -> Activations:
    """Load a statement set with its activations.

    Parameters
    ----------
    name : str
        ``"cities"``, ``"neg_cities"``, ``"sp_en_trans"`` or ``"neg_sp_en_trans"``.
    source : str or path, optional
        ``"archive"`` for the course's archive, ``"embedded"`` for the activations that come with
        the book, or a folder: of the archive's form, with ``datasets/`` and ``acts/`` in it, or
        of the form that `activations.truth.extract` writes, with ``statements/`` and
        ``activations/``. By default the folder in the environment variable ``ACTIVATIONS_DATA``
        (where the word ``embedded`` is understood too), else ``data/lie_detection`` of the
        checkout if it is there, else the embedded activations.
    model : str, optional
        A model that the source holds, see `available_models`. By default the only one;
        of the embedded ones Qwen2.5-Coder-1.5B-Instruct.
    layer : int, optional
        A decoder layer, counted from 0; by default the model's own. The activations are the
        residual stream after it, ``hidden_states[layer + 1]`` in transformers.

    Returns
    -------
    Activations
        Row k of every attribute belongs to the k-th statement of the file.

    Raises
    ------
    ValueError
        If `name`, `model` or `layer` is not one that there is.
    DataMissingError
        If the data, or a file of it, is not there; an OSError.
    DataUnusableError
        If a file is not what it must be; a ValueError. The message names the file, what was
        found and what to do.

    Notes
    -----
    Nothing is downloaded here, and no code that a file may hold is run. Checked are the names and
    the number of the files, shapes and dtype, that all values are finite, what `read_statements`
    checks, and checksums of the archive's values and of the embedded data's statements.

    Examples
    --------
    >>> from activations.truth import load_activations
    >>> load_activations("cities", source="embedded", model="SmolLM2-135M-Instruct")
    Activations('cities': 320 statements, 576 dimensions, SmolLM2-135M-Instruct, layer 14,
    from 'embedded')
    """
    kind_of(name)
    place = _locate(source)
    chosen = _choose(place, place.models(), model)
    layer = chosen.layer if layer is None else layer
    if isinstance(layer, bool) or not isinstance(layer, int | np.integer):
        raise TypeError(f"layer must be an integer, got {layer!r}")
    if not 0 <= layer < chosen.n_layers:
        raise ValueError(
            f"layer must be in 0, ..., {chosen.n_layers - 1} for {chosen.name}, got {layer}"
        )
    told = read_statements(place.statements, name)
    X = place.read(chosen.name, int(layer), name, len(told))
    X.setflags(write=False)
    return Activations(
        name=name,
        X=X,
        y=told.y,
        groups=told.groups,
        polarity=told.polarity,
        statements=told.statements,
        model=chosen.name,
        layer=int(layer),
        source=place.origin,
    )


def statements(name: str, *, source: str | os.PathLike[str] | None = None) -> "pd.DataFrame":
    """Tabulate the statements of a set.

    Parameters
    ----------
    name : str
        ``"cities"``, ``"neg_cities"``, ``"sp_en_trans"`` or ``"neg_sp_en_trans"``.
    source : str or path, optional
        As for `load_activations`.

    Returns
    -------
    pandas.DataFrame
        Columns ``statement``, ``label`` (1 true, 0 false), ``subject`` (the city or the Spanish
        word), ``group`` and ``polarity``, in the order of the activations' rows.

    Raises
    ------
    ValueError
        If `name` is not a set's name.
    DataMissingError
        If the data is not there; an OSError.
    DataUnusableError
        If a file is not what it must be; a ValueError.

    Examples
    --------
    >>> from activations.truth import statements
    >>> statements("cities", source="embedded").head(2)[["statement", "label"]].to_numpy().tolist()
    [['The city of Munich is in Germany.', 1], ['The city of Munich is in Canada.', 0]]
    """
    import pandas as pd

    kind_of(name)
    told = read_statements(_locate(source).statements, name)
    return pd.DataFrame(
        {
            "statement": told.statements,
            "label": told.y,
            "subject": told.subjects,
            "group": told.groups,
            "polarity": told.polarity,
        }
    )
