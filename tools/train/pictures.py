"""Enlarging pictures on the way to the network, with shoal's own bytes."""

import torch

FRACTION_BITS = 22


def taps(inputs, outputs, kind):
    """Triangle filter as host/data/image/resize.cc has it: weights of 22 bits."""
    scale = inputs / outputs
    support = max(scale, 1.0)
    matrix = torch.zeros(outputs, inputs, dtype=kind)
    for x in range(outputs):
        centre = (x + 0.5) * scale
        low = max(0, int(centre - support + 0.5))
        high = min(inputs, int(centre + support + 0.5))
        weights = [max(0.0, 1 - abs((i - centre + 0.5) / support))
                   for i in range(low, high)]
        for i, weight in zip(range(low, high), weights):
            matrix[x, i] = int(
                weight / sum(weights) * (1 << FRACTION_BITS) + 0.5)
    return matrix


def enlarge(pictures, side, kind=torch.float64):
    """uint8 [n, h, w] -> float32 [n, 1, side, side] of p / 255.

    Sums of integers below 2^53: exact in float64. In float32, four times as
    fast, a value now and then differs by 1.
    """
    half, scale = 0.5, 1 << FRACTION_BITS
    height, width = pictures.shape[1:]
    wide = pictures.to(kind) @ taps(width, side, kind).T
    wide = (wide / scale + half).floor().clamp(0, 255)
    tall = taps(height, side, kind) @ wide
    tall = (tall / scale + half).floor().clamp(0, 255)
    return (tall / 255).to(torch.float32).unsqueeze(1)


def augment(pictures, generator, shift=2, hole=10):
    """Flipped, shifted by up to 2 pixels, half of them with a black hole."""
    count, height, width = pictures.shape

    def random(low, high):
        return torch.randint(low, high, (count, 1), generator=generator)

    columns = torch.arange(width).expand(count, width)
    columns = torch.where(random(0, 2) == 1, columns, width - 1 - columns)
    rows = torch.arange(height) + random(0, 2 * shift + 1)
    columns = columns + random(0, 2 * shift + 1)
    padded = torch.nn.functional.pad(pictures, [shift] * 4)
    which = torch.arange(count)[:, None, None]
    pictures = padded[which, rows[:, :, None], columns[:, None, :]]

    def inside(length):
        size = random(3, hole + 1) * random(0, 2)
        first = random(0, length) - size // 2
        at = torch.arange(length)
        return (at >= first) & (at < first + size)

    holes = inside(height)[:, :, None] & inside(width)[:, None, :]
    return pictures.masked_fill(holes, 0)
