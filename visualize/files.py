"""Write a picture to a file: whole or not at all, as SVG, or as what other programs want of it, PNG and PDF."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from .errors import ConversionError, OptionError, SaveError

__all__ = ["pdf_of", "png_of", "save", "write_whole"]

T = TypeVar("T")

#: How many pixels of a PNG stand for one of the SVG.
SCALE = 2


def save(path: str | os.PathLike[str], thing: T, writers: Mapping[str, Callable[[T], str | bytes]], what: str) -> Path:
    """Write what the writer of the path's suffix makes of the thing; whole or not at all.  Returns the path.

    what: the thing in an error: "a drawing".
    Raises OptionError for a suffix that has no writer, SaveError, and what the writer raises.
    """
    path = Path(path)
    writer = writers.get(path.suffix.lower())
    if writer is None:
        raise OptionError(f"cannot save {path.name!r}: {what} is saved as {', '.join(writers)}.")
    write_whole(path, writer(thing))
    return path


def write_whole(path: Path, content: str | bytes) -> None:
    """Write beside the target, then rename: nobody ever sees half a file.  Where path is a link, its target is written.

    Raises SaveError.
    """
    try:
        path = Path(os.path.realpath(path))
    except ValueError as error:  # no file has such a name
        raise SaveError(f"cannot write {str(path)!r}: {error}.") from error
    beside = path.with_name(f".draw-{os.getpid()}-{os.urandom(4).hex()}.tmp")
    data = content.encode("utf-8") if isinstance(content, str) else content
    try:
        try:
            beside.write_bytes(data)
            os.replace(beside, path)
        finally:
            beside.unlink(missing_ok=True)
    except (OSError, ValueError) as error:
        raise SaveError(f"cannot write {str(path)!r}: {getattr(error, 'strerror', None) or error}.") from error


def png_of(svg: str) -> bytes:
    """The picture in pixels, at twice its size.  Raises ConversionError without the extra `images`."""
    return bytes(_converter().svg_to_png(_plain(svg), scale=SCALE))


def pdf_of(svg: str) -> bytes:
    """The picture as a page of PDF, its text still text.  Raises ConversionError without the extra `images`."""
    return bytes(_converter().svg_to_pdf(_plain(svg)))


def _converter() -> Any:
    try:
        import vl_convert
    except ImportError:
        raise ConversionError(
            'saving a PNG or PDF needs a converter that is not installed; pip install "tinygrad_edu[images]", '
            "or save an .svg and open it in a browser."
        ) from None
    return vl_convert


def _plain(svg: str) -> str:
    """Without the dark scheme, which paper does not have."""
    return svg.replace("@media (prefers-color-scheme:dark)", "@media not all")
