"""The gradient of a gradient: how curves bend, how Newton finds a minimum, how a network solves an equation.

You see three uses of second derivatives, each with an answer known beforehand: the unit circle bends by 1 everywhere;
x^3 / 3 - 2 x is least at sqrt(2); and u'' = -pi^2 sin(pi x) with u(0) = u(1) = 0 is solved by u = sin(pi x).  You learn
that `grad` of `grad` needs nothing new, and that W and b can be trained through a derivative with respect to x.

Run: python examples/second_derivative.py      writes no file
"""

import numpy as np

import tinygrad_edu as tg


def slope(f):
    """df/dx, entry by entry, for f that works entry by entry."""
    return tg.grad(lambda x: f(x).sum())


def circle(x):
    return np.sqrt(1 - x**2)


print("curvature |y''| / (1 + y'^2)^(3/2) of the unit circle")
for x in (0.28, 0.6, 0.8):  # y is 0.96, 0.8, 0.6: check y' = -x / y and y'' = -1 / y^3 by hand
    first, second = slope(circle)(x), slope(slope(circle))(x)
    curvature = abs(second) / (1 + first**2) ** 1.5
    print(f"  at x = {x:.2f}: y' = {first:8.5f}, y'' = {second:8.5f}, curvature {curvature:.12f}")


def cubic(x):
    return x**3 / 3 - 2 * x


print("\nNewton: x = x - f'(x) / f''(x), to the least value of x^3 / 3 - 2 x")
x = 2.0
for step in range(1, 6):
    x = x - slope(cubic)(x) / slope(slope(cubic))(x)
    print(f"  step {step}: x = {x:.15f}, off by {abs(x - np.sqrt(2)):.0e}")

hidden, output = tg.nn.Dense(1, 16, seed=0), tg.nn.Dense(16, 1, seed=1)
optimizer = tg.optim.Adam([*hidden.parameters(), *output.parameters()], lr=0.02)
x = np.linspace(0, 1, 21)[None]  # (1, 21)


def u(x):
    return x * (1 - x) * output(np.tanh(hidden(x)))  # 0 at both ends, whatever the weights are


print("\na network that is taught nothing but u'' = -pi^2 sin(pi x)")
for step in range(1001):
    J = ((slope(slope(u))(x) + np.pi**2 * np.sin(np.pi * x)) ** 2).mean()
    if step % 250 == 0:
        off = np.abs(u(x).data - np.sin(np.pi * x)).max()
        print(f"  step {step:4}: cost {J:9.4f}, u and sin(pi x) at most {off:.4f} apart")
    optimizer.zero_grad()
    J.backward(retain_graph=False)
    optimizer.step()
