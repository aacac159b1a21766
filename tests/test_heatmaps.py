"""heatmaps(epochs, layers): the cells of a matrix as pixels, their scale, and what it says in words."""

import base64
import math
import struct
import xml.etree.ElementTree as ET
import zlib

import numpy as np
import pytest
from pictures import HOSTILE, SVG, assert_texts_fit, contrast, texts

from tinygrad_edu import Tensor
from tinygrad_edu.errors import ShapeError
from visualize import heatmaps, pooled
from visualize.canvas import THEMES
from visualize.errors import NotDrawableError, OptionError
from visualize.pixels import diverging_png, grey_png

RNG = np.random.default_rng(0)


def decoded(uri):
    """(pixels, palette with opacity) of a PNG in a data URI, read by its specification, checksums and all."""
    data = base64.b64decode(uri.removeprefix("data:image/png;base64,"), validate=True)
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    chunks, at = {}, 8
    while at < len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        name, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        assert struct.unpack(">I", data[at + 8 + length : at + 12 + length]) == (zlib.crc32(name + body),)
        chunks[name], at = body, at + 12 + length
    assert next(iter(chunks)) == b"IHDR" and list(chunks)[-1] == b"IEND"
    width, height, depth, kind, *rest = struct.unpack(">IIBBBBB", chunks[b"IHDR"])
    assert (depth, rest) == (8, [0, 0, 0]) and kind in (0, 3)
    lines = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), np.uint8).reshape(height, width + 1)
    assert (lines[:, 0] == 0).all()
    if kind == 0:
        return lines[:, 1:]
    colours = np.frombuffer(chunks[b"PLTE"], np.uint8).reshape(-1, 3)
    return np.dstack([colours[lines[:, 1:]], np.frombuffer(chunks[b"tRNS"], np.uint8)[lines[:, 1:]]])


def picture(epochs, layers, **kw):
    return ET.fromstring(heatmaps(epochs, layers, **kw).svg)


def images(root):
    """The matrices of each layer, without its scale."""
    layers = [g for g in root.iter(f"{SVG}g") if g.get("class") == "layer"]
    return [[decoded(i.get("href")) for i in layer.iter(f"{SVG}image")][:-1] for layer in layers]


# Pixels


def test_blue_is_below_and_orange_above_and_nothing_at_zero():
    ((below, zero, above, half, missing),) = decoded(diverging_png(np.array([[-2.0, 0, 2.0, 1.0, math.nan]]), 2.0))
    assert tuple(below) == (0x00, 0x72, 0xB2, 255) and tuple(above) == (0xD5, 0x5E, 0x00, 255)
    assert zero[3] == 0 and missing[3] == 255 and tuple(missing[:3]) not in (tuple(below[:3]), tuple(above[:3]))
    assert tuple(half[:3]) == tuple(above[:3]) and abs(int(half[3]) - 128) <= 5
    for colour in (below, above, missing):
        for theme in THEMES.values():
            assert contrast("#" + bytes(colour[:3]).hex(), theme["paper"]) >= 2.7


def test_what_is_beyond_the_scale_has_the_full_colour_and_a_scale_of_zero_none():
    assert (decoded(diverging_png(np.array([[9.0, -9.0]]), 1.0))[..., 3] == 255).all()
    assert (decoded(diverging_png(np.zeros((2, 2)), 0.0))[..., 3] == 0).all()


def test_grey_is_ink_on_white():
    assert decoded(grey_png(np.array([[0.0, 1.0, 0.5, 7.0]]))).tolist() == [[255, 0, 128, 0]]


# Pooling


@pytest.mark.parametrize("shape", [(1, 1), (64, 64), (65, 3), (128, 200), (1000, 1), (130, 64)])
def test_pooled_cells_are_means_over_blocks(shape):
    a = RNG.standard_normal(shape)
    p = pooled(a)
    rows, columns = p.block
    expected = [
        [a[i : i + rows, j : j + columns].mean() for j in range(0, shape[1], columns)] for i in range(0, shape[0], rows)
    ]
    assert np.allclose(p.cells, expected, rtol=1e-12) and max(p.cells.shape) <= 64 and p.shape == shape
    assert math.isclose(p.rms, math.sqrt((a**2).mean())) and p.largest == abs(a).max() and p.not_finite == 0


def test_pooling_neither_overflows_nor_hides_what_is_not_finite():
    p = pooled(np.full((200, 2), 1.7e308))
    assert np.allclose(p.cells / 1e308, 1.7) and math.isclose(p.rms, 1.7e308)
    a = np.ones((130, 1))
    a[4], a[5] = np.nan, np.inf
    p = pooled(a)
    assert p.block == (3, 1) and np.isnan(p.cells).ravel().nonzero()[0].tolist() == [1] and p.not_finite == 2
    assert p.rms == p.largest == 1.0


# The picture


def test_rows_are_layers_and_columns_are_epochs_on_one_scale_for_each_layer():
    W1, W2 = np.array([[1.0, -2.0]]), np.array([[10.0], [0.0]])
    root = picture([0, 7], {"W1": [W1, W1 / 2], "W2": [W2, W2]})
    (first, second), (third, _) = images(root)
    assert first[..., 3].tolist() == [[132, 255]] and abs(second[..., 3].astype(int) - [[66, 128]]).max() <= 5
    assert third[..., 3].tolist() == [[255], [0]]
    assert [t for t in texts(root, "quiet") if t.startswith("epoch")] == ["epoch 0", "epoch 7"]
    assert [t for t in texts(root, "quiet") if t[0] in "+-"] == ["+2.0", "-2.0", "+10.0", "-10.0"]
    assert [t for t in texts(root, "quiet") if t.startswith("rms")] == ["rms 1.58", "rms 0.791", "rms 7.07", "rms 7.07"]


def test_a_matrix_keeps_its_proportions_unless_it_would_be_a_line():
    root = picture([0], {"wide": [np.ones((10, 40))], "tall": [np.ones((40, 10))], "line": [np.ones((1, 100))]})
    sizes = [(float(i.get("width")), float(i.get("height"))) for i in root.iter(f"{SVG}image")][::2]
    assert sizes == [(128, 32), (32, 128), (128, 12)]


def test_a_scale_for_each_epoch_shows_what_fades_and_writes_it_below():
    root = picture([0, 1], {"dW": [np.array([[1.0, -2.0]]), np.array([[1e-6, -2e-6]])]}, scale="epoch")
    ((first, second),) = images(root)
    assert (first == second).all() and [t for t in texts(root, "quiet") if "±" in t] == ["±2.0", "±2e-06"]
    assert "scale of its own" in root.findtext(f"{SVG}desc")


def test_it_says_in_words_what_changes_and_what_is_pooled():
    root = picture([0, 30], {"W1": [np.ones((128, 10)), 3 * np.ones((128, 10))]}, title="Weights & more")
    assert root.get("role") == "img" and root.findtext(f"{SVG}title") == "Weights & more"
    desc = root.findtext(f"{SVG}desc")
    assert "W1, 128 x 10: rms 1.0, largest 1.0 at epoch 0; rms 3.0, largest 3.0 at epoch 30." in desc
    assert "W1: a cell is the mean of 2 x 1 entries." in desc and "W1: a cell is" in " ".join(texts(root, "quiet"))


def test_entries_that_are_not_finite_are_pink_and_counted():
    root = picture([0], {"W": [np.array([[1.0, np.nan, np.inf]])]})
    (((one, first, second),),) = images(root)[0]
    assert tuple(first) == tuple(second) != tuple(one)
    assert "W: 2 entries are nan or infinite (pink)." in root.findtext(f"{SVG}desc")


def test_nothing_but_zeros_or_nan_is_a_picture_too():
    assert_texts_fit(picture([0], {"W": [np.zeros((3, 3))], "V": [np.full((2, 2), np.nan)]}))


def test_one_epoch_a_tensor_and_a_column_are_drawn():
    picture_of = heatmaps([4], {"b": [Tensor([1.0, 2.0], requires_grad=True)]})
    assert repr(picture_of) == "<Heatmaps of b: 1 epoch>" and "2x1" in picture_of.svg


def test_of_many_layers_the_middle_ones_are_left_out_and_named():
    root = picture([0], {f"W{l}": [np.eye(2)] for l in range(1, 31)})
    assert len(images(root)) == 12 and "Left out: 18 layers, W7 to W24." in " ".join(texts(root, "quiet"))


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("count", [1, 6])
def test_any_name_is_shown_within_its_room(name, count):
    matrices = [RNG.standard_normal((5, 300)) * 1e-300 for _ in range(count)]
    epochs = range(10**9, 10**9 + count)
    assert_texts_fit(picture(epochs, {name: matrices, "W2": [np.ones((1, 1))] * count}, title=name))


def test_a_large_network_stays_a_small_picture():
    layers = {f"W{l}": [RNG.standard_normal((512, 512)) for _ in range(6)] for l in range(3)}
    assert len(heatmaps(range(6), layers).svg) < 120_000


@pytest.mark.parametrize(
    ("epochs", "layers", "options", "error", "message"),
    [
        ([0, 1], {"W": [[[1]]]}, {}, ShapeError, r"layers\['W'\] has 1 matrices, epochs has 2"),
        ([0, 1], {"W": [[[1]], [[1, 2]]]}, {}, ShapeError, "changes its shape"),
        ([0], {}, {}, ShapeError, "layers is empty"),
        ([], {"W": []}, {}, ShapeError, "epochs is empty"),
        ([1, 1], {"W": [[[1]], [[1]]]}, {}, OptionError, "must increase"),
        ([0.5], {"W": [[[1]]]}, {}, NotDrawableError, "whole numbers"),
        ([0], [[1]], {}, NotDrawableError, "layers is {name: matrices}"),
        ([0], {"W": [np.ones((2, 2, 2))]}, {}, NotDrawableError, r"\(2, 2, 2\)"),
        ([0], {"W": [np.ones((0, 2))]}, {}, NotDrawableError, r"\(0, 2\)"),
        ([0], {"W": [["x"]]}, {}, NotDrawableError, r"layers\['W'\]"),
        ([0], {"W": [[1j]]}, {}, NotDrawableError, "complex"),
        ([0], {"W": [[[1]]]}, {"scale": "log"}, OptionError, '"layer" and "epoch"'),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_the_reason(epochs, layers, options, error, message):
    with pytest.raises(error, match=message):
        heatmaps(epochs, layers, **options)
