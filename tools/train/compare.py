"""What shoal computed beside torch's output: compare.py SHOAL NAME...

Per NAME there are NAME.onnx, NAME.tflite (int8), NAME.input.bin and
NAME.output.bin of torch. Ends with 1 if a float differs by more than 1e-4 of
the largest, or int8 keeps less than 20 dB.
"""

import json
import subprocess
import sys

import numpy

TOLERANCE, LEAST_DB = 1e-4, 20


def run(shoal, model, values, kind):
    values.astype(kind).tofile("frame.bin")
    said = subprocess.run([shoal, "run", model, "frame.bin", "--output",
                           "result.bin"], capture_output=True, text=True)
    if said.returncode != 0:
        sys.exit(said.stderr)
    return numpy.fromfile("result.bin", kind).astype(numpy.float64)


def run_int8(shoal, model, values):
    said = json.loads(subprocess.run(
        [shoal, "inspect", model, "--json"], check=True,
        stdout=subprocess.PIPE).stdout)
    x, y = said["inputs"][0], said["outputs"][0]
    frame = numpy.rint(values / x["scale"] + x["zero_point"])
    result = run(shoal, model, frame.clip(-128, 127), numpy.int8)
    return (result - y["zero_point"]) * y["scale"]


def main():
    shoal, *names = sys.argv[1:]
    good = True
    for name in names:
        values = numpy.fromfile(f"{name}.input.bin", "<f4")
        torch = numpy.fromfile(f"{name}.output.bin", "<f4").astype(
            numpy.float64)
        floats = run(shoal, f"{name}.onnx", values, "<f4")
        difference = abs(floats - torch).max() / abs(torch).max()
        noise = run_int8(shoal, f"{name}.tflite", values) - torch
        db = 10 * numpy.log10((torch ** 2).sum() / (noise ** 2).sum())
        good = good and difference <= TOLERANCE and db >= LEAST_DB
        print(f"{name:13} float differs by {difference:.1e}, int8 keeps "
              f"{db:.1f} dB")
    sys.exit(not good)


main()
