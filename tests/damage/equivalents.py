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
    Claim("*", "a sign added", "-> return -np.zeros_like", "minus 0 is 0"),
    Claim("*", CONSTANT, "np.where(z == 0, 2, z)", "where z is 0 the quotient is left out, whatever it is"),
    Claim("*", CONSTANT, "np.where(x == 0, 2, ", "where x is 0 the quotient is left out, whatever it is"),
    *claims("activation:leaky_relu", "both branches give 0 at 0", (COMPARISON, "return np.where(x >= 0")),
    *claims(
        "gamma:polygamma", "the reflection leaves 1/2 where it is",
        (COMPARISON, "t <= 0.5"), (CONSTANT, "np.minimum(t, 0.5005)"),
    ),
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
    *claims("linalg:vdot", "for reshape every negative number is -1", (CONSTANT, "x.reshape(-2)")),
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
