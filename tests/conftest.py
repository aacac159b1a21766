"""Tensors that the tests of NumPy's protocols and conversions share."""

import pytest

import tinygrad_edu as tg


@pytest.fixture
def t() -> tg.Tensor:
    return tg.Tensor([1.0, 2.0, 4.0], requires_grad=True, name="t")


@pytest.fixture
def number() -> tg.Tensor:
    return tg.Tensor(2.0, requires_grad=True, name="number")


@pytest.fixture
def constant() -> tg.Tensor:
    return tg.Tensor([1.0, 2.0, 4.0])
