import hashlib
import json
import re
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import gguf
import numpy as np
import pytest
import torch
import transformers
from safetensors.numpy import load_file, save_file
from tokenizers import Tokenizer, pre_tokenizers, processors
from tokenizers.models import WordLevel
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedTokenizerFast

from activations.truth import (
    SETS,
    DataMissingError,
    DataUnusableError,
    load_activations,
    read_statements,
)
from activations.truth import extract as extract_module
from activations.truth.extract import extract, main
from activations.truth.store import read_datasheet, read_layer_set

SMALL = {"vocab_size": 130, "hidden_size": 16, "num_hidden_layers": 3, "num_attention_heads": 2}
WIDE = {**SMALL, "intermediate_size": 24, "num_key_value_heads": 1, "head_dim": 8}
#: The configuration of each architecture, and where its final normalisation is.
ARCHITECTURES = {
    "Llama": (WIDE, "norm"),
    "Qwen2": (WIDE, "norm"),
    "Gemma2": (WIDE, "norm"),
    "GPT2": ({"vocab_size": 130, "n_embd": 16, "n_layer": 3, "n_head": 2}, "ln_f"),
    "GPTNeoX": ({**SMALL, "intermediate_size": 24}, "final_layer_norm"),
    "OPT": (
        {**SMALL, "ffn_dim": 24, "word_embed_proj_dim": 16, "max_position_embeddings": 64},
        "decoder.final_layer_norm",
    ),
    "Bloom": ({"vocab_size": 130, "hidden_size": 16, "n_layer": 3, "n_head": 2}, "ln_f"),
    "Mamba": ({"vocab_size": 130, "hidden_size": 16, "num_hidden_layers": 3}, "norm_f"),
}


@pytest.fixture(autouse=True)
def offline(monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)


@pytest.fixture(scope="module")
def told(template):
    """The folder of four small statement files."""
    return template / "datasets"


def tokenizer(told, form, **special):
    """One token for each word, digit or stop; `form` says which special tokens stand around."""
    split = pre_tokenizers.Sequence(
        [pre_tokenizers.Whitespace(), pre_tokenizers.Digits(individual_digits=True)]
    )
    texts = [text for name in SETS for text in read_statements(told, name).statements]
    words = {word for text in texts for word, _ in split.pre_tokenize_str(text)}
    vocabulary = ["<pad>", "<s>", "</s>", "<unk>", *sorted(words)]
    backend = Tokenizer(WordLevel({w: i for i, w in enumerate(vocabulary)}, unk_token="<unk>"))
    backend.pre_tokenizer = split
    backend.post_processor = processors.TemplateProcessing(
        single=form, special_tokens=[("<s>", 1), ("</s>", 2)]
    )
    return PreTrainedTokenizerFast(tokenizer_object=backend, unk_token="<unk>", **special)


def save_model(folder, told, architecture="Llama", form="<s> $A", dtype=None, **special):
    settings, _ = ARCHITECTURES[architecture]
    config = getattr(transformers, f"{architecture}Config")(
        **settings, bos_token_id=1, eos_token_id=2, pad_token_id=0
    )
    with torch.random.fork_rng():
        torch.manual_seed(5)
        network = AutoModelForCausalLM.from_config(config)
        # Larger than at the start of a training: each layer must have something to say.
        for parameter in network.parameters():
            parameter.data += 0.3 * torch.randn_like(parameter)
    network.save_pretrained(folder)
    tokenizer(told, form, **special).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def llama(told, tmp_path_factory):
    return save_model(tmp_path_factory.mktemp("models") / "tiny-llama", told)


def read(out, name, layer):
    sets = {key: read_statements(Path(out) / "statements", key) for key in SETS}
    return {key: read_layer_set(out, name, layer, key, len(s)) for key, s in sets.items()}


def one_by_one(folder, told, final, **options):
    """What transformers says of each statement on its own: all layers, and the last one normed."""
    network = AutoModelForCausalLM.from_pretrained(folder, **options).eval()
    tokens = AutoTokenizer.from_pretrained(folder, **options)
    before = []
    norm = network.base_model.get_submodule(final)
    norm.register_forward_pre_hook(lambda module, inputs: before.append(inputs[0][0, -1]))
    layers, normed = {}, {}
    for key in SETS:
        rows, ends = [], []
        for text in read_statements(told, key).statements:
            with torch.inference_mode():
                states = network(
                    **tokens(text, return_tensors="pt", return_token_type_ids=False),
                    output_hidden_states=True,
                ).hidden_states
            # The first state is what enters the first layer, only Mamba does not tell it.
            first = 0 if network.config.model_type == "mamba" else 1
            last = network.config.num_hidden_layers - 1 + first
            streams = [h[0, -1] for h in states[first:last]] + [before[-1]]
            rows.append(torch.stack(streams).numpy())
            ends.append(states[-1][0, -1].numpy())
        layers[key], normed[key] = np.stack(rows, axis=1), np.array(ends)
    return layers, normed, norm


def assert_equal_but_for_rounding(found, expected):
    """Equal up to one unit in the last place of float16, and what float32 lost before."""
    unit = np.spacing(np.abs(expected).astype(np.float16)).astype(np.float32)
    lost = 2e-6 * np.abs(expected).max(axis=1, keepdims=True)
    assert np.all(np.abs(found - expected) <= unit + lost)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_layers_are_what_transformers_calls_hidden_states(architecture, told, tmp_path):
    folder = save_model(tmp_path / "model", told, architecture)
    sheet = extract(folder, told, tmp_path / "out", progress=False, batch_size=7)
    assert (sheet.n_layers, sheet.width, sheet.layers, sheet.layer) == (3, 16, (0, 1, 2), 1)
    layers, normed, norm = one_by_one(folder, told, ARCHITECTURES[architecture][1])
    for k in range(3):
        found = read(tmp_path / "out", "model", k)
        for key in SETS:
            assert_equal_but_for_rounding(found[key], layers[key][k])
            assert np.ptp(found[key], axis=0).max() > 0.1
            if k == 2:
                again = norm(torch.from_numpy(found[key])).detach().numpy()
                np.testing.assert_allclose(again, normed[key], rtol=5e-3, atol=5e-3)
                assert not np.allclose(found[key], normed[key], atol=0.05)


@pytest.fixture(scope="module")
def by_sixteen(llama, told, tmp_path_factory):
    """A run that was not disturbed."""
    out = tmp_path_factory.mktemp("undisturbed") / "out"
    extract(llama, told, out, progress=False)
    return out


@pytest.mark.parametrize("batch_size", [1, 3, 64, 1000])
def test_the_batch_size_changes_no_more_than_rounding(
    batch_size, llama, told, tmp_path, by_sixteen
):
    extract(llama, told, tmp_path, batch_size=batch_size, progress=False)
    for k in range(3):
        found, expected = read(tmp_path, "tiny-llama", k), read(by_sixteen, "tiny-llama", k)
        for key in SETS:
            assert_equal_but_for_rounding(found[key], expected[key])


def test_lengths_differ_so_that_rows_are_filled_up(told, llama):
    tokens = AutoTokenizer.from_pretrained(llama)
    texts = [text for key in SETS for text in read_statements(told, key).statements]
    assert len({len(ids) for ids in tokens(texts)["input_ids"]}) > 3


@pytest.mark.parametrize(
    ("form", "special"),
    [
        ("$A", {}),
        ("$A", {"pad_token": "<pad>"}),
        ("<s> $A", {"pad_token": "<pad>"}),
        ("<s> $A", {}),
    ],
)
def test_any_special_tokens_in_front(form, special, told, tmp_path):
    folder = save_model(tmp_path / "model", told, form=form, **special)
    extract(folder, told, tmp_path / "out", progress=False, layer=1)
    layers, _, _ = one_by_one(folder, told, "norm")
    for key, found in read(tmp_path / "out", "model", 1).items():
        assert_equal_but_for_rounding(found, layers[key][1])


def test_a_special_token_at_the_end_is_not_the_statement_s(told, tmp_path, by_sixteen):
    folder = save_model(tmp_path / "tiny-llama", told, form="<s> $A </s>")
    assert AutoTokenizer.from_pretrained(folder)("The city")["input_ids"][-1] == 2
    extract(folder, told, tmp_path / "out", progress=False)
    for k in range(3):
        found, expected = read(tmp_path / "out", "tiny-llama", k), read(by_sixteen, "tiny-llama", k)
        for key in SETS:
            np.testing.assert_array_equal(found[key], expected[key])


@pytest.mark.parametrize("layer", [0, 1, 2, [2, 0], range(1, 3), (np.int64(1),)])
def test_some_layers_are_the_same_as_all(layer, llama, told, tmp_path, by_sixteen):
    sheet = extract(llama, told, tmp_path, layer=layer, progress=False)
    assert sheet.layers == tuple(sorted([layer] if isinstance(layer, int) else layer))
    assert sheet.layer == sheet.layers[0]
    for k in sheet.layers:
        file = f"activations/tiny-llama/layer_{k}.safetensors"
        assert (tmp_path / file).read_bytes() == (by_sixteen / file).read_bytes()
    assert len(list(tmp_path.glob("activations/*/layer_*"))) == len(sheet.layers)


def test_layers_behind_the_last_one_wanted_are_not_run(llama, told, tmp_path, monkeypatch):
    calls = []
    forward = transformers.models.llama.modeling_llama.LlamaDecoderLayer.forward

    def counted(self, *arguments, **options):
        calls.append(self.self_attn.layer_idx)
        return forward(self, *arguments, **options)

    monkeypatch.setattr(
        transformers.models.llama.modeling_llama.LlamaDecoderLayer, "forward", counted
    )
    extract(llama, told, tmp_path, layer=1, progress=False)
    assert set(calls) == {0, 1}


class Forward:
    """The model's forward pass: counted, and interrupted at one call."""

    def __init__(self, monkeypatch):
        original = transformers.LlamaModel.forward
        self.rows, self.lengths, self.stop_at = [], [], None

        def forward(model, *arguments, **options):
            if len(self.rows) == self.stop_at:
                raise KeyboardInterrupt
            self.rows.append(len(options["input_ids"]))
            self.lengths.append(options["attention_mask"].sum(dim=1).tolist())
            return original(model, *arguments, **options)

        monkeypatch.setattr(transformers.LlamaModel, "forward", forward)

    @property
    def calls(self):
        calls, self.rows = len(self.rows), []
        return calls


@pytest.fixture
def forward(monkeypatch):
    return Forward(monkeypatch)


def files(folder):
    return {p.name: p.read_bytes() for p in Path(folder).glob("activations/tiny-llama/*")}


def interrupted(forward, llama, told, out, **options):
    forward.stop_at = 5
    with pytest.raises(KeyboardInterrupt):
        extract(llama, told, out, progress=False, **options)
    assert forward.calls == 5
    forward.stop_at = None
    assert not list(out.glob("activations/*/*.*"))
    # Parts have 32 rows, so two batches of 16 or four of 8: two are finished, or one.
    return sorted(out.glob("activations/tiny-llama/parts/*/*"))


def test_an_interrupted_run_goes_on_where_it_stopped(forward, llama, told, tmp_path, by_sixteen):
    out = tmp_path / "out"
    assert len(interrupted(forward, llama, told, out)) == 2
    extract(llama, told, out, progress=False)
    # 212 statements in batches of 16 are 14 calls, of which 4 have led to a part.
    assert forward.calls == 14 - 4
    assert files(out) == files(by_sixteen)
    assert not list(out.glob("activations/*/parts"))
    extract(llama, told, out, progress=False)
    assert forward.calls == 14
    assert files(out) == files(by_sixteen)


def test_half_written_layers_are_not_read(llama, told, tmp_path, by_sixteen, monkeypatch):
    out = tmp_path / "out"
    extract(llama, told, out, progress=False, dtype="float64")
    write_layer = extract_module.write_layer

    def write_one(out, name, layer, tensors):
        if layer == 1:
            raise KeyboardInterrupt
        write_layer(out, name, layer, tensors)

    with monkeypatch.context() as patch:
        patch.setattr(extract_module, "write_layer", write_one)
        with pytest.raises(KeyboardInterrupt):
            extract(llama, told, out, progress=False)
    # Layer 0 is of this run and layer 1 of the one before.
    with pytest.raises(DataMissingError, match="datasheet"):
        read(out, "tiny-llama", 1)
    extract(llama, told, out, progress=False)
    assert files(out) == files(by_sixteen)


@pytest.mark.parametrize("damage", [b"", b"damaged", None])
def test_a_damaged_part_is_made_again(damage, forward, llama, told, tmp_path, by_sixteen):
    out = tmp_path / "out"
    part = interrupted(forward, llama, told, out)[0]
    part.write_bytes(part.read_bytes()[:-1] if damage is None else damage)
    extract(llama, told, out, progress=False)
    assert forward.calls == 14 - 2
    assert files(out) == files(by_sixteen)


@pytest.mark.parametrize("change", ["batches", "layers", "dtype", "weights", "statements"])
def test_a_part_of_other_work_is_not_used(change, forward, llama, told, tmp_path):
    out = tmp_path / "out"
    interrupted(forward, llama, told, out)
    options, calls = {"progress": False, "name": "tiny-llama"}, 14
    if change == "batches":
        options["batch_size"], calls = 8, 27
    elif change == "layers":
        options["layer"] = 1
    elif change == "dtype":
        options["dtype"] = "float64"
    elif change == "weights":
        network = AutoModelForCausalLM.from_pretrained(llama)
        network.lm_head.weight.data[0, 0] += 1
        llama = tmp_path / "other"
        network.save_pretrained(llama)
        tokenizer(told, "<s> $A").save_pretrained(llama)
    else:
        lines = {f.name: f.read_text().splitlines() for f in told.iterdir()}
        told = out / "statements"
        for name, text in lines.items():
            (told / name).write_text("\n".join(text[:1] + text[3:] + text[1:3]))
    extract(llama, told, out, **options)
    assert forward.calls == calls
    assert not list(out.glob("activations/*/parts"))


def test_a_part_with_too_few_rows_is_made_again(forward, llama, told, tmp_path, by_sixteen):
    out = tmp_path / "out"
    part = interrupted(forward, llama, told, out)[1]
    save_file({k: rows[1:].copy() for k, rows in load_file(part).items()}, part)
    extract(llama, told, out, progress=False)
    assert forward.calls == 14 - 2
    assert files(out) == files(by_sixteen)


def test_statements_of_similar_length_are_read_together(forward, llama, told, tmp_path):
    extract(llama, told, tmp_path, progress=False)
    spans = [(min(lengths), max(lengths)) for lengths in forward.lengths]
    assert all(end <= start for (_, end), (start, _) in pairwise(spans))
    assert sum(end > start for start, end in spans) > 1


def test_the_same_statement_is_read_once(forward, llama, told, tmp_path):
    source = tmp_path / "twice"
    source.mkdir()
    for file in told.iterdir():
        lines = file.read_text().splitlines()
        again = lines[1:6] if "sp_en" in file.name else []
        (source / file.name).write_text("\n".join(lines + again) + "\n")
    extract(llama, source, tmp_path / "out", progress=False, layer=0)
    assert sum(forward.rows) == 212
    for key, X in read(tmp_path / "out", "tiny-llama", 0).items():
        if "sp_en" in key:
            assert len(X) == 31
            np.testing.assert_array_equal(X[26:], X[:5])


def test_the_datasheet_tells_where_the_numbers_come_from(llama, told, tmp_path):
    entries = {
        "upstream": "somewhere/tiny-llama",
        "quantisation": "none",
        "package": "tiny 0.1",
        "licence": "Apache-2.0",
        "attribution": "a teacher",
    }
    sheet = extract(
        llama, told, tmp_path / "out", layer=[0, 2], default_layer=2, name="tiny", **entries,
        progress=False, batch_size=32, dtype="float64",
    )  # fmt: skip
    assert sheet == read_datasheet(tmp_path / "out", "tiny")
    assert {key: getattr(sheet, key) for key in entries} == entries
    weights = (llama / "model.safetensors").read_bytes()
    assert sheet.weights_sha256 == hashlib.sha256(weights).hexdigest()
    network = AutoModelForCausalLM.from_pretrained(llama)
    assert sheet.parameters == sum(p.numel() for p in network.parameters())
    assert (sheet.layer, sheet.layers, sheet.dtype, sheet.token) == (2, (0, 2), "float64", "last")
    for key, digest in sheet.statements.items():
        assert digest == hashlib.sha256((told / f"{key}.csv").read_text().encode()).hexdigest()
    assert sheet.command == (
        "python -m activations.truth.extract tiny-llama --name tiny --statements datasets "
        "--out out --layer 0 --layer 2 --default-layer 2 --batch-size 32 --dtype float64"
    )
    assert str(tmp_path) not in json.dumps(sheet.command)


@pytest.mark.parametrize(("noise", "times"), [(0.0, 1), (0.01, 1), (2.0, 2)])
def test_a_head_that_repeats_the_embedding_counts_once(noise, times, llama):
    network = AutoModelForCausalLM.from_pretrained(llama)
    entry = network.model.embed_tokens.weight.data
    below = sum(p.numel() for p in network.model.parameters()) - entry.numel()
    network.lm_head.weight.data = entry + noise * entry.std() * torch.randn_like(entry)
    assert extract_module._count_parameters(network) == below + times * entry.numel()
    network.lm_head.weight = network.model.embed_tokens.weight
    assert extract_module._count_parameters(network) == below + entry.numel()


def test_load_activations_reads_what_was_extracted(told, by_sixteen):
    for key in SETS:
        data = load_activations(key, source=by_sixteen, layer=2)
        assert (data.model, data.layer, data.source) == ("tiny-llama", 2, str(by_sixteen))
        assert data.statements == read_statements(told, key).statements
        np.testing.assert_array_equal(data.X, read(by_sixteen, "tiny-llama", 2)[key])
    assert load_activations("cities", source=by_sixteen).layer == 1


def test_weights_in_several_files(told, tmp_path, by_sixteen, llama):
    folder = tmp_path / "tiny-llama"
    AutoModelForCausalLM.from_pretrained(llama).save_pretrained(folder, max_shard_size="8KB")
    tokenizer(told, "<s> $A").save_pretrained(folder)
    shards = sorted(folder.glob("model-*.safetensors"))
    assert len(shards) > 1
    sheet = extract(folder, told, tmp_path / "out", progress=False)
    lines = [f"{hashlib.sha256(f.read_bytes()).hexdigest()}  {f.name}\n" for f in shards]
    assert sheet.weights_sha256 == hashlib.sha256("".join(lines).encode()).hexdigest()
    for k in range(3):
        file = f"layer_{k}.safetensors"
        assert files(tmp_path / "out")[file] == files(by_sixteen)[file]


def write_gguf(path, told):
    """Write a tiny Llama as llama.cpp would: half its weights in eight bits."""
    words = ["<unk>", "<s>", "</s>", *map(chr, range(33, 127)), "\u0120", "Th"]
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_context_length(256)
    writer.add_embedding_length(32)
    writer.add_block_count(2)
    writer.add_feed_forward_length(64)
    writer.add_head_count(2)
    writer.add_head_count_kv(1)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(len(words))
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list(words)
    writer.add_token_merges(["T h"])
    writer.add_token_types([3, 3, 3] + [1] * (len(words) - 3))
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    shapes = {"token_embd": (len(words), 32), "output_norm": (32,), "output": (len(words), 32)}
    for k in range(2):
        shapes |= {f"blk.{k}.attn_{name}": (rows, 32) for name, rows in (("q", 32), ("k", 16))}
        shapes |= {f"blk.{k}.attn_v": (16, 32), f"blk.{k}.attn_output": (32, 32)}
        shapes |= {f"blk.{k}.ffn_{name}": (64, 32) for name in ("gate", "up")}
        shapes |= {f"blk.{k}.ffn_down": (32, 64)}
        shapes |= {f"blk.{k}.{name}_norm": (32,) for name in ("attn", "ffn")}
    rng = np.random.default_rng(0)
    for name, shape in shapes.items():
        values = rng.normal(0.0, 0.3, shape).astype(np.float32)
        if "ffn" in name and len(shape) == 2:
            kind = gguf.GGMLQuantizationType.Q8_0
            writer.add_tensor(f"{name}.weight", gguf.quantize(values, kind), raw_dtype=kind)
        else:
            writer.add_tensor(f"{name}.weight", values)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def test_quantised_weights(told, tmp_path):
    folder, file = tmp_path / "model", "tiny.gguf"
    folder.mkdir()
    write_gguf(folder / file, told)
    sheet = extract(folder, told, tmp_path / "out", gguf_file=file, progress=False)
    assert (sheet.n_layers, sheet.width) == (2, 32)
    assert sheet.weights_sha256 == hashlib.sha256((folder / file).read_bytes()).hexdigest()
    assert f"--gguf-file {file} " in sheet.command
    layers, _, _ = one_by_one(folder, told, "norm", gguf_file=file)
    for k in range(2):
        for key, found in read(tmp_path / "out", "model", k).items():
            assert_equal_but_for_rounding(found, layers[key][k])


def test_which_files_are_the_weights(tmp_path):
    find = extract_module._weights_files
    assert find(tmp_path, "folder/model.gguf") == ["model.gguf"]
    with pytest.raises(DataMissingError, match="neither"):
        find(tmp_path, None)
    index = {"weight_map": {"a": "b-2.bin", "c": "b-1.bin", "d": "b-2.bin"}}
    (tmp_path / "pytorch_model.bin.index.json").write_text(json.dumps(index))
    assert find(tmp_path, None) == ["b-1.bin", "b-2.bin"]
    (tmp_path / "pytorch_model.bin").touch()
    assert find(tmp_path, None) == ["pytorch_model.bin"]
    (tmp_path / "model.safetensors").touch()
    assert find(tmp_path, None) == ["model.safetensors"]


@pytest.mark.parametrize(
    ("options", "error", "match"),
    [
        ({"layer": 3}, ValueError, r"layer must be in 0, \.\.\., 2, the layers of tiny-llama"),
        ({"layer": -1}, ValueError, "layer must be in"),
        ({"layer": []}, ValueError, "layer must be in"),
        ({"layer": [0, 7]}, ValueError, "layer must be in"),
        ({"layer": "last"}, ValueError, "layer must be 'all' or integers, got 'last'"),
        ({"layer": 1.0}, TypeError, "layer is 1.0, but must be an integer"),
        ({"layer": True}, TypeError, "layer is True, but must be an integer"),
        ({"layer": [0, 1], "default_layer": 2}, ValueError, r"one of the layers \[0, 1\], got 2"),
        ({"default_layer": 1.0}, TypeError, "default_layer is 1.0"),
        ({"batch_size": 0}, ValueError, "batch_size is 0"),
        ({"batch_size": 2.5}, TypeError, "batch_size is 2.5"),
        ({"dtype": "int8"}, ValueError, "dtype must be one of float32"),
        ({"name": "../tiny"}, ValueError, "model must be a name of letters"),
        ({"name": ""}, ValueError, "model must be a name of letters"),
    ],
)
def test_wrong_arguments_are_named(options, error, match, llama, told, tmp_path):
    with pytest.raises(error, match=match):
        extract(llama, told, tmp_path / "out", progress=False, **options)
    assert not (tmp_path / "out").exists()


def test_a_model_that_is_not_there(told, tmp_path):
    (tmp_path / "empty").mkdir()
    for model in (tmp_path / "nothing", "nobody/nothing"):
        with pytest.raises(DataMissingError, match="cannot be loaded; it must be a folder"):
            extract(model, told, tmp_path / "out", progress=False)
    with pytest.raises((DataMissingError, ValueError), match=r"empty' cannot be loaded"):
        extract(tmp_path / "empty", told, tmp_path / "out", progress=False)
    assert not (tmp_path / "out").exists()


def change_configuration(folder, **changes):
    file = folder / "config.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **changes}))


@pytest.mark.parametrize(
    ("damage", "match"),
    [
        (lambda f: (f / "model.safetensors").write_bytes(b"x" * 100), "cannot be loaded"),
        (lambda f: (f / "tokenizer.json").write_text("{}"), "cannot be loaded"),
        (lambda f: change_configuration(f, hidden_size=32), "cannot be loaded"),
        # The rest of another model's weights would be random numbers, of which nobody is told.
        (lambda f: change_configuration(f, model_type="bert"), r"lacks \d+ weights of the Bert"),
        (lambda f: change_configuration(f, num_hidden_layers=4), r"first is model\.layers\.3\."),
    ],
)
def test_a_damaged_model(damage, match, llama, told, tmp_path, capsys):
    folder = tmp_path / "broken"
    shutil.copytree(llama, folder)
    damage(folder)
    arguments = [str(folder), "--statements", str(told), "--out", str(tmp_path / "out"), "--quiet"]
    assert main(arguments) == 1
    assert re.search(rf"broken' .*{match}", capsys.readouterr().err)
    assert not (tmp_path / "out").exists()


def test_a_model_without_a_head(llama, told, tmp_path, by_sixteen):
    AutoModelForCausalLM.from_pretrained(llama).base_model.save_pretrained(tmp_path / "headless")
    tokenizer(told, "<s> $A").save_pretrained(tmp_path / "headless")
    change_configuration(tmp_path / "headless", architectures=["LlamaForCausalLM"])
    extract(tmp_path / "headless", told, tmp_path / "out", name="tiny-llama", progress=False)
    for k in range(3):
        file = f"layer_{k}.safetensors"
        assert files(tmp_path / "out")[file] == files(by_sixteen)[file]


@pytest.mark.parametrize("device", ["nonsense", "meta"])
def test_a_device_that_is_not_there(device, llama, told, tmp_path):
    with pytest.raises(ValueError, match=f"device must be one .*here, got '{device}'"):
        extract(llama, told, tmp_path / "out", device=device, progress=False)
    assert not (tmp_path / "out").exists()


def test_statements_that_are_not_there(llama, tmp_path):
    with pytest.raises(DataMissingError, match=r"cities\.csv is missing"):
        extract(llama, tmp_path, tmp_path / "out", progress=False)


def test_other_statements_are_not_overwritten(llama, told, tmp_path):
    (tmp_path / "statements").mkdir()
    file = tmp_path / "statements" / "neg_cities.csv"
    file.write_text("mine")
    with pytest.raises(DataUnusableError, match=r"holds other statements \(neg_cities.csv\)"):
        extract(llama, told, tmp_path, progress=False)
    assert file.read_text() == "mine"


def test_statements_in_their_place_are_left_alone(llama, told, tmp_path):
    for file in told.iterdir():
        target = tmp_path / "statements" / file.name
        target.parent.mkdir(exist_ok=True)
        # As a checkout on another system may have them.
        target.write_bytes(b"\n".join(file.read_bytes().splitlines()) + b"\n")
    before = {f: f.stat().st_mtime_ns for f in (tmp_path / "statements").iterdir()}
    extract(llama, told, tmp_path, progress=False, layer=0)
    assert {f: f.stat().st_mtime_ns for f in (tmp_path / "statements").iterdir()} == before
    assert len(read(tmp_path, "tiny-llama", 0)["cities"]) == 80


@pytest.mark.parametrize(
    ("value", "why"),
    [(1e6, "more than float16 can hold"), (float("nan"), "nan"), (float("inf"), "no number")],
)
def test_numbers_that_float16_cannot_hold(value, why, llama, told, tmp_path):
    network = AutoModelForCausalLM.from_pretrained(llama)
    network.model.layers[1].mlp.down_proj.weight.data[3] = value
    folder = tmp_path / "tiny-llama"
    network.save_pretrained(folder)
    tokenizer(told, "<s> $A").save_pretrained(folder)
    with pytest.raises(DataUnusableError, match=rf"layer 1 of tiny-llama gives .*{why}"):
        extract(folder, told, tmp_path / "out", progress=False)
    if np.isfinite(value):
        assert extract(folder, told, tmp_path / "out", layer=0, progress=False).layers == (0,)


def test_a_tokenizer_of_another_model(llama, told, tmp_path):
    settings = {**WIDE, "vocab_size": 20}
    folder = tmp_path / "model"
    config = transformers.LlamaConfig(**settings, bos_token_id=1, eos_token_id=2, pad_token_id=0)
    AutoModelForCausalLM.from_config(config).save_pretrained(folder)
    tokenizer(told, "<s> $A").save_pretrained(folder)
    with pytest.raises(ValueError, match="knows only 20 tokens"):
        extract(folder, told, tmp_path / "out", progress=False)


class Network(torch.nn.Module):
    """As much of a language model as is needed to look for its layers."""

    def __init__(self, **lists):
        super().__init__()
        self.base_model = torch.nn.Module()
        for name, length in lists.items():
            layers = torch.nn.ModuleList(torch.nn.Linear(1, 1) for _ in range(length))
            setattr(self.base_model, name, layers)


def test_layers_that_cannot_be_told():
    find = extract_module._decoder_layers
    network = Network(layers=3, others=2)
    decoder, layers = find(network, 3, "x")
    assert (decoder, layers) == (network.base_model, network.base_model.layers)
    # Experts in a layer, as many as there are layers.
    layers[0].experts = torch.nn.ModuleList(torch.nn.Linear(1, 1) for _ in range(3))
    assert find(network, 3, "x")[1] is layers
    with pytest.raises(ValueError, match=r"x \(Network\) cannot be told.* 3 layers, found 2"):
        find(Network(layers=3, others=3), 3, "x")
    with pytest.raises(ValueError, match="4 layers, found 0"):
        find(network, 4, "x")


@pytest.mark.parametrize("shape", [(2, 2), (1, 7, 4), (2, 2, 2, 4)])
def test_layers_that_give_something_else(shape, llama, told, tmp_path, monkeypatch):
    monkeypatch.setattr(
        transformers.models.llama.modeling_llama.LlamaDecoderLayer,
        "forward",
        lambda self, *arguments, **options: torch.zeros(shape),
    )
    with pytest.raises(ValueError, match=r"layer 0 of tiny-llama must give an array of shape"):
        extract(llama, told, tmp_path, progress=False)


def test_layers_that_are_not_run(llama, told, tmp_path, monkeypatch):
    monkeypatch.setattr(transformers.LlamaModel, "forward", lambda self, **options: None)
    with pytest.raises(ValueError, match=r"not all layers of tiny-llama were run; found only \[\]"):
        extract(llama, told, tmp_path, progress=False)


def test_the_command(llama, told, tmp_path, by_sixteen):
    out = tmp_path / "out"
    command = [sys.executable, "-m", "activations.truth.extract", str(llama), "--out", str(out)]
    command += ["--statements", str(told), "--layer", "2", "--layer", "0", "--default-layer", "2"]
    command += ["--licence", "Apache-2.0"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "tiny-llama: layers 0, 2, d = 16\n"), done.stderr
    assert "212/212" in done.stderr
    for k in (0, 2):
        file = f"layer_{k}.safetensors"
        assert files(out)[file] == files(by_sixteen)[file]
    sheet = read_datasheet(out, "tiny-llama")
    assert (sheet.layer, sheet.licence) == (2, "Apache-2.0")


def test_the_command_s_ends(llama, told, tmp_path, capsys, forward):
    arguments = [str(llama), "--statements", str(told), "--out", str(tmp_path / "out"), "--quiet"]
    assert main([*arguments, "--layer", "9"]) == 1
    assert "layer must be in 0, ..., 2" in capsys.readouterr().err
    forward.stop_at = 5
    assert main([*arguments, "--layer", "1", "--layer", "all"]) == 130
    assert "the same command goes on" in capsys.readouterr().err
    forward.stop_at = None
    assert main([*arguments, "--layer", "all"]) == 0
    assert forward.calls == 5 + 10
    assert capsys.readouterr().out == "tiny-llama: layers 0, 1, 2, d = 16\n"
    with pytest.raises(SystemExit):
        main([*arguments, "--layer", "first"])


def test_progress_is_shown_over_all_rows(llama, told, tmp_path, capsys, forward):
    interrupted(forward, llama, told, tmp_path)
    extract(llama, told, tmp_path)
    shown = capsys.readouterr().err
    assert "tiny-llama" in shown
    assert "212/212" in shown
