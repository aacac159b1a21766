"""NumPy meets Tensors: whoever is asked first, a gradient is recorded or an error raised, never lost in silence."""

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from oracles import assert_records

import tinygrad_edu as tg
from tinygrad_edu.errors import GradientError, MutationError, NoRuleError

# Operators, with the Tensor on either side

ARITHMETIC = [operator.add, operator.sub, operator.mul, operator.truediv, operator.pow, operator.matmul]
COMPARISONS = [operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne]
PARTNERS = [np.array([3.0, 1.0, 4.0]), np.array([3, 1, 4]), [3.0, 1.0, 4.0], (3, 1, 4)]


@pytest.mark.parametrize("partner", PARTNERS, ids=repr)
@pytest.mark.parametrize("operation", ARITHMETIC)
def test_operators_record_on_both_sides_of_an_array(operation: Any, partner: Any, t: tg.Tensor) -> None:
    assert_records(operation(t, partner), np.asarray(operation(t.data, np.asarray(partner))))
    assert_records(operation(partner, t), np.asarray(operation(np.asarray(partner), t.data)))


@pytest.mark.parametrize("partner", [3, 3.0, np.float64(3), np.int64(3), np.array(3.0), True], ids=repr)
@pytest.mark.parametrize("operation", ARITHMETIC[:-1])
def test_operators_record_on_both_sides_of_a_number(operation: Any, partner: Any, t: tg.Tensor) -> None:
    assert_records(operation(t, partner), operation(t.data, partner))
    assert_records(operation(partner, t), operation(partner, t.data))


@pytest.mark.parametrize("partner", [*PARTNERS, 3, 3.0, np.float32(3), np.array(3.0)], ids=repr)
@pytest.mark.parametrize("operation", COMPARISONS)
def test_comparisons_answer_on_both_sides(operation: Any, partner: Any, t: tg.Tensor) -> None:
    for z, expected in (
        (operation(t, partner), operation(t.data, np.asarray(partner))),
        (operation(partner, t), operation(np.asarray(partner), t.data)),
    ):
        assert type(z) is tg.Tensor
        assert not z.requires_grad
        np.testing.assert_array_equal(z.data, expected, strict=True)


@pytest.mark.parametrize("scalar", [np.float32(2), np.float16(2), np.int64(2), np.float64(2), 2, 2.0, True], ids=repr)
def test_scalars_promote_as_numpy_says(scalar: Any) -> None:
    array = np.array([1.0, 2.0], np.float32)
    t = tg.Tensor(array, requires_grad=True)
    for operation in (operator.mul, operator.add, operator.sub, operator.truediv):
        assert_records(operation(scalar, t), operation(scalar, array))
        assert_records(operation(t, scalar), operation(array, scalar))


def test_signs_work_as_on_arrays(t: tg.Tensor) -> None:
    assert_records(-t, -t.data)
    assert_records(+t, t.data)
    assert_records(abs(-t), t.data)
    np.testing.assert_array_equal((~(t > 1)).data, [True, False, False])


def test_the_gradient_flows_through_an_array_on_the_left(t: tg.Tensor) -> None:
    (np.array([[1.0, 2.0, 3.0]]) @ t * np.float64(2) - np.array([1.0])).sum().backward()
    np.testing.assert_array_equal(t.grad.data, [2, 4, 6])


# Writing into plain arrays


def test_an_array_takes_an_update_in_place_where_no_gradient_is_wanted(t: tg.Tensor) -> None:
    (t * t).sum().backward()
    W = np.array([1.0, 2.0, 4.0])
    same = W
    W -= 0.5 * t.grad
    assert W is same
    np.testing.assert_array_equal(W, [0, 0, 0])


@pytest.mark.parametrize("update", [operator.iadd, operator.isub, operator.imul, operator.itruediv])
def test_an_array_refuses_an_update_by_a_tensor_with_a_gradient_and_names_the_cure(update: Any, t: tg.Tensor) -> None:
    a = np.ones(3)
    with pytest.raises(NoRuleError, match=r"a = a \+ t"):
        update(a, t)
    np.testing.assert_array_equal(a, np.ones(3))


def test_a_name_may_be_rebound_by_an_update(t: tg.Tensor) -> None:
    z = t
    z += 1
    assert z is not t
    assert_records(z, [2.0, 3.0, 5.0])
    z = np.ones(3)
    z = z + t
    assert_records(z, [2.0, 3.0, 5.0])


def test_out_takes_plain_arrays_where_no_gradient_is_wanted(constant: tg.Tensor) -> None:
    out = np.zeros(3)
    assert np.add(constant, 1, out=out) is out
    np.testing.assert_array_equal(out, [2, 3, 5])
    assert np.sqrt(constant, out) is out
    total = np.zeros(())
    assert np.sum(constant, out=total) is total
    assert total == 7
    assert np.cumsum(constant, out=out) is out
    assert np.clip(constant, 2, 3, out=out) is out
    np.testing.assert_array_equal(out, [2, 2, 3])


@pytest.mark.parametrize(
    "call",
    [
        lambda t: np.add(t, 1, out=np.zeros(3)),
        lambda t: np.sqrt(t, np.zeros(3)),
        lambda t: np.sum(t, out=np.zeros(())),
        lambda t: np.cumsum(t, out=np.zeros(3)),
        lambda t: np.concatenate([t, t], out=np.zeros(6)),
        lambda t: np.clip(t, 0, 1, out=np.zeros(3)),
        lambda t: np.dot(np.eye(3), t, out=np.zeros(3)),
        lambda t: np.matmul(t, t, out=np.zeros(())),
    ],
)
def test_out_refuses_a_tensor_with_a_gradient(call: Callable[[Any], Any], t: tg.Tensor) -> None:
    with pytest.raises(TypeError, match="out"):
        call(t)
    with tg.no_grad():
        assert isinstance(call(t), np.ndarray)


@pytest.mark.parametrize(
    "call",
    [
        lambda t: np.add(np.ones(3), 1, out=t),
        lambda t: np.add(np.ones(3), t, t),
        lambda t: np.add.at(t, [0], 1.0),
        lambda t: np.copyto(t, np.ones(3)),
        lambda t: np.put(t, [0], 1.0),
        lambda t: np.fill_diagonal(t, 1.0),
        lambda t: np.putmask(t, [True, False, False], 1.0),
        lambda t: operator.setitem(t, 0, 1.0),
        lambda t: operator.setitem(t, ..., 1.0),
    ],
)
def test_nothing_writes_into_a_tensor(call: Callable[[Any], Any], t: tg.Tensor, constant: tg.Tensor) -> None:
    for x in (t, constant):
        with pytest.raises(MutationError, match="do not change"):
            call(x)
        np.testing.assert_array_equal(x.data, [1, 2, 4])


def test_a_reduction_does_not_write_into_a_tensor(t: tg.Tensor, constant: tg.Tensor) -> None:
    for x in (t, constant):
        with pytest.raises((MutationError, NoRuleError), match=r"out|do not change"):
            np.sum(np.ones((3, 3)), axis=0, out=x)
        np.testing.assert_array_equal(x.data, [1, 2, 4])


# Arguments that rules do not cover

UNCOVERED = [
    (lambda t: np.add(t, 1, where=np.array([True, False, True]), out=np.zeros(3)), [2, 0, 5]),
    (lambda t: np.add(t, 1, dtype=np.float32), [2, 3, 5]),
    (lambda t: np.exp(t * 0, casting="same_kind"), [1, 1, 1]),
    (lambda t: np.add.reduce(t), 7),
    (lambda t: np.add.accumulate(t), [1, 3, 7]),
    (lambda t: np.multiply.outer(t, [1.0, 2.0]), [[1, 2], [2, 4], [4, 8]]),
    (lambda t: np.multiply.reduceat(t, [0, 1]), [1, 8]),
    (lambda t: np.sum(t, out=np.zeros(())), 7),
    (lambda t: np.median(t, out=np.zeros(())), 2),
    (lambda t: np.quantile(t, 0.5, method="inverted_cdf", weights=[1, 1, 1]), 2),
    (lambda t: np.concatenate([t, t], dtype=np.float32), [1, 2, 4, 1, 2, 4]),
    (lambda t: np.concatenate([t, t], 0, None, dtype=np.float32), [1, 2, 4, 1, 2, 4]),
    (lambda t: np.reshape(t, (3, 1), order="A"), [[1], [2], [4]]),
    (lambda t: np.ravel(t, order="K"), [1, 2, 4]),
    (lambda t: np.pad(t, 1, mode="maximum"), [4, 1, 2, 4, 4]),
]


@pytest.mark.parametrize(("call", "expected"), UNCOVERED)
def test_arguments_that_no_rule_covers_raise_with_a_gradient_and_work_without(
    call: Callable[[Any], Any], expected: Any, t: tg.Tensor, constant: tg.Tensor
) -> None:
    with pytest.raises(TypeError):
        call(t)
    for z in (call(constant), call(t.detach())):
        np.testing.assert_array_equal(z.data if type(z) is tg.Tensor else z, expected)
    with tg.no_grad():
        np.testing.assert_array_equal(np.asarray(call(t)), expected)


@pytest.mark.parametrize(
    "call",
    [
        lambda t: np.outer(t, t, out=np.zeros((3, 3))),
        lambda t: np.dot(np.eye(3), t, out=np.zeros(3)),
        lambda t: np.trace(np.outer(t, t), out=np.zeros(())),
        lambda t: np.fft.fftn(t, out=np.zeros(3, complex)),
        lambda t: np.outer(t, t).trace(out=np.zeros(())),
        lambda t: t.dot(t, out=np.zeros(())),
    ],
)
def test_an_argument_that_a_composition_does_not_take_is_named(call: Callable[[Any], Any], t: tg.Tensor) -> None:
    with pytest.raises(NoRuleError, match=r"^\w+: got an unexpected keyword argument 'out'; no gradient rule covers"):
        call(t)


def test_a_type_error_from_the_users_own_function_is_left_alone(t: tg.Tensor) -> None:
    def unlucky(a: Any) -> Any:
        raise TypeError("mine")

    with pytest.raises(TypeError, match=r"^mine$"):
        np.apply_along_axis(unlucky, 0, t)


def test_default_arguments_spelled_out_are_covered(t: tg.Tensor) -> None:
    assert_records(np.sum(t, axis=None, dtype=None, out=None, keepdims=False), np.float64(7.0))
    assert_records(np.mean(t, None, None, None), np.mean(t.data))
    assert_records(np.reshape(t, (3, 1), order="C"), t.data.reshape(3, 1))
    assert_records(np.concatenate((t, t), 0), np.concatenate((t.data, t.data)))
    assert_records(np.std(t, 0, None, None, 1), np.std(t.data, ddof=1))
    assert_records(np.where(t > 1, t, 0.0), np.array([0.0, 2.0, 4.0]))


def test_answers_need_no_rule_whatever_their_arguments(t: tg.Tensor) -> None:
    assert np.argsort(t, kind="stable").data.tolist() == [0, 1, 2]
    assert np.any(t, where=[True, False, False]).data
    assert [k.data.tolist() for k in np.where(t > 1)] == [[1, 2]]


def test_add_at_raises_with_a_gradient_and_works_without(t: tg.Tensor, constant: tg.Tensor) -> None:
    a = np.zeros(3)
    with pytest.raises(NoRuleError, match=r"np\.add\.at"):
        np.add.at(a, [0, 0, 1], t)
    np.add.at(a, [0, 0, 1], constant)
    np.testing.assert_array_equal(a, [3, 4, 0])


# Functions without a rule


@pytest.mark.parametrize(
    "function",
    [
        np.frexp, np.i0, np.unique, np.roots,
        lambda t: np.nextafter(t, 1.0), lambda t: np.polyfit(t, t * t, 1),
        lambda t: np.random.default_rng(0).normal(t) if t.requires_grad else t,
    ],
)  # fmt: skip
def test_a_function_without_a_rule_raises_with_a_gradient_and_gives_tensors_without(
    function: Callable[[Any], Any], t: tg.Tensor, constant: tg.Tensor
) -> None:
    with pytest.raises(GradientError) as caught:
        function(t)
    assert ".data" in str(caught.value)
    z = function(constant)
    for part in z if isinstance(z, list | tuple) else [z]:
        assert type(part) is tg.Tensor
        assert not part.requires_grad


def test_results_of_several_parts_keep_their_names() -> None:
    z = np.linalg.slogdet(tg.Tensor(2 * np.eye(3)))
    assert type(z.logabsdet) is tg.Tensor
    assert z.logabsdet.item() == pytest.approx(3 * np.log(2))


def test_named_tuples_go_in_as_they_are() -> None:
    several = np.linalg.slogdet(tg.Tensor(np.stack([np.eye(2), -2 * np.eye(2)])))
    assert np.lexsort(several).data.tolist() == [0, 1]
    assert np.result_type(several) == np.float64


def test_arrays_of_objects_stay_plain(constant: tg.Tensor) -> None:
    several = np.full_like(constant, None, dtype=object)
    assert type(several) is np.ndarray and several.tolist() == [None, None, None]
    assert np.array_equal(several, constant) is False


def test_answers_about_values_need_no_rule(t: tg.Tensor) -> None:
    assert np.allclose(t, [1, 2, 4]) is True
    assert np.array_equal(t, t) is True
    assert np.count_nonzero(t) == 3
    assert np.isclose(t, 2.0).data.tolist() == [False, True, False]
    assert np.shape(t) == (3,)
    assert np.ndim(t) == 1
    assert np.size(t) == 3
    assert np.result_type(t, np.float32) == np.float64
    np.testing.assert_array_equal(np.zeros_like(t).data, [0, 0, 0])
    assert np.ones_like(t, dtype=np.float32).dtype == np.float32


def test_the_error_of_a_function_without_a_rule_names_it_and_the_cures(t: tg.Tensor) -> None:
    with pytest.raises(NoRuleError, match=r"np\.polyfit.*tg\.primitive.*\.data"):
        np.polyfit(t, t, 1)
    with pytest.raises(NoRuleError, match=r"np\.frexp.*tg\.primitive.*\.data"):
        np.frexp(t)


def test_conditions_combine_with_and_or_xor_not():
    x = tg.Tensor([-1.0, 0.5, 2.0], requires_grad=True)
    assert ((x > 0) & (x < 1)).data.tolist() == [False, True, False]
    assert ((x < 0) | (x > 1)).data.tolist() == [True, False, True]
    assert ((x > 0) ^ np.array([True, True, True])).data.tolist() == [True, False, False]
    assert (~(x > 0)).data.tolist() == [True, False, False]
    assert (~tg.Tensor([5, -3])).data.tolist() == [-6, 2]  # bitwise on integers, as NumPy


def test_comparing_with_none_or_a_word_is_false_as_for_any_object():
    x = tg.Tensor([1.0])
    assert (x == None) is False and (x != None) is True and (x == "a") is False  # noqa: E711
    assert 1.0 in tg.Tensor([[1.0, 2.0]]) and 3.0 not in tg.Tensor([[1.0, 2.0]])


def test_masked_arrays_do_not_lose_a_gradient_in_silence():
    x = tg.Tensor([1.0, 2.0], requires_grad=True)
    with pytest.raises((TypeError, RuntimeError)):
        np.ma.array([1.0, 2.0]) * x


def test_an_object_array_never_gives_a_gradient_in_silence():
    x = tg.Tensor([1.0, 2.0], requires_grad=True)
    with pytest.raises(TypeError):
        (x * np.array([1, 2], dtype=object)).sum().backward()
