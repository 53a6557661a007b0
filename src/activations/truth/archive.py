"""The course's archive: the activations of Llama, read and checked.

The archive holds, for each statement set, the activation vectors as `torch.save` files
of 25 rows each. A file from elsewhere is not to be trusted: it is read without running any code
that it may hold, and everything about it that can be checked is checked before it is used.
"""

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
from typing import BinaryIO, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from activations.truth.statement_sets import DataMissingError, DataUnusableError

__all__ = [
    "CHUNK_ROWS",
    "HOW_TO_GET",
    "MODELS",
    "ArchiveModel",
    "read_archive",
    "read_chunk",
]

FloatRows = NDArray[np.float32]

#: Rows in each file of the archive but the last.
CHUNK_ROWS: Final = 25

# More than what follows the values in a file: four short parts' names, in a directory.
_REST: Final = 4096

#: What to do when the archive is not there.
HOW_TO_GET: Final = (
    "With a network `nox -s data` fetches the folder sheet05/data/lie_detection of the public "
    "GitHub repository sciai-lab/mlph-25w at commit a722451a9567bb9a9da7dac33ee20690a8a26e04 "
    "into data/lie_detection of the checkout; a copy elsewhere can be named in the environment "
    "variable ACTIVATIONS_DATA. data/README.md says more."
)


@dataclass(frozen=True)
class ArchiveModel:
    """A language model whose activations an archive may hold.

    Attributes
    ----------
    folder : str
        Where its activations lie below ``acts/``.
    parameters : int
        The number of its parameters.
    n_layers : int
        The number of its decoder layers.
    width : int
        The dimension d of its residual stream.
    layer : int
        The layer that is read if none is asked for, counted from 0.
    """

    folder: str
    parameters: int
    n_layers: int
    width: int
    layer: int

    @property
    def layers(self) -> tuple[int, ...]:
        """The layers that an archive is known to hold."""
        return (self.layer,)


#: The models by name; the first is the default.
MODELS: Final[Mapping[str, ArchiveModel]] = MappingProxyType(
    {
        "LLaMA-3-8B-Instruct": ArchiveModel(
            "Llama3/8B/chat", parameters=8_030_261_248, n_layers=32, width=4096, layer=12
        )
    }
)


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


def read_chunk(path: str | Path, shape: tuple[int, int]) -> FloatRows:
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
    values: FloatRows = tensor.detach().numpy()
    _check_finite(values, path)
    return values


def _check_finite(values: FloatRows, path: str | Path) -> None:
    if not np.isfinite(values).all():
        row = int(np.flatnonzero(~np.isfinite(values).all(axis=1))[0])
        raise DataUnusableError(
            f"{path}: row {row} holds NaN or infinity; remove the file and fetch it again"
        )


class _Form(NamedTuple):
    """Where a torch file of the simplest kind keeps what, and how it describes its tensor."""

    description: bytes
    description_at: int
    byteorder_at: int
    values_at: int
    size: int


# The form of the file of each shape that `read_chunk` accepted last. It follows from the bytes of
# a file alone, so that it does no harm if it is kept for other sets and other archives.
_accepted: dict[tuple[int, ...], _Form] = {}


def _anatomy(file: BinaryIO) -> tuple[_Form, int] | None:
    """Tell a torch file's form and the CRC-32 of its values.

    None if the file is not of the simplest kind: one uncompressed storage, little-endian.
    """
    try:
        with zipfile.ZipFile(file) as parts:
            members = {name.partition("/")[2]: parts.getinfo(name) for name in parts.namelist()}
            wanted = [members[name] for name in ("data.pkl", "byteorder", "data/0")]
            description, byteorder = (parts.read(member) for member in wanted[:2])
        starts = []
        for member in wanted:
            file.seek(member.header_offset)
            _, name_length, extra_length = struct.unpack("<26s2H", file.read(30))
            starts.append(member.header_offset + 30 + name_length + extra_length)
    except (zipfile.BadZipFile, KeyError, struct.error, NotImplementedError, RuntimeError):
        return None
    plain = (
        byteorder == b"little"
        and sum(name.startswith("data/") for name in members) == 1
        and all(member.compress_type == zipfile.ZIP_STORED for member in wanted)
    )
    values = wanted[-1]
    form = _Form(description, starts[0], starts[1], starts[2], values.file_size)
    return (form, values.CRC) if plain else None


def _read_alike(path: Path, out: FloatRows, form: _Form) -> bool:
    """Read the values of a file of a known form into `out`; tell whether it is of that form.

    Nothing is said of a file that is not, not even that it is damaged: the careful way, which it
    has to take then, says what is wrong with it, if anything is.
    """
    with path.open("rb", buffering=0) as file:
        head = file.read(form.values_at)
        if not (
            len(head) == form.values_at
            and head.startswith(form.description, form.description_at)
            and head.startswith(b"little", form.byteorder_at)
            and file.readinto(out.data) == form.size == out.nbytes
        ):
            return False
        # After the values come their checksum and size, then parts of no interest, and a record
        # of 22 bytes ends the file: without it, the file is cut off.
        rest = file.read(_REST)
    told = struct.pack("<4s3L", b"PK\x07\x08", zlib.crc32(out.data), form.size, form.size)
    return rest.startswith(told) and rest.startswith(b"PK\x05\x06", len(rest) - 22)


def _fill(path: Path, out: FloatRows) -> None:
    """Read one file of the archive into `out`.

    The files of an archive differ in little but their values. Once `read_chunk` has accepted a
    file, others of exactly its form are read in three strokes: nothing is unpickled for them, and
    no list of their parts is made, which together take longer than all the rest.
    """
    try:
        form = _accepted.get(out.shape)
        if form and _read_alike(path, out, form):
            _check_finite(out, path)
            return
        with path.open("rb") as file:
            found = _anatomy(file)
            if found and found[0].size == out.nbytes:
                file.seek(found[0].values_at)
                if file.readinto(out.data) != out.nbytes or zlib.crc32(out.data) != found[1]:
                    raise DataUnusableError(
                        f"{path}: its values do not have the checksum that the file tells; remove "
                        "the file and fetch it again"
                    )
    except OSError as error:
        raise DataMissingError(f"{path} cannot be opened ({error}); fetch it again") from error
    tensor = read_chunk(path, (out.shape[0], out.shape[1]))
    out[...] = tensor
    if found and tensor.flags.c_contiguous and found[0].size == out.nbytes:
        _accepted[out.shape] = found[0]


def read_archive(folder: str | Path, model: str, layer: int, name: str, n: int) -> FloatRows:
    """Read the activations of a statement set.

    Parameters
    ----------
    folder : str or Path
        The archive's folder, with ``acts/`` in it.
    model : str
        A key of `MODELS`.
    layer : int
        A decoder layer, counted from 0.
    name : str
        The statement set.
    n : int
        The number of the set's statements.

    Returns
    -------
    numpy.ndarray of float32, shape (n, width)
        One row a statement, in the order of the files.

    Raises
    ------
    DataMissingError
        If a file is not there; an OSError.
    DataUnusableError
        If a file is not what it must be, or there is one too many; a ValueError.

    Notes
    -----
    No code that a file may hold is run: the files are read with ``weights_only=True``. Checked
    are their names and number, their checksums, shapes and dtype, and that all values are finite.

    Examples
    --------
    >>> from activations.truth.archive import read_archive
    >>> read_archive("no/such/folder", "LLaMA-3-8B-Instruct", 12, "cities", 100)
    Traceback (most recent call last):
    ...
    activations.truth.statement_sets.DataMissingError: ...cities is missing. ...
    """
    kind = MODELS[model]
    X = np.empty((n, kind.width), dtype=np.float32)
    paths = _chunk_paths(Path(folder) / "acts" / kind.folder / name, layer, n)
    for start, path in zip(range(0, n, CHUNK_ROWS), paths, strict=True):
        _fill(path, X[start : start + CHUNK_ROWS])
    return X
