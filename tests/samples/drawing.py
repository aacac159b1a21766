"""A sample, and the arrays that samples are made of."""

import re
from typing import Any, NamedTuple

import numpy as np


class Sample(NamedTuple):
    """One call of one operation."""

    op: str
    inputs: tuple[Any, ...]
    params: dict[str, Any]
    skip: frozenset[str]
    take: Any  # for an op of several results: which of them

    def __str__(self) -> str:
        shapes = [str(x.shape) if isinstance(x, np.ndarray) else repr(x) for x in self.inputs]
        shapes = shapes if len(shapes) < 5 else [f"{len(shapes)} inputs"]
        params = [f"{key}={value!r}" for key, value in self.params.items()]
        text = " ".join(f"{self.op}({', '.join(shapes + params)})".split())
        return re.sub(r" at 0x[0-9a-fA-F]+", "", text)  # the same in every process


SAMPLES: list[Sample] = []


def sample(op: str, *inputs: Any, skip: str = "", take: Any = None, **params: Any) -> None:
    """Have `op` tried on these inputs."""
    inputs = tuple(np.asarray(x) if isinstance(x, np.generic | list) else x for x in inputs)
    SAMPLES.append(Sample(op, inputs, params, frozenset(skip.split()), take))


class Draws:
    """Random arrays from a seed of their own, so that a chapter's samples do not change with those of another."""

    def __init__(self, seed: int):
        self.rng = np.random.default_rng(seed)

    def normal(self, *shape: int) -> Any:
        """Both signs, none within 0.1 of 0."""
        x = self.rng.standard_normal(shape)
        return np.asarray(x + np.copysign(0.1, x))

    def complex_normal(self, *shape: int) -> Any:
        """All quadrants, no part within 0.1 of 0."""
        return np.asarray(self.normal(*shape) + 1j * self.normal(*shape))

    def within(self, low: float, high: float, *shape: int) -> Any:
        """Uniform between the bounds."""
        return np.asarray(self.rng.uniform(low, high, shape))

    def positive(self, *shape: int) -> Any:
        """Between 0.5 and 2."""
        return self.within(0.5, 2.0, *shape)

    def distinct(self, *shape: int) -> Any:
        """Both signs, all at least 0.1 apart and 0.05 away from 0."""
        n = int(np.prod(shape))
        return np.asarray(self.rng.permutation(np.arange(n) - n // 2).reshape(shape) * 0.1 + 0.05)
