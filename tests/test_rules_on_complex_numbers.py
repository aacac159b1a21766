"""Every rule once more, with complex inputs in place of the real ones of the samples: right, or refused by name."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from oracles import (
    DIFFERENTIABLE,
    assert_close,
    each,
    finite_difference,
    forward,
    gradients,
    is_complex,
    random_like,
    recorded,
    replaced,
    wrt,
)
from samples import Sample

#: Of complex singular vectors the phase is free, and the order of complex eigenvalues jumps, so that a difference of
#: two of them means nothing; tests of their own try sums that do not depend on either.
FREE = {"svd", "linalg.svd", "eig", "linalg.eig", "linalg.eigvals"}
REAL = [s for s in DIFFERENTIABLE if s.op not in FREE and not any(map(is_complex, s.inputs))]


def complexified(x: np.ndarray, seed: int) -> np.ndarray:
    """x + iy with y of both signs, away from 0, where the logarithm and its kin have cuts, and from half a tenth."""
    return np.asarray(x + 1j * np.random.default_rng(seed).choice([-0.33, -0.23, -0.13, 0.13, 0.23, 0.33], x.shape))


def check(sample: Sample, inputs: Sequence[Any]) -> None:
    """The gradients of real(sum(dz * z)) agree with differences of the forward function, or the operation says no."""
    try:
        forward(sample, inputs)
        z = recorded(sample, inputs)
    except (TypeError, np.exceptions.ComplexWarning):  # our DTypeError, or NumPy's own words
        return
    dz = random_like(z, 1)
    for i, dx in gradients(sample, inputs, dz).items():
        expected = finite_difference(lambda x, i=i: np.sum(dz * forward(sample, replaced(inputs, i, x))), inputs[i])
        assert_close(dx, expected, 1e-8)


@each(REAL)
def test_a_rule_is_right_for_complex_numbers_or_they_are_refused(sample: Sample) -> None:
    check(sample, [complexified(x, i) if i in wrt(sample) else x for i, x in enumerate(sample.inputs)])


@pytest.mark.parametrize("which", [0, -1], ids=["first", "last"])
@each([s for s in REAL if len(wrt(s)) > 1])
def test_a_rule_is_right_for_one_complex_operand_among_real_ones(sample: Sample, which: int) -> None:
    i = wrt(sample)[which]
    check(sample, replaced(list(sample.inputs), i, complexified(sample.inputs[i], i)))
