"""Every error names the op, the operands, their shapes and the cure, and is the builtin you would expect."""

import inspect
import math
import re

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import Tensor, errors, grad, no_grad
from tinygrad_edu import functions as F
from tinygrad_edu.errors import TinygradEduError
from tinygrad_edu.primitives import Primitive

FAMILY = [e for e in vars(errors).values() if inspect.isclass(e) and e is not TinygradEduError]


def t(*shape, name=None, grad=True):
    return Tensor(np.full(shape, 0.5), requires_grad=grad, name=name)


def call(f, *args, **kwargs):
    return lambda: f(*args, **kwargs)


def assign(target, key, value):
    def run():
        target[key] = value

    return run


def add_into_plain_array():
    a = np.zeros(2)
    a += t(2, name="x")


def updated_inside_no_grad():
    W = t(2, name="W")
    with no_grad():
        W -= 0.5


def walk(z, times=1, **options):
    def run():
        for _ in range(times):
            z.backward(**options)

    return run


def walked_into_freed():
    h = t(2) * 2
    h.name = "h"
    z = (h * h).sum()
    h.sum().backward(retain_graph=False)
    z.backward()


def changed():
    W = t(2, name="W")
    z = (W * W).sum()
    W.data -= 1
    z.backward()


def op(forward, **rules):
    return Primitive(forward, "cube", rules, forward)


W2, A1, b2 = t(5, 7, name="W2"), t(6, 209, name="A1"), t(4, 1, name="b2")
x, y = t(2, 3, name="x"), t(2, name="y")
n = Tensor([1, 2], name="n")

# what is done: (snippet, error, the builtin it also is, what the message says)
CASES = {
    # shapes
    "matmul, inner sizes": (
        lambda: W2 @ A1,
        (errors.ShapeError, ValueError),
        r"^matmul\(W2, A1\): W2 is \(5, 7\), A1 is \(6, 209\); the inner sizes 7 and 6 differ\.$",
    ),
    "matmul, a plain array": (lambda: W2 @ np.ones((6, 2)), (errors.ShapeError, ValueError), r"matmul\(W2, b\)"),
    "matmul of a scalar": (lambda: W2 @ 2.0, (errors.ShapeError, ValueError), r"matmul\(W2, 2\.0\)"),
    "affine, inner sizes": (
        call(F.affine, W2, A1, b2),
        (errors.ShapeError, ValueError),
        r"affine\(W2, A1, b2\): .* the inner sizes 7 and 6 differ",
    ),
    "affine, bias": (
        call(F.affine, W2, t(7, 3, name="A"), b2),
        (errors.ShapeError, ValueError),
        r"affine\(W2, A, b2\): .*b2 is \(4, 1\); b should be \(5, 1\)",
    ),
    "broadcasting": (
        lambda: x * y,
        (errors.ShapeError, ValueError),
        r"multiply\(x, y\): x is \(2, 3\), y is \(2,\); along axis 1 the sizes 3 and 2 differ, and neither is 1",
    ),
    "broadcasting, reflected": (
        lambda: np.ones(4) - y,
        (errors.ShapeError, ValueError),
        r"subtract\(a, y\): a is \(4,\)",
    ),
    "an axis out of range": (
        call(x.sum, axis=2),
        (errors.IndexingError, IndexError),
        r"sum\(x, axis=2.*x is \(2, 3\)",
    ),
    "an axis out of range, to NumPy": (
        call(np.sum, x, axis=5),
        (errors.IndexingError, ValueError),
        r"axis 5 is out of bounds",
    ),
    "reshape": (call(x.reshape, 5), (errors.ShapeError, ValueError), r"reshape\(x, shape=5\): x is \(2, 3\)"),
    "concatenate": (
        lambda: np.concatenate([x, t(2, 3, 1, name="u")]),
        (errors.ShapeError, ValueError),
        r"concatenate\(x, u",
    ),
    "stack": (lambda: np.stack([x, y]), (errors.ShapeError, ValueError), r"stack\(x, y.*x is \(2, 3\), y is \(2,\)"),
    "an index out of range": (
        lambda: y[5],
        (errors.IndexingError, IndexError),
        r"getitem\(y, key=5\): y is \(2,\); index 5 is out of bounds",
    ),
    "set out of range": (lambda: y.at[5].set(1.0), (errors.IndexingError, IndexError), r"index_set\(y, 1\.0, key=5\)"),
    "an unnamed operand": (
        lambda: t(2) + t(3),
        (errors.ShapeError, ValueError),
        r"add\(a, b\): a is \(2,\), b is \(3,\)",
    ),
    "a loss's shapes": (
        call(F.mse, t(1, 3), np.ones(3)),
        (errors.ShapeError, ValueError),
        r"mse\(A, Y\): A is \(1, 3\), Y is \(3,\); prediction and target must have the same shape",
    ),
    "a softmax axis": (
        call(F.softmax, x, axis=5),
        (errors.IndexingError, IndexError),
        r"softmax\(x, axis=5\): x is \(2, 3\); axis 5 is out of bounds",
    ),
    "a ragged list": (call(Tensor, [[1.0], [1.0, 2.0]]), (errors.ShapeError, ValueError), r"this list is no array"),
    "no number to start from": (
        walk(x * 2),
        (errors.ShapeError, ValueError),
        r"the result of multiply is \(2, 3\).*\.sum\(\) or \.mean\(\).*gradient=",
    ),
    "a seed's shape": (
        walk(x * 2, gradient=np.ones(3)),
        (errors.ShapeError, ValueError),
        r"gradient= is \(3,\); the result of multiply is \(2, 3\)",
    ),
    "a new shape for data": (
        lambda: setattr(y, "data", np.ones(3)),
        (errors.ShapeError, ValueError),
        r"data of y is \(2,\); \(3,\) does not fit",
    ),
    "several results": (call(grad(lambda v: v * 2), np.ones(2)), (errors.ShapeError, ValueError), r"one number"),
    # dtypes
    "integers with gradient": (
        lambda: setattr(n, "requires_grad", True),
        (errors.DTypeError, TypeError),
        r"n is int64; only float.*dtype=float",
    ),
    "text": (call(Tensor, "abc"), (errors.DTypeError, TypeError), r"this str became an array of dtype <U3"),
    "adding None": (lambda: x + None, (errors.DTypeError, TypeError), r"NoneType"),
    "adding text": (lambda: "a" + x, (errors.DTypeError, TypeError), r"str"),
    "a list of tensors": (call(Tensor, [x, x]), (errors.DTypeError, TypeError), r"np\.stack or np\.concatenate"),
    "a new dtype for data": (
        lambda: setattr(y, "data", np.ones(2, np.float32)),
        (errors.DTypeError, TypeError),
        r"data of y is float64, the new data float32",
    ),
    "an integer argument of grad": (call(grad(F.relu), 2), (errors.DTypeError, TypeError), r"write 2\.0 instead of 2"),
    "an integer prediction": (
        call(F.mse, n, np.ones(2)),
        (errors.DTypeError, TypeError),
        r"mse\(n, Y\): n is int64, Y is float64; give floats",
    ),
    "a float set into integers": (
        lambda: n.at[0].set(0.5),
        (errors.DTypeError, TypeError),
        r"index_set\(n, 0\.5.*int64",
    ),
    "a missing parameter": (
        lambda: op(lambda x, *, k: k * x, dx=lambda dz, z, x, *, k: k * dz)(y),
        (errors.DTypeError, TypeError),
        r"^cube\(\) needs k=: give it by name\.$",
    ),
    "a missing parameter, of arrays": (
        lambda: op(lambda x, *, k: k * x, dx=lambda dz, z, x, *, k: k * dz)(np.ones(2)),
        (errors.DTypeError, TypeError),
        r"^cube\(\) needs k=: give it by name\.$",
    ),
    # domains
    "a probability of 1": (
        call(F.binary_cross_entropy, t(2, name="A") * 2, np.ones(2)),
        (errors.DomainError, ValueError),
        r"binary_cross_entropy\(.*2 of 2 entries of A .*binary_cross_entropy_with_logits",
    ),
    "a dropout rate": (call(F.dropout, x, 1.0), (errors.DomainError, ValueError), r"dropout\(rate=1\.0\)"),
    "a label": (
        call(F.cross_entropy, x, np.array([0, 1, 2]), axis=0),
        (errors.DomainError, ValueError),
        r"a label is outside 0 \.\.\. 1; Z has 2 classes",
    ),
    "a label below 0": (
        call(F.cross_entropy, x, np.array([0, -1, 1]), axis=0),
        (errors.DomainError, ValueError),
        r"a label is outside 0 \.\.\. 1; Z has 2 classes",
    ),
    # backward passes that cannot be right
    "a constant": (
        walk(t(name="c", grad=False)),
        (errors.GradientError, RuntimeError),
        r"^c depends on no tensor",
    ),
    "a Tensor of a Tensor": (call(Tensor, x), (errors.GradientError, RuntimeError), r"Tensor\(x\).*\.detach\(\)"),
    "taking requires_grad away": (
        lambda: setattr(x * 2, "requires_grad", False),
        (errors.GradientError, RuntimeError),
        r"the result of multiply was computed.*\.detach\(\)",
    ),
    "the bare array": (lambda: np.asarray(x), (errors.GradientError, RuntimeError), r"the bare array of x"),
    "a constant function": (call(grad(lambda v: 3.0), 1.0), (errors.GradientError, RuntimeError), r"returned a float"),
    "a second walk": (walk(x.sum(), 2), (errors.GraphFreedError, RuntimeError), r"retain_graph=True"),
    "a freed part": (walked_into_freed, (errors.GraphFreedError, RuntimeError), r"behind h was freed"),
    "changed data": (changed, (errors.ChangedDataError, RuntimeError), r"the data of W was replaced after multiply"),
    "a function without a rule": (
        call(np.roots, t(2)),
        (errors.NoRuleError, TypeError),
        r"np\.roots on a Tensor that requires a gradient.*tg\.primitive.*\.data",
    ),
    "a ufunc without a rule": (call(np.frexp, x), (errors.NoRuleError, TypeError), r"np\.frexp .*tg\.primitive"),
    "a method without a rule": (call(np.multiply.reduce, y), (errors.NoRuleError, TypeError), r"np\.multiply\.reduce"),
    "out=": (
        add_into_plain_array,
        (errors.NoRuleError, TypeError),
        r"a plain array cannot hold a gradient.*a = a \+ t",
    ),
    "an argument without a rule": (call(np.pad, y, 1, mode="mean"), (errors.NoRuleError, RuntimeError), r"mode='mean'"),
    "an input without a rule": (
        walk(op(lambda a, b: a * b, da=lambda dz, z, a, b: dz)(t(2), y).sum()),
        (errors.NoRuleError, TypeError),
        r"cube has no rule for its input 'b', and y requires a gradient.*db=\.\.\..*y\.detach\(\)",
    ),
    # writing into tensors
    "an entry": (assign(x, 0, 1.0), (errors.MutationError, TypeError), r"x\.at\[i\]\.set\(v\)"),
    "data of a result": (
        lambda: setattr(x * 2, "data", np.ones((2, 3))),
        (errors.MutationError, TypeError),
        r"was computed by multiply",
    ),
    "out= a Tensor": (
        lambda: np.add(1.0, 2.0, out=t(grad=False)),
        (errors.MutationError, TypeError),
        r"np\.add would write into a Tensor",
    ),
    "copyto": (
        call(np.copyto, t(2, grad=False), np.ones(2)),
        (errors.MutationError, TypeError),
        r"np\.copyto would write",
    ),
    "singular": (
        call(np.linalg.inv, t(2, 2, name="A")),
        (errors.MatrixError, np.linalg.LinAlgError),
        r"inv\(A\): A is \(2, 2\); Singular matrix",
    ),
    "no update": (
        updated_inside_no_grad,
        (errors.MutationError, TypeError),
        r"W -= .* inside no_grad.*W\.data = W\.data",
    ),
    # Python asking for what it cannot have
    "math.exp": (
        lambda: math.exp(t(name="x")),
        (errors.GradientError, RuntimeError),
        r"math\.exp\(x\) would lose its gradient.*use np\.exp",
    ),
    "math.erf": (lambda: math.erf(t()), (errors.GradientError, RuntimeError), r"a function of NumPy or tg\.functions"),
    "if": (
        lambda: 1 if t(3, name="x") else 0,
        (errors.ShapeError, ValueError),
        r"the truth of x.*ambiguous: take \.any",
    ),
    "index": (lambda: [1, 2][t(name="x")], (errors.DTypeError, TypeError), r"x is float64, and an index is an integer"),
    # declarations
    "a rule for no input": (
        lambda: op(lambda x: x, dx=lambda dz, z, x: dz, dq=lambda dz, z, x: dz),
        (errors.DeclarationError, TypeError),
        r"cube: the rule 'dq' is for no input; the inputs are x",
    ),
    "a rule without dz": (
        lambda: op(lambda x: x, dx=lambda x: x),
        (errors.DeclarationError, TypeError),
        r"cube: a rule's first two arguments are dz and z",
    ),
    "rules that disagree": (
        lambda: op(lambda a, b: a, da=lambda dz, z, a, b: dz, db=lambda dz, z, b: dz),
        (errors.DeclarationError, TypeError),
        r"cube: the rule 'db' must take \(dz, z, a, b\)",
    ),
    "parameters that disagree": (
        lambda: op(lambda x, *, axis=0: x, dx=lambda dz, z, x: dz),
        (errors.DeclarationError, TypeError),
        r"cube: the rule 'dx' takes the parameters none; the forward function: axis",
    ),
    "a value taken out of a compiled function": (
        lambda: tg.compile(lambda x: x.sum().item())(np.ones(3)),
        (errors.CompileError, RuntimeError),
        r"compile: the function takes a tensor of shape \(\) out of the graph \(\.item\(\)\).*return what you want",
    ),
    "no input": (lambda: op(lambda: 1), (errors.DeclarationError, TypeError), r"cube: no input"),
}


@pytest.mark.parametrize("snippet, kinds, message", CASES.values(), ids=CASES.keys())
def test_the_error_names_what_was_done_and_the_cure(snippet, kinds, message):
    with pytest.raises(TinygradEduError) as caught:
        snippet()
    assert isinstance(caught.value, kinds[0]) and isinstance(caught.value, kinds[1])
    assert type(caught.value) is kinds[0]
    assert re.search(message, str(caught.value)), str(caught.value)


@pytest.mark.parametrize("snippet", [case[0] for case in CASES.values()], ids=CASES.keys())
def test_a_message_is_one_line_of_plain_sentences(snippet):
    with pytest.raises(TinygradEduError) as caught:
        snippet()
    text = str(caught.value)
    assert "\n" not in text and text.endswith(".") and "object at 0x" not in text


def test_the_table_has_a_case_for_every_error_that_the_engine_raises():
    # tests of the data files, of the import, of detect_anomaly
    elsewhere = {errors.DataError, errors.ShadowedModuleError, errors.AnomalyError}
    assert {case[1][0] for case in CASES.values()} == set(FAMILY) - elsewhere


@pytest.mark.parametrize("error", FAMILY, ids=lambda e: e.__name__)
def test_every_error_is_ours_and_a_builtin_and_stands_in_the_tree(error):
    assert issubclass(error, TinygradEduError)
    expected = [b for b in error.__mro__ if b.__module__ != errors.__name__]  # Python's, and LinAlgError
    builtins = [b for b in expected if b not in (Exception, BaseException, object)]
    assert builtins
    line = next(line for line in errors.__doc__.splitlines() if re.search(rf"\b{error.__name__}\b", line))
    drawn = re.search(r"\((\w+)\)", line)
    assert drawn is None or drawn[1] in [b.__name__ for b in builtins]
    assert error.__doc__


def test_the_root_is_reachable_from_the_package():
    assert tg.TinygradEduError is TinygradEduError
    assert tg.errors is errors


def test_the_original_error_stays_reachable_as_the_cause():
    with pytest.raises(errors.ShapeError) as caught:
        W2 @ A1
    assert isinstance(caught.value.__cause__, ValueError)
    assert not isinstance(caught.value.__cause__, TinygradEduError)


def test_storing_a_tensor_in_a_plain_array_raises():
    array = np.zeros(2)
    with pytest.raises(ValueError) as caught:  # NumPy's own error, caused by ours
        array[0] = t(name="x")
    assert isinstance(caught.value.__cause__, errors.GradientError)
    assert re.search(r"storing x in a plain array would lose its gradient.*np\.stack", str(caught.value.__cause__))
    np.testing.assert_array_equal(array, [0.0, 0.0])


def test_names_survive_detach_and_reach_the_message():
    with pytest.raises(errors.ShapeError, match=r"matmul\(W2, A1\)"):
        W2.detach() @ A1.detach()


def test_errors_are_the_same_inside_no_grad():
    with no_grad(), pytest.raises(errors.ShapeError, match=r"matmul\(W2, A1\)"):
        W2 @ A1


@pytest.mark.parametrize("interrupt", [KeyboardInterrupt, MemoryError, ZeroDivisionError])
def test_what_is_not_about_shapes_or_types_passes_through(interrupt):
    def forward(v):
        raise interrupt

    with pytest.raises(interrupt):
        op(forward)(y)
