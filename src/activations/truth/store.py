"""Activations in safetensors files, each model with a datasheet that says where they come from.

A folder holds the statements in ``statements/<set>.csv`` and, for each model,
``activations/<model>/datasheet.json`` and one ``activations/<model>/layer_<k>.safetensors`` for
each layer that was kept. Such a file holds one float16 array for each statement set, and the
digests of the statements that its rows belong to: rows of other statements are refused.
"""

import hashlib
import json
import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from activations._arguments import integer
from activations.truth.statement_sets import (
    SETS,
    DataMissingError,
    DataUnusableError,
    kind_of,
    read_statements,
)

__all__ = [
    "DATASHEET",
    "Datasheet",
    "model_folder",
    "models",
    "read_datasheet",
    "read_layer_set",
    "statement_digest",
    "write_datasheet",
    "write_layer",
    "write_safely",
]

#: The datasheet's name in a model's folder.
DATASHEET: Final = "datasheet.json"

#: The one key of a layer file's metadata; safetensors keeps several in no fixed order.
_ABOUT: Final = "activations"

#: A model's name is also a folder's.
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*")

_MAKE_AGAIN: Final = "make it again with python -m activations.truth.extract"


@dataclass(frozen=True)
class Datasheet:
    """Where the activations of one model come from.

    Attributes
    ----------
    model : str
        The model's name here, which is also its folder's.
    upstream : str or None
        Where the original lives: a name on a hub, or an address.
    quantisation : str or None
        How the weights were quantised, None if they were not.
    package : str or None
        The distribution, with its version, that the weights were installed from.
    weights_sha256 : str
        The SHA-256 of the file of weights. If there are several, that of the lines
        ``<SHA-256>  <file's name>`` for all of them, sorted by name, each ended by a newline.
    parameters : int
        The number of parameters.
    n_layers : int
        The number of decoder layers.
    width : int
        The dimension d of the residual stream.
    layer : int
        The layer that is read if none is asked for, counted from 0.
    layers : tuple of int
        The layers that are kept.
    token : str
        The token of a statement whose vector is kept; always ``"last"``.
    dtype : str
        The floating-point type that the model computed in.
    date : str
        The day of the computation, as YYYY-MM-DD.
    command : str
        The command that made the files.
    licence : str or None
        The licence of the weights.
    attribution : str or None
        Whom to name.
    statements : dict of str to str
        The SHA-256 of each statement file's text; see `statement_digest`.

    Examples
    --------
    >>> from activations.truth.store import Datasheet
    >>> [name for name in Datasheet.__dataclass_fields__ if "layer" in name]
    ['n_layers', 'layer', 'layers']
    """

    model: str
    upstream: str | None
    quantisation: str | None
    package: str | None
    weights_sha256: str
    parameters: int
    n_layers: int
    width: int
    layer: int
    layers: tuple[int, ...]
    token: str
    dtype: str
    date: str
    command: str
    licence: str | None
    attribution: str | None
    statements: Mapping[str, str]


def model_folder(folder: str | Path, model: str) -> Path:
    """Return the folder of a model's activations.

    Parameters
    ----------
    folder : str or Path
        The folder of all data.
    model : str
        The model's name.

    Returns
    -------
    Path
        ``activations/<model>`` in it.

    Raises
    ------
    ValueError
        If `model` cannot be a folder's name.

    Examples
    --------
    >>> from activations.truth.store import model_folder
    >>> model_folder("data", "SmolLM2-135M-Instruct").as_posix()
    'data/activations/SmolLM2-135M-Instruct'
    """
    if not isinstance(model, str) or not _NAME.fullmatch(model):
        raise ValueError(
            "model must be a name of letters, digits, '.', '_', '+' and '-', beginning with a "
            f"letter or digit, got {model!r}"
        )
    return Path(folder) / "activations" / model


def _layer_file(folder: str | Path, model: str, layer: int) -> Path:
    return model_folder(folder, model) / f"layer_{integer('layer', layer, least=0)}.safetensors"


def _shown(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


def statement_digest(folder: str | Path, name: str) -> str:
    r"""Return the SHA-256 of a statement file's text.

    Parameters
    ----------
    folder : str or Path
        The folder that holds ``statements/<name>.csv``.
    name : str
        The statement set's name.

    Returns
    -------
    str
        64 hexadecimal digits.

    Raises
    ------
    ValueError
        If `name` is not a set's name.
    DataMissingError
        If the file is not there.
    DataUnusableError
        If it is not UTF-8 text.

    Notes
    -----
    Lines are taken to end with ``\n``, however they end in the file, since version control may
    change that from machine to machine. Where they do, it is the digest of the file itself.

    Examples
    --------
    >>> from activations.truth.store import statement_digest
    >>> statement_digest("no/such/folder", "cities")
    Traceback (most recent call last):
    ...
    activations.truth.statement_sets.DataMissingError: statements/cities.csv is missing from ...
    """
    kind_of(name)
    path = Path(folder) / "statements" / f"{name}.csv"
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise DataMissingError(f"{_shown(path)} is missing from {folder}") from error
    except UnicodeDecodeError as error:
        raise DataUnusableError(f"{_shown(path)} is not UTF-8 text ({error})") from error
    return hashlib.sha256(text.encode()).hexdigest()


def write_safely(path: Path, content: bytes) -> None:
    """Write a file so that it is there either as it was or complete, whatever happens.

    Parameters
    ----------
    path : Path
        The file; its folder is made if it is not there.
    content : bytes
        What the file is to hold.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from activations.truth.store import write_safely
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_safely(Path(folder, "new", "file"), b"text")
    ...     print(Path(folder, "new", "file").read_text())
    text
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        # mkstemp lets nobody else read; a file of data is for everyone who may enter the folder.
        os.chmod(name, 0o644)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _about(model: str, layer: int, digests: Mapping[str, str]) -> dict[str, Any]:
    return {"model": model, "layer": layer, "statements": dict(digests)}


def write_layer(
    folder: str | Path, model: str, layer: int, tensors: Mapping[str, NDArray[np.float16]]
) -> Path:
    """Write the activations of one layer on all statement sets.

    Parameters
    ----------
    folder : str or Path
        The folder that holds ``statements/``; the file goes to ``activations/<model>/``.
    model : str
        The model's name.
    layer : int
        The decoder layer, counted from 0.
    tensors : dict of str to numpy.ndarray of float16, shape (n, d)
        For each statement set the vectors of its n statements, in their order.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    TypeError
        If `layer` is not an integer.
    ValueError
        If the sets, the shapes, the type or the values are not what they must be.
    DataMissingError, DataUnusableError
        If the statements are not there, or not sound.

    Examples
    --------
    >>> from activations.truth.store import write_layer
    >>> write_layer("no/such/folder", "SmolLM2", 14, {})
    Traceback (most recent call last):
    ...
    ValueError: tensors must hold cities, neg_cities, sp_en_trans, neg_sp_en_trans, got nothing
    """
    from safetensors.numpy import save

    path = _layer_file(folder, model, layer)
    if set(tensors) != set(SETS):
        found = ", ".join(map(str, tensors)) or "nothing"
        raise ValueError(f"tensors must hold {', '.join(SETS)}, got {found}")
    width = None
    for name in SETS:
        X, n = tensors[name], len(read_statements(Path(folder) / "statements", name))
        if not isinstance(X, np.ndarray) or X.dtype != np.float16:
            raise ValueError(
                f"tensors[{name!r}] must be an array of float16, got {getattr(X, 'dtype', type(X))}"
            )
        width = X.shape[-1] if width is None and X.ndim == 2 else width
        if X.shape != (n, width) or not width:
            raise ValueError(
                f"tensors[{name!r}] must have shape ({n}, d), the same d > 0 for every set, "
                f"got {X.shape}"
            )
        if not np.isfinite(X).all():
            raise ValueError(f"tensors[{name!r}] must be finite, but holds NaN or infinity")
    digests = {name: statement_digest(folder, name) for name in SETS}
    about = json.dumps(_about(model, int(layer), digests))
    packed = {name: np.ascontiguousarray(tensors[name]) for name in SETS}
    write_safely(path, save(packed, metadata={_ABOUT: about}))
    return path


def write_datasheet(folder: str | Path, sheet: Datasheet) -> Path:
    """Write a model's datasheet.

    Parameters
    ----------
    folder : str or Path
        The folder of all data; the file goes to ``activations/<model>/datasheet.json``.
    sheet : Datasheet
        What to write.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    ValueError
        If the datasheet's entries are not what they must be, or do not fit each other.

    Examples
    --------
    >>> import tempfile
    >>> from activations.truth.store import Datasheet, read_datasheet, write_datasheet
    >>> of = dict.fromkeys(["cities", "neg_cities", "sp_en_trans", "neg_sp_en_trans"], "0" * 64)
    >>> sheet = Datasheet("tiny", None, None, None, "0" * 64, 9, 2, 8, 1, (0, 1), "last",
    ...                   "float32", "2026-01-31", "", None, None, of)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = write_datasheet(folder, sheet)
    ...     read_datasheet(folder, "tiny") == sheet
    True
    """
    path = model_folder(folder, sheet.model) / DATASHEET
    problem = _problem(asdict(sheet))
    if problem is not None:
        raise ValueError(f"sheet: {problem}")
    text = json.dumps(asdict(sheet), indent=2, ensure_ascii=False)
    write_safely(path, (text + "\n").encode())
    return path


def _is_digest(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch("[0-9a-f]{64}", value) is not None


def _is_count(value: Any, least: int = 1) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def _problem(told: Mapping[str, Any]) -> str | None:
    """Say what is wrong with the entries of a datasheet, if anything is."""
    wanted = [field.name for field in fields(Datasheet)]
    if set(told) != set(wanted):
        missing, strange = sorted(set(wanted) - set(told)), sorted(set(told) - set(wanted))
        return f"must hold {', '.join(wanted)}; missing: {missing}, unknown: {strange}"
    for name in ("model", "token", "dtype", "date", "command"):
        if not isinstance(told[name], str):
            return f"{name} must be a string, found {told[name]!r}"
    for name in ("upstream", "quantisation", "package", "licence", "attribution"):
        if not isinstance(told[name], str | None):
            return f"{name} must be a string or null, found {told[name]!r}"
    for name in ("parameters", "n_layers", "width"):
        if not _is_count(told[name]):
            return f"{name} must be a positive integer, found {told[name]!r}"
    if told["token"] != "last":
        return f"token must be 'last', found {told['token']!r}"
    if not _is_digest(told["weights_sha256"]):
        return f"weights_sha256 must be 64 hexadecimal digits, found {told['weights_sha256']!r}"
    layers, last = told["layers"], told["n_layers"] - 1
    if not isinstance(layers, Sequence) or not all(_is_count(k, 0) and k <= last for k in layers):
        return f"layers must be integers of 0, ..., {last}, found {layers!r}"
    if (
        list(layers) != sorted(set(layers))
        or not _is_count(told["layer"], 0)
        or told["layer"] not in layers
    ):
        return (
            "layers must be in ascending order, without repetition, and contain layer, found "
            f"{list(layers)} and {told['layer']!r}"
        )
    digests = told["statements"]
    if (
        not isinstance(digests, Mapping)
        or set(digests) != set(SETS)
        or not all(map(_is_digest, digests.values()))
    ):
        return f"statements must give 64 hexadecimal digits for each of {', '.join(SETS)}"
    return None


def read_datasheet(folder: str | Path, model: str) -> Datasheet:
    """Read and check a model's datasheet.

    Parameters
    ----------
    folder : str or Path
        The folder of all data.
    model : str
        The model's name.

    Returns
    -------
    Datasheet
        What the file says.

    Raises
    ------
    ValueError
        If `model` cannot be a folder's name.
    DataMissingError
        If there is no such file.
    DataUnusableError
        If the file is not a datasheet, or that of another model.

    Examples
    --------
    >>> from activations.truth.store import read_datasheet
    >>> read_datasheet("no/such/folder", "SmolLM2")
    Traceback (most recent call last):
    ...
    activations.truth.statement_sets.DataMissingError: SmolLM2/datasheet.json is missing from ...
    """
    path = model_folder(folder, model) / DATASHEET
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise DataMissingError(
            f"{_shown(path)} is missing from {path.parent.parent}; {_MAKE_AGAIN}"
        ) from error
    except OSError as error:
        raise DataMissingError(
            f"{_shown(path)} cannot be read ({error}); let this user read it, or {_MAKE_AGAIN}"
        ) from error
    except (ValueError, RecursionError) as error:
        raise DataUnusableError(f"{_shown(path)} is not JSON ({error}); {_MAKE_AGAIN}") from error
    problem = _problem(told) if isinstance(told, dict) else f"must be an object, found {told!r:.80}"
    if problem is not None:
        raise DataUnusableError(f"{_shown(path)}: {problem}; {_MAKE_AGAIN}")
    if told["model"] != model:
        raise DataUnusableError(
            f"{_shown(path)} is about {told['model']!r}, but lies in the folder of {model!r}; "
            "a model's folder bears its name: rename the folder, or move it away"
        )
    return Datasheet(**{**told, "layers": tuple(told["layers"])})


def models(folder: str | Path) -> dict[str, Datasheet]:
    """Return the datasheets of all models in a folder.

    Parameters
    ----------
    folder : str or Path
        The folder of all data; a model is what has a datasheet in ``activations/``.

    Returns
    -------
    dict of str to Datasheet
        By the models' names, the smallest model first.

    Raises
    ------
    DataUnusableError
        If a datasheet is not sound.

    Examples
    --------
    >>> from activations.truth.store import models
    >>> models("no/such/folder")
    {}
    """
    found = Path(folder).glob(f"activations/*/{DATASHEET}")
    names = [path.parent.name for path in found if _NAME.fullmatch(path.parent.name)]
    sheets = sorted(
        (read_datasheet(folder, name) for name in names), key=lambda s: (s.parameters, s.model)
    )
    return {sheet.model: sheet for sheet in sheets}


def keep_layers(
    source: str | Path, model: str, layers: Sequence[int], target: str | Path
) -> Datasheet:
    """Copy some of a model's layers to another folder, bit by bit.

    Parameters
    ----------
    source : str or Path
        The folder of all data that holds the model's activations.
    model : str
        The model's name.
    layers : sequence of int
        The layers to keep, among them the one that is read if none is asked for.
    target : str or Path
        The folder of all data to copy to. It holds the same statements.

    Returns
    -------
    Datasheet
        The model's datasheet in `target`: as it was, but for the layers.

    Raises
    ------
    ValueError
        If `layers` lacks the model's default layer.
    DataMissingError
        If the source lacks one of the layers, or the target the statements.
    DataUnusableError
        If the two folders hold different statements, or a file is not what it must be.

    Examples
    --------
    >>> from activations.truth.store import keep_layers
    >>> keep_layers("no/such/folder", "SmolLM2", [14], "data")
    Traceback (most recent call last):
    ...
    activations.truth.statement_sets.DataMissingError: SmolLM2/datasheet.json is missing from ...
    """
    sheet = read_datasheet(source, model)
    chosen = tuple(sorted({integer("layers", layer, least=0) for layer in layers}))
    if sheet.layer not in chosen:
        raise ValueError(f"layers must contain {model}'s default {sheet.layer}, got {chosen}")
    here = {name: statement_digest(target, name) for name in SETS}
    if strange := [name for name in SETS if here[name] != sheet.statements[name]]:
        raise DataUnusableError(
            f"{target} holds other statements than {model}'s activations belong to: "
            f"{', '.join(strange)}; choose another folder"
        )
    for layer in chosen:
        halves = {
            name: read_layer_set(
                source, model, layer, name, len(read_statements(Path(source) / "statements", name))
            ).astype(np.float16)
            for name in SETS
        }
        write_layer(target, model, layer, halves)
    kept = replace(sheet, layers=chosen)
    write_datasheet(target, kept)
    return kept


def read_layer_set(
    folder: str | Path, model: str, layer: int, name: str, n: int
) -> NDArray[np.float32]:
    """Read the activations of one layer on one statement set.

    Parameters
    ----------
    folder : str or Path
        The folder of all data: ``statements/`` and ``activations/``.
    model : str
        The model's name.
    layer : int
        The decoder layer, counted from 0.
    name : str
        The statement set's name.
    n : int
        The number of its statements.

    Returns
    -------
    numpy.ndarray of float32, shape (n, d)
        One vector a statement, in the order of the statements.

    Raises
    ------
    TypeError
        If `layer` or `n` is not an integer.
    ValueError
        If `model` or `name` is none, or `layer` is not a layer of the model.
    DataMissingError
        If the file is not there, or the layer was not kept.
    DataUnusableError
        If the file is damaged, not of this model, layer and set, or made from other statements.

    Notes
    -----
    Only the array that is asked for is read from the file.

    Examples
    --------
    >>> from activations.truth.store import read_layer_set
    >>> read_layer_set("no/such/folder", "SmolLM2", 14, "cities", 4)
    Traceback (most recent call last):
    ...
    activations.truth.statement_sets.DataMissingError: SmolLM2/datasheet.json is missing from ...
    """
    from safetensors import SafetensorError, safe_open

    path, n = _layer_file(folder, model, layer), integer("n", n, least=1)
    kind_of(name)
    sheet = read_datasheet(folder, model)
    if layer >= sheet.n_layers:
        raise ValueError(f"layer must be in 0, ..., {sheet.n_layers - 1} for {model}, got {layer}")
    if layer not in sheet.layers:
        raise DataMissingError(
            f"{model} has no activations of layer {layer} here, only of {list(sheet.layers)}"
        )
    digest = statement_digest(folder, name)
    if sheet.statements[name] != digest:
        raise DataUnusableError(
            f"{model}/{DATASHEET} belongs to other statements than statements/{name}.csv holds; "
            f"{_MAKE_AGAIN}, or bring the statements back"
        )
    try:
        with safe_open(path, framework="numpy") as file:
            _check_header(file, path, sheet, layer, name, n)
            X: NDArray[np.float32] = file.get_tensor(name).astype(np.float32)
    except FileNotFoundError as error:
        raise DataMissingError(f"{_shown(path)} is missing; {_MAKE_AGAIN}") from error
    except (SafetensorError, OSError) as error:
        raise DataUnusableError(
            f"{_shown(path)} is not a sound safetensors file ({error}); {_MAKE_AGAIN}"
        ) from error
    # The extremes tell of NaN and of infinity without another array as large as this one.
    if not (np.isfinite(X.min()) and np.isfinite(X.max())):
        row = int(np.flatnonzero(~np.isfinite(X).all(axis=1))[0])
        raise DataUnusableError(
            f"{_shown(path)}: {name}, row {row} holds NaN or infinity; {_MAKE_AGAIN}"
        )
    return X


def _check_header(file: Any, path: Path, sheet: Datasheet, layer: int, name: str, n: int) -> None:
    """Check what a layer file says of itself against the datasheet."""
    if set(file.keys()) != set(SETS):
        raise DataUnusableError(
            f"{_shown(path)} must hold {', '.join(SETS)}, found {', '.join(sorted(file.keys()))}; "
            f"{_MAKE_AGAIN}"
        )
    try:
        about = json.loads((file.metadata() or {}).get(_ABOUT, "null"))
    except (ValueError, RecursionError):
        about = None
    if about != _about(sheet.model, layer, sheet.statements):
        raise DataUnusableError(
            f"{_shown(path)} must say that it is of {sheet.model}, layer {layer}, and of the "
            f"datasheet's statements, found {about!r:.200}; {_MAKE_AGAIN}"
        )
    for key in SETS:
        view = file.get_slice(key)
        shape, dtype = view.get_shape(), view.get_dtype()
        wanted = [n if key == name else shape[0] if shape else 0, sheet.width]
        if (shape, dtype) != (wanted, "F16"):
            raise DataUnusableError(
                f"{_shown(path)}: {key} must be float16 of shape {tuple(wanted)}, found {dtype} of "
                f"shape {tuple(shape)}; {_MAKE_AGAIN}"
            )
