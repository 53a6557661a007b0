"""Whether two classes of points can be separated by a hyperplane, decided with a proof.

Floating-point numbers are dyadic rationals, so a question about them has an exact answer. A
numerical method proposes it here, either a hyperplane or multipliers that show there is none, and
integer arithmetic checks the proposal. What the method did to find it plays no part in the proof.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

import numpy as np
import scipy.linalg
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "SeparabilityCertificate",
    "SeparabilityOnset",
    "cover_count",
    "cover_probability",
    "dyadic_scores",
    "separability_certificate",
    "smallest_separable_k",
    "solve_exactly",
]

Ints = NDArray[Any]
Floats = NDArray[np.float64]

# Up to this many entries the simplex method finds a shortest list of multipliers at once.
_SIMPLEX_ENTRIES: Final = 100_000


# --- Exact arithmetic -------------------------------------------------------------------------


def _scaled_integers(values: Floats) -> tuple[Ints, int]:
    """Write floats exactly as integers times 2**shift; int64 if they fit well, else Python's."""
    mantissa, exponent = np.frexp(values)
    whole = (mantissa * 2.0**53).astype(np.int64)
    exponent = exponent.astype(np.int64) - 53
    used = whole != 0
    if not used.any():
        return np.zeros(values.shape, dtype=np.int64), 0
    trailing = np.zeros_like(whole)
    # x & -x is the lowest bit of x that is set.
    trailing[used] = np.log2((whole[used] & -whole[used]).astype(np.float64)).astype(np.int64)
    shift = int((exponent + trailing)[used].min())
    top = int(np.frexp(np.abs(values).max())[1]) - shift
    if top <= 40:
        lift = np.where(used, exponent - shift, 0)
        right = np.maximum(-lift, 0)
        return np.where(used, (whole >> right) << np.maximum(lift, 0), 0), shift
    exact = np.zeros(values.shape, dtype=object)
    for place in zip(*np.nonzero(used), strict=True):
        lift_by = int(exponent[place]) - shift
        number = int(whole[place])
        exact[place] = number << lift_by if lift_by >= 0 else number >> -lift_by
    return exact, shift


def _times(matrix: Ints, vector: Sequence[int]) -> list[int]:
    """Multiply an integer matrix by a vector of integers of any size, exactly."""
    if matrix.dtype == object or not matrix.size:
        return [sum(int(a) * b for a, b in zip(row, vector, strict=True)) for row in matrix]
    bits = int(np.abs(matrix).max()).bit_length() + matrix.shape[1].bit_length()
    limb = 62 - bits
    length = max(1, max((abs(v).bit_length() for v in vector), default=0))
    mask = (1 << limb) - 1
    # Each column of `limbs` is one digit of the vector in base 2**limb, small enough for int64.
    limbs = np.array(
        [
            [(-1 if v < 0 else 1) * (abs(v) >> at & mask) for at in range(0, length, limb)]
            for v in vector
        ],
        dtype=np.int64,
    )
    products = matrix @ limbs
    totals = [0] * len(products)
    for column in reversed(range(products.shape[1])):
        totals = [
            (t << limb) + int(p) for t, p in zip(totals, products[:, column].tolist(), strict=True)
        ]
    return totals


def _is_integer(value: object) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def _is_prime(n: int) -> bool:
    return n > 1 and all(n % q for q in range(2, math.isqrt(n) + 1))


def _product_mod(A: NDArray[np.int64], B: NDArray[np.int64], p: int) -> NDArray[np.int64]:
    """Multiply residues modulo p < 2**26; each float64 product stays below 2**53, so is exact."""
    right = B.astype(np.float64)
    high = ((A >> 13).astype(np.float64) @ right).astype(np.int64) % p
    low = ((A & 8191).astype(np.float64) @ right).astype(np.int64)
    return ((high << 13) + low) % p


def _inverse_mod(A: NDArray[np.int64], p: int) -> NDArray[np.int64] | None:
    """Invert a matrix modulo p by halves; None if a leading block is singular."""
    n = len(A)
    if n <= 24:
        work = np.hstack([A % p, np.eye(n, dtype=np.int64)])
        for j in range(n):
            pivots = np.flatnonzero(work[j:, j])
            if not pivots.size:
                return None
            i = j + int(pivots[0])
            work[[j, i]] = work[[i, j]]
            work[j] = work[j] * pow(int(work[j, j]), -1, p) % p
            others = np.arange(n) != j
            work[others] = (work[others] - work[others, j : j + 1] * work[j]) % p
        return work[:, n:]
    h = n // 2
    P = _inverse_mod(A[:h, :h], p)
    if P is None:
        return None
    PB = _product_mod(P, A[:h, h:] % p, p)
    CP = _product_mod(A[h:, :h] % p, P, p)
    S = _inverse_mod((A[h:, h:] - _product_mod(A[h:, :h] % p, PB, p)) % p, p)
    if S is None:
        return None
    PBS = _product_mod(PB, S, p)
    top = np.hstack([(P + _product_mod(PBS, CP, p)) % p, (-PBS) % p])
    return np.vstack([top, np.hstack([(-_product_mod(S, CP, p)) % p, S])])


def _prime_and_inverse(A: Ints) -> tuple[NDArray[np.int64], int]:
    """Invert an integer matrix modulo a prime of 26 bits that does not divide its determinant."""
    primes = (p for p in range(2**26 - 1, 2, -1) if _is_prime(p))
    for attempt in range(6):
        p = next(primes)
        residues = (A % p).astype(np.int64)
        inverse = _inverse_mod(residues, p)
        if inverse is not None:
            return inverse, p
        # A sparse matrix may have singular leading blocks; mixed at random, it has none.
        mixer = np.random.default_rng(attempt).integers(0, p, A.shape)
        inverse = _inverse_mod(_product_mod(mixer, residues, p), p)
        if inverse is not None:
            return _product_mod(inverse, mixer, p), p
    raise ValueError("A must be invertible, but it is singular modulo six primes")


def _fraction_from_residue(residue: int, modulus: int) -> tuple[int, int]:
    """Find n/d congruent to `residue` with |n| and d below sqrt(modulus/2) (Wang's method)."""
    bound = math.isqrt(modulus // 2)
    r0, r1, t0, t1 = modulus, residue % modulus, 0, 1
    while r1 > bound:
        q = r0 // r1
        r0, r1, t0, t1 = r1, r0 - q * r1, t1, t0 - q * t1
    return (r1, t1) if t1 > 0 else (-r1, -t1)


def solve_exactly(A: ArrayLike, b: Sequence[int]) -> tuple[list[int], int]:
    """Solve a square system of linear equations with integer coefficients, exactly.

    Parameters
    ----------
    A : array_like of int, shape (n, n)
        An invertible matrix.
    b : sequence of int, length n
        The right-hand side; Python integers of any size.

    Returns
    -------
    numerators : list of int
        The solution is ``numerators[i] / denominator``.
    denominator : int
        A positive common denominator.

    Raises
    ------
    ValueError
        If `A` is not square and of the length of `b`, or not invertible, or one of them holds
        anything but integers.

    Notes
    -----
    Dixon's method: invert A modulo a prime p, find the digits of the solution in base p one by
    one, and recover the fractions from enough of them. The digits needed follow from Cramer's
    rule and Hadamard's bound on determinants. The answer is multiplied out before it is returned,
    so it does not depend on these steps being right.

    References
    ----------
    .. [1] J. D. Dixon, "Exact solution of linear equations using p-adic expansions", Numerische
       Mathematik 40, 1982, pp. 137-141.

    Examples
    --------
    >>> from activations.truth.separability import solve_exactly
    >>> solve_exactly([[2, 1], [1, 3]], [1, 0])
    ([3, -1], 5)
    """
    matrix = np.asarray(A)
    if not all(_is_integer(v) for v in b):
        raise ValueError("b must hold integers only")
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or len(matrix) != len(b):
        raise ValueError(
            f"A must be square and b as long, got shapes {matrix.shape} and ({len(b)},)"
        )
    if matrix.dtype.kind not in "iuO" or (
        matrix.dtype == object and not all(_is_integer(v) for v in matrix.flat)
    ):
        raise ValueError(f"A must hold integers only, got dtype {matrix.dtype}")
    n = len(matrix)
    right = [int(v) for v in b]
    if n == 0:
        return [], 1
    largest = int(max(abs(int(v)) for v in matrix.flat))
    # int64 products of A with digits below 2**26 must stay below 2**63.
    small = largest.bit_length() + n.bit_length() + 26 <= 62
    exact: Ints = matrix.astype(np.int64) if small else matrix.astype(object)
    # Hadamard: a determinant is at most the product of its columns' lengths.
    squares = (exact.astype(object) ** 2).sum(axis=0)
    bits = sum((int(s).bit_length() + 1) // 2 for s in squares) + 1
    bits += max(1, sum(v * v for v in right)).bit_length() // 2 + 1
    inverse, p = _prime_and_inverse(exact)
    steps = 2 * bits // 25 + 2
    residual = np.array(right, dtype=object)
    digits: list[NDArray[np.int64]] = []
    for _ in range(steps):
        low = (residual % p).astype(np.int64)
        digit = _product_mod(inverse, low[:, None], p)[:, 0]
        digits.append(digit)
        residual = (residual - (exact @ (digit if small else digit.astype(object)))) // p
        if not residual.any():
            break
    modulus = p ** len(digits)
    values = _join(digits, p)
    denominator = 1
    numerators: list[int] = []
    for value in values:
        top = value * denominator % modulus
        top = top - modulus if 2 * top > modulus else top
        if abs(top) > math.isqrt(modulus // 2):
            top, more = _fraction_from_residue(value * denominator, modulus)
            numerators = [v * more for v in numerators]
            denominator *= more
        numerators.append(top)
    if not residual.any():
        # The expansion ended: the digits are the solution itself, a vector of integers.
        numerators, denominator = values, 1
    if _times(exact, numerators) != [v * denominator for v in right]:
        raise ValueError("A must be invertible; no solution could be verified")
    common = math.gcd(denominator, *numerators)
    return [v // common for v in numerators], denominator // common


def _join(digits: list[NDArray[np.int64]], p: int) -> list[int]:
    """Put digits in base p together, pairwise, so that long numbers are multiplied rarely."""
    columns = [d.astype(object) for d in digits]
    base = p
    while len(columns) > 1:
        if len(columns) % 2:
            columns.append(np.zeros_like(columns[0]))
        columns = [columns[i] + base * columns[i + 1] for i in range(0, len(columns), 2)]
        base *= base
    return [int(v) for v in columns[0]]


# --- Certificates -----------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class SeparabilityCertificate:
    """A proof that two labelled classes of points are separable, or that they are not.

    Attributes
    ----------
    separable : bool
        What it proves.
    weights : numpy.ndarray of float64, shape (k,), or None
        With `bias`, a hyperplane: ``X @ weights + bias`` is positive exactly in class 1.
    bias : float or None
        See `weights`.
    multipliers : tuple of int or None
        One non-negative integer for each point, not all 0. With s = +1 in class 1 and -1 in
        class 0, the sums of multiplier * s * x and of multiplier * s over all points are 0, so
        that no hyperplane can exist.

    Examples
    --------
    >>> from activations.truth.separability import separability_certificate
    >>> certificate = separability_certificate([[0.0], [1.0], [2.0]], [0, 1, 0])
    >>> certificate.separable, certificate.multipliers
    (False, (1, 2, 1))
    """

    separable: bool
    weights: Floats | None = None
    bias: float | None = None
    multipliers: tuple[int, ...] | None = None

    def verify(self, X: ArrayLike, y: ArrayLike) -> bool:
        """Check the proof against the points, in integer arithmetic.

        Parameters
        ----------
        X : array_like of float, shape (n, k)
            The points.
        y : array_like of int, shape (n,)
            Their classes, 0 and 1.

        Returns
        -------
        bool
            Whether the certificate proves for these points what it claims. A plane must be given in
        floats of up to 64 bits, multipliers as integers; anything else proves nothing.

        Raises
        ------
        TypeError, ValueError
            If `X` or `y` is not usable, as for `separability_certificate`.

        Notes
        -----
        Nothing is rounded: floats are integers times a power of two.

        Examples
        --------
        >>> from activations.truth.separability import separability_certificate
        >>> certificate = separability_certificate([[0.0], [1.0]], [0, 1])
        >>> certificate.verify([[0.0], [1.0]], [0, 1]), certificate.verify([[0.0], [1.0]], [1, 0])
        (True, False)
        """
        points, signs = _checked(X, y)
        whole, shift = _scaled_integers(points)
        if self.separable:
            if self.weights is None or self.bias is None:
                return False
            weights = np.asarray(self.weights)
            # What is not a float64 already could be rounded to a plane that nobody claimed.
            if weights.dtype.kind != "f" or weights.itemsize > 8:
                return False
            if weights.shape != points.shape[1:]:
                return False
            return _separates(whole, shift, signs, weights.astype(np.float64), self.bias)
        if self.multipliers is None or len(self.multipliers) != len(points):
            return False
        if not all(_is_integer(m) for m in self.multipliers):
            return False
        return _balances(whole, signs, [int(m) for m in self.multipliers])


def _separates(whole: Ints, shift: int, signs: Ints, weights: Floats, bias: float) -> bool:
    """Check sign * (weights . x + bias) > 0 for every point."""
    if not (np.isfinite(weights).all() and math.isfinite(bias)):
        return False
    plane, plane_shift = _scaled_integers(np.append(weights, 0.0))
    slopes = [int(v) for v in plane[:-1]]
    # whole * 2**shift times slopes * 2**plane_shift, plus the bias as a fraction, over one scale.
    offset = Fraction(bias) / Fraction(2) ** (shift + plane_shift)
    sums = _times(whole, slopes) if slopes else [0] * len(signs)
    return all(
        int(sign) * (value * offset.denominator + offset.numerator) > 0
        for sign, value in zip(signs, sums, strict=True)
    )


def _balances(whole: Ints, signs: Ints, multipliers: Sequence[int]) -> bool:
    """Check that non-negative multipliers, not all 0, cancel the signed points."""
    if any(m < 0 for m in multipliers) or not any(multipliers):
        return False
    signed = [int(s) * m for s, m in zip(signs, multipliers, strict=True)]
    used = np.flatnonzero([m > 0 for m in multipliers])
    columns = np.ascontiguousarray(whole[used].T)
    return sum(signed) == 0 and not any(_times(columns, [signed[i] for i in used]))


def _checked(X: ArrayLike, y: ArrayLike) -> tuple[Floats, NDArray[np.int64]]:
    """Validate points and labels; return the points as float64 and the labels as signs."""
    for name, values in (("X", X), ("y", y)):
        # numpy.asarray would uncover what a mask hides.
        if np.ma.is_masked(values):
            raise ValueError(f"{name} must have no masked entries")
    given = np.asarray(X)
    if given.dtype.kind not in "fiu" or given.dtype.itemsize > 8:
        raise TypeError(f"X must hold floats or integers of up to 64 bits, got {given.dtype}")
    if given.ndim != 2:
        raise ValueError(f"X must have shape (n, k), got {given.shape}")
    points = given.astype(np.float64)
    # Compared as integers: as a float 2**53 + 1 would be 2**53 already.
    ends = (given.min(), given.max()) if given.size and given.dtype.kind in "iu" else ()
    if any(abs(int(end)) > 2**53 for end in ends):
        raise ValueError("X holds integers beyond 2**53, which float64 does not hold exactly")
    if not np.isfinite(points).all():
        raise ValueError("X must be finite, but holds NaN or infinity")
    labels = np.asarray(y)
    if labels.shape != points.shape[:1]:
        raise ValueError(
            f"y must have shape ({len(points)},), one label a point, got {labels.shape}"
        )
    if not len(points):
        raise ValueError("X must hold at least one point, got none")
    if labels.dtype.kind not in "biuf" or not np.isin(labels, (0, 1)).all():
        raise ValueError(f"y must hold the classes 0 and 1, got {np.unique(labels)[:5]}")
    return points, np.where(labels == 1, 1, -1)


def _hinge_newton(M: Floats, *, max_steps: int = 400) -> tuple[bool, Floats, Floats]:
    """Minimise half the squared hinge loss sum(max(0, 1 - Mw)**2) by Newton's method.

    Returns whether w separates (all Mw > 0), w, and the residuals max(0, 1 - Mw), which at a
    minimiser that does not separate are multipliers: M.T @ residuals = 0 is the zero gradient.
    """
    w: Floats = np.zeros(M.shape[1])
    if M.shape[1] <= 64:
        w = np.asarray(np.linalg.lstsq(M, np.ones(len(M)))[0], dtype=np.float64)
    lengths = np.linalg.norm(M, axis=1)
    scores = M @ w
    for _ in range(max_steps):
        residuals = np.maximum(0.0, 1.0 - scores)
        if (scores > 1e-9 * (1.0 + lengths * np.linalg.norm(w))).all():
            return True, w, residuals
        gradient = -(residuals @ M)
        if np.linalg.norm(gradient) <= 1e-13 * (residuals @ lengths):
            break
        active = M[scores < 1.0]
        H = active.T @ active
        H[np.diag_indices_from(H)] += 1e-11 * np.trace(H) / len(H)
        try:
            step = -scipy.linalg.cho_solve(scipy.linalg.cho_factor(H), gradient)
        except np.linalg.LinAlgError:
            break
        change = M @ step
        t = _line_minimum(scores, change)
        if t == 0.0:
            break
        w = w + t * step
        scores = scores + t * change
    return bool((M @ w > 0).all()), w, np.maximum(0.0, 1.0 - M @ w)


def _line_minimum(scores: Floats, change: Floats) -> float:
    """Minimise sum(max(0, 1 - scores - t * change)**2) over t >= 0 by its piecewise slope."""

    def slope(t: float) -> float:
        return -float(np.maximum(0.0, 1.0 - scores - t * change) @ change)

    high = 1.0
    while slope(high) < 0.0 and high < 2.0**40:
        high *= 2.0
    low = 0.0
    for _ in range(60):
        middle = 0.5 * (low + high)
        low, high = (low, middle) if slope(middle) > 0.0 else (middle, high)
    return low


def _tempered(points: Floats) -> tuple[Floats, NDArray[np.int64]]:
    """Divide columns whose squares would leave the range of float64 by powers of two.

    Returns the points and the exponents, which are 0 for all columns of usual size.
    """
    exponents = np.frexp(np.abs(points).max(axis=0))[1].astype(np.int64)
    exponents[np.abs(exponents) <= 300] = 0
    return np.ldexp(points, -exponents), exponents


def _power_of_two(lengths: Floats) -> Floats:
    """Return the powers of two next to the lengths, 1 for 0: scaling by them is exact."""
    return np.where(lengths > 0, np.exp2(np.round(np.log2(np.where(lengths > 0, lengths, 1)))), 1.0)


def _propose(M: Floats) -> tuple[bool, Floats, Floats]:
    """Run Newton's method in coordinates that suit it, and translate its answer back."""
    if M.shape[1] > M.shape[0]:
        # A gradient is a combination of rows, so the search never leaves their span.
        Q, R = np.linalg.qr(M.T)
        found, w, residuals = _hinge_newton(R.T)
        return found, np.asarray(Q @ w, dtype=np.float64), residuals
    scale = _power_of_two(np.sqrt((M**2).mean(axis=0)))
    found, w, residuals = _hinge_newton(M / scale)
    return found, np.asarray(w / scale), residuals


def _simplex_multipliers(M: Floats) -> Floats | None:
    """Find a vertex of {multipliers >= 0, M.T @ multipliers = 0, sum 1} by linear programming."""
    from scipy.optimize import linprog

    scale = _power_of_two(np.abs(M).max(axis=0))
    n = len(M)
    solved = linprog(
        np.zeros(n),
        A_eq=np.vstack([(M / scale).T, np.ones(n)]),
        b_eq=np.append(np.zeros(M.shape[1]), 1.0),
        bounds=(0, None),
        method="highs-ds",
    )
    return None if solved.x is None else np.where(solved.x > 1e-9, solved.x, 0.0)


def _exact_multipliers(whole: Ints, signs: Ints, guess: Floats) -> tuple[int, ...] | None:
    """Turn approximate multipliers into exact ones, or return None.

    The rows that the guess uses span a space; a basis of it is chosen among them. The other
    multipliers are rounded and kept, those of the basis are solved for.
    """
    used = np.flatnonzero(guess > 0)
    if not used.size:
        return None
    # The same rows in integers: points with a 1 appended, times the sign of their class.
    rows = np.hstack([whole[used], np.ones((len(used), 1), dtype=whole.dtype)]) * signs[used, None]
    floats = rows.astype(np.float64)
    floats /= _power_of_two(np.abs(floats).max(axis=0))
    weighted = floats * (guess[used] / guess.max())[:, None]
    R, order = scipy.linalg.qr(weighted.T, mode="r", pivoting=True)
    diagonal = np.abs(np.diag(R))
    for tolerance in (1e-9, 1e-6, 1e-12):
        rank = int((diagonal > tolerance * diagonal[0]).sum())
        basis, rest = order[:rank], order[rank:]
        columns = scipy.linalg.qr(floats[basis], mode="r", pivoting=True)[1][:rank]
        for bits in (20, 40):
            kept = [round(float(guess[used[i]] / guess.max()) * 2**bits) for i in rest]
            right = _times(rows[rest][:, columns].T, kept) if len(rest) else [0] * rank
            try:
                solved, denominator = solve_exactly(
                    np.ascontiguousarray(rows[basis][:, columns].T), [-v for v in right]
                )
            except ValueError:
                break
            found = [0] * len(guess)
            for i, value in zip(rest, kept, strict=True):
                found[used[i]] = value * denominator
            for i, value in zip(basis, solved, strict=True):
                found[used[i]] = value
            if _balances(whole, signs, found):
                common = math.gcd(*found)
                return tuple(v // common for v in found)
    return None


def separability_certificate(X: ArrayLike, y: ArrayLike) -> SeparabilityCertificate:
    """Decide whether a hyperplane separates two classes of points, and prove it.

    Parameters
    ----------
    X : array_like of float, shape (n, k)
        The points, n >= 1; float16, float32, float64 or integers. Their values are taken
        exactly as they are.
    y : array_like of int, shape (n,)
        Their classes, 0 and 1.

    Returns
    -------
    SeparabilityCertificate
        A hyperplane with class 1 strictly on its positive and class 0 strictly on its negative
        side, or multipliers that prove that there is none. It has passed its own `verify`.

    Raises
    ------
    TypeError
        If `X` holds anything but real numbers.
    ValueError
        If the shapes do not fit, `X` is not finite, or `y` holds anything but 0 and 1.
    ArithmeticError
        If neither could be proved: the classes touch so closely that float64 does not tell.

    Notes
    -----
    Newton's method minimises the squared hinge loss, half the sum of max(0, 1 - s(w.x + b))**2
    with s = +-1. Where it reaches a minimum without separating, the residuals max(0, ...) are
    multipliers up to rounding, since the gradient vanishes. Small problems then go through the
    simplex method, which gives a shortest list. Multipliers are made exact by solving for a
    basis of them in rational arithmetic (`solve_exactly`).

    References
    ----------
    .. [1] J. Farkas, "Theorie der einfachen Ungleichungen", Journal fuer die reine und
       angewandte Mathematik 124, 1902, pp. 1-27.

    Examples
    --------
    >>> from activations.truth.separability import separability_certificate
    >>> points = [[1, 1], [2, 2], [1, 2], [2, 3]]
    >>> separability_certificate(points, [1, 1, 0, 0]).separable
    True
    >>> separability_certificate([[0, 0], [1, 1], [0, 1], [1, 0]], [0, 0, 1, 1]).multipliers
    (1, 1, 1, 1)
    """
    points, signs = _checked(X, y)
    whole, shift = _scaled_integers(points)
    if abs(int(signs.sum())) == len(signs):
        return SeparabilityCertificate(True, np.zeros(points.shape[1]), float(signs[0]))
    points, exponents = _tempered(points)
    # Shifting the origin changes the bias only, and spares the search a long way.
    centre = points.mean(axis=0)
    M: Floats = np.hstack([points - centre, np.ones((len(points), 1))]) * signs[:, None]
    found, w, residuals = _propose(M)
    if found:
        # A common power of two keeps the weights in range when the points' exponents are not.
        common = int(np.clip(exponents, -900, 900)[np.abs(exponents).argmax()]) if len(w) > 1 else 0
        weights = np.ldexp(w[:-1], common - exponents)
        bias = float(np.ldexp(w[-1] - w[:-1] @ centre, common))
        if _separates(whole, shift, signs, weights, bias):
            return SeparabilityCertificate(True, weights, bias)
    guesses = [residuals]
    if M.size <= _SIMPLEX_ENTRIES and (vertex := _simplex_multipliers(M)) is not None:
        guesses.insert(0, vertex)
    for guess in guesses:
        multipliers = _exact_multipliers(whole, signs, guess)
        if multipliers is not None:
            return SeparabilityCertificate(False, multipliers=multipliers)
    raise ArithmeticError(
        "neither a separating hyperplane nor multipliers against one could be proved: "
        "in float64 the classes cannot be told apart from touching"
    )


# --- Principal components ---------------------------------------------------------------------


def dyadic_scores(scores: ArrayLike, *, bits: int = 16) -> Floats:
    """Round to the nearest multiples of a power of two.

    Parameters
    ----------
    scores : array_like of float
        Numbers of absolute value below ``2**(52 - bits)``.
    bits : int
        The results are multiples of ``2**-bits``.

    Returns
    -------
    numpy.ndarray of float64
        The rounded numbers, exactly.

    Raises
    ------
    ValueError
        If a number is not finite or too large, or `bits` is not in 0, ..., 40.

    Notes
    -----
    Scores on principal components come out of a long floating-point computation, so only their
    rounded values are a definite set of points to prove something about.

    Examples
    --------
    >>> from activations.truth.separability import dyadic_scores
    >>> dyadic_scores([0.1, -2.3], bits=2).tolist()
    [0.0, -2.25]
    """
    if not _is_integer(bits) or not 0 <= bits <= 40:
        raise ValueError(f"bits must be an integer in 0, ..., 40, got {bits!r}")
    values = np.asarray(scores, dtype=np.float64)
    if not (np.abs(values) < 2.0 ** (52 - bits)).all():
        raise ValueError(f"scores must be finite and below 2**{52 - bits} in absolute value")
    return np.asarray(np.round(values * 2.0**bits) * 2.0**-bits)


@dataclass(frozen=True, eq=False)
class SeparabilityOnset:
    """The smallest number of leading coordinates in which two classes are separable.

    Attributes
    ----------
    k : int or None
        That number; None if not even all coordinates suffice.
    plane : SeparabilityCertificate or None
        The proof that k coordinates suffice.
    obstacle : SeparabilityCertificate or None
        The proof that k - 1 do not, or that all do not; None only if k is 0.
    """

    k: int | None
    plane: SeparabilityCertificate | None
    obstacle: SeparabilityCertificate | None


def smallest_separable_k(Z: ArrayLike, y: ArrayLike) -> SeparabilityOnset:
    """Find how many leading columns are needed to separate two classes, with proofs.

    Parameters
    ----------
    Z : array_like of float, shape (n, k)
        The points, in coordinates of falling importance: scores on principal components.
    y : array_like of int, shape (n,)
        Their classes, 0 and 1.

    Returns
    -------
    SeparabilityOnset
        The number, and the certificates on both sides of it.

    Raises
    ------
    TypeError, ValueError, ArithmeticError
        As for `separability_certificate`.

    Notes
    -----
    A hyperplane in the first k coordinates is one in the first k + 1, with weight 0 on the new
    one. So separability is monotone in k, and bisection finds the onset. Its steps may use the
    float answer: if one were wrong, the certificates on both sides would not come out as they
    must, and an error would say so.

    Examples
    --------
    >>> from activations.truth.separability import smallest_separable_k
    >>> smallest_separable_k([[0, 0], [1, 1], [2, 0]], [0, 1, 0]).k
    2
    """
    points, signs = _checked(Z, y)
    total = points.shape[1]
    labels = (signs > 0).astype(np.int64)
    if abs(int(signs.sum())) == len(signs):
        return SeparabilityOnset(0, separability_certificate(points[:, :0], labels), None)
    mild = _tempered(points)[0]
    signed: Floats = np.hstack([np.ones((len(mild), 1)), mild - mild.mean(axis=0)]) * signs[:, None]

    def separable(k: int) -> bool:
        return _propose(signed[:, : k + 1])[0]

    low, high = 0, 1
    while high < total and not separable(high):
        low, high = high, 2 * high
    high = min(high, total)
    if high == total and (total == 0 or not separable(total)):
        whole = separability_certificate(points, labels)
        if whole.separable:
            raise ArithmeticError("the search and the proof disagree on all coordinates")
        return SeparabilityOnset(None, None, whole)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if separable(middle) else (middle, high)
    plane = separability_certificate(points[:, :high], labels)
    obstacle = separability_certificate(points[:, :low], labels)
    if not plane.separable or obstacle.separable:
        raise ArithmeticError(f"the search and the proof disagree near k = {high}")
    return SeparabilityOnset(high, plane, obstacle)


# --- Cover's count ----------------------------------------------------------------------------


def _counts(n: int, k: int) -> None:
    for name, value, least in (("n", n, 1), ("k", k, 0)):
        if isinstance(value, bool) or not isinstance(value, int | np.integer):
            raise TypeError(f"{name} must be an integer, got {value!r}")
        if value < least:
            raise ValueError(f"{name} must be at least {least}, got {value}")


def cover_count(n: int, k: int) -> int:
    """Count the labellings of n points in general position in k dimensions that a plane separates.

    Parameters
    ----------
    n : int
        The number of points, at least 1.
    k : int
        The dimension, at least 0.

    Returns
    -------
    int
        Twice the sum of the binomials (n-1 choose i) over i = 0, ..., k.

    Raises
    ------
    TypeError, ValueError
        If `n` or `k` is not such an integer.

    References
    ----------
    .. [1] T. M. Cover, "Geometrical and statistical properties of systems of linear inequalities
       with applications in pattern recognition", IEEE Transactions on Electronic Computers EC-14,
       1965, pp. 326-334.

    Examples
    --------
    >>> from activations.truth.separability import cover_count
    >>> cover_count(4, 2)  # all but the two that pair opposite corners of a quadrilateral
    14
    """
    _counts(n, k)
    n, k = int(n), int(k)
    return 2 * sum(math.comb(n - 1, i) for i in range(min(k, n - 1) + 1))


def cover_probability(n: int, k: int) -> float:
    """Give the probability that a random labelling of n points in general position is separable.

    Parameters
    ----------
    n : int
        The number of points, at least 1.
    k : int
        The dimension, at least 0.

    Returns
    -------
    float
        `cover_count` over 2**n: the probability that n - 1 fair coins show at most k heads.

    Raises
    ------
    TypeError, ValueError
        If `n` or `k` is not such an integer.

    Examples
    --------
    >>> from activations.truth.separability import cover_probability
    >>> cover_probability(356, 177)
    0.5
    """
    return float(Fraction(cover_count(n, k), 2 ** int(n)))
