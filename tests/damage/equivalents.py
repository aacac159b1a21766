"""Damages that change no number, each with the reason.  `python tests/mutants.py` checks every claim by numbers."""

from fnmatch import fnmatchcase
from typing import NamedTuple

from .chapters import Mutant


class Claim(NamedTuple):
    """Survivors of this kind are no gap of the suite."""

    where: str  # chapter:name, with * and ? as in file names
    what: str  # the kind of damage, likewise
    change: str  # a piece of "source before -> source after"
    reason: str

    def covers(self, mutant: Mutant) -> bool:
        return (
            fnmatchcase(mutant.place, self.where)
            and fnmatchcase(mutant.what, self.what)
            and self.change in mutant.change
        )

    @property
    def exact(self) -> bool:
        """About one operation; such a claim must hold for all that it covers, not only for what survives the tests."""
        return not {"*", "?"} & set(self.where)


def claims(where: str, reason: str, *damages: tuple[str, str]) -> list[Claim]:
    """Several damages of one place, with one reason."""
    return [Claim(where, what, change, reason) for what, change in damages]


CONSTANT, COMPARISON, BRANCH, CONDITION = (
    "a constant changed", "a comparison changed", "a branch lost", "a condition lost",
)  # fmt: skip

CLAIMS = [
    Claim("*", "a conj added", "", "the operation takes real numbers only"),
    Claim("*", "a sign added", " -np.zeros", "minus 0 is 0"),
    Claim("*", CONSTANT, "reshape(-2)", "for reshape every negative number is -1"),
    Claim("*", CONSTANT, "np.where(z == 0, 2, z)", "where z is 0 the quotient is left out, whatever it is"),
    Claim("*", CONSTANT, "np.where(x == 0, 2, ", "where x is 0 the quotient is left out, whatever it is"),
    *claims("activation:leaky_relu", "both branches give 0 at 0", (COMPARISON, "return np.where(x >= 0")),
    *claims(
        "arguments:array_of", "what has one of the two has both",
        ("an operator changed", " or hasattr"), ("a condition lost", "hasattr"),
    ),
    *claims("arguments:cast", "a copy has the same entries", ("a condition lost", "-> return x if dtype is None else")),
    *claims("contraction:fault", "None and an empty reason say the same", ("nothing returned", "return ''")),
    *claims("contraction:einsum", "every second of an odd number", (CONSTANT, "operands[:-2:2]")),
    *claims("decompositions:*Result", "only the type is asked for", (CONSTANT, "np.eye(")),
    *claims("decompositions:eigen_packed", "the vectors are a square", (CONSTANT, "V.shape[-2]")),
    *claims("decompositions:as_lapack_turns", "the vectors are a square", (CONSTANT, "n = V.shape[-2]")),
    *claims("decompositions:as_lapack_turns", "what is divided by where the quotient is left out", (CONSTANT, "V, 2)")),
    *claims("decompositions:phi", "the matrix is a square", (CONSTANT, "n = a.shape[-2]")),
    *claims("decompositions:rounding", "what counts as rounding is a choice", (CONSTANT, "11 *"), (CONSTANT, "9 *")),
    *claims(
        "decompositions:to_triangles", "what counts as equal is a choice, and the size of a difference has no sign",
        (COMPARISON, "same = np.abs(a - mH(a)) < "), ("operands swapped", "np.abs(mH(a) - a)"),
        (CONSTANT, "1.0009999999999998e-06"),
    ),
    *claims(
        "decompositions:over_gaps", "what counts as rounding is a choice, and 0 over anything is 0",
        (COMPARISON, "< rounding("), ("an operator changed", "gaps) - diagonal"),
    ),
    *claims("decompositions:over", "dz * z is 0 or infinite where b is 0", (CONSTANT, "-over(dz * z, b, 1)")),
    *claims("decompositions:real_part", "a real number is its own real part", (BRANCH, "-> return np.real(x)")),
    *claims("decompositions:svd*", "the smaller or larger of the two", ("arguments swapped", "(n, m)")),
    *claims("decompositions:svd_da", "0 over anything is 0", ("an operator changed", "sums - np.eye")),
    *claims(
        "decompositions:hermitian_svd", "the last axis is the default, from NumPy 2.3 on",
        ("an argument lost", "take_along_axis(w, order)"), ("an argument lost", "order[..., None, :])"),
    ),
    *claims(
        "decompositions:qr_da", "a shortcut: there are no further columns, or rows, in a matrix that is not wide",
        ("a condition fixed", "if True:"), (COMPARISON, ">= k"), (BRANCH, "-> return np.concatenate"),
        (CONSTANT, "k = Q.shape[-2]"),
    ),
    *claims(
        "elementwise:power_da", "b is 0 there, and every power of a = 0 is finite",
        (CONSTANT, "b + 2"), ("an operand lost", "b == 0), 1, b - 1)"),
    ),
    *claims("elementwise:log_share", "-inf, less any number, stays -inf", (CONSTANT, "-np.inf, 1, z)")),
    *claims(
        "elementwise:sinc_derivative", "both approximations are right where they meet",
        (COMPARISON, "<= 3"), (CONSTANT, "np.abs(y) < 2"),
    ),
    *claims(
        "elementwise:sinc_derivative", "what np.where leaves out, or multiplies by n = 0",
        (CONSTANT, "np.where(near, 4, y)"), (CONSTANT, "np.where(near, 2, y)"), (CONSTANT, "np.where(near, y, 1)"),
        (CONSTANT, "g: Any = 1"),
    ),
    *claims(
        "elementwise:sinc_derivative", "a term below rounding",
        (CONSTANT, "% 2, 31, 2)"), (CONSTANT, "% 2, 29, 2)"),
    ),
    *claims("fourier:Norm", "for type checkers only", ("an operand lost", "Norm = ")),
    *claims("fourier:fitted", "the two are not equal there", (COMPARISON, ">= wanted")),
    *claims("rounding:floor_divide", "both rules are the same", ("rules exchanged", "")),
    *claims("rounding:copysign", "1 over 1 or -1 is the same", ("an operator changed", "/ np.copysign(1.0")),
    *claims(
        "sequences:cumprod_dx", "a further doubling passes on nothing",
        (COMPARISON, "step <= last.shape[-1]"),
    ),
    *claims(
        "sequences:join_between", "a shortcut: one array, joined, is itself",
        (BRANCH, "-> return concatenate(*parts, axis=axis)"), (COMPARISON, "len(parts) >= 1"),
        (CONSTANT, "len(parts) > 0"),
    ),
    *claims(
        "sequences:slopes", "of an array with one axis, or of lines, where the parabola's spacings are not read",
        (CONSTANT, "reshape((-2,)"), ("an operand lost", "h[1]"), ("an argument lost", "end[None]), f.dtype)"),
    ),
    *claims(
        "sequences:gradient", "their lengths have been compared",
        ("an argument lost", "zip(axes, spacings):"), (CONSTANT, "strict=False"),
    ),
    *claims("sequences:trapezoid", "for reshape every negative number is -1", (CONSTANT, "reshape((-2,)")),
    *claims("sequences:linspace", "the larger of the two", ("arguments swapped", "max(1, intervals)")),
    *claims("sequences:linspace", "only its type counts", (CONSTANT, "stop, 1.001)")),
    *claims(
        "sequences:interp", "one knot beyond the period is needed, and further ones do no harm",
        ("an index lost", "xp + period"), ("a bound lost", "xp[:] + period"), (CONSTANT, "xp[:2] + period"),
        ("an index lost", "fp[-1:], fp, fp, 0"), ("a bound lost", "fp[-1:], fp, fp[:], 0"),
        (CONSTANT, "fp[-1:], fp, fp[:2], 0"),
    ),
    *claims("sequences:interp", "the middle one of three numbers", ("arguments swapped", "np.clip(0, ")),
    *claims(
        "sequences:convolve_share", "convolution commutes; of vectors of one length both modes are the same",
        ("arguments swapped", "np.convolve(turned, dz"), (COMPARISON, "x.size > turned.size"),
        ("arguments swapped", "min(turned.size, x.size)"),
    ),
    *claims("sequences:correlate", "convolution commutes", ("arguments swapped", "return convolve(v.conj()")),
    Claim("*", CONSTANT, "copy: bool=False", "Tensors do not change, so a copy is all one"),
    Claim("*", CONSTANT, "overwrite_input: bool=True", "Tensors do not change, so nothing is overwritten"),
    Claim("*", CONSTANT, "(1, -2)", "for reshape every negative number is -1"),
    *claims("reduce:kept", "a shortcut: the axes are there already", (CONDITION, "if axis is None or not x.ndim")),
    *claims("reduce:count", "there is nothing to divide", (CONSTANT, "if z.size else 1")),
    *claims("reduce:var_dx", "where n is 0, both divide by 0", (COMPARISON, "n if n >= 0")),
    *claims("reduce:products_before", "a further doubling passes on nothing", (COMPARISON, "step <= x.shape[-1]")),
    *claims("reduce:logsumexp", "infinity, less any number, stays infinite", (CONSTANT, "top, 1)")),
    *claims(
        "reduce:warn", "all lines that it could name are NumPy's or ours",
        ("an argument lost", "RuntimeWarning)"), (CONSTANT, "stacklevel=4"), (CONSTANT, "stacklevel=2"),
    ),
    *claims("reduce:chosen", "a shortcut: np.where(True, a, other) is a", ("a condition fixed", "if False:")),
    *claims("reduce:with_initial", "sums, products and extremes commute", ("arguments swapped", "combine(cast(")),
    *claims("reduce:wider_var", "only its square counts", ("operands swapped", "d = mean - a")),
    *claims("reduce:wider_var", "a real number is its own real part", (BRANCH, "-> squares = np.real(d * d.conj())")),
    *claims("shape:is_fortran", "a sign changes no truth", ("a sign added", "-(order == 'F')")),
    *claims("shape:reshape_in_order", "a copy has the same entries", (BRANCH, "-> a = a.copy()")),
    *claims("shape:reshape_in_order", "the same whole numbers", ("a method lost", "[::-1])).T")),
    *claims("shape:meshgrid", "for reshape every negative number is -1", (CONSTANT, "-2 if i == axis")),
    *claims("shape:resize", "no length is negative where there is none", (CONSTANT, "default=1")),
    *claims(
        "shape:diagonal_slice", "both ways the diagonal starts at 0, and at the end of the matrix a slice stops",
        (COMPARISON, "offset > 0 else"), (CONSTANT, "offset >= 1 else"),
        ("an operator changed", "min(rows - offset, columns)"), ("an operand lost", "else min(rows, columns)"),
        ("an operand lost", "max(count, 0) * columns"), (CONSTANT, "(columns + 0)"),
    ),
    *claims(
        "shape:diagonal_slice", "the smaller or larger of the two",
        ("arguments swapped", "min(columns - offset, rows)"), ("arguments swapped", "min(columns, rows + offset)"),
        ("arguments swapped", "max(0, count)"),
    ),
    *claims("shape:full_like", "minus 0 is 0", ("a sign added", "-np.zeros_like(a)")),
    *claims("shape:empty_like", "it is whatever lies in memory", ("a sign added", "-np.empty_like")),
    *claims("statistics:Rows", "a row with a NaN is NaN, whatever its n", (BRANCH, "-> self.n = self.length - nans")),
    *claims("statistics:Rows", "the middle one of three numbers", ("arguments swapped", "np.clip(0, k")),
    *claims("statistics:median", "minus NaN is NaN", ("a sign added", "return -np.mean(")),
    *claims("statistics:quantile", "0 and 1 are whole numbers, as n is", (BRANCH, "-> n = cast(rows.n, q.dtype)")),
    *claims("statistics:observations", "the covariance of -m is that of m", ("a sign added", "return -(m if")),
    *claims("statistics:cov", "a fraction is neither rounded nor cut", ("a function changed", "np.trunc(")),
    *claims("statistics:cov", "only products of two of them count", ("operands swapped", "X = mean - X")),
    *claims("statistics:corrcoef", "the middle one of three numbers", ("arguments swapped", "np.clip(-1, ")),
    *claims(
        "special:polygamma", "the reflection leaves 1/2 where it is",
        (COMPARISON, "t <= 0.5"), (CONSTANT, "np.minimum(t, 0.5005)"),
    ),
    *claims("inverses:SlogdetResult", "only the type is asked for", (CONSTANT, "np.eye(")),
    *claims(
        "inverses:matrix_power", "the matrix is square, and 0 has been dealt with",
        (CONSTANT, "np.eye(a.shape[-2]"), (COMPARISON, "if n <= 0"), (CONSTANT, "if n < 1"),
    ),
    *claims(
        "inverses:pinv_within", "what is divided by where the quotient is left out",
        (CONSTANT, "np.where(large, s, 2)"),
    ),
    *claims("joining:tile", "a product of two", ("arguments swapped", "zip(shape, times)])")),
    *claims("joining:array_split", "the smaller of the two", ("arguments swapped", "min(longer, i)")),
    *claims(
        "linalg:mT", "swapping two axes is transposing",
        (BRANCH, "return a.swapaxes"), (CONSTANT, "a.ndim == 1"),
    ),
    *claims("linalg:mH", "a shortcut: a real number is its own conjugate", (BRANCH, "-> return mT(a).conj()")),
    *claims(
        "linalg:dot", "a shortcut: the general form serves matrices too",
        (COMPARISON, "if b.ndim < 2"), (CONSTANT, "if b.ndim <= 1"),
    ),
    *claims("linalg:dot", "for reshape every negative number is -1", (CONSTANT, "reshape((b.shape[-2], -2))")),
    *claims(
        "linalg:outer", "for reshape every negative number is -1",
        (CONSTANT, "a.reshape((-2, 1))"), (CONSTANT, "b.reshape(-2)"),
    ),
    *claims(
        "linalg:affine", "a shortcut: Z += b is Z + b in place",
        ("a condition fixed", "(len(Z), 1): -> if False"), (CONDITION, "if Z.dtype == b.dtype:"),
        (COMPARISON, "b.shape != (len(Z), 1)"), (CONSTANT, "(len(Z), 2)"), (CONSTANT, "(len(Z), 0)"),
    ),
    *claims(
        "linalg:kron", "the larger of the two, or a product of two",
        ("arguments swapped", "max(b.ndim, a.ndim)"), ("arguments swapped", "zip(n, m)"),
    ),
    *claims("loss:mse", "the square of the difference", ("operands swapped", "(Y - A) ** 2")),
    *claims(
        "random:dropout_mask", "the division makes floats of x's dtype",
        ("a method lost", "(rng.random(x.shape) < keep) /"),
    ),
    *claims("random:dropout_mask", "of no probability", (COMPARISON, "<= keep")),
    *claims("special:erf", "functions.erf hands over an array", ("a function lost", "dtype = x.dtype")),
    *claims("special:erf", "erf is 1 to the last bit from |x| = 6 on", (CONSTANT, "101)"), (CONSTANT, "99)")),
    *claims(
        "special:erf", "a bound on what np.where leaves out anyway, against overflow",
        ("a function lost", "_ratio(s, P_SMALL"), (CONSTANT, "np.minimum(s, 2)"),
        ("a function lost", "_ratio(t - 1, P_MIDDLE"), (CONSTANT, "np.minimum(t, 3)"),
    ),
    *claims("special:erf", "np.copysign looks at the size only", ("operands swapped", "/ np.maximum(t, 1) - 1")),
    *claims(
        "special:erf", "both approximations are right where they meet",
        (COMPARISON, "t <= 0.84375"), (CONSTANT, "t < 0.8445"), (COMPARISON, "t <= 1.25"), (CONSTANT, "t < 1.2512"),
    ),
]  # fmt: skip
