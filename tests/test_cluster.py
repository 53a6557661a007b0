"""Experiments over many networks give the same numbers on a Dask cluster."""

import dataclasses
import threading

import joblib
import numpy as np
import pytest

from activations.experiments import count_ensemble
from activations.mlp import sample_networks

distributed = pytest.importorskip(
    "distributed", reason="distributed is not installed (the extra `cluster`)"
)


@pytest.fixture
def client(tmp_path):
    """Give two processes on this machine something to do, and leave nothing of them behind."""
    before = set(threading.enumerate())
    cluster = distributed.LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        host="127.0.0.1",
        dashboard_address=None,
        local_directory=tmp_path,
    )
    with cluster, distributed.Client(cluster) as client:
        yield client
    assert all(thread.daemon for thread in set(threading.enumerate()) - before)


def work_done(client):
    """Return for each worker how often the state of a task changed there."""
    return list(client.run(lambda dask_worker: dask_worker.state.transition_counter).values())


def test_an_ensemble_is_measured_alike_here_and_on_a_cluster(client):
    networks = sample_networks((2, 5, 4, 1), range(12))
    here = count_ensemble(networks)
    assert work_done(client) == [0, 0]
    with joblib.parallel_config(backend="dask"):
        there = count_ensemble(networks)
    assert sum(work_done(client)) >= 12
    for field in dataclasses.fields(here):
        assert np.array_equal(getattr(here, field.name), getattr(there, field.name)), field.name
