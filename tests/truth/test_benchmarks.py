"""The benchmark measures what it says, on a small archive; its times are nobody's promise."""

import runpy
import sys
import time
from pathlib import Path

import pytest

from activations.truth import DataMissingError, available_models

BENCHMARK = runpy.run_path(str(Path(__file__).parents[1] / "benchmarks" / "truth.py"))


@pytest.fixture
def small(template, monkeypatch):
    """The toy archive in the place of the course's."""
    paths = [p.relative_to(template).as_posix() for p in template.rglob("*") if p.is_file()]
    monkeypatch.setitem(BENCHMARK["files_of"].__globals__, "registry", lambda: sorted(paths))
    monkeypatch.setenv("ACTIVATIONS_DATA", str(template))
    return template


def test_what_is_read_is_what_is_there(small):
    (model,) = available_models("archive").values()
    files = BENCHMARK["files_of"]("archive", model)
    assert len(files) == 4 + 2 * 4 + 2 * 2
    assert BENCHMARK["read_and_copy"](files).tobytes() == b"".join(p.read_bytes() for p in files)
    assert [len(data) for data in BENCHMARK["load"]("archive", model.name)] == [80, 80, 26, 26]


def test_a_row(small):
    (model,) = available_models("archive").values()
    line = BENCHMARK["row"]("archive", model, 2)
    source, name, files, size, floor, loading, ratio, *fresh = line.split()
    assert (source, name, files) == ("archive", "LLaMA-3-8B-Instruct", "16")
    assert float(size) == pytest.approx(212 * 4096 * 4 / 1e6, abs=0.05)
    assert float(ratio) == pytest.approx(float(loading) / float(floor), rel=0.2)
    if sys.platform == "linux":
        first_floor, first, first_ratio, peak, times = map(float, fresh)
        assert first_ratio == pytest.approx(first / first_floor, rel=0.2)
        assert times > 1
        assert peak == pytest.approx(times * float(size), rel=0.05)


def test_median_of_works_done_in_turn(monkeypatch):
    order = []
    clock = iter([0, 1, 10, 13, 20, 22, 30, 37, 40, 49, 50, 55])
    monkeypatch.setattr(time, "perf_counter", lambda: next(clock))
    works = [lambda: order.append("a"), lambda: order.append("b")]
    assert BENCHMARK["seconds_in_turn"](works, 3) == [2, 5]
    assert order == ["a", "b"] * 3


def test_a_source_that_is_not_there_is_left_out(monkeypatch):
    def missing(source):
        raise DataMissingError(f"{source} is nowhere, which is a pity")

    monkeypatch.setitem(BENCHMARK["table"].__globals__, "available_models", missing)
    _, _, *lines = BENCHMARK["table"](1)
    assert [line.split(maxsplit=1)[1] for line in lines] == [
        "left out: archive is nowhere",
        "left out: embedded is nowhere",
    ]
