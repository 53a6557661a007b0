"""Activations out of a language model: what it holds after each layer, having read a statement.

This is also a command, ``python -m activations.truth.extract --help``. It takes any causal
language model that transformers can load, and writes what `activations.truth.store` reads.
"""

import argparse
import datetime
import hashlib
import json
import shlex
import shutil
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from activations._arguments import integer
from activations.truth.statement_sets import (
    SETS,
    DataMissingError,
    DataUnusableError,
    read_statements,
)
from activations.truth.store import (
    DATASHEET,
    Datasheet,
    model_folder,
    statement_digest,
    write_datasheet,
    write_layer,
    write_safely,
)

if TYPE_CHECKING:
    import torch

__all__ = ["extract", "main"]

#: A finished part of the work has at least this many statements (the last one may have fewer).
_PART: Final = 32

_DTYPES: Final = ("float32", "bfloat16", "float16", "float64")


class _LastLayerReached(Exception):  # noqa: N818 - it ends a forward pass and is no error
    """What comes after the last layer that is wanted need not be computed."""


class _Work(NamedTuple):
    """A model that is ready to run, and what it is to read."""

    name: str
    decoder: "torch.nn.Module"
    layers: "dict[int, torch.nn.Module]"
    texts: list[str]
    tokens: list[list[int]]


def extract(
    model: str | Path,
    statements: str | Path,
    out: str | Path,
    *,
    layer: str | int | Sequence[int] = "all",
    default_layer: int | None = None,
    batch_size: int = 16,
    name: str | None = None,
    gguf_file: str | None = None,
    dtype: str = "float32",
    device: str | None = None,
    progress: bool = True,
    upstream: str | None = None,
    quantisation: str | None = None,
    package: str | None = None,
    licence: str | None = None,
    attribution: str | None = None,
) -> Datasheet:
    """Let a language model read every statement, and keep what it holds at the last token.

    Parameters
    ----------
    model : str or Path
        A folder with the model, or its name on the Hugging Face hub.
    statements : str or Path
        The folder of the four statement files.
    out : str or Path
        Where ``statements/`` and ``activations/<name>/`` go. The statements are copied there,
        unless they are there already.
    layer : "all", int or sequence of int, default "all"
        The decoder layers to keep, counted from 0.
    default_layer : int, optional
        The layer to read where none is asked for; by default the middle one of those kept.
    batch_size : int, default 16
        How many statements the model reads at once.
    name : str, optional
        The model's name in `out`; by default the last part of `model`.
    gguf_file : str, optional
        The file of quantised weights in the model's folder, if it is in GGUF format.
    dtype : {"float32", "bfloat16", "float16", "float64"}, default "float32"
        The floating-point type to compute in.
    device : str, optional
        The device to compute on, as PyTorch names it.
    progress : bool, default True
        Whether to show on standard error how far the work has come.
    upstream, quantisation, package, licence, attribution : str, optional
        What the datasheet is to say; see `activations.truth.store.Datasheet`.

    Returns
    -------
    Datasheet
        What was written.

    Raises
    ------
    TypeError
        If an argument is not of its type.
    ValueError
        If an argument's value is none that it can have, for example a layer that the model does
        not have.
    DataMissingError
        If the statements or the model are not there.
    DataUnusableError
        If the statements are not sound, `out` holds other ones, or the model's activations are
        not finite numbers of 16 bits.

    Notes
    -----
    Layer k is the residual stream after decoder layer k, which transformers calls
    ``hidden_states[k + 1]``; only that the last entry there has, in most models, passed a final
    normalisation too. Here it has not, as the layers' own outputs are read.

    The statements are given to the model as they are, with the special tokens that its tokenizer
    puts before them and without a chat's frame. The vector is that of the last token that belongs
    to the statement. Statements of similar length are read together, the shorter ones filled up
    on the right, which a causal model cannot see. So the numbers depend on the batch size only in
    their rounding.

    After each few statements the vectors are put into ``activations/<name>/parts/``. If the work
    is interrupted, the same call goes on from there, and gives the same files bit by bit. The
    datasheet, which is written last, tells of one run: what earlier ones left is not read again.

    Examples
    --------
    >>> from activations.truth.extract import extract
    >>> extract("no/such/model", "no/such/folder", "out", layer=14)
    Traceback (most recent call last):
    ...
    activations.truth.statement_sets.DataMissingError: folder/cities.csv is missing from ...
    """
    batch_size = integer("batch_size", batch_size, least=1)
    if dtype not in _DTYPES:
        raise ValueError(f"dtype must be one of {', '.join(_DTYPES)}, got {dtype!r}")
    name = Path(model).name if name is None else name
    folder = model_folder(out, name)
    sets = {key: read_statements(statements, key).statements for key in SETS}
    texts = list(dict.fromkeys(text for key in SETS for text in sets[key]))
    network, tokenizer = _load(model, gguf_file, dtype, device)
    n_layers = int(network.config.get_text_config(decoder=True).num_hidden_layers)
    wanted = _wanted_layers(layer, n_layers, name)
    default = wanted[(len(wanted) - 1) // 2]
    if default_layer is not None:
        default = integer("default_layer", default_layer)
    if default not in wanted:
        raise ValueError(f"default_layer must be one of the layers {wanted}, got {default}")
    weights = _weights_digest(model, gguf_file)
    decoder, modules = _decoder_layers(network, n_layers, name)
    tokens = _tokenise(tokenizer, texts, network)
    order = sorted(range(len(texts)), key=lambda i: len(tokens[i]))
    work = _Work(
        name,
        decoder,
        {k: modules[k] for k in wanted},
        [texts[i] for i in order],
        [tokens[i] for i in order],
    )
    _bring_statements(Path(statements), Path(out))

    parts = folder / "parts"
    mine = parts / _fingerprint(work, network, weights, batch_size)
    files = _run_parts(work, mine, batch_size, progress)

    rank = {text: r for r, text in enumerate(work.texts)}
    rows = {key: np.array([rank[text] for text in sets[key]]) for key in SETS}
    # From here to the end the folder holds layers of two runs, which no datasheet describes.
    (folder / DATASHEET).unlink(missing_ok=True)
    for k in wanted:
        vectors = np.concatenate([_read_part(file, k) for file in files])
        write_layer(out, name, k, {key: vectors[rows[key]] for key in SETS})
    sheet = Datasheet(
        model=name,
        upstream=upstream,
        quantisation=quantisation,
        package=package,
        weights_sha256=weights,
        parameters=_count_parameters(network),
        n_layers=n_layers,
        width=int(vectors.shape[1]),
        layer=default,
        layers=tuple(wanted),
        token="last",
        dtype=dtype,
        date=datetime.date.today().isoformat(),
        command=_command(
            model, statements, out, layer, wanted, default, gguf_file, batch_size, dtype, name
        ),
        licence=licence,
        attribution=attribution,
        statements={key: statement_digest(out, key) for key in SETS},
    )
    write_datasheet(out, sheet)
    shutil.rmtree(parts)
    return sheet


def _count_parameters(network: Any) -> int:
    """Count a model's parameters, and a head that repeats the embedding only once.

    Quantised files hold such a head as a second, differently rounded copy.
    """
    total = int(network.num_parameters())
    head, entry = network.get_output_embeddings(), network.get_input_embeddings()
    if head is None or head.weight is entry.weight or head.weight.shape != entry.weight.shape:
        return total
    apart = float(((head.weight - entry.weight).norm() / entry.weight.norm()).detach())
    return total - (int(head.weight.numel()) if apart < 0.2 else 0)


def _wanted_layers(layer: str | int | Sequence[int], n_layers: int, name: str) -> list[int]:
    if isinstance(layer, str):
        if layer != "all":
            raise ValueError(f"layer must be 'all' or integers, got {layer!r}")
        return list(range(n_layers))
    asked = list(layer) if isinstance(layer, Iterable) else [layer]
    wanted = sorted({integer("layer", k) for k in asked})
    if not wanted or wanted[0] < 0 or wanted[-1] >= n_layers:
        raise ValueError(
            f"layer must be in 0, ..., {n_layers - 1}, the layers of {name}, got {layer!r}"
        )
    return wanted


def _load(
    model: str | Path, gguf_file: str | None, dtype: str, device: str | None
) -> tuple[Any, Any]:
    """Load a model and its tokenizer, ready to run."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    try:
        torch.zeros(1, device=device).item()
    except (RuntimeError, AssertionError) as error:
        raise ValueError(
            f"device must be one that PyTorch can compute on here, got {device!r} ({error})"
        ) from error
    options = {} if gguf_file is None else {"gguf_file": gguf_file}
    try:
        tokenizer = AutoTokenizer.from_pretrained(str(model), **options)
        network, told = AutoModelForCausalLM.from_pretrained(
            str(model), dtype=getattr(torch, dtype), output_loading_info=True, **options
        )
    except ImportError:
        raise
    except OSError as error:
        raise DataMissingError(
            f"model {str(model)!r} cannot be loaded; it must be a folder with a causal language "
            f"model and its tokenizer, or the name of one on the hub ({error})"
        ) from error
    # A damaged file shows itself in whichever library meets the damage first.
    except Exception as error:
        raise ValueError(
            f"model {str(model)!r} cannot be loaded ({type(error).__name__}: {error})"
        ) from error
    # Transformers only warns of weights that the files lack, and puts random numbers there. A head
    # may be missing: it comes after the last layer.
    within = f"{network.base_model_prefix}."
    if missing := sorted(key for key in told["missing_keys"] if key.startswith(within)):
        raise ValueError(
            f"model {str(model)!r} lacks {len(missing)} weights of the {type(network).__name__} "
            f"that its configuration announces, the first is {missing[0]}; get it anew"
        )
    return network.to(device).eval(), tokenizer


def _weights_digest(model: str | Path, gguf_file: str | None) -> str:
    """Return the SHA-256 of a model's weights, as the datasheet defines it."""
    from transformers.utils.hub import cached_file

    # Of a model from the hub, this is where it lies on this machine.
    here = Path(cached_file(str(model), gguf_file or "config.json")).parent
    digests = []
    for file in _weights_files(here, gguf_file):
        with (here / file).open("rb") as content:
            digests.append((file, hashlib.file_digest(content, "sha256").hexdigest()))
    if len(digests) == 1:
        return digests[0][1]
    lines = "".join(f"{digest}  {file}\n" for file, digest in digests)
    return hashlib.sha256(lines.encode()).hexdigest()


def _weights_files(folder: Path, gguf_file: str | None) -> list[str]:
    """Return the files of weights that transformers prefers, in the order of their names."""
    if gguf_file is not None:
        return [Path(gguf_file).name]
    for file in ("model.safetensors", "pytorch_model.bin"):
        index = folder / f"{file}.index.json"
        if (folder / file).is_file():
            return [file]
        if index.is_file():
            return sorted(set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()))
    raise DataMissingError(f"{folder.name} holds neither model.safetensors nor pytorch_model.bin")


def _decoder_layers(
    network: Any, n_layers: int, name: str
) -> "tuple[torch.nn.Module, torch.nn.ModuleList]":
    """Find the model below the head, and in it the list of decoder layers."""
    from torch import nn

    decoder: nn.Module = network.base_model
    lists = {
        path: module
        for path, module in decoder.named_modules()
        if isinstance(module, nn.ModuleList) and len(module) == n_layers
    }
    # A layer may itself hold a list that is as long, of experts for example.
    outer = [
        module
        for path, module in lists.items()
        if not any(path.startswith(f"{other}.") for other in lists)
    ]
    if len(outer) != 1:
        raise ValueError(
            f"model: the decoder layers of {name} ({type(network).__name__}) cannot be told: there "
            f"must be exactly one list of {n_layers} layers, found {len(outer)}"
        )
    return decoder, outer[0]


def _tokenise(tokenizer: Any, texts: list[str], network: Any) -> list[list[int]]:
    """Return each statement's tokens, up to the last one that belongs to the statement itself."""
    told = tokenizer(texts, padding=False, truncation=False, return_special_tokens_mask=True)
    vocabulary = network.get_input_embeddings().num_embeddings
    tokens = []
    for text, ids, special in zip(
        texts, told["input_ids"], told["special_tokens_mask"], strict=True
    ):
        end = len(special) - [*special[::-1], 0].index(0)
        if end == 0:
            raise DataUnusableError(f"the tokenizer finds no token in the statement {text!r}")
        if max(ids[:end]) >= vocabulary:
            raise ValueError(
                f"model: its tokenizer gives token {max(ids[:end])} for {text!r}, but the model "
                f"knows only {vocabulary} tokens"
            )
        tokens.append(list(ids[:end]))
    return tokens


def _bring_statements(source: Path, out: Path) -> None:
    """Put the statements beside the activations, unless they are there already."""
    target = out / "statements"
    for key in SETS:
        content = (source / f"{key}.csv").read_bytes()
        file = target / f"{key}.csv"
        if not file.exists():
            write_safely(file, content)
        elif file.read_bytes().splitlines() != content.splitlines():
            raise DataUnusableError(
                f"{target} holds other statements ({key}.csv); choose another folder for the "
                "activations of these ones"
            )


def _fingerprint(work: _Work, network: Any, weights: str, batch_size: int) -> str:
    """Return a digest of all that the numbers depend on."""
    import torch
    import transformers

    config = {k: v for k, v in network.config.to_dict().items() if k != "_name_or_path"}
    told = [
        weights,
        config,
        list(work.layers),
        work.texts,
        work.tokens,
        batch_size,
        _PART,
        str(network.dtype),
        str(network.device),
        torch.__version__,
        transformers.__version__,
    ]
    text = json.dumps(told, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _run_parts(work: _Work, parts: Path, batch_size: int, progress: bool) -> list[Path]:
    """Have each part of the work in a file, found there or computed now."""
    from safetensors.numpy import save
    from tqdm import tqdm

    n, size = len(work.tokens), -(-_PART // batch_size) * batch_size
    ends = {start: min(start + size, n) for start in range(0, n, size)}
    paths = {start: parts / f"{start}-{end}.safetensors" for start, end in ends.items()}
    missing = {
        start: end
        for start, end in ends.items()
        if not _part_is_sound(paths[start], work, end - start)
    }
    done = n - sum(end - start for start, end in missing.items())
    with tqdm(total=n, initial=done, desc=work.name, unit="row", disable=not progress) as bar:
        for start, end in missing.items():
            batches = []
            for first in range(start, end, batch_size):
                chosen = slice(first, min(first + batch_size, end))
                batches.append(_run_batch(work, chosen))
                bar.update(chosen.stop - chosen.start)
            kept = {f"{k}": np.concatenate([batch[k] for batch in batches]) for k in work.layers}
            write_safely(paths[start], save(kept))
    return list(paths.values())


def _part_is_sound(path: Path, work: _Work, rows: int) -> bool:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            views = [file.get_slice(f"{k}") for k in work.layers]
            return all(v.get_dtype() == "F16" and v.get_shape()[0] == rows for v in views)
    except (OSError, SafetensorError):
        return False


def _read_part(path: Path, layer: int) -> NDArray[np.float16]:
    from safetensors import safe_open

    with safe_open(path, framework="numpy") as file:
        vectors: NDArray[np.float16] = file.get_tensor(f"{layer}")
    return vectors


def _run_batch(work: _Work, chosen: slice) -> dict[int, NDArray[np.float16]]:
    """Let the model read some statements; return each layer's vectors at their last tokens."""
    import torch

    tokens = work.tokens[chosen]
    device = next(work.decoder.parameters()).device
    last = torch.tensor([len(ids) - 1 for ids in tokens], device=device)
    longest = max(map(len, tokens))
    # Any token will do to fill up with, since no token that counts can see it.
    filled = [ids + [0] * (longest - len(ids)) for ids in tokens]
    ids = torch.tensor(filled, device=device)
    mask = (torch.arange(longest, device=device) <= last[:, None]).long()
    rows = torch.arange(len(tokens), device=device)
    found: dict[int, NDArray[np.float16]] = {}

    def keep(k: int) -> Callable[..., None]:
        def hook(module: "torch.nn.Module", arguments: Any, output: Any) -> None:
            stream = output[0] if isinstance(output, tuple) else output
            if stream.ndim != 3 or stream.shape[:2] != ids.shape:
                raise ValueError(
                    f"model: layer {k} of {work.name} must give an array of shape (batch, token, "
                    f"d), the first two {tuple(ids.shape)}, got {tuple(stream.shape)}"
                )
            found[k] = _half(stream[rows, last].double().cpu().numpy(), k, work, chosen)
            if len(found) == len(work.layers):
                raise _LastLayerReached

        return hook

    with ExitStack() as hooks, torch.inference_mode():
        for k, module in work.layers.items():
            hooks.enter_context(module.register_forward_hook(keep(k)))
        try:
            work.decoder(input_ids=ids, attention_mask=mask, use_cache=False)
        except _LastLayerReached:
            return found
    raise ValueError(
        f"model: not all layers of {work.name} were run; found only {sorted(found)} of "
        f"{sorted(work.layers)}"
    )


def _half(
    vectors: NDArray[np.float64], layer: int, work: _Work, chosen: slice
) -> NDArray[np.float16]:
    """Round to float16, unless that loses a number."""
    finite = np.isfinite(vectors)
    with np.errstate(over="ignore"):
        halves = vectors.astype(np.float16)
    kept = np.isfinite(halves)
    if not kept.all():
        row, place = np.argwhere(~kept)[0]
        why = "more than float16 can hold" if finite[row, place] else "no number"
        raise DataUnusableError(
            f"layer {layer} of {work.name} gives {vectors[row, place]:.6g} at coordinate {place} "
            f"for {work.texts[chosen][row]!r}, which is {why}; leave this layer out"
        )
    return halves


def _command(
    model: str | Path,
    statements: str | Path,
    out: str | Path,
    layer: str | int | Sequence[int],
    wanted: list[int],
    default_layer: int,
    gguf_file: str | None,
    batch_size: int,
    dtype: str,
    name: str,
) -> str:
    """Return the command that gives these numbers, without any folder of this machine."""

    def public(path: str | Path) -> str:
        outside = Path(path).is_absolute() or ".." in Path(path).parts
        return Path(path).name if outside else Path(path).as_posix()

    words = ["python", "-m", "activations.truth.extract", public(model), "--name", name]
    if gguf_file is not None:
        words += ["--gguf-file", public(gguf_file)]
    words += ["--statements", public(statements), "--out", public(out)]
    for k in ["all"] if layer == "all" else wanted:
        words += ["--layer", f"{k}"]
    words += ["--default-layer", f"{default_layer}", "--batch-size", f"{batch_size}"]
    if dtype != "float32":
        words += ["--dtype", dtype]
    return shlex.join(words)


def _layer_option(text: str) -> str | int:
    return text if text == "all" else int(text)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Parameters
    ----------
    arguments : sequence of str, optional
        The command line; by default the program's own.

    Returns
    -------
    int
        0 if all went well, 1 after an error, 130 after an interruption.

    Examples
    --------
    >>> from activations.truth.extract import main
    >>> main(["no/such/model", "--statements", "no/such/folder", "--out", "out"])
    1
    """
    parser = argparse.ArgumentParser(
        prog="python -m activations.truth.extract",
        description="Let a language model read every statement, and keep the residual stream at "
        "each statement's last token.",
        epilog="An interrupted run goes on where it stopped when the same command is given again.",
    )
    parser.add_argument("model", help="a folder with a causal language model, or its hub name")
    parser.add_argument("--statements", required=True, help="the folder of the statement files")
    parser.add_argument("--out", required=True, help="where statements/ and activations/ go")
    parser.add_argument(
        "--layer",
        action="append",
        type=_layer_option,
        help="a decoder layer to keep, counted from 0 (may be repeated), or all, the default",
    )
    parser.add_argument("--default-layer", type=int, help="the layer to read if none is asked for")
    parser.add_argument("--batch-size", type=int, default=16, help="statements read at once (16)")
    parser.add_argument("--name", help="the model's name, if not the last part of MODEL")
    parser.add_argument("--gguf-file", help="the weights' file in the folder, if in GGUF format")
    parser.add_argument("--dtype", choices=_DTYPES, default="float32", help="to compute in")
    parser.add_argument("--device", help="to compute on, for example cuda")
    parser.add_argument("--quiet", action="store_true", help="show no progress")
    for entry, meaning in (
        ("upstream", "where the original model lives"),
        ("quantisation", "how the weights were quantised"),
        ("package", "the distribution and version that the weights were installed from"),
        ("licence", "the licence of the weights"),
        ("attribution", "whom to name"),
    ):
        parser.add_argument(f"--{entry}", help=f"for the datasheet: {meaning}")
    options = vars(parser.parse_args(arguments))
    layers = options.pop("layer") or ["all"]
    options["layer"] = "all" if "all" in layers else layers
    options["progress"] = not options.pop("quiet")
    try:
        sheet = extract(
            options.pop("model"), options.pop("statements"), options.pop("out"), **options
        )
    except KeyboardInterrupt:
        print("Interrupted; the same command goes on where this one stopped.", file=sys.stderr)
        return 130
    except (OSError, ValueError, ImportError) as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return 1
    print(f"{sheet.model}: layers {', '.join(map(str, sheet.layers))}, d = {sheet.width}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
