"""How fast activations are loaded, and in how much memory: `nox -s bench`, or this file by itself.

The measure of time is what any reader must do: read the bytes of the same files, and copy them once
into one array. Both are timed in turn, so that a busy machine is busy for both, and the ratio is
that of the medians. The same is done in fresh processes, where the system has to provide the memory
first: a process either reads or loads, once, after its imports. Memory is the peak of such a
process beyond what it held then.
Nothing here passes or fails: what a time means depends on the machine.
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from statistics import median

import numpy as np
from threadpoolctl import threadpool_limits

from activations.truth import (
    SETS,
    Activations,
    DataMissingError,
    LanguageModel,
    available_models,
    load_activations,
)
from activations.truth.fetch import registry
from activations.truth.sources import data_folder

# A child process that loads the four sets prints the seconds that this took, and bytes: the peak
# beyond the imports, and the data's.
_CHILD = """
import sys
import time
import safetensors.numpy
import torch
from activations.truth import SETS, load_activations

def told(what):
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith(what))

before = told("VmRSS")
with open("/proc/self/clear_refs", "w") as file:
    file.write("5")  # forget the peak of the imports
source, model = sys.argv[1:]
start = time.perf_counter()
sets = [load_activations(name, source=source, model=model) for name in SETS]
seconds = time.perf_counter() - start
print(seconds, told("VmHWM") - before, sum(data.X.nbytes for data in sets))
"""

# Another one reads the files and copies them.
_READING_CHILD = """
import runpy
import sys
import time
from pathlib import Path

read_and_copy = runpy.run_path(sys.argv[1])["read_and_copy"]
files = [Path(name) for name in sys.argv[2:]]
start = time.perf_counter()
read_and_copy(files)
print(time.perf_counter() - start)
"""


def load(source: str, model: str) -> list[Activations]:
    """Load the four sets."""
    return [load_activations(name, source=source, model=model) for name in SETS]


def read_and_copy(files: list[Path]) -> np.ndarray:
    """Read files, and copy their bytes into one array."""
    out = np.empty(sum(path.stat().st_size for path in files), dtype=np.uint8)
    start = 0
    for path in files:
        content = np.frombuffer(path.read_bytes(), dtype=np.uint8)
        out[start : start + len(content)] = content
        start += len(content)
    return out


def seconds_in_turn(works: list[Callable[[], object]], repetitions: int) -> list[float]:
    """Return the median of the times that each of several works takes, done in turn."""
    times: list[list[float]] = [[] for _ in works]
    for _ in range(repetitions):
        for work, mine in zip(works, times, strict=True):
            start = time.perf_counter()
            result = work()
            mine.append(time.perf_counter() - start)
            # Giving memory back is no part of either.
            del result
    return [median(mine) for mine in times]


def told_by_child(code: str, *arguments: str | Path) -> list[float]:
    """Run code in a new process, and return the numbers that it prints."""
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return [float(number) for number in done.stdout.split()]


def files_of(source: str, model: LanguageModel) -> list[Path]:
    """List the files that the four sets come from."""
    if source == "embedded":
        folder = data_folder()
        layer = folder / "activations" / model.name / f"layer_{model.layer}.safetensors"
        return [*sorted((folder / "statements").glob("*.csv")), layer]
    named = os.environ.get("ACTIVATIONS_DATA", "")
    here = data_folder() / "lie_detection" if named in ("", "embedded") else Path(named)
    return [here / path for path in registry()]


def row(source: str, model: LanguageModel, repetitions: int) -> str:
    """Measure one model's activations."""
    # The first time, modules are imported and files brought into the system's memory.
    sets = load(source, model.name)
    data = sum(one.X.nbytes for one in sets)
    del sets
    files = files_of(source, model)
    works = [partial(read_and_copy, files), partial(load, source, model.name)]
    floor, loading = seconds_in_turn(works, repetitions)
    line = f"{source:9} {model.name:28} {len(files):5} {data / 1e6:6.1f} {1e3 * floor:9.1f}"
    line += f" {1e3 * loading:8.1f} {loading / floor:6.2f}"
    if sys.platform != "linux":
        return line
    both = [
        told_by_child(_READING_CHILD, __file__, *files) + told_by_child(_CHILD, source, model.name)
        for _ in range(min(repetitions, 7))
    ]
    floor, loading, peak, data = (median(numbers) for numbers in zip(*both, strict=True))
    line += f" {1e3 * floor:9.1f} {1e3 * loading:8.1f} {loading / floor:6.2f}"
    return f"{line} {peak / 1e6:8.1f} {peak / data:6.2f}"


def table(repetitions: int) -> Iterator[str]:
    """Measure what there is, and yield the lines of a table."""
    yield "all four sets loaded (goals: 3 times as long as reading and copying, 2 times the data)"
    head = f"{'source':9} {'model':28} {'files':>5} {'MB':>6} {'read ms':>9} {'load ms':>8}"
    head += f" {'times':>6} {'1st read':>9} {'1st load':>8} {'times':>6}"
    yield f"{head} {'peak MB':>8} {'times':>6}"
    for source in ("archive", "embedded"):
        try:
            for model in available_models(source).values():
                yield row(source, model, repetitions)
        except DataMissingError as error:
            yield f"{source:9} left out: {str(error).partition(', which')[0]}"


def main(arguments: list[str] | None = None) -> None:
    """Measure and print everything."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="repeat less often")
    with threadpool_limits(1):
        for line in table(5 if parser.parse_args(arguments).quick else 31):
            print(line, flush=True)


if __name__ == "__main__":
    main()
