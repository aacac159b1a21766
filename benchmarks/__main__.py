"""python -m benchmarks [per-op | chains | steps | memory ...] [--quick] [--threads N]"""

import argparse
import os
import platform
import sys

import numpy as np
from rich.console import Console

from . import chains, memory, per_op, rivals, steps
from .workloads import WORKLOADS

# The chains come before the rivals are imported: their thousands of objects would burden the collector.
SUITES = {"per-op": per_op, "chains": chains, "steps": steps, "memory": memory}

#: What BLAS libraries and torch read.  (jax has threads of its own.)
THREADS = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS")


def main(arguments: list[str] | None = None) -> None:
    """Run the suites asked for (all by default) and print their tables, 80 columns wide."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("suites", nargs="*", metavar="SUITE", help=", ".join(SUITES) + " (default: all)")
    parser.add_argument("--quick", action="store_true", help="seconds in place of minutes; the numbers are rough")
    parser.add_argument(
        "--threads", type=int, help="for the matrix products; 1 where other programs run, since waiting threads spin"
    )
    options = parser.parse_args(arguments)
    unknown = [name for name in options.suites if name not in SUITES]
    if unknown:
        parser.error(f"unknown suite {', '.join(unknown)}; the suites are {', '.join(SUITES)}")

    if options.threads and os.environ.get(THREADS[0]) != str(
        options.threads
    ):  # read when NumPy is imported: begin again
        os.environ.update(dict.fromkeys(THREADS, str(options.threads)))
        os.execv(sys.executable, [sys.executable, "-m", "benchmarks", *(arguments or sys.argv[1:])])

    console = Console(width=80, highlight=False)
    threads = os.environ.get(THREADS[0], "all of them")
    console.print(
        f"Python {platform.python_version()}, NumPy {np.__version__}, {os.cpu_count()} cores, used: {threads}"
    )
    for name, suite in SUITES.items():
        if options.suites and name not in options.suites:
            continue
        if name == "steps":
            console.print(*(f"{key}: {work}." for key, work in WORKLOADS.items()))
            absent = [rival for rival in rivals.RIVALS if rival not in rivals.installed()]
            if absent:
                console.print(f"Not installed here, so not compared: {', '.join(absent)}.")
        with console.status(f"{name} ..."):
            result = suite.measure(quick=options.quick)
        tables = suite.table(result)
        for t in tables if isinstance(tables, tuple) else (tables,):
            console.print(t)


if __name__ == "__main__":
    main()
