"""`tinygrad-edu draw` and `tinygrad-edu stepper`: pictures of the graph that a user's script makes.  Floor 7."""

import argparse
import os
import webbrowser
from pathlib import Path

from ..errors import DataError
from ..shadowing import import_visualize
from .reports import Reporter
from .scripts import find_tensor, script_and_name

__all__ = ["DRAWN", "WALKED", "draw", "stepper"]

#: What a drawing, and a stepper's page, may be saved as.
DRAWN, WALKED = (".svg", ".html", ".png", ".pdf", ".dot", ".gv"), (".html",)

#: What is drawn, but not in a graph as text; where these are not given, `draw` decides.
FOR_FILES = ("direction", "theme")


def draw(options: argparse.Namespace) -> int:
    """`tinygrad-edu draw`: write the picture of the graph, or print it as text."""
    visualize = import_visualize()
    if options.text:
        _refuse_what_is_for_files(options)
    out = None if options.text else _place(options, ".svg")
    found = find_tensor(options.script)
    chosen = {key: getattr(options, key) for key in FOR_FILES if getattr(options, key) is not None}
    try:
        drawing = visualize.draw(
            found.tensor,
            names={found.name: found.tensor, **found.variables},
            group=options.group,
            depth=options.depth,
            around=options.around,
            grads=not options.no_grads,
            **chosen,
        )
    except visualize.errors.OptionError as error:
        raise DataError(str(error)) from error
    if out is None:
        Reporter().code(str(drawing))
        return 0
    _check_free(out, options)
    drawing.save(out)
    return _written(out, options.open)


def stepper(options: argparse.Namespace) -> int:
    """`tinygrad-edu stepper`: write the page that walks forward and back through the graph."""
    visualize = import_visualize()
    out = _place(options, ".html")
    found = find_tensor(options.script)
    names = {found.name: found.tensor, **found.variables}
    page = visualize.stepper(found.tensor, names=names, convention=options.convention)
    _check_free(out, options)
    visualize.files.write_whole(out, page)
    return _written(out, options.open)


def _refuse_what_is_for_files(options: argparse.Namespace) -> None:
    """Raises DataError for an option that a graph as text would ignore."""
    for key in ("out", "open", "replace", *FOR_FILES):
        if getattr(options, key):
            raise DataError(f"--{key} is for a file, and --text writes none: leave one of them out.")


def _place(options: argparse.Namespace, suffix: str) -> Path:
    """Where to write, wherever the script goes.  Raises DataError for a file that is there, a folder that is not."""
    script, name = script_and_name(options.script)
    default = f"{script.stem}-{name}{suffix}" if name else f"{script.stem}{suffix}"
    out = Path(default if options.out is None else options.out).absolute()
    if not out.parent.is_dir():
        raise DataError(f"{_shown(out.parent)}: no such folder; make it, or change --out.")
    _check_free(out, options)
    return out


def _check_free(out: Path, options: argparse.Namespace) -> None:
    if os.path.lexists(out) and not options.replace:
        raise DataError(f"{_shown(out)}: this file exists; give --out a new name, or --replace it.")


def _shown(path: Path) -> Path:
    """The path as it is seen from where the command is."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def _written(path: Path, wanted: bool) -> int:
    report = Reporter()
    report.title(f"written to {_shown(path)}")
    if wanted and not webbrowser.open(path.as_uri()):
        report.failure(f"no browser was found; open {path} in one.")
        return 1
    return 0
