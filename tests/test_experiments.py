"""The distribution of random shallow networks: sampled, counted, and integrated in several ways."""

import itertools
import math
from fractions import Fraction

import joblib
import mpmath
import numpy as np
import pytest
import sympy
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from activations import experiments, lines
from activations.experiments import (
    TAIL_CONSTANT,
    bounds_and_means,
    count_ensemble,
    count_shallow_regions,
    crossing_density,
    crossing_probability,
    expected_regions,
    far_crossing_probability,
    hill_estimate,
    independent_pairs_tail,
    line_probability,
    meeting_radius,
    outermost_vertex,
    regions_in_squares,
    sample_hidden_layers,
    survival,
    unseen_by_grids,
    unseen_regions,
    zoom_tail_bound,
)
from activations.mlp import layers, mlp, sample_networks
from activations.regions import PLANE, Box, count_regions, linear_regions
from activations.regions.bounds import default_rates, expected_upper

# SymPy still calls a function that newer versions of mpmath deprecate.
pytestmark = pytest.mark.filterwarnings("ignore:bitcount function:DeprecationWarning")

quick = settings(deadline=None, max_examples=60)
SMALL = st.integers(-3, 3)
RADII = st.floats(1, 1e12)
INTEGER_LINES = st.lists(
    st.tuples(SMALL, SMALL, SMALL).filter(lambda line: line[:2] != (0, 0)), min_size=1, max_size=6
)


@pytest.fixture(scope="module")
def thousand():
    W, b = sample_hidden_layers(1000, 20, rng=np.random.default_rng(0))
    return W, b, count_shallow_regions(W, b)


class TestSampling:
    def test_shapes_range_and_reproducibility(self):
        W, b = sample_hidden_layers(50, 7, rng=np.random.default_rng(1))
        assert W.shape == (50, 7, 2)
        assert b.shape == (50, 7)
        assert W.dtype == b.dtype == np.float64
        assert max(np.abs(W).max(), np.abs(b).max()) <= 1 / math.sqrt(2)
        again, _ = sample_hidden_layers(50, 7, rng=np.random.default_rng(1))
        assert np.array_equal(W, again)

    def test_same_distribution_as_torch(self):
        W, b = sample_hidden_layers(100, 100, rng=np.random.default_rng(2))
        V, c = layers(mlp((2, 10_000, 1), generator=torch.Generator().manual_seed(2)))[0]
        a = 1 / math.sqrt(2)
        uniform = stats.uniform(-a, 2 * a)
        for ours, theirs in ((W[..., 0], V[:, 0]), (W[..., 1], V[:, 1]), (b, c)):
            assert stats.ks_2samp(ours.ravel(), theirs).pvalue > 1e-3
            assert stats.kstest(ours.ravel(), uniform.cdf).pvalue > 1e-3
            assert stats.kstest(theirs, uniform.cdf).pvalue > 1e-3
        # Independent coefficients: also the products have the same distribution.
        assert stats.ks_2samp((W[..., 0] * b).ravel(), V[:, 0] * c).pvalue > 1e-3
        assert stats.ks_2samp((W[..., 0] * W[..., 1]).ravel(), V[:, 0] * V[:, 1]).pvalue > 1e-3

    @pytest.mark.parametrize(("count", "width"), [(0, 5), (5, 0), (-1, 5)])
    def test_rejects_numbers(self, count, width):
        with pytest.raises(ValueError, match="must be at least 1"):
            sample_hidden_layers(count, width, rng=np.random.default_rng(0))

    @pytest.mark.parametrize("count", [2.0, True, None])
    def test_rejects_what_is_no_number(self, count):
        with pytest.raises(TypeError, match="count"):
            sample_hidden_layers(count, 5, rng=np.random.default_rng(0))

    @pytest.mark.parametrize("bad", [None, 0, np.random, np.random.RandomState(0)])
    def test_rejects_what_is_no_generator(self, bad):
        with pytest.raises(TypeError, match="rng is"):
            sample_hidden_layers(2, 5, rng=bad)


class TestCounting:
    def test_agrees_with_one_network_at_a_time(self):
        W, b = sample_hidden_layers(10, 6, rng=np.random.default_rng(3))
        counts = count_shallow_regions(W, b, half_width=3)
        for k in range(10):
            assert counts.plane[k] == lines.count_regions(W[k], b[k])
            assert counts.box[k] == lines.count_regions(W[k], b[k], ((-3, -3), (3, 3)))
            assert counts.radius[k] == float(lines.zoom_radius(W[k], b[k]))

    def test_all_in_general_position(self, thousand):
        _, _, counts = thousand
        assert (counts.plane == 211).all()
        assert (counts.box <= counts.plane).all()

    def test_box_shows_everything_exactly_when_the_radius_is_smaller(self, thousand):
        _, _, counts = thousand
        assert np.array_equal(counts.box == counts.plane, counts.radius < 10)

    def test_mean_and_standard_error(self):
        counts = experiments.ShallowCounts(np.ones(3), np.ones(3, int), np.array([1, 2, 6]))
        assert counts.box_mean == 3
        assert counts.box_standard_error == pytest.approx(math.sqrt(7 / 3))

    @quick
    @given(INTEGER_LINES)
    def test_zoom_theorem(self, drawn):
        """(-r, r)^2 meets every region if and only if r > R, degenerate arrangements included."""
        table = np.array(drawn)
        normals, offsets = table[:, :2], table[:, 2]
        radius = lines.zoom_radius(normals, offsets)
        plane = lines.count_regions(normals, offsets)
        for r in (radius * Fraction(1, 2), radius - Fraction(1, 1000), radius):
            if r > 0:
                assert lines.count_regions(normals, offsets, ((-r, -r), (r, r))) < plane
        for r in (radius + Fraction(1, 10**30), radius + 1, 10 * radius + 1):
            assert lines.count_regions(normals, offsets, ((-r, -r), (r, r))) == plane

    @quick
    @given(INTEGER_LINES, st.integers(1, 4))
    def test_count_in_a_convex_domain(self, drawn, r):
        """1 + lines that meet the square + sum over its crossings of (multiplicity - 1)."""
        table = np.array(drawn)
        normals, offsets = table[:, :2], table[:, 2]
        distinct, _ = lines.distinct_lines(normals, offsets)
        meeting = sum(abs(c) < r * (abs(a) + abs(b)) for a, b, c in distinct)
        found = lines.vertices(normals, offsets)
        inside = [max(abs(x), abs(y)) < r for x, y in found.points]
        expected = 1 + meeting + int((found.multiplicities[inside] - 1).sum())
        assert lines.count_regions(normals, offsets, ((-r, -r), (r, r))) == expected

    def test_squares(self):
        W, b = sample_hidden_layers(1, 8, rng=np.random.default_rng(4))
        sizes = [0.1, 1, 10, 100, 1e6]
        counts = regions_in_squares(W[0], b[0], sizes)
        assert counts.tolist() == [
            lines.count_regions(W[0], b[0], ((-r, -r), (r, r))) for r in sizes
        ]
        assert counts[-1] == 37

    @pytest.mark.parametrize("sizes", [1.0, [[1.0]]])
    def test_squares_reject_shapes(self, sizes):
        with pytest.raises(ValueError, match="half_widths"):
            regions_in_squares([[1, 0]], [0], sizes)

    @pytest.mark.parametrize("size", [0, -1, math.nan, math.inf])
    def test_rejects_empty_boxes(self, size):
        with pytest.raises(ValueError, match=r"half_width is|box must be finite"):
            count_shallow_regions([[[1, 0]]], [[0]], half_width=size)
        with pytest.raises(ValueError, match=r"half_widths\[1\] is|box must be finite"):
            regions_in_squares([[1, 0]], [0], [1, size])

    @pytest.mark.parametrize("size", ["10", None, True, 1j])
    def test_rejects_what_is_no_size(self, size):
        with pytest.raises(TypeError, match="half_width is"):
            count_shallow_regions([[[1, 0]]], [[0]], half_width=size)
        with pytest.raises(TypeError, match=r"half_widths\[0\] is"):
            regions_in_squares([[1, 0]], [0], [size])

    def test_squares_are_taken_exactly(self):
        third, little = Fraction(1, 3), Fraction(1, 10**30)
        sizes = [third - little, third, third + little, 10**400]
        assert regions_in_squares([[3, 0]], [-1], sizes).tolist() == [1, 1, 2, 2]

    def test_too_few_counts_have_no_statistics(self):
        none = count_shallow_regions(np.zeros((0, 3, 2)), np.zeros((0, 3)))
        with pytest.raises(ValueError, match="box is empty"):
            _ = none.box_mean
        one = count_shallow_regions([[[1, 0]]], [[0]])
        assert one.box_mean == 2
        for counts in (none, one):
            with pytest.raises(ValueError, match="to have a standard error"):
                _ = counts.box_standard_error


class TestLineProbability:
    def test_by_hand(self):
        s, r = sympy.symbols("s r", positive=True)
        # |w1| + |w2| has density s on [0, 1], and a line misses with probability (1 - r s)+.
        miss = sympy.integrate((1 - r * s) * s, (s, 0, 1 / r))
        assert sympy.simplify(miss - 1 / (6 * r**2)) == 0
        assert line_probability(10) == pytest.approx(599 / 600, rel=1e-15)

    def test_by_sampling(self):
        w = np.random.default_rng(5).uniform(-1, 1, (3, 200_000))
        for r in (1, 1.5, 4):
            hit = np.abs(w[2]) < r * (np.abs(w[0]) + np.abs(w[1]))
            p = float(line_probability(r))
            assert abs(hit.mean() - p) < 5 * math.sqrt(p * (1 - p) / hit.size)


def brute_density(x: float, y: float) -> float:
    """Integrate |det| over K twice, in polar coordinates, with K clipped from the square."""
    polygon = [(1.0, -1.0), (1.0, 1.0), (-1.0, 1.0), (-1.0, -1.0)]
    for sign in (1, -1):
        clipped = []
        for p, q in zip(polygon, polygon[1:] + polygon[:1], strict=True):
            f, g = (1 - sign * (x * c[0] + y * c[1]) for c in (p, q))
            if f >= 0:
                clipped.append(p)
            if f * g < 0:
                t = f / (f - g)
                clipped.append((p[0] + t * (q[0] - p[0]), p[1] + t * (q[1] - p[1])))
        polygon = clipped
    corners = np.array(polygon)
    following = np.roll(corners, -1, axis=0)

    def radial(angle: float) -> float:
        """Return how far K reaches in a direction."""
        d = np.array([math.cos(angle), math.sin(angle)])
        edge = following - corners
        normal = np.stack([edge[:, 1], -edge[:, 0]], axis=1)
        along = normal @ d
        level = (normal * corners).sum(axis=1)
        return float((level[along > 1e-14] / along[along > 1e-14]).min())

    # In polar coordinates the double integral is that of rho^3 rho'^3 |sin| / 9.
    angles = (np.arange(4000) + 0.5) * math.tau / 4000
    cubes = np.array([radial(angle) ** 3 for angle in angles])
    spectrum = np.fft.rfft(cubes)
    kernel = np.fft.rfft(np.abs(np.sin(np.arange(4000) * math.tau / 4000)))
    total = np.fft.irfft(spectrum * kernel, 4000) @ cubes
    return float(total) * (math.tau / 4000) ** 2 / 9 / 64


class TestCrossingDensity:
    @pytest.mark.parametrize(
        ("x", "y"),
        [(0, 0), (0.3, 0.5), (0.8, 0.7), (1, 1), (2.5, 2), (-2, 2.9), (3, 1), (0, -7), (5, -4.5)],
    )
    def test_is_the_double_integral(self, x, y):
        assert crossing_density(x, y) == pytest.approx(brute_density(x, y), rel=1e-4)

    @quick
    @given(st.floats(-1e3, 1e3), st.floats(-1e3, 1e3))
    def test_symmetric_and_bounded(self, x, y):
        value = float(crossing_density(x, y))
        bound = 5 / 54 / max(1, abs(x), abs(y)) ** 3
        assert 0 < value <= bound * (1 + 1e-12)
        for other in ((y, x), (-x, y), (x, -y)):
            assert crossing_density(*other) == value
        if abs(abs(x) - abs(y)) >= 1 or abs(x) + abs(y) <= 1:
            assert value == pytest.approx(bound, rel=1e-14)

    def test_triangles_of_the_hexagon(self):
        """The compact formula is the sum over pairs of triangles that its proof speaks of."""
        x, y = sympy.symbols("x y", positive=True)
        p = [(1, (1 - x) / y), ((1 - y) / x, 1), (-1, 1), (-1, (x - 1) / y)]

        def det(u, v):
            return u[0] * v[1] - u[1] * v[0]

        twice = [det(p[k], p[k + 1]) for k in range(3)]
        a, b, c = (x + y - 1) / (x * y), (x - y + 1) / x, (y - x + 1) / y
        assert all(
            sympy.simplify(found - stated) == 0
            for found, stated in zip(twice, (a, b, c), strict=True)
        )
        centroid = [tuple((p[k][i] + p[k + 1][i]) / 3 for i in range(2)) for k in range(3)]
        pairs = [
            twice[i] * twice[j] / 4 * det(centroid[i], centroid[j])
            for i, j in itertools.combinations(range(3), 2)
        ]
        same = sum(t**3 for t in twice) / 27
        double_integral = 4 * (same + 2 * sum(pairs))
        stated = (2 * (a**3 + b**3 + c**3) + 3 * (a + b + c) * (a * b + b * c + c * a)) / 864
        assert sympy.simplify(double_integral / 64 - stated) == 0
        value = float(crossing_density(1.7, 1.2))
        assert value == pytest.approx(float(stated.subs({x: 1.7, y: 1.2})), rel=1e-14)

    def test_one_triangle(self):
        """Two points of one triangle 0, A, B give (2 area)^3 / 27."""
        s, u, v = sympy.symbols("s u v", positive=True)
        inner = sympy.integrate(u - v, (v, 0, u))
        total = 2 * sympy.integrate(inner, (u, 0, 1)) * sympy.integrate(s**2, (s, 0, 1)) ** 2
        assert total == sympy.Rational(1, 27)

    def test_far_out_without_cancellation(self):
        assert crossing_density(1e8, 1e8 - 0.5) * 1e24 == pytest.approx(5 / 54, rel=0.3)
        assert crossing_density(1e200, 0) == 0
        assert crossing_density(1e308, 1e308) == 0
        assert crossing_density(1e308, -1.7e308) == 0

    @quick
    @given(st.floats(0, 1, exclude_min=True), st.floats(0, 1, exclude_min=True))
    def test_hexagon_without_cancellation(self, first, second):
        x, y = Fraction(0.5 + 4 * first), Fraction(0.5 + 4 * first + second - 0.5)
        if not (x + y > 1 and abs(x - y) < 1):
            return
        a, b, c = (x + y - 1) / (x * y), (1 + x - y) / x, (1 + y - x) / y
        exact = 2 * (a**3 + b**3 + c**3) + 3 * (a + b + c) * (a * b + b * c + c * a)
        got = float(crossing_density(x, y))
        assert got == pytest.approx(float(exact / 864), rel=1e-14)

    @pytest.mark.parametrize("value", ["1", None, True, 1j])
    def test_rejects_what_is_no_number(self, value):
        with pytest.raises(TypeError, match="x is"):
            crossing_density(value, 0)
        with pytest.raises(TypeError, match="y is"):
            crossing_density(0, value)

        assert crossing_density(np.zeros((2, 3)), 0).shape == (2, 3)

    @pytest.mark.parametrize("value", [math.nan, math.inf])
    def test_rejects(self, value):
        with pytest.raises(ValueError, match="x and y must be finite"):
            crossing_density(value, 0)


def far_closed(r):
    """Return the closed form, in the precision of mpmath."""
    r = mpmath.mpf(r)
    polynomial = (
        mpmath.mpf(1) / 8 - r / 12 + mpmath.mpf(43) / 54 / r - mpmath.mpf(19) / 144 / r**2
        - mpmath.mpf(1) / 24 / r**3 + mpmath.mpf(1) / 432 / r**4
    )  # fmt: skip
    if r == 1:
        return polynomial
    return polynomial - (r - 1) ** 3 * (r + 1) / (12 * r**2) * mpmath.log(1 - 1 / r)


class TestCrossingProbability:
    @quick
    @given(RADII)
    def test_against_mpmath(self, r):
        with mpmath.workdps(80):
            expected = far_closed(r)
            assert abs(mpmath.mpf(float(far_crossing_probability(r))) / expected - 1) < 1e-14

    @pytest.mark.parametrize("r", [1, math.nextafter(1, 2), math.nextafter(2, 1), 2, 2.5, 1e300])
    def test_at_the_seams(self, r):
        with mpmath.workdps(1300):
            expected = far_closed(r)
            assert abs(mpmath.mpf(float(far_crossing_probability(r))) / expected - 1) < 1e-14

    def test_derivative_of_the_closed_form(self):
        """d/dr of the inside is the density integrated once around the square."""
        r, y = sympy.symbols("r y", positive=True)
        a, b, c = (r + y - 1) / (r * y), (r - y + 1) / r, (y - r + 1) / y
        hexagon = (2 * (a**3 + b**3 + c**3) + 3 * (a + b + c) * (a * b + b * c + c * a)) / 864
        primitive = sympy.integrate(sympy.expand(hexagon), y)
        strip = primitive.subs(y, r) - primitive.subs(y, r - 1)
        flow = 8 * (sympy.Rational(5, 54) * (r - 1) / r**3 + strip)
        far = (
            sympy.Rational(1, 8) - r / 12 + sympy.Rational(43, 54) / r
            - sympy.Rational(19, 144) / r**2 - 1 / (24 * r**3) + 1 / (432 * r**4)
            - (r - 1) ** 3 * (r + 1) / (12 * r**2) * (sympy.log(r - 1) - sympy.log(r))
        )  # fmt: skip
        difference = sympy.expand(sympy.diff(far, r) + flow)
        logarithms = {sympy.log(r): sympy.Symbol("L"), sympy.log(r - 1): sympy.Symbol("M")}
        assert sympy.simplify(difference.subs(logarithms)) == 0

    def test_series_of_the_closed_form(self):
        e = sympy.symbols("e", positive=True)
        far = (
            sympy.Rational(1, 8) - 1 / (12 * e) + sympy.Rational(43, 54) * e
            - sympy.Rational(19, 144) * e**2 - e**3 / 24 + e**4 / 432
            - (1 - e) ** 3 * (1 + e) / (12 * e**2) * sympy.log(1 - e)
        )  # fmt: skip
        expected = sympy.Rational(20, 27) * e - e**3 / 15 - sympy.Rational(7, 2160) * e**4
        expected -= sum(e**m / ((m**2 - 1) * (m**2 - 4)) for m in range(5, 9))
        series = sympy.series(far, e, 0, 9).removeO()
        assert sympy.expand(series - expected) == 0

    def test_a_third_by_symmetry(self):
        assert crossing_probability(1) == pytest.approx(1 / 3, rel=1e-15)

    @pytest.mark.parametrize("r", [1, 2, 10])
    def test_numerical_integral(self, r):
        def wedge(low, high, lower, upper):
            return integrate.dblquad(
                lambda y, x: float(crossing_density(x, y)), low, high, lower, upper,
                epsabs=1e-8, epsrel=1e-8,
            )[0]  # fmt: skip

        # The three shapes of K, each of them smooth, in the eighth 0 <= y <= x <= r.
        total = 5 / 54 / 4
        total += wedge(0.5, 1, lambda x: 1 - x, lambda x: x)
        if r > 1:
            total += wedge(1, r, lambda x: x - 1, lambda x: x)
            total += wedge(1, r, 0, lambda x: x - 1)
        assert 8 * total == pytest.approx(float(crossing_probability(r)), abs=1e-6)

    def test_by_sampling(self):
        p = np.random.default_rng(6).uniform(-1, 1, (2, 3, 400_000))
        z = p[0, 0] * p[1, 1] - p[0, 1] * p[1, 0]
        x = p[0, 1] * p[1, 2] - p[1, 1] * p[0, 2]
        y = p[1, 0] * p[0, 2] - p[0, 0] * p[1, 2]
        for r in (1, 3, 10, 100):
            far = np.maximum(np.abs(x), np.abs(y)) > r * np.abs(z)
            q = float(far_crossing_probability(r))
            assert abs(far.mean() - q) < 5 * math.sqrt(q * (1 - q) / far.size)

    @quick
    @given(RADII)
    def test_tail_is_squeezed(self, r):
        c, far = float(TAIL_CONSTANT), float(far_crossing_probability(r))
        assert c / r - 10 / 27 / r**2 <= far * (1 + 1e-15)
        assert far <= c / r * (1 + 1e-15)
        assert crossing_probability(r) == 1 - far

    @pytest.mark.parametrize("r", [0.999, 0, -1, math.nan, [2, 0.5]])
    @pytest.mark.parametrize(
        "call", [far_crossing_probability, crossing_probability, line_probability]
    )
    def test_rejects(self, call, r):
        with pytest.raises(ValueError, match="r is"):
            call(r)

    @pytest.mark.parametrize("r", ["2", None, True, 2j, [1, "2"]])
    @pytest.mark.parametrize(
        "call", [far_crossing_probability, crossing_probability, line_probability]
    )
    def test_rejects_what_is_no_number(self, call, r):
        with pytest.raises(TypeError, match="r is"):
            call(r)

    def test_reads_fractions_and_refuses_what_no_float_can_hold(self):
        assert far_crossing_probability(Fraction(3, 2)) == far_crossing_probability(1.5)
        with pytest.raises(ValueError, match="r holds a number that is too large"):
            far_crossing_probability(10**400)

    def test_broadcasts(self):
        assert far_crossing_probability([[1, 2, 3]]).shape == (1, 3)
        assert far_crossing_probability(math.inf) == 0
        assert line_probability(1e300) == 1


class TestExpectedRegions:
    @pytest.mark.parametrize(("n", "r"), [(2, 1.0), (5, 1.5), (20, 10.0)])
    def test_sample_mean(self, n, r):
        W, b = sample_hidden_layers(2000, n, rng=np.random.default_rng(7))
        counts = count_shallow_regions(W, b, half_width=r)
        deviation = counts.box_mean - float(expected_regions(n, r))
        assert abs(deviation) < 4.5 * counts.box_standard_error

    def test_pieces(self):
        q = 0.92599293744990907538
        assert expected_regions(20, 10) == pytest.approx(1 + 20 * 599 / 600 + 190 * q, rel=1e-14)
        assert expected_regions(1, 1) == pytest.approx(1 + 5 / 6)

    def test_rejects(self):
        with pytest.raises(ValueError, match="n is 0"):
            expected_regions(0, 10)


class TestZoomTail:
    def test_bound_holds_in_the_sample(self, thousand):
        _, _, counts = thousand
        for r in (200, 1000, 5000):
            bound = float(zoom_tail_bound(20, r))
            share = float((counts.radius > r).mean())
            assert share < bound + 4 * math.sqrt(bound * (1 - bound) / 1000)

    def test_right_size_far_out(self):
        """r P(R > r) tends to the constant: 40 000 networks with five lines."""
        W, b = sample_hidden_layers(40_000, 5, rng=np.random.default_rng(8))
        i, j = np.triu_indices(5, 1)
        z = W[:, i, 0] * W[:, j, 1] - W[:, i, 1] * W[:, j, 0]
        x = W[:, i, 1] * b[:, j] - W[:, j, 1] * b[:, i]
        y = W[:, j, 0] * b[:, i] - W[:, i, 0] * b[:, j]
        radius = np.max(np.maximum(np.abs(x), np.abs(y)) / np.abs(z), axis=1)
        share, bound = float((radius > 300).mean()), float(zoom_tail_bound(5, 300))
        assert abs(share / bound - 1) < 4 / math.sqrt(bound * 40_000)

    def test_values(self):
        assert zoom_tail_bound(2, 1) == pytest.approx(20 / 27)
        assert zoom_tail_bound(20, 1000) == pytest.approx(190 * 20 / 27 / 1000)
        assert independent_pairs_tail(3, 1) == pytest.approx(1 - 1 / 27)

    @quick
    @given(st.integers(2, 50), RADII)
    def test_independent_pairs_stay_below_the_bound(self, n, r):
        independent, bound = float(independent_pairs_tail(n, r)), float(zoom_tail_bound(n, r))
        assert 0 < independent <= bound * (1 + 1e-14)
        if bound < 1e-6:
            assert independent == pytest.approx(bound, rel=1e-5)

    @pytest.mark.parametrize("call", [zoom_tail_bound, independent_pairs_tail])
    def test_rejects_a_single_line(self, call):
        with pytest.raises(ValueError, match="n is 1"):
            call(1, 10)


class TestTailsOfSamples:
    @quick
    @given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30))
    def test_survival(self, sample):
        values, fraction = survival(sample)
        assert values.tolist() == sorted(sample)
        for value, share in zip(values, fraction, strict=True):
            assert share == pytest.approx(np.mean(np.array(sample) >= value))

    @pytest.mark.parametrize("alpha", [0.5, 1.0, 2.0])
    def test_hill_finds_the_exponent(self, alpha):
        sample = stats.pareto(alpha).rvs(20_000, random_state=np.random.default_rng(9))
        estimate, error = hill_estimate(sample, 1000)
        assert error == pytest.approx(estimate / math.sqrt(1000))
        assert abs(estimate - alpha) < 5 * error

    def test_tail_exponent_is_one(self, thousand):
        _, _, counts = thousand
        estimate, error = hill_estimate(counts.radius, 100)
        assert abs(estimate - 1) < 3 * error

    @pytest.mark.parametrize(
        ("sample", "k", "message"),
        [
            ([], 1, "sample has shape"),
            ([[1.0]], 1, "sample has shape"),
            ([1.0, math.nan], 1, "must be finite"),
            ([1.0, math.inf], 1, "must be finite"),
            ([1.0, 2.0], 2, "k is 2"),
            ([1.0, 2.0], 0, "k is 0"),
            ([0.0, 2.0], 1, "must be positive"),
            ([3.0, 3.0, 3.0], 2, "all equal"),
        ],
    )
    def test_hill_rejects(self, sample, k, message):
        with pytest.raises(ValueError, match=message):
            hill_estimate(sample, k)

    def test_hill_over_the_whole_range(self):
        estimate, _ = hill_estimate([1e-300, 1e300, 1e300], 2)
        assert estimate == pytest.approx(1 / (600 * math.log(10)))

    @pytest.mark.parametrize("sample", [["1", "2"], [True, False], [1j, 2]])
    def test_rejects_what_is_no_sample(self, sample):
        with pytest.raises(TypeError, match="sample is"):
            survival(sample)
        with pytest.raises(TypeError, match="sample is"):
            hill_estimate(sample, 1)


OUTPUT = np.ones((1, 1)), np.zeros(1)


def shallow(rows):
    """Make a network with one hidden layer from lines (w1, w2, b)."""
    table = np.array(rows, dtype=np.float64)
    return [(table[:, :2], table[:, 2]), (np.ones((1, len(table))), np.zeros(1))]


def random_network(seed, *hidden):
    rng = np.random.default_rng(seed)
    widths = [2, *hidden, 1]
    return [(rng.normal(size=(n, m)), rng.normal(size=n)) for m, n in itertools.pairwise(widths)]


class TestRadii:
    @given(INTEGER_LINES)
    @quick
    def test_one_hidden_layer(self, rows):
        # The theorem: one radius for both, lines without crossings included.
        network = shallow(rows)
        c = linear_regions(network, PLANE)
        expected = float(lines.zoom_radius(*network[0]))
        assert outermost_vertex(c) == pytest.approx(expected, rel=1e-12)
        assert meeting_radius(c) == pytest.approx(expected, rel=1e-12)

    @given(st.integers(0, 10**6), st.lists(st.integers(1, 4), min_size=1, max_size=3))
    @settings(deadline=None, max_examples=40)
    def test_squares_meet_all_regions_beyond_it(self, seed, hidden):
        network = random_network(seed, *hidden)
        c = linear_regions(network, PLANE)
        r, R = meeting_radius(c), outermost_vertex(c)
        assert 0 <= r <= R * (1 + 1e-12)
        if len(c) > 1:
            larger, smaller = (Box(-s, s) for s in (r * (1 + 1e-6), r * (1 - 1e-6)))
            assert count_regions(network, larger) == len(c)
            assert count_regions(network, smaller) < len(c)
            # Every vertex is a corner: none is missed between the radii.
            box = linear_regions(network, Box(-1.001 * R, 1.001 * R))
            inner = (np.abs(box.vertices) < R * (1 + 1e-9)).all(axis=1)
            parallel = len(c.edges) == 2 * len(c.vertices)
            assert inner.sum() == (0 if parallel else len(c.vertices))

    def test_lines_of_the_first_layer_bound_both_from_below(self):
        networks = sample_networks((2, 3, 4, 4, 1), range(30))
        counts, first = count_ensemble(networks), lines.zoom_radii(*networks[0])
        assert (first <= counts.reach * (1 + 1e-9)).all()
        assert (first < counts.reach * (1 - 1e-9)).any()
        assert (counts.reach < counts.radius * (1 - 1e-9)).any()

    def test_against_a_search_over_the_polygons(self):
        network = random_network(7, 4, 4)
        c = linear_regions(network, PLANE)
        far = Box(-1e4, 1e4)
        t = np.linspace(0, 1, 20_001)[:, None]
        nearest = np.empty(len(c))
        for k in range(len(c)):
            polygon = c.region(k, far)
            sides = [p + t * (q - p) for p, q in zip(polygon, np.roll(polygon, -1, 0), strict=True)]
            nearest[k] = min(np.abs(side).max(axis=1).min() for side in sides)
        nearest[c.locate([0.0, 0.0])] = 0
        assert meeting_radius(c) == pytest.approx(nearest.max(), rel=1e-3)

    def test_radii_differ_at_the_tip_of_a_fold(self):
        axes = np.array([[1, 0], [-1, 0], [0, 1], [0, -1]]), np.zeros(4)
        tip = np.array([[1, -1, 2, 2]]), np.array([-1])
        network = [axes, tip, OUTPUT]
        c = linear_regions(network, PLANE)
        assert (meeting_radius(c), outermost_vertex(c)) == pytest.approx((0.5, 1.0), rel=1e-14)
        counts = [count_regions(network, Box(-r, r)) for r in (0.5, 0.5000001, 2.0)]
        assert counts[0] < counts[1] == counts[2] == len(c)

    def test_one_crossing(self):
        c = linear_regions(shallow([(1, 0, 3), (0, 1, -1)]), PLANE)
        assert outermost_vertex(c) == pytest.approx(3, rel=1e-14)
        assert meeting_radius(c) == pytest.approx(3, rel=1e-14)

    @pytest.mark.parametrize(
        "network",
        [
            [(np.ones((1, 2)), np.ones(1))],
            [(np.zeros((3, 2)), np.ones(3)), (np.ones((1, 3)), np.ones(1))],
        ],
    )
    def test_no_fold(self, network):
        c = linear_regions(network, PLANE)
        assert outermost_vertex(c) == meeting_radius(c) == 0

    def test_parallel_folds_of_a_deep_network(self):
        # |2 x + y| < 6 between them; the lines come nearest to the origin at 6 / 3.
        first = np.array([[2, 1], [-2, -1]]), np.zeros(2)
        second = np.array([[1, 1]]), np.array([-6])
        c = linear_regions([first, second, OUTPUT], PLANE)
        assert outermost_vertex(c) == meeting_radius(c) == pytest.approx(2)

    @pytest.mark.parametrize("function", [outermost_vertex, meeting_radius])
    def test_rejects_what_is_not_in_the_plane(self, function):
        with pytest.raises(ValueError, match="must be that of the plane"):
            function(linear_regions(shallow([(1, 0, 0)])))
        with pytest.raises(TypeError, match="PolyhedralComplex"):
            function(3)


class TestUnseenRegions:
    def test_patterns_of_a_grid(self):
        network = random_network(3, 6, 5)
        c = linear_regions(network, Box(-3, 3))
        axis = np.linspace(-3, 3, 12)
        points = np.stack(np.meshgrid(axis, axis), axis=-1)
        hidden, rows = [], points.reshape(-1, 2)
        for W, b in network[:-1]:
            hidden.append(rows @ W.T + b > 0)
            rows = np.maximum(rows @ W.T + b, 0)
        seen = {row.tobytes() for row in np.concatenate(hidden, axis=1)}
        expected = [k for k, row in enumerate(c.patterns) if row.tobytes() not in seen]
        assert 0 < len(expected) < len(c)
        assert unseen_regions(c, points).tolist() == expected

    def test_all_and_none(self):
        c = linear_regions(shallow([(1, 0, 0), (0, 1, 0)]), Box(-1, 1))
        assert unseen_regions(c, np.empty((0, 2))).tolist() == [0, 1, 2, 3]
        assert unseen_regions(c, c.interior_points).tolist() == []
        assert unseen_regions(c, [7.0, 7.0]).tolist() == [0, 1, 2, 3]

    def test_rejects(self):
        with pytest.raises(TypeError, match="PolyhedralComplex"):
            unseen_regions([1], [[0, 0]])
        c = linear_regions(shallow([(1, 0, 0)]), Box(-1, 1))
        with pytest.raises(ValueError, match="points"):
            unseen_regions(c, [0.0])


class TestUnseenByGrids:
    def test_counts_and_shares(self):
        c = linear_regions(random_network(3, 6, 5), Box((-3, -1), (3, 2)))
        counts, shares = unseen_by_grids(c, [4, 9, 200])
        assert counts.dtype == np.int64
        for n, count, share in zip((4, 9, 200), counts, shares, strict=True):
            x, y = np.meshgrid(np.linspace(-3, 3, n), np.linspace(-1, 2, n))
            seen = {c.locate([a, b]).item() for a, b in zip(x.flat, y.flat, strict=True)}
            assert count == len(c) - len(seen)
            missed = [k for k in range(len(c)) if k not in seen]
            assert share == pytest.approx(c.areas[missed].sum() / 18)
        assert counts[0] > counts[1] > 0
        assert unseen_by_grids(c, [])[0].shape == (0,)

    def test_rejects(self):
        c = linear_regions(shallow([(1, 0, 0)]), Box(-1, 1))
        with pytest.raises(ValueError, match=r"sides\[1\]"):
            unseen_by_grids(c, [5, 1])
        with pytest.raises(TypeError, match=r"sides\[0\]"):
            unseen_by_grids(c, [2.5])
        with pytest.raises(ValueError, match="must be that of a box"):
            unseen_by_grids(linear_regions(shallow([(1, 0, 0)]), PLANE), [5])
        with pytest.raises(TypeError, match="PolyhedralComplex"):
            unseen_by_grids(3, [5])


class TestBoundsAndMeans:
    @pytest.mark.parametrize("widths", [(2, 20, 1), (2, 5, 5, 1), (2, 3, 8, 3, 1)])
    def test_means_keep_to_the_bound(self, widths):
        networks, rates = sample_networks(widths, range(60)), default_rates(widths)
        table = bounds_and_means(rates, networks, [0.25, 2])
        for (bound, mean), r in zip(table, (0.25, 2), strict=True):
            counts = count_regions(networks, Box(-r, r))
            assert mean == pytest.approx(counts.mean())
            assert bound == pytest.approx(expected_upper(rates, 4 * r * r, 8 * r))
            assert mean - 3 * counts.std() / math.sqrt(60) < bound

    @pytest.mark.parametrize("widths", [(2, 20, 1), (2, 5, 5, 5, 5, 1)])
    def test_cells_by_crossings(self, widths):
        # What the bound rests on: 1 + crossings + half the meetings with the boundary.
        (left, bottom), (right, top) = low, high = (-3.0, -2.0), (4.0, 5.0)
        networks = sample_networks(widths, range(10))
        for k in range(10):
            c = linear_regions([(W[k], b[k]) for W, b in networks], Box(low, high))
            x, y = c.vertices.T
            rim = ((x == left) | (x == right) | (y == bottom) | (y == top)).sum()
            assert len(c) == 1 + (len(x) - rim) + (rim - 4) / 2

    @pytest.mark.parametrize("r", [0, -1.0, math.nan])
    def test_rejects_squares_without_inside(self, r):
        with pytest.raises(ValueError, match=r"half_widths\[1\]"):
            bounds_and_means([0.5], sample_networks((2, 1, 1), [0]), [1, r])


class TestEnsemble:
    @pytest.mark.parametrize("widths", [(2, 20, 1), (2, 5, 5, 5, 5, 1), (2, 3, 2), (2, 1)])
    def test_every_column(self, widths):
        networks = sample_networks(widths, range(5))
        counts = count_ensemble(networks, half_width=4)
        box = Box(-4, 4)
        for kind, near, everywhere in (
            ("activation", counts.activation_box, counts.activation_plane),
            ("linear", counts.linear_box, counts.linear_plane),
        ):
            assert near.dtype == everywhere.dtype == np.int64
            assert np.array_equal(near, count_regions(networks, box, kind=kind))
            assert np.array_equal(everywhere, count_regions(networks, PLANE, kind=kind))
        for k in range(5):
            c = linear_regions([(W[k], b[k]) for W, b in networks], PLANE)
            assert counts.radius[k] == outermost_vertex(c)
            assert counts.reach[k] == meeting_radius(c)

    def test_agrees_with_the_count_of_lines(self):
        networks = sample_networks((2, 8, 1), range(20))
        counts, by_lines = count_ensemble(networks), count_shallow_regions(*networks[0])
        assert np.array_equal(counts.activation_box, by_lines.box)
        assert np.array_equal(counts.activation_plane, by_lines.plane)
        assert counts.radius == pytest.approx(by_lines.radius, rel=1e-9)

    def test_does_not_depend_on_the_workers(self):
        networks = sample_networks((2, 4, 4, 1), range(12))
        alone = count_ensemble(networks)
        with joblib.parallel_config(backend="threading", n_jobs=3):
            together = count_ensemble(networks)
        for name, column in vars(alone).items():
            assert np.array_equal(column, getattr(together, name)), name

    @pytest.mark.parametrize("size", [0, -1, math.nan])
    def test_rejects_a_box_without_inside(self, size):
        with pytest.raises(ValueError, match="half_width"):
            count_ensemble(sample_networks((2, 1, 1), [0]), half_width=size)

    def test_rejects_one_network_without_a_leading_axis(self):
        with pytest.raises(ValueError, match=r"network\[0\]"):
            count_ensemble(shallow([(1, 0, 0)]))
