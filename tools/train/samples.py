"""Two pictures of every class out of the test set, as grey PNG of 28 x 28:
samples.py DATA LABELS OUT

The first two of each class, whatever a network says of them.
"""

import pathlib
import struct
import sys
import zlib

import idx

PER_CLASS = 2


def png(picture):
    def chunk(kind, data):
        return (struct.pack(">I", len(data)) + kind + data +
                struct.pack(">I", zlib.crc32(kind + data)))

    height, width = picture.shape
    rows = b"".join(b"\0" + row.tobytes() for row in picture)
    return (b"\x89PNG\r\n\x1a\n" +
            chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0,
                                       0)) +
            chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b""))


def main():
    data, labels, out = map(pathlib.Path, sys.argv[1:4])
    names = labels.read_text().splitlines()
    images = idx.read(data / "t10k-images-idx3-ubyte")
    classes = idx.read(data / "t10k-labels-idx1-ubyte")
    for label, name in enumerate(names):
        folder = out / name
        folder.mkdir(parents=True, exist_ok=True)
        for i, picture in enumerate(images[classes == label][:PER_CLASS]):
            (folder / f"{i}.png").write_bytes(png(picture))


main()
