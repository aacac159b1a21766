"""How fast the engine is, and how much it holds, beside NumPy code without an autograd and beside other libraries.

    python -m benchmarks                    # all four tables, some minutes
    python -m benchmarks steps --quick      # one of per-op, steps, chains, memory; seconds, and rougher

Run it from a checkout.  Times are compared as ratios of medians of turns taken one after the other (`timing`), so
that a slow minute of the machine hits all alike.  Before anything is timed, all sides must agree on the numbers.
"""
