"""The peak memory of a training step: this engine beside hand-written NumPy and beside torch.

Two yardsticks, both for three steps from the start, beyond the data and the parameters.  `resident`: the kernel's
high-water mark of the process minus what was resident before the first step, the same for every library.  Each runs in
a process of its own that has taken steps of a small network before, so that libraries, threads and work buffers are
in memory.  `traced`: what Python and NumPy have allocated at the highest, by tracemalloc: exact, but blind to
torch and jax.
"""

import ctypes
import gc
import json
import subprocess
import sys
import tracemalloc
from pathlib import Path

from rich.table import Table

from .steps import CONTROL, EAGER, all_makers, make
from .workloads import WORKLOADS, Workload

__all__ = ["measure", "table"]

STEPS = 3
SIZES = {
    "mnist": WORKLOADS["mnist"],
    "cats": WORKLOADS["cats"],
    "wide": Workload((784, 2048, 2048, 1), 1024),
}
WARM_UP = WORKLOADS["digits"]
NATIVE = {"torch, eager", "jax.jit"}  # their arrays do not come from Python's allocators


def resident_peak(name: str, work: Workload) -> float:
    """MB by which the first steps raise the resident memory of this process, at their highest."""
    for _ in range(STEPS):
        make(all_makers()[name], WARM_UP)[0]()
    step, _ = make(all_makers()[name], work)
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)  # or the steps would use memory freed before, and seem to need none
    Path("/proc/self/clear_refs").write_text("5")  # the high-water mark starts again from here
    before = status("VmRSS")
    for _ in range(STEPS):
        step()
    return (status("VmHWM") - before) / 1024


def status(field: str) -> int:
    """One line of /proc/self/status, in kB.  Linux only."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field + ":"))


def traced_peak(name: str, work: Workload) -> float:
    """MB that Python and NumPy have allocated for the steps, at the highest."""
    step, _ = make(all_makers()[name], work)
    tracemalloc.start()
    try:
        for _ in range(STEPS):
            step()
        return tracemalloc.get_traced_memory()[1] / 2**20
    finally:
        tracemalloc.stop()


def in_own_process(name: str, work: Workload) -> tuple[float, float | None]:
    """(resident, traced) of one implementation, from a process that runs nothing else."""
    command = [sys.executable, "-m", "benchmarks.memory", json.dumps([name, work])]
    output = subprocess.run(command, check=True, capture_output=True, text=True, cwd=Path(__file__).parent.parent)
    resident, traced = json.loads(output.stdout)
    return resident, traced


def measure(quick: bool = False) -> dict[str, dict[str, tuple[float, float | None]]]:
    """{workload: {implementation: (resident, traced)}}, MB.  Empty where the kernel keeps no such mark."""
    if not Path("/proc/self/clear_refs").exists():
        return {}
    names = [CONTROL, EAGER] if quick else list(all_makers())
    sizes = ["mnist"] if quick else list(SIZES)
    return {size: {name: in_own_process(name, SIZES[size]) for name in names} for size in sizes}


def table(results: dict[str, dict[str, tuple[float, float | None]]]) -> Table:
    """MB at the peak of a step, beyond data and parameters."""
    title = "Peak memory of a training step, MB beyond data and parameters: resident (traced)"
    t = Table(title=title, expand=True)
    t.add_column("", no_wrap=True)
    for size in results:
        t.add_column(size, justify="right")
    for name in next(iter(results.values()), {}):
        cells = [results[size][name] for size in results]
        t.add_row(name, *(f"{r:.1f}" + (f" ({x:.1f})" if x is not None else "") for r, x in cells))
    return t


if __name__ == "__main__":
    name, work = json.loads(sys.argv[1])
    work = Workload(*work)
    print(json.dumps([resident_peak(name, work), None if name in NATIVE else traced_peak(name, work)]))
