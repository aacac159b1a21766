"""The folder that a training run leaves behind: whole, or not at all.  Floor 7."""

import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import DataError

__all__ = ["check_folder", "next_folder", "write_folder"]

PREFIX = ".unfinished-run-"


def next_folder(parent: str | os.PathLike[str], name: str) -> Path:
    """parent/name-1, or the first number that is free.

    >>> next_folder("no such folder", "digits").name
    'digits-1'
    """
    number = 1
    while (path := Path(parent) / f"{name}-{number}").exists():
        number += 1
    return path


def check_folder(path: str | os.PathLike[str]) -> Path:
    """path, if a run can be written there.  Raises DataError if it holds files already, or cannot be made."""
    folder = Path(path)
    target = Path(os.path.realpath(folder))
    try:
        if target == Path.cwd():
            raise DataError(f"{folder}: this is the working directory; give --out the name of a new folder.")
        if target.is_dir() and any(target.iterdir()):
            raise DataError(f"{folder}: this folder is not empty; give --out a new name.")
        if _exists(target) and not target.is_dir():
            raise DataError(f"{folder}: this is a file; give --out the name of a new folder.")
        existing = target.parent
        while not _exists(existing):
            existing = existing.parent
        os.rmdir(tempfile.mkdtemp(prefix=PREFIX, dir=existing))  # permissions alone do not tell: disks are read-only
    except OSError as error:
        raise DataError(f"{folder}: cannot be made ({error.strerror or error}); give --out another place.") from error
    return folder


def _exists(path: Path) -> bool:
    """Raises OSError for a name that no folder can have, where Path.exists() would say False."""
    try:
        os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def write_folder(
    path: str | os.PathLike[str],
    arrays: Mapping[str, Mapping[str, np.ndarray]],
    texts: Mapping[str, str],
    record: Mapping[str, Any],
) -> Path:
    """Arrays and texts by their file names, and run.json, in a new folder that appears at once.

    Everything is written beside `path` first and then renamed: no reader sees half a run.
    Raises DataError, with nothing left behind, if the disk refuses.
    """
    folder = check_folder(path)
    target = Path(os.path.realpath(folder))  # a symbolic link stays, and what it points at is filled
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        unfinished = Path(tempfile.mkdtemp(prefix=PREFIX, dir=target.parent))
        try:
            for name, members in arrays.items():
                np.savez(unfinished / name, **members)  # type: ignore[arg-type]
            for name, text in texts.items():
                (unfinished / name).write_text(text, encoding="utf-8")
            text = json.dumps(record, indent=2, allow_nan=False)
            (unfinished / "run.json").write_text(text + "\n", encoding="utf-8")
            unfinished.chmod(0o755)
            if target.is_dir():
                target.rmdir()
            unfinished.rename(target)
        except BaseException:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise
    except OSError as error:
        raise DataError(f"{folder}: cannot be written ({error.strerror or error}); change --out.") from error
    return folder
