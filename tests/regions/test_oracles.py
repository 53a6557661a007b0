"""The checks of a complex: each of them finds the fault that it is there to find."""

import numpy as np
import pytest
from sample_networks import default_network, integer_network

from activations.regions import oracles
from activations.regions.complex import PolyhedralComplex
from activations.regions.domain import PLANE, Box
from activations.regions.oracles import check
from activations.regions.reference import exact_regions

BOX = Box(-2, 2)
LAYERS = [
    (np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]), np.array([0.0, 0.0, -1.0])),
    (np.array([[1.0, 2.0, 4.0]]), np.array([0.5])),
]


def parts(domain=BOX, layers=LAYERS):
    """Return copies of what a right complex is made from."""
    c = exact_regions(layers, domain)
    names = ["vertices", "directions", "edges", "edge_neuron", "halfedges", "offsets"]
    names += ["patterns", "linear_labels"]
    return {
        "layers": [(W.copy(), b.copy()) for W, b in layers],
        "domain": domain,
        "certified": "exact",
        **{name: getattr(c, name).copy() for name in names},
    }


def made(arrays):
    return PolyhedralComplex(arrays.pop("layers"), arrays.pop("domain"), **arrays)


def verdict(arrays):
    return check(made(arrays), grid=30)


def change(name, index, value):
    """Make a fault: put a value, or what a function makes of the old one, into an array."""

    def fault(arrays):
        where = index(arrays) if callable(index) else index
        arrays[name][where] = value(arrays[name][where]) if callable(value) else value

    return fault


def replace(name, value):
    """Make a fault: put a function of an array in its place."""
    return lambda arrays: arrays.update({name: value(arrays[name])})


def inner(arrays):
    """Return the first edge that is a fold."""
    return int(np.flatnonzero(arrays["edge_neuron"][:, 0] >= 0)[0])


def corner(arrays):
    return (arrays["vertices"] == -2).all(axis=1)


def crossing(arrays):
    """Return the vertices inside the box."""
    return (np.abs(arrays["vertices"]) < 2).all(axis=1)


def drop_region(arrays):
    end = arrays["offsets"][-2]
    replace("offsets", lambda offsets: offsets[:-1])(arrays)
    replace("halfedges", lambda half: half[:end])(arrays)


def use_twice(arrays):
    half = 2 * inner(arrays)
    change("halfedges", arrays["halfedges"] == half, half + 1)(arrays)


def turn_around(arrays):
    """Run along every boundary the other way, and along the sides of the box, too."""
    loops = np.split(arrays["halfedges"], arrays["offsets"][1:-1])
    arrays["halfedges"] = np.concatenate([loop[::-1] ^ 1 for loop in loops])


def side(arrays):
    """Return the first vertex on the right side of the box that is no corner."""
    x, y = arrays["vertices"].T
    return int(np.flatnonzero((x == 2) & (np.abs(y) < 2))[0])


def join_apart(arrays):
    """Give a region that is no neighbour of the first one the first one's label."""
    c = exact_regions(LAYERS, arrays["domain"])
    around = c.adjacency[(c.adjacency == 0).any(axis=1)]
    apart = np.setdiff1d(np.arange(len(c)), around)[0]
    labels = arrays["linear_labels"]
    labels[labels > labels[apart]] -= 1
    labels[apart] = 0


FAULTS = {
    "a region too few": (drop_region, "V - E"),
    "a vertex at infinity": (change("vertices", 0, np.inf), "a vertex is not finite"),
    "an end that is not there": (change("edges", (0, 0), 10**6), "an edge ends nowhere"),
    "a vertex with one edge": (change("edges", (0, 0), 1), "fewer than two edges"),
    "a half-edge twice": (use_twice, "a half-edge bounds two regions"),
    "a half-edge too few": (
        change("edge_neuron", inner, -1),
        "an edge does not have a region on each side",
    ),
    "half-edges out of order": (
        change("halfedges", slice(2), lambda half: half[::-1]),
        "does not begin where the last one ends",
    ),
    "boundaries to the right": (turn_around, "a region is not convex"),
    "a corner that is moved": (
        change("vertices", corner, -1.999),
        "a corner of the box is missing",
    ),
    "a corner outside": (change("vertices", corner, -2.001), "a corner of the box is missing"),
    "a crossing that is moved": (
        change("vertices", crossing, lambda vertex: vertex + 1e-9),
        "a neuron that switches across an edge is not zero along it",
    ),
    "a crossing far away": (
        change("vertices", crossing, lambda vertex: vertex + 9),
        "convex",
    ),
    "a side that is bent outwards": (
        change("vertices", lambda arrays: (side(arrays), 0), 2 + 1e-9),
        "a vertex lies outside the box",
    ),
    "a side that is bent inwards": (
        change("vertices", lambda arrays: (side(arrays), 0), 2 - 1e-9),
        "areas do not add up",
    ),
    "another neuron": (
        change("edge_neuron", inner, lambda neuron: [0, (neuron[1] + 1) % 3]),
        "do not differ first in the neuron",
    ),
    "another pattern": (change("patterns", 0, lambda pattern: ~pattern), "do not differ first"),
    "a pattern twice": (change("patterns", slice(None), True), "neighbours have the same pattern"),
    "a neuron inside out": (
        change("patterns", np.s_[:, 0], lambda bits: ~bits),
        "a region does not have the pattern inside it",
    ),
    "another bias": (lambda arrays: change(1, 2, -1.001)(arrays["layers"][0]), "not zero along it"),
    "one linear region": (
        change("linear_labels", slice(None), 0),
        "a linear region has two maps",
    ),
    "a linear region in two parts": (join_apart, "a linear region is not connected through edges"),
    "linear regions from 1 on": (
        change("linear_labels", slice(None), lambda labels: labels + 1),
        "not numbered from 0 on",
    ),
    "linear regions backwards": (
        change("linear_labels", slice(None), lambda labels: labels.max() - labels),
        "not numbered by their first region",
    ),
    "labels in a column": (
        replace("linear_labels", lambda labels: labels[:, None]),
        "there is not one label for each region",
    ),
}

FAULTS_IN_THE_PLANE = {
    "a longer direction": (change("directions", 0, lambda way: 2 * way), "no unit vector"),
    "a direction the other way": (change("directions", 0, lambda way: -way), "convex"),
    "a direction turned": (change("directions", 0, [0.6, 0.8]), "not zero along it|convex"),
    "a direction for two rays": (
        lambda arrays: change("edges", arrays["edges"] == len(arrays["vertices"]) + 1, 3)(arrays),
        "a direction does not belong to exactly one ray",
    ),
    "a side": (change("edge_neuron", 0, -1), "the plane has no sides"),
    "a boundary that begins elsewhere": (
        lambda arrays: change("halfedges", slice(3), lambda half: np.roll(half, 1))(arrays),
        "begin",
    ),
}


def test_what_is_right_passes():
    shares = verdict(parts())
    assert set(shares) == {
        "convexity", "size", "folds", "continuity", "linear regions", "affine maps", "grid",
    }  # fmt: skip
    assert all(isinstance(share, float) and 0 <= share < 0.5 for share in shares.values())


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_found(name):
    fault, message = FAULTS[name]
    arrays = parts()
    fault(arrays)
    with pytest.raises(ValueError, match=message):
        verdict(arrays)


@pytest.mark.parametrize("name", FAULTS_IN_THE_PLANE)
def test_a_fault_in_the_plane_is_found(name):
    fault, message = FAULTS_IN_THE_PLANE[name]
    arrays = parts(PLANE)
    fault(arrays)
    with pytest.raises(ValueError, match=message):
        verdict(arrays)


def test_faults_that_other_checks_would_find_first():
    arrays = parts()
    turn_around(arrays)
    with pytest.raises(ValueError, match="a region has its boundary to the right"):
        oracles._check_size(made(arrays))
    arrays = parts()
    arrays["patterns"][1] = arrays["patterns"][0]
    with pytest.raises(ValueError, match="two regions have the same pattern"):
        oracles._check_patterns_and_maps(made(arrays))
    arrays = parts(PLANE)
    arrays["directions"][0] *= -1
    with pytest.raises(ValueError, match="the angles do not add up"):
        oracles._check_size(made(arrays))


@pytest.mark.parametrize("domain", [BOX, PLANE])
def test_linear_regions_that_are_not_as_large_as_they_could_be_are_seen(domain):
    """The third neuron does not reach the output."""
    arrays = parts(domain, [LAYERS[0], (LAYERS[1][0] * [1.0, 1.0, 0.0], LAYERS[1][1])])
    regions = len(arrays["patterns"])
    assert arrays["linear_labels"].max() + 1 == 4 < regions
    arrays["linear_labels"] = np.arange(regions, dtype=np.int32)
    with pytest.raises(ValueError, match="beside each other have the same map"):
        verdict(arrays)


def test_an_edge_at_infinity_is_seen():
    """One line in the plane, whose two rays have exchanged their ends."""
    arrays = parts(PLANE, [(np.array([[1.0, 2.0]]), np.ones(1)), (np.ones((1, 1)), np.zeros(1))])
    arrays["edges"] = np.array([[1, 2], [0, 0]], dtype=np.int32)
    with pytest.raises(ValueError, match="an edge has no finite end"):
        verdict(arrays)


@pytest.mark.parametrize(
    ("sides", "message"),
    [(4, "not every region can be reached through edges"), (2, "a region has too few sides")],
)
def test_polygons_that_are_apart_or_flat_are_seen(sides, message):
    """Two polygons that have no edge in common."""
    first = np.arange(2 * sides)
    last = np.where(first % sides == sides - 1, first - sides + 1, first + 1)
    arrays = parts() | {
        "vertices": np.random.default_rng(0).uniform(-2, 2, (2 * sides, 2)),
        "edges": np.stack([first, last], axis=1).astype(np.int32),
        "edge_neuron": np.full((2 * sides, 2), -1, dtype=np.int32),
        "halfedges": (2 * first).astype(np.int32),
        "offsets": np.array([0, sides, 2 * sides], dtype=np.int32),
    }
    with pytest.raises(ValueError, match=message):
        oracles._check_loops(made(arrays))


@pytest.mark.parametrize("domain", [BOX, PLANE])
@pytest.mark.parametrize("level", [0, 1])
def test_a_small_change_of_a_hidden_layer_is_found(domain, level):
    """The complex of one network does not pass for one whose folds lie 1e-9 beside."""
    layers = default_network([2, 4, 3, 1], 1)
    arrays = parts(domain, layers)
    arrays["layers"][level][1][:] += 1e-9
    with pytest.raises(ValueError, match="not zero along it"):
        verdict(arrays)


def test_folds_that_are_missing_are_seen():
    """The complex of a network without its last neuron is right in all but its patterns."""
    fewer = [(LAYERS[0][0] * [[1.0], [1.0], [0.0]], LAYERS[0][1]), LAYERS[1]]
    arrays = parts(layers=fewer)
    arrays["layers"] = LAYERS
    with pytest.raises(ValueError, match="does not have the pattern inside it"):
        verdict(arrays)


def test_the_grid_sees_patterns_that_no_region_has():
    """As above, but with a fold that no centroid is beyond."""
    corner = [(np.array([[1.0, 1.0]]), np.array([-3.9])), (np.array([[1.0]]), np.array([0.0]))]
    arrays = parts(layers=[(corner[0][0], np.array([-9.0])), corner[1]])
    arrays["layers"] = corner
    with pytest.raises(ValueError, match="a pattern occurs that no region has"):
        verdict(arrays)


def test_a_region_that_is_not_where_its_pattern_is_is_seen():
    arrays = parts()
    arrays["patterns"] = arrays["patterns"][::-1]
    c = made(arrays)
    with pytest.raises(ValueError, match="a point lies outside the region that has its pattern"):
        oracles._check_grid(c, 30)


def test_wrong_affine_maps_are_seen():
    c = exact_regions(LAYERS, BOX)
    gradients, intercepts = c._maps
    c._maps = gradients, intercepts + 1e-9
    with pytest.raises(ValueError, match="gradient and intercept do not give the network's output"):
        check(c)
    c._maps = gradients, intercepts + 1e-9 * np.arange(len(c))[:, None]
    with pytest.raises(ValueError, match="the maps of neighbours differ on their edge"):
        check(c)


@pytest.mark.parametrize("grid", [1, 0, -3])
def test_grids_that_are_none(grid):
    with pytest.raises(ValueError, match="grid is"):
        exact_regions(LAYERS, BOX).check(grid)
    with pytest.raises(TypeError, match="grid is"):
        exact_regions(LAYERS, BOX).check(2.5)


def test_integer_networks_of_every_shape_pass():
    for seed in range(30):
        widths = [2, *np.random.default_rng(seed).integers(1, 6, seed % 4), 1 + seed % 3]
        for domain in (BOX, PLANE):
            shares = exact_regions(integer_network(widths, seed), domain).check(grid=15)
            assert max(shares.values()) <= 1
