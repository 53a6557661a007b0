import pickle
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch

from activations.truth import DataMissingError, DataUnusableError, load_activations
from activations.truth import archive as reader
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


# --- Files of a known form are read without torch ---------------------------------------------


@pytest.fixture
def careful(monkeypatch):
    """The names of the files that torch is asked to read; none of any form is known before."""
    names = []

    def spy(path, shape):
        names.append(Path(path).name)
        return read_chunk(path, shape)

    monkeypatch.setattr(reader, "_accepted", {})
    monkeypatch.setattr(reader, "read_chunk", spy)
    return names


def test_torch_is_asked_once_for_each_shape(archive, careful):
    expected = [
        torch.load(chunk(archive, start=start), weights_only=True) for start in (0, 25, 50, 75)
    ]
    for name in ("cities", "neg_cities", "cities"):
        X = load_activations(name, source=archive).X
        assert careful == ["layer_12_0.pt", "layer_12_75.pt"]
    np.testing.assert_array_equal(X, torch.cat(expected).numpy())


def packed_anew(file):
    """Write the same parts to a torch file of another form, in which nothing is aligned."""
    with zipfile.ZipFile(file) as parts:
        contents = {name: parts.read(name) for name in parts.namelist()}
    with zipfile.ZipFile(file, "w") as parts:
        for name, content in contents.items():
            parts.writestr(name, content)


def test_a_file_of_another_form_among_equal_ones(archive, careful):
    expected = load_activations("cities", source=archive).X
    careful.clear()
    packed_anew(chunk(archive, start=25))
    np.testing.assert_array_equal(load_activations("cities", source=archive).X, expected)
    # The form that was accepted last is the one that is known.
    assert careful == ["layer_12_25.pt", "layer_12_50.pt"]


def changed(file, change):
    content = bytearray(file.read_bytes())
    change(content, content.index(b"PK\x07\x08", len(content) // 2))
    file.write_bytes(content)


def other_checksum(content, end):
    content[end + 4] ^= 1


def other_size(content, end):
    content[end + 8] ^= 1


def other_byteorder(content, end):
    content[content.index(b"little")] ^= 1


def longer(content, end):
    content += b"more"


@pytest.mark.parametrize("change", [other_checksum, other_size, longer])
def test_what_follows_the_values_is_not_alike(archive, careful, change):
    # The list of parts at the end of the file, which is the one that counts, is as it was.
    expected = load_activations("cities", source=archive).X
    careful.clear()
    changed(chunk(archive, start=25), change)
    np.testing.assert_array_equal(load_activations("cities", source=archive).X, expected)
    assert "layer_12_25.pt" in careful


def test_a_byte_order_that_is_none_is_refused(archive, careful):
    load_activations("cities", source=archive)
    changed(chunk(archive, start=25), other_byteorder)
    refused(archive, "layer_12_25.pt", "fetch it again")


@pytest.mark.parametrize("part", range(3))
def test_a_short_read_is_no_damage(archive, careful, monkeypatch, part):
    expected = load_activations("cities", source=archive).X
    careful.clear()
    plain_open = Path.open

    class Short:
        """A raw file of which one read returns less than there is."""

        def __init__(self, file):
            self.file, self.reads = file, 0

        def __enter__(self):
            return self

        def __exit__(self, *_):
            self.file.close()

        def _wanted(self, size):
            self.reads += 1
            return size // 2 if self.reads == part + 1 else size

        def read(self, size):
            # What follows the values is less than is asked for, so that half of that is enough.
            return self.file.read(min(self._wanted(size), 500 if part == 2 else size))

        def readinto(self, out):
            flat = memoryview(out).cast("B")
            return self.file.readinto(flat[: self._wanted(len(flat))])

    def short_open(path, *arguments, buffering=-1, **named):
        file = plain_open(path, *arguments, buffering=buffering, **named)
        return Short(file) if buffering == 0 and path.name == "layer_12_25.pt" else file

    monkeypatch.setattr(Path, "open", short_open)
    np.testing.assert_array_equal(load_activations("cities", source=archive).X, expected)
    assert careful == ["layer_12_25.pt"]
