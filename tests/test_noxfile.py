import importlib.util
import os
from pathlib import Path

import pytest

NOXFILE = Path(__file__).parents[1] / "noxfile.py"


@pytest.fixture(scope="module")
def noxfile():
    pytest.importorskip("nox")
    spec = importlib.util.spec_from_file_location("noxfile", NOXFILE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Session:
    """Runs nothing, and keeps the environment that it would have run it in."""

    def run(self, *command, env, external):
        self.env = {**os.environ, **env}


@pytest.mark.parametrize(
    ("named", "handed_on"),
    [
        ("my data", str(NOXFILE.parent / "my data")),
        ("../elsewhere/", str(NOXFILE.parents[1] / "elsewhere")),
        ("embedded", "embedded"),
        ("", ""),
        (None, None),
    ],
)
def test_a_relative_folder_of_data_is_found_from_every_folder(
    noxfile, named, handed_on, monkeypatch
):
    monkeypatch.chdir(NOXFILE.parent)
    monkeypatch.delenv("ACTIVATIONS_DATA", raising=False)
    if named is not None:
        monkeypatch.setenv("ACTIVATIONS_DATA", named)
    session = Session()
    noxfile.python(session, "-c", "pass")
    assert session.env.get("ACTIVATIONS_DATA") == handed_on
