import json
import os
import shutil
import struct
import subprocess
import sys
import tracemalloc
from dataclasses import asdict, replace
from pathlib import Path
from time import perf_counter

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file, save_file

from activations.truth import SETS, DataMissingError, DataUnusableError
from activations.truth import store as store_module
from activations.truth.store import (
    Datasheet,
    model_folder,
    models,
    read_datasheet,
    read_layer_set,
    statement_digest,
    write_datasheet,
    write_layer,
    write_safely,
)

ROWS = {"cities": 80, "neg_cities": 80, "sp_en_trans": 26, "neg_sp_en_trans": 26}
WIDTH = 6


def vectors(seed, width=WIDTH):
    """Any finite numbers of 16 bits, subnormal ones and negative zeros among them."""
    rng = np.random.default_rng(seed)
    found = {}
    for name, n in ROWS.items():
        bits = rng.integers(0, 2**16, (n, width), dtype=np.uint16)
        bits[(bits & 0x7C00) == 0x7C00] ^= 0x4000
        found[name] = bits.view(np.float16)
    return found


def sheet_for(folder, **changes):
    return replace(
        Datasheet(
            model="tiny",
            upstream="someone/tiny",
            quantisation=None,
            package="tiny-model 0.1",
            weights_sha256="0f" * 32,
            parameters=1000,
            n_layers=4,
            width=WIDTH,
            layer=1,
            layers=(1, 3),
            token="last",
            dtype="float32",
            date="2026-01-31",
            command="python -m activations.truth.extract tiny",
            licence="Apache-2.0",
            attribution="Jäger & Söhne",
            statements={name: statement_digest(folder, name) for name in SETS},
        ),
        **changes,
    )


@pytest.fixture(scope="module")
def shared(template, tmp_path_factory):
    """A folder with statements only."""
    folder = tmp_path_factory.mktemp("store")
    for file in (template / "datasets").iterdir():
        write_safely(folder / "statements" / file.name, file.read_bytes())
    return folder


@pytest.fixture
def store(template, tmp_path):
    """A sound folder of a model with two layers, to be damaged."""
    for file in (template / "datasets").iterdir():
        write_safely(tmp_path / "statements" / file.name, file.read_bytes())
    for layer in (1, 3):
        write_layer(tmp_path, "tiny", layer, vectors(layer))
    write_datasheet(tmp_path, sheet_for(tmp_path))
    return tmp_path


def layer_file(store, layer=1):
    return store / "activations" / "tiny" / f"layer_{layer}.safetensors"


def read(store, name="cities", layer=1, n=None):
    return read_layer_set(store, "tiny", layer, name, ROWS[name] if n is None else n)


def refused(store, *words, error=DataUnusableError, **options):
    with pytest.raises(error) as caught:
        read(store, **options)
    assert type(caught.value) is error
    for word in words:
        assert word in str(caught.value)


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 2**32), width=st.integers(1, 70), layer=st.integers(0, 200))
def test_what_is_written_is_read(shared, seed, width, layer):
    written = vectors(seed, width)
    path = write_layer(shared, "tiny", layer, written)
    assert path == shared / "activations" / "tiny" / f"layer_{layer}.safetensors"
    sheet = sheet_for(shared, width=width, n_layers=layer + 1, layer=layer, layers=(layer,))
    write_datasheet(shared, sheet)
    assert read_datasheet(shared, "tiny") == sheet
    assert models(shared) == {"tiny": sheet}
    for name, n in ROWS.items():
        X = read_layer_set(shared, "tiny", layer, name, n)
        assert X.dtype == np.float32
        assert X.flags.c_contiguous
        np.testing.assert_array_equal(X, written[name].astype(np.float32))
        np.testing.assert_array_equal(np.signbit(X), np.signbit(written[name]))


def test_the_same_content_gives_the_same_file(store):
    before = layer_file(store).read_bytes()
    command = (
        "import sys, numpy as np; from activations.truth.store import write_layer\n"
        "from safetensors.numpy import load_file\n"
        "write_layer(sys.argv[1], 'tiny', 1, load_file(sys.argv[2]))"
    )
    layer_file(store).rename(store / "copy")
    subprocess.run([sys.executable, "-c", command, store, store / "copy"], check=True)
    assert layer_file(store).read_bytes() == before


def test_memory_in_any_order_can_be_written(store):
    for change in (np.asfortranarray, lambda X: np.repeat(X, 2, axis=1)[:, ::2], lambda X: X[::-1]):
        write_layer(store, "tiny", 1, {name: change(X) for name, X in vectors(7).items()})
        for name, X in vectors(7).items():
            np.testing.assert_array_equal(read(store, name), change(X).astype(np.float32))


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda X: X.astype(np.float32), r"tensors\['neg_cities'\] must be an array of float16"),
        (lambda X: X.astype(">f2"), "must be an array of float16, got >f2"),
        (lambda X: X.tolist(), "must be an array of float16, got <class 'list'>"),
        (lambda X: X[:-1], r"must have shape \(80, d\).*got \(79, 6\)"),
        (lambda X: X[:, :-1], r"the same d > 0 for every set, got \(80, 5\)"),
        (lambda X: X.ravel(), "must have shape"),
        (lambda X: X * np.float16("nan"), "must be finite"),
        (lambda X: X + np.float16("inf"), "must be finite"),
    ],
)
def test_what_must_not_be_written(store, change, match):
    before = layer_file(store).read_bytes()
    tensors = vectors(1)
    tensors["neg_cities"] = change(tensors["neg_cities"])
    with pytest.raises(ValueError, match=match):
        write_layer(store, "tiny", 1, tensors)
    assert layer_file(store).read_bytes() == before


def test_all_sets_and_no_others_are_written(store):
    tensors = vectors(1)
    with pytest.raises(ValueError, match=r"must hold cities, .* got cities, neg_cities, sp_en"):
        write_layer(store, "tiny", 1, {**tensors, "animals": tensors["cities"]})
    with pytest.raises(ValueError, match=r"got cities$"):
        write_layer(store, "tiny", 1, {"cities": tensors["cities"]})
    empty = {name: X[:, :0] for name, X in tensors.items()}
    with pytest.raises(ValueError, match="d > 0"):
        write_layer(store, "tiny", 1, empty)


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "../a", "a\\b", ".a", "-a", "a b", "ä", 3])
def test_a_model_s_name_stays_in_its_folder(store, name):
    for act in (
        lambda: model_folder(store, name),
        lambda: write_layer(store, name, 1, vectors(1)),
        lambda: write_datasheet(store, sheet_for(store, model=name)),
        lambda: read_datasheet(store, name),
        lambda: read_layer_set(store, name, 1, "cities", 80),
    ):
        with pytest.raises(ValueError, match="model must be a name of letters"):
            act()


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"layer": 4}, ValueError, ["layer must be in 0, ..., 3 for tiny", "got 4"]),
        ({"layer": -1}, ValueError, ["layer is -1"]),
        ({"layer": 1.0}, TypeError, ["layer is 1.0"]),
        ({"layer": True}, TypeError, ["layer is True"]),
        ({"layer": 2}, DataMissingError, ["layer 2", "only of [1, 3]"]),
        ({"n": 0}, ValueError, ["n is 0"]),
        ({"n": 80.0}, TypeError, ["n is 80.0"]),
        ({"n": 81}, DataUnusableError, ["layer_1", "cities", "(81, 6)", "(80, 6)"]),
        ({"name": "animals", "n": 3}, ValueError, ["name must be one of cities"]),
    ],
)
def test_wrong_arguments_are_named(store, options, error, words):
    refused(store, *words, error=error, **options)


@given(keep=st.integers(0, 10**6))
@settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_a_truncated_file(store, keep):
    write_layer(store, "tiny", 1, vectors(1))
    content = layer_file(store).read_bytes()
    layer_file(store).write_bytes(content[: keep % len(content)])
    refused(store, "tiny/layer_1.safetensors", "make it again")


@pytest.mark.parametrize("content", [b"x", b"not a safetensors file", b"\xff" * 100, b"\0" * 100])
def test_a_file_of_another_kind(store, content):
    layer_file(store).write_bytes(content)
    refused(store, "tiny/layer_1.safetensors", "not a sound safetensors file")


def test_a_file_with_something_behind_its_end(store):
    layer_file(store).write_bytes(layer_file(store).read_bytes() + b"\0")
    refused(store, "not a sound safetensors file")


@given(data=st.data())
@settings(
    deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_a_changed_byte_of_the_header(store, data):
    write_layer(store, "tiny", 1, vectors(1))
    content = bytearray(layer_file(store).read_bytes())
    (size,) = struct.unpack("<Q", content[:8])
    place = data.draw(st.integers(0, 8 + len(content[8 : 8 + size].rstrip()) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    layer_file(store).write_bytes(content)
    refused(store, "tiny/layer_1.safetensors")


def test_a_missing_file(store):
    layer_file(store).unlink()
    refused(store, "tiny/layer_1.safetensors is missing", error=DataMissingError)
    assert read(store, layer=3).shape == (80, WIDTH)


def test_a_folder_in_the_file_s_place(store):
    layer_file(store).unlink()
    layer_file(store).mkdir()
    refused(store, "tiny/layer_1.safetensors")


def about(store, layer=1):
    digests = {name: statement_digest(store, name) for name in SETS}
    return {"model": "tiny", "layer": layer, "statements": digests}


def rewrite(store, tensors, told=None):
    told = about(store) if told is None else told
    save_file(tensors, layer_file(store), metadata={"activations": json.dumps(told)})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda X: X.astype(np.float32), ["cities must be float16", "F32"]),
        (lambda X: X.view(np.int16), ["cities must be float16", "I16"]),
        (lambda X: X[:-1], ["(80, 6)", "(79, 6)"]),
        (lambda X: X[:, :-1].copy(), ["cities must be", "(80, 6)", "(80, 5)"]),
        (lambda X: X.T.copy(), ["(80, 6)", "(6, 80)"]),
        (lambda X: X.reshape(80, 6, 1), ["(80, 6)", "(80, 6, 1)"]),
        (lambda X: X.ravel(), ["(480,)"]),
        (lambda X: X[:0], ["(0, 6)"]),
    ],
)
def test_an_array_of_another_form(store, change, words):
    tensors = load_file(layer_file(store))
    rewrite(store, {**tensors, "cities": change(tensors["cities"])})
    refused(store, "tiny/layer_1.safetensors", *words)
    if words[0] not in ("(80, 6)", "(0, 6)"):
        # What is wrong with the type or the width of one set is so for the whole file.
        refused(store, "tiny/layer_1.safetensors", "cities must be", name="sp_en_trans")


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("row", [0, 41, 79])
def test_values_that_are_not_finite(store, value, row):
    tensors = load_file(layer_file(store))
    tensors["cities"][row, 2] = value
    rewrite(store, tensors)
    refused(store, "tiny/layer_1.safetensors", f"row {row} ", "NaN or infinity")
    assert np.isfinite(read(store, "neg_cities")).all()


def test_missing_and_additional_arrays(store):
    tensors = load_file(layer_file(store))
    rewrite(store, {**tensors, "animals": tensors["cities"]})
    refused(store, "must hold cities", "found animals, cities")
    del tensors["sp_en_trans"]
    rewrite(store, tensors)
    refused(store, "found cities, neg_cities, neg_sp_en_trans")
    rewrite(store, {})
    refused(store, "must hold cities")


@pytest.mark.parametrize(
    "change",
    [
        {"model": "another"},
        {"layer": 3},
        {"layer": "1"},
        {"statements": None},
        {"statements": dict.fromkeys(SETS, "0" * 64)},
        {"more": 1},
    ],
)
def test_a_file_that_says_it_is_something_else(store, change):
    tensors = load_file(layer_file(store))
    rewrite(store, tensors, {**about(store), **change})
    refused(store, "must say that it is of tiny, layer 1")


@pytest.mark.parametrize("metadata", [None, {"format": "np"}, {"activations": "no JSON"}])
def test_a_file_that_does_not_say_what_it_is(store, metadata):
    save_file(load_file(layer_file(store)), layer_file(store), metadata=metadata)
    refused(store, "must say that it is of tiny, layer 1", "found None")


def test_a_file_of_another_layer(store):
    layer_file(store).write_bytes(layer_file(store, 3).read_bytes())
    refused(store, "must say that it is of tiny, layer 1", "'layer': 3")


@pytest.mark.parametrize("name", SETS)
def test_statements_in_another_order(store, name):
    file = store / "statements" / f"{name}.csv"
    header, *lines = file.read_text().splitlines(keepends=True)
    file.write_text(header + "".join(lines[2:] + lines[:2]))
    refused(store, "other statements", f"statements/{name}.csv", name=name)
    for other in set(SETS) - {name}:
        assert len(read(store, other)) == ROWS[other]


def test_statements_that_say_something_else(store):
    file = store / "statements" / "cities.csv"
    file.write_text(file.read_text().replace("Town 7", "Town 77"))
    refused(store, "other statements")
    file.unlink()
    refused(store, "statements/cities.csv is missing", error=DataMissingError)
    file.write_bytes(b"\xff\xfe")
    refused(store, "statements/cities.csv is not UTF-8")


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_the_ends_of_lines_do_not_matter(store, end):
    for name in SETS:
        file = store / "statements" / f"{name}.csv"
        before = statement_digest(store, name)
        file.write_bytes(end.join(file.read_bytes().splitlines()) + end)
        assert statement_digest(store, name) == before
        assert len(read(store, name)) == ROWS[name]
    with pytest.raises(ValueError, match="name must be one of"):
        statement_digest(store, "animals")


def damage_sheet(store, **changes):
    path = store / "activations" / "tiny" / "datasheet.json"
    told = {**json.loads(path.read_text()), **changes}
    path.write_text(json.dumps({k: v for k, v in told.items() if v != "drop"}))


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"model": "another"}, "is about 'another'"),
        ({"model": None}, "model must be a string"),
        ({"upstream": 3}, "upstream must be a string or null"),
        ({"licence": "drop"}, "missing: ['licence']"),
        ({"license": "MIT"}, "unknown: ['license']"),
        ({"parameters": 0}, "parameters must be a positive integer"),
        ({"parameters": "135M"}, "parameters must be a positive integer"),
        ({"width": 6.0}, "width must be a positive integer"),
        ({"n_layers": True}, "n_layers must be a positive integer"),
        ({"width": 7}, "(80, 7)"),
        ({"token": "first"}, "token must be 'last'"),
        ({"weights_sha256": "0F" * 32}, "weights_sha256 must be 64 hexadecimal digits"),
        ({"weights_sha256": None}, "weights_sha256 must be 64 hexadecimal digits"),
        ({"layers": [1, 4]}, "layers must be integers of 0, ..., 3"),
        ({"layers": [-1, 1]}, "layers must be integers"),
        ({"layers": [True]}, "layers must be integers"),
        ({"layers": "all"}, "layers must be integers"),
        ({"layers": 1}, "layers must be integers"),
        ({"layers": [3, 1]}, "ascending order"),
        ({"layers": [1, 1, 3]}, "without repetition"),
        ({"layers": []}, "contain layer"),
        ({"layer": 2}, "contain layer"),
        ({"layer": None}, "contain layer"),
        ({"layer": 1.0}, "contain layer"),
        ({"layer": True}, "contain layer"),
        ({"statements": {}}, "statements must give"),
        ({"statements": [1, 2, 3, 4]}, "statements must give"),
        ({"statements": dict.fromkeys(SETS, "?")}, "statements must give"),
        ({"statements": dict.fromkeys(SETS, "0" * 64)}, "other statements"),
        ({"date": 20260131}, "date must be a string"),
    ],
)
def test_a_datasheet_that_does_not_fit(store, changes, word):
    damage_sheet(store, **changes)
    refused(store, word, "tiny/datasheet.json" if "(" not in word else "tiny/layer_1")


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"3", b"null", b"\xff\xfe", b"[" * 100_000])
def test_a_datasheet_that_is_none(store, content):
    (store / "activations" / "tiny" / "datasheet.json").write_bytes(content)
    refused(store, "tiny/datasheet.json", "make it again")
    with pytest.raises(DataUnusableError):
        models(store)


def test_a_missing_datasheet(store):
    (store / "activations" / "tiny" / "datasheet.json").unlink()
    refused(store, "tiny/datasheet.json is missing", error=DataMissingError)
    assert models(store) == {}


def test_a_datasheet_that_cannot_be_read(store):
    sheet = store / "activations" / "tiny" / "datasheet.json"
    sheet.unlink()
    sheet.mkdir()
    refused(store, "tiny/datasheet.json cannot be read", error=DataMissingError)


def test_a_copied_folder_is_named(store):
    copy = store / "activations" / "copy"
    shutil.copytree(store / "activations" / "tiny", copy)
    with pytest.raises(DataUnusableError, match=r"copy/datasheet\.json is about 'tiny'.*rename"):
        models(store)


def test_a_datasheet_that_is_not_written(store):
    with pytest.raises(ValueError, match="sheet: layers must be in ascending order"):
        write_datasheet(store, sheet_for(store, layers=(3, 1)))
    assert read_datasheet(store, "tiny") == sheet_for(store)


def test_a_datasheet_is_for_people_too(store):
    text = (store / "activations" / "tiny" / "datasheet.json").read_text(encoding="utf-8")
    assert list(json.loads(text)) == list(asdict(sheet_for(store)))
    assert '\n  "attribution": "Jäger & Söhne",\n' in text
    assert text.endswith("\n}\n")


def test_models_are_listed_from_small_to_large(store):
    for name, parameters in (("b", 5), ("a", 5), ("z", 2), ("y", 10**6)):
        write_datasheet(store, sheet_for(store, model=name, parameters=parameters))
    (store / "activations" / "unfinished" / "parts").mkdir(parents=True)
    (store / "activations" / "note.txt").write_text("x")
    assert list(models(store)) == ["z", "a", "b", "tiny", "y"]
    assert models(store / "nothing") == {}


def test_a_write_that_fails_leaves_what_was_there(store, monkeypatch):
    before = layer_file(store).read_bytes()
    names = sorted(os.listdir(layer_file(store).parent))

    def fail(*arguments):
        raise OSError("no space left")

    for step in ("replace", "fsync"):
        with monkeypatch.context() as patch:
            patch.setattr(store_module.os, step, fail)
            with pytest.raises(OSError, match="no space left"):
                write_layer(store, "tiny", 1, vectors(99))
        assert layer_file(store).read_bytes() == before
        assert sorted(os.listdir(layer_file(store).parent)) == names


def test_reading_needs_no_torch(store):
    command = (
        "import sys; from activations.truth.store import read_layer_set\n"
        "read_layer_set(sys.argv[1], 'tiny', 1, 'cities', 80)\n"
        "assert not {'torch', 'transformers'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", command, store], check=True)


@pytest.fixture(scope="module")
def large(template, tmp_path_factory):
    """A layer of 17 MB."""
    folder = tmp_path_factory.mktemp("large")
    for file in (template / "datasets").iterdir():
        write_safely(folder / "statements" / file.name, file.read_bytes())
    write_layer(folder, "tiny", 1, vectors(1, 40_000))
    write_datasheet(folder, sheet_for(folder, width=40_000))
    return folder


def test_reading_takes_little_longer_than_the_bytes_do(large):
    path: Path = layer_file(large)

    def plain():
        return np.frombuffer(path.read_bytes(), np.float16).astype(np.float32)

    def checked():
        return [read(large, name) for name in SETS]

    def least(act):
        times = []
        for _ in range(7):
            start = perf_counter()
            act()
            times.append(perf_counter() - start)
        return min(times)

    assert least(checked) < 3 * least(plain)


def test_reading_takes_less_than_twice_the_memory(large):
    read(large)
    tracemalloc.start()
    X = read(large)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert X.nbytes == 80 * 40_000 * 4
    assert peak < 2 * X.nbytes
