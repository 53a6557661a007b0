"""Activations on disk: found, read and checked.

The course's archive holds, for each statement set, the activation vectors as `torch.save` files
of 25 rows each. A file from elsewhere is not to be trusted: it is read without running any code
that it may hold, and everything about it that can be checked is checked before it is used.
"""

import os
import pickle
import re
import struct
import warnings
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from activations.truth.statement_sets import (
    SETS,
    DataMissingError,
    DataUnusableError,
    StatementSet,
    read_statements,
)

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "CHUNK_ROWS",
    "HOW_TO_GET",
    "MODELS",
    "Activations",
    "ArchiveModel",
    "available_source",
    "load_activations",
    "read_chunk",
    "statements",
]

#: Rows in each file of the archive but the last.
CHUNK_ROWS: Final = 25

#: What to do when the archive is not there.
HOW_TO_GET: Final = (
    "Get the folder sheet05/data/lie_detection of the public GitHub repository "
    "sciai-lab/mlph-25w at commit a722451a9567bb9a9da7dac33ee20690a8a26e04, and put it into "
    "data/lie_detection of the checkout, or name it in the environment variable ACTIVATIONS_DATA. "
    "data/README.md has the commands."
)


@dataclass(frozen=True)
class ArchiveModel:
    """A language model whose activations an archive may hold.

    Attributes
    ----------
    folder : str
        Where its activations lie below ``acts/``.
    n_layers : int
        The number of its decoder layers.
    width : int
        The dimension d of its residual stream.
    layer : int
        The layer that is read if none is asked for, counted from 0.
    """

    folder: str
    n_layers: int
    width: int
    layer: int


#: The models by name; the first is the default.
MODELS: Final[Mapping[str, ArchiveModel]] = MappingProxyType(
    {"LLaMA-3-8B-Instruct": ArchiveModel("Llama3/8B/chat", n_layers=32, width=4096, layer=12)}
)


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
        Equal for statements on the same subject; see `StatementSet`.
    polarity : numpy.ndarray of int64, shape (n,)
        +1 for an affirmative statement, -1 for a negated one.
    statements : tuple of str
        The n sentences.
    model : str
        The language model's name.
    layer : int
        The decoder layer after which the residual stream was read, counted from 0.
    source : str
        Where the data came from: ``"archive"``, or the folder that was asked for.
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


def _checkout_folder() -> Path:
    return Path(__file__).resolve().parents[3] / "data" / "lie_detection"


def _is_archive(folder: Path) -> bool:
    return (folder / "datasets").is_dir() and (folder / "acts").is_dir()


def _locate(source: str | os.PathLike[str] | None) -> tuple[Path, str]:
    """Resolve `source` to a folder and to what the result calls it."""
    if source is not None and not isinstance(source, str | os.PathLike):
        raise TypeError(f"source must be None, a string or a path, got {type(source).__name__}")
    asked = None if source is None else os.fspath(source)
    if asked == "":
        raise ValueError("source must be None, a name or a folder, got an empty string")
    variable = os.environ.get("ACTIVATIONS_DATA", "")
    if asked == "embedded" or (asked is None and variable == "embedded"):
        raise DataMissingError(f"this version ships no embedded activations. {HOW_TO_GET}")
    if asked is not None and asked != "archive":
        folder, name, why = Path(asked), asked, f"source={asked!r}"
    elif variable not in ("", "embedded"):
        folder, name, why = Path(variable), "archive", f"ACTIVATIONS_DATA={variable!r}"
    else:
        folder, name, why = _checkout_folder(), "archive", "no ACTIVATIONS_DATA is set and"
    if not _is_archive(folder):
        raise DataMissingError(
            f"no activations found: {why} leads to {str(folder)!r}, which is no folder with "
            f"datasets/ and acts/ in it. {HOW_TO_GET}"
        )
    return folder, name


def available_source() -> str | None:
    """Say which source `load_activations` would use if none is named.

    Returns
    -------
    str or None
        ``"archive"`` if the course's archive is where it is looked for, None if nothing is there.

    Notes
    -----
    This only looks for the folders and never raises: a build asks it whether to go on without
    data. Whether the files in them are sound is decided when they are read.

    Examples
    --------
    >>> from activations.truth import available_source
    >>> available_source() in ("archive", None)
    True
    """
    try:
        return _locate(None)[1]
    except OSError:
        return None


def _chunk_paths(folder: Path, layer: int, n_rows: int) -> list[Path]:
    """List the files that n rows need, and refuse a folder that holds others or lacks some."""
    if not folder.is_dir():
        raise DataMissingError(f"{folder} is missing. {HOW_TO_GET}")
    expected = {f"layer_{layer}_{start}.pt" for start in range(0, n_rows, CHUNK_ROWS)}
    here = re.compile(rf"layer_{layer}_.*\.pt")
    found = {path.name for path in folder.iterdir() if here.fullmatch(path.name)}
    if not found:
        layers = sorted(
            {int(m[1]) for p in folder.iterdir() if (m := re.match(r"layer_(\d+)_", p.name))}
        )
        raise DataMissingError(
            f"{folder} has no activations of layer {layer}; the layers found there are {layers}"
        )
    if missing := sorted(expected - found):
        raise DataMissingError(
            f"{folder}: {len(missing)} of {len(expected)} files are missing, the first is "
            f"{missing[0]}; fetch the archive again"
        )
    if extra := sorted(found - expected):
        raise DataUnusableError(
            f"{folder}: {n_rows} statements need the files {CHUNK_ROWS} rows apart from 0 on, but "
            f"{extra[0]} is there too; remove it or fetch the archive again"
        )
    return [folder / f"layer_{layer}_{start}.pt" for start in range(0, n_rows, CHUNK_ROWS)]


def read_chunk(path: str | Path, shape: tuple[int, int]) -> NDArray[np.float32]:
    """Read one file of the archive as a tensor and nothing else, and check it.

    Parameters
    ----------
    path : str or Path
        A file that `torch.save` wrote.
    shape : (int, int)
        The shape that its tensor must have.

    Returns
    -------
    numpy.ndarray of float32
        The tensor's values, all finite.

    Raises
    ------
    DataMissingError
        If there is no such file; an OSError.
    DataUnusableError
        If the file is damaged, holds anything but such a tensor, or wants to run code, which is
        not done; a ValueError.

    Examples
    --------
    >>> from activations.truth.archive import read_chunk
    >>> read_chunk("no_such_file.pt", (25, 4096))
    Traceback (most recent call last):
    ...
    activations.truth.statement_sets.DataMissingError: no_such_file.pt is missing...
    """
    # Importing torch takes a second, which those who only ask for statements need not spend.
    import torch

    again = "remove the file and fetch it again"
    try:
        with warnings.catch_warnings():
            # torch warns of pickles in other versions of the protocol, which it then refuses.
            warnings.simplefilter("ignore")
            tensor = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        raise DataMissingError(f"{path} is missing; fetch the archive again") from error
    except pickle.UnpicklingError as error:
        raise DataUnusableError(
            f"{path}: refused, because it holds something else than a tensor, and loading that "
            f"could run code of its author's choice; {again}"
        ) from error
    # A damaged file shows itself in whatever layer of the reader meets the damage first.
    except (OSError, RuntimeError, EOFError, ValueError, KeyError, TypeError, AttributeError,
            IndexError, AssertionError, OverflowError, MemoryError) as error:  # fmt: skip
        raise DataUnusableError(
            f"{path}: cannot be read as a torch file ({type(error).__name__}: "
            f"{str(error).splitlines()[0] if str(error) else 'no details'}); {again}"
        ) from error
    if not isinstance(tensor, torch.Tensor):
        raise DataUnusableError(
            f"{path}: must hold a tensor, found a {type(tensor).__name__}; {again}"
        )
    found = f"{tensor.dtype} of shape {tuple(tensor.shape)}"
    if (
        tensor.dtype != torch.float32
        or tuple(tensor.shape) != shape
        or tensor.layout != torch.strided
        or tensor.device.type != "cpu"
    ):
        raise DataUnusableError(
            f"{path}: must hold a tensor of torch.float32 of shape {shape}, found {found}; {again}"
        )
    values: NDArray[np.float32] = tensor.detach().numpy()
    _check_finite(values, path)
    return values


def _check_finite(values: NDArray[np.float32], path: str | Path) -> None:
    if not np.isfinite(values).all():
        row = int(np.flatnonzero(~np.isfinite(values).all(axis=1))[0])
        raise DataUnusableError(
            f"{path}: row {row} holds NaN or infinity; remove the file and fetch it again"
        )


def _anatomy(file: BinaryIO) -> tuple[bytes, int, int, int] | None:
    """Tell a torch file's description of its tensor, and of its values place, length and CRC-32.

    None if the file is not of the simplest kind: one uncompressed storage, little-endian.
    """
    try:
        with zipfile.ZipFile(file) as parts:
            members = {name.partition("/")[2]: name for name in parts.namelist()}
            values = parts.getinfo(members["data/0"])
            told = parts.read(members["data.pkl"])
            plain = (
                parts.read(members["byteorder"]) == b"little"
                and sum(name.startswith("data/") for name in members) == 1
                and values.compress_type == zipfile.ZIP_STORED
            )
        file.seek(values.header_offset)
        _, name_length, extra_length = struct.unpack("<26s2H", file.read(30))
    except (zipfile.BadZipFile, KeyError, struct.error, NotImplementedError, RuntimeError):
        return None
    start = values.header_offset + 30 + name_length + extra_length
    return (told, start, values.file_size, values.CRC) if plain else None


def _fill(path: Path, out: NDArray[np.float32], descriptions: set[bytes]) -> None:
    """Read one file of the archive into `out`.

    The files of an archive describe their tensors by the same few bytes of pickle. Once
    `read_chunk` has accepted a file with such a description, its bytes are kept in
    `descriptions`, and the values of further files with exactly these bytes are read as they
    stand: nothing is unpickled for them, which is most of the time that `torch.load` takes.
    """
    try:
        with path.open("rb") as file:
            found = _anatomy(file)
            if found and found[2] == out.nbytes:
                file.seek(found[1])
                if file.readinto(out.data) != out.nbytes or zlib.crc32(out.data) != found[3]:
                    raise DataUnusableError(
                        f"{path}: its values do not have the checksum that the file tells; remove "
                        "the file and fetch it again"
                    )
                if found[0] in descriptions:
                    _check_finite(out, path)
                    return
    except OSError as error:
        raise DataMissingError(f"{path} cannot be opened ({error}); fetch it again") from error
    tensor = read_chunk(path, (out.shape[0], out.shape[1]))
    out[...] = tensor
    if found and tensor.flags.c_contiguous and found[2] == out.nbytes:
        descriptions.add(found[0])


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
        ``"archive"``, or a folder with ``datasets/`` and ``acts/`` in it. By default the folder
        in the environment variable ``ACTIVATIONS_DATA``, else ``data/lie_detection`` of the
        checkout.
    model : str, optional
        A key of `MODELS`, by default the first.
    layer : int, optional
        A decoder layer, counted from 0; by default the one that `MODELS` names. The activations
        are the residual stream after it, ``hidden_states[layer + 1]`` in transformers.

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
    Nothing is downloaded here, and no code that a file may hold is run: the files are read with
    ``weights_only=True``. Checked are the names and the number of the files, their checksums,
    shapes and dtype, that all values are finite, and what `read_statements` checks.

    Examples
    --------
    >>> from activations.truth import load_activations
    >>> load_activations("cities", source="no/such/folder")
    Traceback (most recent call last):
    ...
    activations.truth.statement_sets.DataMissingError: no activations found: ...
    """
    if name not in SETS:
        raise ValueError(f"name must be one of {', '.join(SETS)}, got {name!r}")
    model = next(iter(MODELS)) if model is None else model
    if model not in MODELS:
        raise ValueError(f"model must be one of {', '.join(MODELS)}, got {model!r}")
    kind = MODELS[model]
    layer = kind.layer if layer is None else layer
    if isinstance(layer, bool) or not isinstance(layer, int | np.integer):
        raise TypeError(f"layer must be an integer, got {layer!r}")
    layer = int(layer)
    if not 0 <= layer < kind.n_layers:
        raise ValueError(f"layer must be in 0, ..., {kind.n_layers - 1} for {model}, got {layer}")
    folder, origin = _locate(source)
    told = read_statements(folder / "datasets", name)
    n = len(told)
    X = np.empty((n, kind.width), dtype=np.float32)
    descriptions: set[bytes] = set()
    for start, path in zip(
        range(0, n, CHUNK_ROWS),
        _chunk_paths(folder / "acts" / kind.folder / name, layer, n),
        strict=True,
    ):
        stop = min(start + CHUNK_ROWS, n)
        _fill(path, X[start:stop], descriptions)
    X.setflags(write=False)
    return Activations(
        name=name,
        X=X,
        y=told.y,
        groups=told.groups,
        polarity=told.polarity,
        statements=told.statements,
        model=model,
        layer=layer,
        source=origin,
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
    >>> statements("capitals")
    Traceback (most recent call last):
    ...
    ValueError: name must be one of cities, neg_cities, sp_en_trans, ..., got 'capitals'
    """
    import pandas as pd

    if name not in SETS:
        raise ValueError(f"name must be one of {', '.join(SETS)}, got {name!r}")
    told: StatementSet = read_statements(_locate(source)[0] / "datasets", name)
    return pd.DataFrame(
        {
            "statement": told.statements,
            "label": told.y,
            "subject": told.subjects,
            "group": told.groups,
            "polarity": told.polarity,
        }
    )
