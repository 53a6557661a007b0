"""The benchmark measures what it says, on the smallest network; its times are nobody's promise."""

import runpy
from pathlib import Path

import pytest

from activations.figures.style import BookFigure

BENCHMARK = runpy.run_path(str(Path(__file__).parents[1] / "benchmarks" / "regions.py"))


@pytest.fixture(autouse=True)
def measured_once(monkeypatch):
    monkeypatch.setitem(BENCHMARK["seconds"].__globals__, "_LEAST", 1)
    monkeypatch.setitem(BENCHMARK["seconds"].__globals__, "_ENOUGH", 0.0)


def test_table():
    _, _, box, plane = BENCHMARK["table"](BENCHMARK["CASES"][:1])
    assert box.split()[:4] == ["2-20-1", "box", "197", "2.5"]
    assert plane.split()[:3] == ["2-20-1", "plane", "211"]
    for line in (box, plane):
        *_, finding, counting, memory, certified = line.split()
        assert float(finding) > 0
        assert float(counting) > 0
        assert float(memory) > 0
        assert certified == "float64"


def test_least_time_of_several_runs(monkeypatch):
    clock = iter([0.0, 3.0, 10.0, 12.0, 20.0, 29.0])
    monkeypatch.setitem(BENCHMARK["seconds"].__globals__, "_LEAST", 3)
    monkeypatch.setattr("time.process_time", lambda: next(clock))
    assert BENCHMARK["seconds"](lambda: None) == 2


def test_exact_path_and_ensembles():
    _, line = BENCHMARK["exact_path"](BENCHMARK["CASES"][:1])
    assert line.split()[:2] == ["2-20-1", "197"]
    lines = list(BENCHMARK["ensembles"](2))
    assert [line.split()[:2] for line in lines[1:-1]] == [
        [name, domain] for name in ("2-20-1", "2-5-5-5-5-1") for domain in ("box", "plane")
    ]


def test_scaling():
    found = BENCHMARK["scaling"](20)
    assert [n for n, _, _ in found["2-n-1"]] == [10, 20]
    assert [n for n, _, _ in found["2-n-n-1"]] == [10]
    assert found["2-n-1"][1][1] == 197
    figure = BENCHMARK["draw_scaling"](found)
    assert isinstance(figure, BookFigure)
    left, right = figure.axes
    for line, points in zip(left.lines, found.values(), strict=True):
        assert line.get_xydata().tolist() == [[n, took] for n, _, took in points]
    for line, points in zip(right.lines, found.values(), strict=True):
        assert line.get_ydata() == pytest.approx([1e6 * took / r for _, r, took in points])
