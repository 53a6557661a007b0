import pickle
import shutil

import numpy as np
import pytest
import torch

from activations.truth import DataMissingError, DataUnusableError, load_activations
from activations.truth.archive import read_chunk


def chunk(archive, name="cities", start=0):
    return archive / "acts" / "Llama3" / "8B" / "chat" / name / f"layer_12_{start}.pt"


def refused(archive, *words):
    with pytest.raises((DataUnusableError, DataMissingError)) as caught:
        load_activations("cities", source=archive)
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize("start", [0, 25])
@pytest.mark.parametrize("keep", [0, 1, 100, 10_000, -1])
def test_a_truncated_file(archive, keep, start):
    file = chunk(archive, start=start)
    file.write_bytes(file.read_bytes()[:keep])
    refused(archive, f"layer_12_{start}.pt", "fetch it again")


def test_a_missing_file(archive):
    chunk(archive, start=25).unlink()
    refused(archive, "1 of 4 files are missing", "layer_12_25.pt")


def test_a_missing_folder(archive):
    shutil.rmtree(chunk(archive).parent)
    refused(archive, "cities is missing")


@pytest.mark.parametrize("name", ["layer_12_100.pt", "layer_12_7.pt", "layer_12_0 (1).pt"])
def test_an_extra_file(archive, name):
    shutil.copy(chunk(archive), chunk(archive).with_name(name))
    refused(archive, name, "remove it")


def test_other_layers_and_strangers_do_not_disturb(archive):
    shutil.copy(chunk(archive), chunk(archive).with_name("layer_13_0.pt"))
    chunk(archive).with_name(".DS_Store").write_text("x")
    assert len(load_activations("cities", source=archive)) == 80


@pytest.mark.parametrize(
    "content",
    [
        torch.zeros(25, 4095),
        torch.zeros(24, 4096),
        torch.zeros(25, 4096, dtype=torch.float64),
        torch.zeros(25, 4096, dtype=torch.float16),
        torch.zeros(25 * 4096),
        torch.zeros(25, 4096).to_sparse(),
        [torch.zeros(25, 4096)],
        {"X": torch.zeros(25, 4096)},
        "zeros",
    ],
    ids=["narrow", "short", "double", "half", "flat", "sparse", "list", "dict", "text"],
)
def test_a_wrong_tensor_or_none(archive, content):
    torch.save(content, chunk(archive))
    refused(archive, "layer_12_0.pt", "must hold", "found")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_values_that_are_not_finite(archive, value):
    for start in (0, 25, 75):
        before = chunk(archive, start=start).read_bytes()
        tensor = torch.load(chunk(archive, start=start), weights_only=True)
        tensor[3, 77] = value
        torch.save(tensor, chunk(archive, start=start))
        refused(archive, f"layer_12_{start}.pt", "row 3", "NaN or infinity")
        chunk(archive, start=start).write_bytes(before)


@pytest.mark.parametrize(
    "change",
    [
        lambda t: t.T.contiguous().T,
        lambda t: t.repeat_interleave(2, dim=0)[::2],
        lambda t: torch.cat([t, t])[25:],
        lambda t: t.clone().requires_grad_(),
    ],
    ids=["columns", "every other row", "a later part", "with gradient"],
)
def test_a_file_that_keeps_its_values_in_another_way_is_read_in_its_order(archive, change):
    expected = load_activations("cities", source=archive).X
    for start in (0, 25, 50):
        tensor = torch.load(chunk(archive, start=start), weights_only=True)
        torch.save(change(tensor), chunk(archive, start=start))
        np.testing.assert_array_equal(load_activations("cities", source=archive).X, expected)


def test_swapped_files_do_not_fit(archive):
    first, last = chunk(archive), chunk(archive, start=75)
    one, other = first.read_bytes(), last.read_bytes()
    first.write_bytes(other)
    last.write_bytes(one)
    refused(archive, "layer_12_0.pt", "(25, 4096)", "(5, 4096)")


class Touch:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return type(self.path).touch, (self.path,)


@pytest.mark.parametrize("zipped", [True, False])
def test_code_in_a_file_is_not_run(archive, tmp_path, zipped):
    marker = tmp_path / "ran"
    for start in (50, 0):
        file = chunk(archive, start=start)
        torch.save(Touch(marker), file, _use_new_zipfile_serialization=zipped)
        refused(archive, f"layer_12_{start}.pt", "could run code", "fetch it again")
        assert not marker.exists()


def test_code_in_a_bare_pickle_is_not_run(archive, tmp_path):
    marker = tmp_path / "ran"
    chunk(archive).write_bytes(pickle.dumps(Touch(marker)))
    refused(archive, "layer_12_0.pt", "fetch it again")
    assert not marker.exists()


def test_a_tensor_that_wants_gradients_is_read(archive):
    torch.save(torch.ones(25, 4096, requires_grad=True), chunk(archive))
    assert load_activations("cities", source=archive).X[0, 0] == 1.0


def test_a_column_major_tensor_is_read_in_its_order(tmp_path):
    tensor = torch.arange(12.0).reshape(3, 4).T
    torch.save(tensor, tmp_path / "t.pt")
    np.testing.assert_array_equal(read_chunk(tmp_path / "t.pt", (4, 3)), tensor.numpy())


def test_nothing_is_deleted_when_a_file_is_refused(archive):
    before = sorted(p.name for p in chunk(archive).parent.iterdir())
    chunk(archive).write_bytes(b"not a torch file")
    refused(archive, "layer_12_0.pt")
    assert sorted(p.name for p in chunk(archive).parent.iterdir()) == before


def test_the_course_s_values_are_half_precision_numbers(real_sets):
    for data in real_sets.values():
        np.testing.assert_array_equal(data.X, data.X.astype(np.float16).astype(np.float32))
        assert (data.model, data.layer, data.X.shape[1]) == ("LLaMA-3-8B-Instruct", 12, 4096)


@pytest.mark.parametrize("start", [0, 25, 75])
def test_a_single_changed_bit(archive, start):
    file = chunk(archive, start=start)
    content = bytearray(file.read_bytes())
    # The lowest bit of a number in the middle of the values: finite, and of no odd size.
    content[len(content) // 2 // 4 * 4] ^= 1
    file.write_bytes(content)
    refused(archive, f"layer_12_{start}.pt", "fetch it again")
