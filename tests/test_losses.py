"""What the losses refuse when they are called as operations, without `functions` in front of them."""

import numpy as np
import pytest

from tinygrad_edu.errors import DTypeError
from tinygrad_edu.primitives import registry


@pytest.mark.parametrize("name", ["binary_cross_entropy", "binary_cross_entropy_with_logits", "cross_entropy", "mse"])
def test_a_loss_compares_floats_and_its_labels_may_be_whole_numbers(name):
    params = {"axis": 0} if name == "cross_entropy" else {}
    floats, whole = np.full((2, 3), 0.5), np.array([[1, 0, 1], [0, 1, 0]])
    assert registry[name](floats, whole, **params) > 0
    with pytest.raises(DTypeError, match="give floats"):
        registry[name](whole, floats, **params)
