"""What rules.joining promises beyond its samples: lists of arrays of any kind, linear cost, and clear errors."""

from functools import partial
from typing import Any

import numpy as np
import pytest
from calls import assert_differentiates, drawn
from samples.drawing import Draws

import tinygrad_edu as tg
from tinygrad_edu.errors import DTypeError, IndexingError, NoRuleError, ShapeError
from tinygrad_edu.primitives import Primitive
from tinygrad_edu.rules.joining import concatenate

draw = Draws(24)
normal, complex_normal = draw.normal, draw.complex_normal
tensor = partial(drawn, normal)


# Join


@pytest.mark.parametrize(
    ("f", "shapes"),
    [
        (np.vstack, [(3,), (2, 3)]), (np.vstack, [(), ()]), (np.vstack, [(1, 2, 2), (2, 2, 2)]), (np.vstack, [(3,)]),
        (np.hstack, [(2,), (3,)]), (np.hstack, [(), (2,)]), (np.hstack, [(2, 1), (2, 3)]), (np.hstack, [()]),
        (np.hstack, [(2, 1, 2), (2, 2, 2)]), (np.dstack, [(3,), (3,)]), (np.dstack, [(2, 3), (2, 3, 2)]),
        (np.dstack, [(), ()]), (np.dstack, [(2, 2, 1, 2), (2, 2, 2, 2)]), (np.column_stack, [(3,), (3, 2)]),
        (np.column_stack, [(), ()]), (np.column_stack, [(2, 2, 2), (2, 1, 2)]), (np.column_stack, [(0,), (0, 2)]),
        (np.stack, [(2,), (2,), (2,)]), (np.concatenate, [(2, 2), (0, 2), (1, 2)]),
    ],
)  # fmt: skip
def test_lists_of_arrays_are_joined_as_in_numpy(f: Any, shapes: Any) -> None:
    assert_differentiates(lambda *xs: f(xs), *(normal(*shape) for shape in shapes))
    assert_differentiates(
        lambda *xs: f([*xs]), *(complex_normal(*shape) for shape in shapes[:1]), *map(np.ones, shapes[1:])
    )


@pytest.mark.parametrize("f", [np.vstack, np.hstack, np.dstack, np.column_stack, np.stack, np.concatenate, np.block])
def test_tensors_are_joined_with_arrays_and_lists(f: Any) -> None:
    x, whole = normal(3), np.array([1, 2, 3])
    beside = [whole, [4.0, 5.0, 6.0]] if f is not np.block else [whole, np.array([4.0, 5.0, 6.0])]
    t = tg.Tensor(x, requires_grad=True)
    for parts in ([t, *beside], [*beside, t]):
        plain = [x if part is t else part for part in parts]
        z = f(parts)
        np.testing.assert_array_equal(z.data, f(plain), strict=True)
        assert z.requires_grad
    half = tg.Tensor(np.ones(3, np.float32), requires_grad=True)
    assert f([half, half]).dtype == np.float32
    assert f([half, t]).dtype == np.float64


def test_numbers_are_joined_too() -> None:
    assert_differentiates(lambda x: np.hstack([1.0, x, 2]), normal(2))
    assert_differentiates(lambda x: np.stack([x, 2.0 * x, np.float64(3.0)]), normal())
    assert_differentiates(lambda x: np.append(x, [3.0, 4.0]), normal(2, 2))
    assert_differentiates(lambda x: np.append([[3.0, 4.0]], x, axis=0), normal(1, 2))
    assert_differentiates(lambda x: np.append(2.0, x), normal())
    assert_differentiates(lambda x, y: np.append(x, y), normal(2, 2), normal(3))
    assert_differentiates(lambda x, y: np.concatenate([x, y, x], axis=None), normal(2, 2), normal())


def test_the_same_array_twice_gets_both_shares() -> None:
    assert_differentiates(lambda x: np.concatenate([x, x * x, x]), normal(2, 2))
    x = tensor(2)
    (np.concatenate([x, x]) * [1.0, 2.0, 3.0, 4.0]).sum().backward()
    np.testing.assert_array_equal(x.grad.data, [4, 6])


@pytest.mark.parametrize("n", [1, 50])
def test_the_rule_of_a_concatenation_runs_once_for_all_of_its_inputs(n: int, monkeypatch: Any) -> None:
    calls = []
    original = concatenate.rules.rule
    monkeypatch.setattr(concatenate.rules, "rule", lambda *args, **params: calls.append(1) or original(*args, **params))
    xs = [tensor(1 + i % 2, 2) for i in range(n)]
    for create_graph in (False, True):
        np.concatenate(xs).backward(np.arange(2.0 * sum(map(len, xs))).reshape(-1, 2), create_graph=create_graph)
        assert len(calls) == 1 + create_graph
    np.testing.assert_array_equal(
        np.concatenate([x.grad.data for x in xs]).ravel() / 2, np.arange(2.0 * sum(map(len, xs)))
    )


def test_an_op_of_any_number_of_inputs_may_give_each_gradient_by_its_index_or_all_at_once() -> None:
    def total(*xs: Any) -> Any:
        return sum(xs)

    def all_at_once(dz: Any, z: Any, *xs: Any) -> Any:
        return [dz * (i + 1) for i in range(len(xs))]

    one = Primitive(total, "one", {"dxs": lambda dz, z, *xs, index: dz * (index + 1)}, total)
    other = Primitive(total, "other", {"dxs": all_at_once}, total)
    for op in (one, other):
        xs = [tg.Tensor(2.0, requires_grad=True) for _ in range(3)]
        op(xs[0], 5.0, *xs[1:]).backward()
        assert [x.grad.item() for x in xs] == [1, 3, 4]


@pytest.mark.parametrize("f", [np.concatenate, np.stack, np.vstack, np.hstack])
def test_a_dtype_or_casting_is_refused_where_a_gradient_is_wanted(f: Any) -> None:
    x = tensor(2)
    for options in ({"dtype": np.float32}, {"casting": "unsafe", "dtype": int}):
        with pytest.raises(
            NoRuleError, match=r"(concatenate|stack)\(\.\.\., (dtype|casting)=.*no gradient rule covers"
        ):
            f([x, x], **options)
        z = f([x.detach(), x.detach()], **options)
        assert z.dtype == options["dtype"]
    assert f([x, x], dtype=None).requires_grad


def test_a_vertical_stack_of_nothing_fails_as_in_numpy() -> None:
    x = tensor(2, 3)
    for call in (
        lambda: np.vstack([x, tensor(2)]),
        lambda: np.hstack([x, tensor(3, 3)]),
        lambda: np.hstack([tensor(2), x]),
        lambda: np.dstack([x, tensor(3)]),
        lambda: np.column_stack([x, tensor(3)]),
        lambda: np.append(x, tensor(2), axis=0),
        lambda: np.append(2.0, tensor(2), axis=0),
        lambda: np.append(x, tensor(1, 3), axis=2),
        lambda: np.stack([x, tensor(2)]),
        lambda: np.concatenate([x, tensor(2)]),
    ):
        with pytest.raises(ShapeError):
            call()


def test_blocks_are_joined_from_the_innermost_lists_outwards() -> None:
    a, b, c = normal(2, 2), normal(2, 1), normal(3)
    assert_differentiates(lambda a, b, c: np.block([[a, b], [c]]), a, b, c)
    assert_differentiates(lambda a, b: np.block([[a, np.zeros((2, 2))], [2.0, b[0], 3]]), a, normal(1, 2))
    assert_differentiates(lambda x, y: np.block([x, y, 1.0]), normal(2), normal())
    assert_differentiates(lambda x, y: np.block([[x], [y]]), normal(2), normal(2))
    assert_differentiates(lambda x, y: np.block([x, y]), normal(3), normal(1, 2))
    assert_differentiates(lambda x, y: np.block([[[x], [y]]]), normal(2), normal(2))
    assert_differentiates(lambda x, y: np.block([[x, y]]), normal(2, 1, 2), normal(2, 1, 1))
    assert_differentiates(lambda x: np.block(x), normal(2))
    assert_differentiates(lambda x: np.block([[x]]), normal())
    x = tensor(2)
    for blocks in ([x, [x]], [[x], x], [[x], []], [x, [[x]]]):
        with pytest.raises(ShapeError, match="block: each array must lie in equally many lists"):
            np.block(blocks)
    with pytest.raises(ShapeError):
        np.block([[x], [tensor(3)]])


# Cut


@pytest.mark.parametrize("f", [np.split, np.array_split])
@pytest.mark.parametrize(
    "cuts", [1, 2, np.int64(3), [2, 5], (0, 6), [9], [-1], [], np.array([4, 2]), tg.Tensor([1, 3])]
)
def test_the_pieces_are_those_of_numpy(f: Any, cuts: Any) -> None:
    raw = cuts.data if isinstance(cuts, tg.Tensor) else cuts
    for x, axis in ((normal(6), 0), (normal(2, 6), 1), (normal(6, 2), -2)):
        pieces = f(tg.Tensor(x, requires_grad=True), cuts, axis)
        for piece, expected in zip(pieces, f(x, raw, axis), strict=True):
            np.testing.assert_array_equal(piece.data, expected, strict=True)
            assert piece.requires_grad


def test_sections_of_unequal_length_are_longer_in_front() -> None:
    for n in range(8):
        for sections in range(1, 10):
            pieces = np.array_split(tensor(n), sections)
            assert [len(p) for p in pieces] == [len(p) for p in np.array_split(np.zeros(n), sections)]


def test_pieces_joined_again_have_the_gradient_of_the_whole() -> None:
    for f, join in (
        (np.hsplit, np.hstack),
        (np.vsplit, np.vstack),
        (np.dsplit, np.dstack),
        (np.array_split, np.concatenate),
    ):
        assert_differentiates(lambda x, f=f, join=join: join([p * p for p in f(x, 2)][::-1]), normal(2, 2, 2))


def test_cuts_that_cannot_be_made_are_named() -> None:
    x = tensor(4, 3)
    for call, message in (
        (lambda: np.split(x, 3), "an axis of length 4 has no 3 equal sections"),
        (lambda: np.hsplit(x, 2), "an axis of length 3 has no 2 equal sections"),
        (lambda: np.array_split(x, 0), "^array_split: there must be one section or more, and not 0"),
        (lambda: np.array_split(x, -2), "one section or more, and not -2"),
        (lambda: np.split(x, 0), "an axis of length 4 has no 0 equal sections"),
        (lambda: np.hsplit(tensor(), 1), "hsplit: a number cannot be cut"),
        (lambda: np.vsplit(tensor(4), 2), r"vsplit: ary is \(4,\)"),
        (lambda: np.dsplit(x, 2), r"dsplit: ary is \(4, 3\)"),
    ):
        with pytest.raises(ShapeError, match=message):
            call()
    with pytest.raises(IndexingError, match=r"^split: the array is \(4, 3\); axis 2 is out of bounds"):
        np.split(x, 2, axis=2)
    with pytest.raises(IndexingError, match=r"^array_split: the array is \(\); axis 0 is out of bounds"):
        np.array_split(tensor(), 1)
    for axis in (None, 1.0):
        with pytest.raises(DTypeError, match=r"^split: an axis is a whole number; .*integer"):
            np.split(x, 2, axis=axis)


# Repeat


def test_repetitions_that_do_not_fit_are_named() -> None:
    x = tensor(2, 3)
    with pytest.raises(IndexingError, match=r"repeat: the array is \(2, 3\); axis 2 is out of bounds"):
        np.repeat(x, 2, axis=2)
    for repeats in ([1, 2], -1, [-1, 1, 1], [[1, 2, 3]]):
        with pytest.raises(ShapeError, match="repeat: repeats must be one number or 3, as many as there are entries"):
            np.repeat(x, repeats, axis=1)
    for call in (
        lambda: np.repeat(x, 1.5),
        lambda: np.tile(x, 1.5),
        lambda: np.split(x, [1.5]),
        lambda: np.pad(x, 1.5, "wrap"),
    ):
        with pytest.raises(DTypeError, match=r"(repeat|tile|split|pad): whole numbers are needed"):
            call()
    with pytest.raises(ShapeError):
        np.tile(x, (2, -1))


def test_one_number_repeats_without_an_index() -> None:
    x = tensor(2, 3)
    for z in (np.repeat(x, 2), np.repeat(x, [2], axis=0), np.tile(x, 2)):
        assert (z.op.name, z.inputs[0].op.name) == ("reshape", "broadcast_to")


def test_a_tensor_tells_how_often() -> None:
    x = tensor(2, 3)
    times = tg.Tensor([2, 0, 1])
    np.testing.assert_array_equal(np.repeat(x, times, axis=1).data, np.repeat(x.data, [2, 0, 1], axis=1))
    np.testing.assert_array_equal(np.repeat(x, tg.Tensor(2)).data, np.repeat(x.data, 2))
    np.testing.assert_array_equal(np.tile(x, tg.Tensor([2, 2])).data, np.tile(x.data, (2, 2)))


# Pad


@pytest.mark.parametrize("mode", ["edge", "reflect", "symmetric", "wrap"])
@pytest.mark.parametrize("width", [0, 1, (2, 1), ((1, 2), (0, 0)), ((0, 5), (7, 1)), np.array([[0, 1], [2, 0]]), [[3]]])
def test_a_border_of_its_own_entries_is_that_of_numpy(mode: str, width: Any) -> None:
    for x in (normal(3, 2), normal(1, 2)):
        assert_differentiates(lambda x: np.pad(x, width, mode=mode), x)


def test_axes_without_a_border_are_left_alone() -> None:
    x = tensor(2, 3)
    z = np.pad(x, ((0, 0), (1, 0)), "edge")
    assert z.op.name == "getitem"
    assert z.inputs[0] is x
    assert np.pad(x, 0, "wrap") is x


@pytest.mark.parametrize(
    "options",
    [
        {"mode": "mean"}, {"mode": "linear_ramp", "end_values": 1.0}, {"mode": "maximum"}, {"mode": "empty"},
        {"mode": "reflect", "reflect_type": "odd"}, {"mode": "symmetric", "reflect_type": "odd"}, {"mode": "median"},
        {"mode": "mean", "stat_length": 2},
    ],
    ids=repr,
)  # fmt: skip
def test_a_border_that_is_computed_is_refused(options: Any) -> None:
    with pytest.raises(NoRuleError, match=r"pad\(mode=.*np\.concatenate") as caught:
        np.pad(tensor(3), 1, **options)
    for key, value in options.items():
        assert f"{key}={value!r}" in str(caught.value)


def test_padding_refuses_what_it_cannot_pad_with() -> None:
    with pytest.raises(NoRuleError, match="constant"):
        np.pad(tensor(2), 1, lambda *args: None)
    for call, error, message in (
        (lambda: np.pad(tensor(2, 0), 1, "edge"), ShapeError, "pad: can't extend empty axis 1"),
        (lambda: np.pad(tensor(2), -1), ShapeError, "negative"),
        (lambda: np.pad(tensor(2), -1, "wrap"), ShapeError, "pad: .*negative"),
        (lambda: np.pad(tensor(2), (1, 2, 3), "wrap"), ShapeError, r"pad: the widths \(1, 2, 3\)"),
        (lambda: np.pad(tensor(2), 1, "edge", constant_values=2.0), NoRuleError, "constant_values"),
    ):
        with pytest.raises(error, match=message):
            call()


@pytest.mark.skipif(np.__version__ < "2.2", reason="a dict since a later NumPy")
@pytest.mark.parametrize("mode", ["constant", "edge"])
def test_the_widths_of_single_axes_come_in_a_dict(mode: str) -> None:
    try:
        np.pad(np.zeros((2, 2)), {0: 1})
    except TypeError:
        pytest.skip("this NumPy takes no dict")
    for width in ({0: 1}, {-1: (2, 1)}, {0: (0, 1), 1: 2}, {}):
        assert_differentiates(lambda x, width=width: np.pad(x, width, mode=mode), normal(2, 3))
