"""Logistic regression in NumPy, with the gradient that you no longer have to write: is it a 3 or an 8?

You see a training loop with nothing hidden: a forward pass in NumPy's own functions, `backward`, one step downhill.
At every step the gradient is held against the equations of the board, dW = 1/m dZ X.T and db = 1/m sum(dZ) with
dZ = A - Y.  You learn that they are the same numbers, and what to write once and leave to the engine.

Run: python examples/logistic_regression.py      writes no file
"""

import numpy as np

import tinygrad_edu as tg

STEPS, LEARNING_RATE = 300, 0.5


def threes_and_eights(X, y):
    """The columns that show a 3 or an 8, and Y: (1, m), 1 for an 8."""
    chosen = (y == 3) | (y == 8)
    return X[:, chosen], (y[chosen] == 8)[None].astype(float)


digits = tg.data.load_digits()
X, Y = threes_and_eights(digits.X_train, digits.y_train)  # (64, m), (1, m)
X_test, Y_test = threes_and_eights(digits.X_test, digits.y_test)
m = X.shape[1]

W = tg.Tensor(np.zeros((1, 64)), requires_grad=True, name="W")
b = tg.Tensor(np.zeros((1, 1)), requires_grad=True, name="b")

print(f"{m} pictures to train on, {X_test.shape[1]} to test on")
largest = 0.0
for step in range(STEPS + 1):
    A = 1 / (1 + np.exp(-(W @ X + b)))  # (1, m)
    J = -np.mean(Y * np.log(A) + (1 - Y) * np.log(1 - A))
    J.backward()
    if step % 100 == 0:
        print(f"step {step:3}: cost {J:.6f}")

    dZ = A.data - Y  # by hand
    dW = 1 / m * dZ @ X.T
    db = 1 / m * np.sum(dZ, axis=1, keepdims=True)
    largest = max(largest, np.abs(W.grad.data - dW).max(), np.abs(b.grad.data - db).max())

    if step < STEPS:
        for p in (W, b):
            p.data = p.data - LEARNING_RATE * p.grad.data
            p.grad = None  # or the next backward() would add to it

accuracy = np.mean(((W.data @ X_test + b.data) > 0) == Y_test)
print(f"test accuracy: {accuracy:.4f}")
print(f"engine against equations, all {STEPS + 1} steps: largest difference {largest:.0e}")
