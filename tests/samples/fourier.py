"""Samples of rules.fourier."""

from functools import partial

from .drawing import Draws, sample

draw = Draws(11)
normal, complex_normal = draw.normal, draw.complex_normal
transform = partial(sample, skip="complex")  # the complex step needs a real result for a real input

# Lengths cut, filled up, odd and even; real input where the transform takes it

for op in ("fft", "ifft", "rfft", "irfft", "fft.hfft", "fft.ihfft"):
    for values in (normal,) if op in ("rfft", "fft.ihfft") else (normal, complex_normal):
        for length in (4, 5):
            transform(op, values(length))
        transform(op, values(1), n=1)
        for n in (1, 3, 4, 8):
            transform(op, values(5), n=n)
        for norm in ("backward", "ortho", "forward"):
            transform(op, values(4), norm=norm)
            transform(op, values(2, 3), axis=0, norm=norm, n=5)
        transform(op, values(3, 4), axis=0)
        transform(op, values(3, 4), axis=-2, n=4)
        transform(op, values(2, 3, 2), axis=1, n=2)
        transform(op, values(2, 3, 2), axis=-2)
        transform(op, values(0, 3))

# (shape, lengths and axes)

for op in ("fft.fftn", "fft.ifftn", "fft.rfftn", "fft.irfftn"):
    for values in (normal,) if op == "fft.rfftn" else (normal, complex_normal):
        transform(op, values(2, 3, 2))
        transform(op, values(3, 4), norm="ortho")
        transform(op, values(2, 3, 2), axes=(0, 2))
        transform(op, values(2, 3, 2), axes=[1, 0], norm="forward")
        transform(op, values(2, 3), axes=(-1,))
        transform(op, values(2, 3), s=(3, 2), axes=(0, 1))
        transform(op, values(2, 3), s=(3, 2), axes=(1, 0))
        transform(op, values(3, 4), s=[2, -1], axes=(0, 1), norm="backward")
        transform(op, values(2, 2), s=(3, 5), axes=(-2, -1), norm="ortho")
        transform(op, values(3), axes=(0, 0))
        transform(op, values(5))
transform("fft.fftn", complex_normal())
transform("fft.ifftn", complex_normal(2), axes=())
for op in ("fft.fft2", "fft.ifft2", "fft.rfft2", "fft.irfft2"):
    for values in (normal,) if op == "fft.rfft2" else (normal, complex_normal):
        transform(op, values(3, 4))
        transform(op, values(2, 3, 2))
        transform(op, values(2, 3), norm="forward")
        transform(op, values(2, 3), s=(3, 2))
        transform(op, values(2, 3, 2), s=(2, 4), axes=(0, 1), norm="ortho")
        transform(op, values(3, 4), axes=(1, 0))

for op in ("fftshift", "ifftshift"):
    for values in (normal, complex_normal):
        sample(op, values(4))
        sample(op, values(5))
        sample(op, values(3, 4))
        sample(op, values(3, 5), axes=0)
        sample(op, values(2, 3, 5), axes=(1, -1))
        sample(op, values(0, 3))
