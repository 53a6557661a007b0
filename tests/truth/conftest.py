import csv
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from activations.truth import SETS, available_source, load_activations

WIDTH = 4096
HEADERS = {
    "cities": "statement,label,city,country,correct_country",
    "sp_en_trans": "statement,label",
}


def write_statements(folder: Path) -> dict[str, list[int]]:
    """Write four small CSV files, of 40 cities and 25 words (one word twice); return the labels."""
    folder.mkdir(parents=True)
    labels = {}
    for name, kind in SETS.items():
        rows = []
        for i in range(40 if kind.topic == "cities" else 26):
            verb = {("cities", 1): "is in", ("cities", -1): "is not in"}.get(
                (kind.topic, kind.polarity), "means" if kind.polarity > 0 else "does not mean"
            )
            if kind.topic == "cities":
                for country, right in ((f"Land {i}", True), (f"Land {i + 1}", False)):
                    label = int(right == (kind.polarity > 0))
                    statement = f"The city of Town {i} {verb} {country}."
                    rows.append([statement, label, f"Town {i}", country, f"Land {i}"])
            else:
                label = int((i % 2 == 0) == (kind.polarity > 0))
                rows.append([f"The Spanish word 'palabra{i % 25}' {verb} 'word {i}'.", label])
        with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(HEADERS[kind.topic].split(","))
            writer.writerows(rows)
        labels[name] = [row[1] for row in rows]
    return labels


@pytest.fixture(scope="session")
def template(tmp_path_factory):
    """A sound archive of the course's form, in which the model of t_G and t_P holds."""
    folder = tmp_path_factory.mktemp("archive") / "lie_detection"
    labels = write_statements(folder / "datasets")
    rng = np.random.default_rng(0)
    t_G, t_P = np.zeros(WIDTH), np.zeros(WIDTH)
    t_G[0], t_P[1] = 1.0, 1.5
    for name, kind in SETS.items():
        tau = 2.0 * np.array(labels[name]) - 1.0
        X = rng.normal(0.0, 0.02, (len(tau), WIDTH))
        X += tau[:, None] * (t_G + kind.polarity * t_P)
        X = X.astype(np.float16).astype(np.float32)
        target = folder / "acts" / "Llama3" / "8B" / "chat" / name
        target.mkdir(parents=True)
        for start in range(0, len(X), 25):
            chunk = torch.from_numpy(X[start : start + 25].copy())
            torch.save(chunk, target / f"layer_12_{start}.pt")
    return folder


@pytest.fixture
def archive(template, tmp_path):
    """A copy of the sound archive, to be damaged."""
    return Path(shutil.copytree(template, tmp_path / "lie_detection"))


@pytest.fixture(scope="session")
def toy_sets(template):
    """The four sets of the sound archive."""
    return {name: load_activations(name, source=template) for name in SETS}


@pytest.fixture(scope="session")
def real_sets():
    """The four sets of the course's archive, where it is."""
    if available_source() != "archive" or os.environ.get("ACTIVATIONS_DATA") == "embedded":
        pytest.skip("the course's archive is not here; data/README.md says how to get it")
    return {name: load_activations(name, source="archive") for name in SETS}
