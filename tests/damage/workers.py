"""Several jobs at a time, each in a forked child that starts with what this process has imported."""

import gc
import os
import pickle
import resource
import select
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

#: A child that is silent for so long, in seconds, is not computing any more.
PATIENCE = 600


class Died(RuntimeError):
    """A child ended without an answer."""


def in_children(jobs: Sequence[Callable[[], Any]], workers: int) -> Iterator[tuple[int, Any]]:
    """(the job's number, what it returned or the exception that ended it), as they finish."""
    gc.freeze()  # what is here now is no garbage: the children need not look at it
    waiting = list(enumerate(jobs))[::-1]
    running: dict[int, tuple[int, int, float, bytearray]] = {}  # pipe -> job, child, start, what came so far
    try:
        while waiting or running:
            while waiting and len(running) < workers:
                number, job = waiting.pop()
                pipe, child = _fork(job)
                running[pipe] = (number, child, time.monotonic(), bytearray())
            ready, _, _ = select.select(list(running), [], [], 5)
            for pipe in ready:
                number, child, _, got = running[pipe]
                piece = os.read(pipe, 1 << 16)
                got += piece
                if not piece:
                    del running[pipe]
                    os.close(pipe)
                    _, status = os.waitpid(child, 0)
                    yield number, pickle.loads(got) if got else _ending(status)
            for _, child, start, _ in running.values():
                if time.monotonic() - start > PATIENCE:
                    os.kill(child, signal.SIGKILL)
    finally:
        for pipe, (_, child, _, _) in running.items():
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            os.close(pipe)


def limit(seconds: float) -> None:
    """End this process after so many further seconds of computing."""
    signal.setitimer(signal.ITIMER_PROF, seconds)


def _fork(job: Callable[[], Any]) -> tuple[int, int]:
    """(the pipe the answer will come through, the child's number)."""
    reading, writing = os.pipe()
    child = os.fork()
    if child:
        os.close(writing)
        return reading, child
    try:
        os.close(reading)
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(nowhere, stream)
        signal.signal(signal.SIGPROF, signal.SIG_DFL)
        resource.setrlimit(resource.RLIMIT_AS, (1 << 32, 1 << 32))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        try:
            answer = job()
        except BaseException as error:
            answer = Died(f"{type(error).__name__}: {error}")
        with os.fdopen(writing, "wb") as out:
            out.write(pickle.dumps(answer))
    finally:
        os._exit(0)


def _ending(status: int) -> Died:
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        return Died("time-out" if number in (signal.SIGPROF, signal.SIGKILL) else f"{signal.Signals(number).name}")
    return Died(f"exit {os.WEXITSTATUS(status)}")
