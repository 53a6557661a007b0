import shutil

import numpy as np
import pytest
import torch

from activations.truth import (
    SETS,
    Activations,
    DataMissingError,
    DataUnusableError,
    available_models,
    available_source,
    load_activations,
    sources,
    statements,
)
from activations.truth.sources import data_folder


@pytest.mark.parametrize("name", SETS)
def test_rows_keep_their_order(archive, name):
    data = load_activations(name, source=archive)
    assert isinstance(data, Activations)
    told = statements(name, source=archive)
    assert data.statements == tuple(told.statement)
    assert data.y.tolist() == told.label.tolist()
    assert data.groups.tolist() == told.group.tolist()
    assert data.polarity.tolist() == told.polarity.tolist()
    assert data.X.dtype == np.float32
    assert data.X.shape == (len(told), 4096)
    files = archive / "acts" / "Llama3" / "8B" / "chat" / name
    parts = [
        torch.load(files / f"layer_12_{start}.pt", weights_only=True)
        for start in range(0, len(told), 25)
    ]
    np.testing.assert_array_equal(data.X, torch.cat(parts).numpy())
    assert (data.model, data.layer, data.source) == ("LLaMA-3-8B-Instruct", 12, str(archive))
    assert name in repr(data)
    assert len(data) == len(told)


def test_the_result_cannot_be_changed(archive):
    data = load_activations("cities", source=archive)
    with pytest.raises(ValueError, match="read-only"):
        data.X[0, 0] = 1.0
    with pytest.raises(AttributeError):
        data.X = None


@pytest.fixture
def elsewhere(archive, monkeypatch, tmp_path):
    """No variable set, and no archive in the checkout."""
    monkeypatch.delenv("ACTIVATIONS_DATA", raising=False)
    monkeypatch.setattr(sources, "_archive_of_checkout", lambda: tmp_path / "nothing")


def test_the_variable_names_the_archive(elsewhere, archive, monkeypatch, tmp_path):
    monkeypatch.setenv("ACTIVATIONS_DATA", str(archive))
    assert available_source() == "archive"
    assert load_activations("cities").source == "archive"
    assert load_activations("cities", source="archive").source == "archive"
    assert load_activations("cities", source="embedded").source == "embedded"

    # A folder that was asked for and is not there is not replaced by another one in silence.
    monkeypatch.setenv("ACTIVATIONS_DATA", str(tmp_path / "gone"))
    for ask in (available_source, available_models, lambda: load_activations("cities")):
        with pytest.raises(DataMissingError, match=r"gone.*sciai-lab/mlph-25w"):
            ask()


def test_what_is_looked_for_is_told(elsewhere, monkeypatch, tmp_path):
    for named in (tmp_path / "gone", tmp_path):
        monkeypatch.setenv("ACTIVATIONS_DATA", str(named))
        with pytest.raises(DataMissingError, match="acts/, or statements/ and activations/, in it"):
            available_source()
        with pytest.raises(DataMissingError, match="no folder with datasets/ and acts/ in it"):
            load_activations("cities", source="archive")
    monkeypatch.setenv("ACTIVATIONS_DATA", "embedded")
    with pytest.raises(DataMissingError, match="where ACTIVATIONS_DATA names no folder"):
        load_activations("cities", source="archive")


def test_the_checkout_s_archive_comes_before_the_embedded_data(elsewhere, archive, monkeypatch):
    assert available_source() == "embedded"
    assert load_activations("cities").source == "embedded"
    with pytest.raises(DataMissingError, match=r"archive.*nox -s data.*ACTIVATIONS_DATA"):
        load_activations("cities", source="archive")
    monkeypatch.setattr(sources, "_archive_of_checkout", lambda: archive)
    assert available_source() == "archive"
    assert load_activations("cities").source == "archive"
    monkeypatch.setenv("ACTIVATIONS_DATA", "embedded")
    assert available_source() == "embedded"
    assert load_activations("cities").source == "embedded"
    assert load_activations("cities", source="archive").source == "archive"


def test_a_folder_of_the_store_s_form(elsewhere, monkeypatch, tmp_path):
    own = tmp_path / "own"
    for part in ("statements", "activations"):
        shutil.copytree(data_folder() / part, own / part)
    there = load_activations("cities", source=own)
    assert there.source == str(own)
    np.testing.assert_array_equal(there.X, load_activations("cities", source="embedded").X)
    monkeypatch.setenv("ACTIVATIONS_DATA", str(own))
    assert available_source() == load_activations("cities").source == str(own)
    with pytest.raises(DataMissingError, match="datasets/ and acts/ in it"):
        load_activations("cities", source="archive")


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("model", ["SmolLM2-135M-Instruct", "Qwen2.5-Coder-1.5B-Instruct"])
def test_every_kept_layer_of_the_embedded_models_is_there(name, model):
    told = available_models("embedded")[model]
    assert told.layer in told.layers
    assert set(told.layers) <= set(range(told.n_layers))
    for layer in told.layers:
        data = load_activations(name, source="embedded", model=model, layer=layer)
        assert data.X.shape == (len(data.y), told.width)
        assert data.X.dtype == np.float32
        assert (data.model, data.layer, data.source) == (model, layer, "embedded")
        assert np.ptp(data.X, axis=0).min() > 0


def test_the_embedded_data_is_small_and_says_where_it_is_from():
    files = [path for path in data_folder().joinpath("activations").rglob("*") if path.is_file()]
    assert {path.suffix for path in files} == {".safetensors", ".json", ".csv"}
    assert sum(path.stat().st_size for path in files) < 16e6
    default = load_activations("cities", source="embedded")
    assert default.model == list(available_models("embedded"))[-1]


def test_the_archive_does_not_pass_for_another_model(archive):
    with pytest.raises(ValueError, match="must be one of LLaMA-3-8B-Instruct in the source"):
        load_activations("cities", source=archive, model="SmolLM2-135M-Instruct")
    assert list(available_models(archive)) == ["LLaMA-3-8B-Instruct"]


def test_missing_data_is_an_oserror_and_unusable_data_a_valueerror():
    assert issubclass(DataMissingError, OSError)
    assert issubclass(DataUnusableError, ValueError)


@pytest.mark.parametrize(
    ("options", "error", "match"),
    [
        ({"name": "capitals"}, ValueError, "name must be one of"),
        ({"name": ["cities"]}, ValueError, "name must be one of"),
        ({"model": ["GPT"]}, ValueError, "model must be one of LLaMA"),
        ({"model": "GPT"}, ValueError, "model must be one of LLaMA"),
        ({"layer": 32}, ValueError, r"layer must be in 0, \.\.\., 31"),
        ({"layer": -1}, ValueError, "layer must be in"),
        ({"layer": 12.0}, TypeError, "layer must be an integer"),
        ({"layer": True}, TypeError, "layer must be an integer"),
        ({"layer": 11}, DataMissingError, r"layer 11; the layers found there are \[12\]"),
        ({"source": 3}, TypeError, "source must be"),
        ({"source": ""}, ValueError, "empty string"),
    ],
)
def test_wrong_arguments_are_named(archive, options, error, match):
    name = options.pop("name", "cities")
    with pytest.raises(error, match=match):
        load_activations(name, **{"source": archive, **options})
