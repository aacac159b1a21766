"""Text whose width is known before any font is: what stands in a box, counted in columns.

The boxes of a picture are as wide as their text, and the font is chosen by whoever looks at it.  So every
text is monospaced and measured in columns here: one for most characters, two for CJK and emoji, none for
combining marks.  Characters that cannot be seen, or that XML forbids, are written out as `\\x00`, `\\u202e`.
"""

import math
import unicodedata
from typing import Any

import numpy as np

__all__ = [
    "BARS",
    "TALLEST",
    "array_text",
    "columns",
    "counted",
    "cut",
    "ems",
    "exact_text",
    "histogram",
    "isolated",
    "mean_text",
    "number_text",
    "visible",
]

#: Arrays of at most this many entries are shown in full.
TINY = 4

#: The bars of a histogram, and the height of its tallest.
BARS, TALLEST = 12, 8

#: The most combining marks upon one character in a label; a higher tower would reach out of its box.
MARKS = 4

# Zero-width joiners hold emoji and Indic letters together; everything else of its kind is written out.
_JOINERS = "\u200c\u200d"
_INVISIBLE = {"Cc", "Cf", "Cs", "Zl", "Zp"}
_RIGHT_TO_LEFT = {"R", "AL", "AN"}


def visible(text: str) -> str:
    r"""The text with control characters, bidi marks and lone surrogates written out, on one line.

    >>> print(visible("a\nb\x00c\u202ed"), visible("naïve 日本"))
    a\nb\x00c\u202ed naïve 日本
    """
    return text if text.isascii() and text.isprintable() else "".join(map(_visible_character, text))


def _visible_character(c: str) -> str:
    if c in _JOINERS or not (unicodedata.category(c) in _INVISIBLE or ord(c) & 0xFFFE == 0xFFFE):
        return c
    return c.encode("unicode_escape").decode("ascii")


def isolated(text: str) -> str:
    """The text, fenced with bidi isolates where it is right-to-left, so that it cannot reorder its neighbours."""
    if text.isascii() or all(unicodedata.bidirectional(c) not in _RIGHT_TO_LEFT for c in text):
        return text
    return f"\u2068{text}\u2069"


def columns(text: str) -> int:
    """How many columns of a monospaced font the text fills.

    >>> columns("W1"), columns("重み"), columns("e\N{COMBINING ACUTE ACCENT}")
    (2, 4, 1)
    """
    return len(text) if text.isascii() else sum(map(_character_columns, text))


def _character_columns(c: str) -> int:
    if unicodedata.category(c) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(c) in "WF" else 1


def ems(text: str) -> float:
    """The width of the text in most monospaced fonts, in units of the font size: at most 0.62 for each column."""
    return sum(1.0 if n == 2 else 0.6 * n for n in map(_character_columns, text))


def cut(text: str, limit: int) -> str:
    """The text, or as much of its beginning as fits into `limit` columns with an ellipsis behind it.

    >>> cut("a_very_long_name", 8)
    'a_very_…'
    """
    if text.isascii():
        return text if len(text) <= limit else text[: limit - 1] + "…"
    fitting = _fitting(text, limit)
    return text if fitting == len(text) else text[: _fitting(text, limit - 1)] + "…"


def _fitting(text: str, limit: int) -> int:
    """How many characters from the left fit into `limit` columns, with no tower of marks among them."""
    width = marks = 0
    for i, c in enumerate(text):
        n = _character_columns(c)
        width += n
        marks = marks + 1 if n == 0 else 0
        if marks > MARKS or width > limit:
            return i
    return len(text)


def number_text(x: Any, digits: int = 4) -> str:
    """A number in a few significant digits, written as Python would.

    >>> number_text(2.0), number_text(1 / 3), number_text(np.float32(1e-9)), number_text(7)
    ('2.0', '0.3333', '1e-09', '7')
    """
    if isinstance(x, bool | np.bool_ | int | np.integer):
        return str(x)
    if isinstance(x, complex | np.complexfloating):
        sign = "" if math.copysign(1, x.imag) < 0 else "+"
        return f"{number_text(x.real, digits)}{sign}{number_text(x.imag, digits)}j"
    text = format(float(x), f".{digits}g")
    return text if set(text) & set(".en") else text + ".0"


def counted(n: int, what: str, plural: str = "") -> str:
    """So many things.  plural: of what does not end in s.

    >>> counted(1, "share"), counted(0, "share"), counted(2, "class", "classes")
    ('1 share', '0 shares', '2 classes')
    """
    return f"{n} {what if n == 1 else plural or what + 's'}"


def array_text(a: Any) -> str:
    """An array in one short line: in full where it is tiny, else its range.

    >>> array_text(np.array(2.5)), array_text(np.array([[1.0, 2.0]])), array_text(np.arange(9.0))
    ('2.5', '[[1.0, 2.0]]', '0.0 … 8.0')
    """
    a = np.asarray(a)
    return _nested(a.tolist(), number_text) if 0 < a.size <= TINY else _range(a, lambda x: number_text(x, 3))


def exact_text(a: Any) -> str:
    """As `array_text`, with every digit.

    >>> exact_text(np.array([0.1, 1 / 3]))
    '[0.1, 0.3333333333333333]'
    """
    a = np.asarray(a)
    return _nested(a.tolist(), repr) if 0 < a.size <= TINY else _range(a, lambda x: repr(x.item()))


def mean_text(a: Any) -> str:
    """ ", mean 4.0" behind a range; nothing behind an array in full, or of no finite number.

    >>> mean_text(np.arange(9.0)), mean_text(np.array([1.0, 2.0]))
    (', mean 4.0', '')
    """
    a = np.asarray(a)
    if a.size <= TINY or a.dtype.kind not in "iuf":
        return ""
    if not np.isfinite(a).all() or a.min() == a.max():
        return ""
    return f", mean {number_text(a.mean(dtype=np.float64), 3)}"


def histogram(a: Any) -> tuple[int, ...]:
    """How the entries spread from the smallest to the largest, in `BARS` bars from 0 to `TALLEST`; () if they do not.

    >>> histogram(np.array([0.0] * 90 + [1.0] * 9 + [12.0]))
    (8, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1)
    """
    a = np.asarray(a)
    if a.size <= TINY or a.dtype.kind not in "iuf":
        return ()
    finite = a[np.isfinite(a)].astype(np.float64)
    if finite.size == 0 or finite.min() == finite.max():
        return ()
    finite /= max(abs(finite.min()), abs(finite.max()))  # so that no difference is too large for a float
    try:
        counts = np.histogram(finite, BARS)[0]
    except ValueError:  # the smallest and the largest are neighbours among floats
        return ()
    return tuple(int(n) for n in np.ceil(counts / counts.max() * TALLEST))


def _nested(x: Any, form: Any) -> str:
    return f"[{', '.join(_nested(y, form) for y in x)}]" if isinstance(x, list) else str(form(x))


def _range(a: Any, form: Any) -> str:
    """min … max of the finite entries, and how many are not finite."""
    if a.size == 0:
        return "empty"
    if a.dtype.kind == "b":
        return f"{np.count_nonzero(a)} of {a.size} True"
    if a.dtype.kind not in "iufc":
        return f"{a.size} entries"
    sizes = np.abs(a) if a.dtype.kind == "c" else a
    finite = sizes[np.isfinite(sizes)]
    parts = []
    if finite.size:
        low, high = finite.min(), finite.max()
        parts.append(f"all {form(low)}" if low == high else f"{form(low)} … {form(high)}")
        if a.dtype.kind == "c":
            parts[0] = "|z| " + parts[0]
    nans = np.count_nonzero(np.isnan(sizes))
    infinite = a.size - finite.size - nans
    parts += [f"{n} {what}" for n, what in ((nans, "nan"), (infinite, "inf")) if n]
    return ", ".join(parts)
