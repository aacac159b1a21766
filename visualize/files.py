"""Write a picture to a file: whole or not at all, as SVG, or as what other programs want of it, PNG and PDF."""

import os
from pathlib import Path
from typing import Any

from .errors import ConversionError, SaveError

__all__ = ["pdf_of", "png_of", "write_whole"]

#: How many pixels of a PNG stand for one of the SVG.
SCALE = 2


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
