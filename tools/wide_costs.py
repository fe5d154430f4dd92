#!/usr/bin/env python3
"""Layers of 16-bit elements beside those of eight: instructions on emulated
boards and their ratio, which host/board/wide_costs.cc has as factors; of all
layers of a file also the ratio of the planned times.

  tools/wide_costs.py SHOAL [BOARD ...]

Makes ONNX files of random weights, quantizes them both ways, and counts.
"""
import json
import os
import random
import struct
import subprocess
import sys
import tempfile

BOARDS = ["mps2-an385", "mps2-an386", "mps3-an547", "qemu-rv32"]


def varint(n):
    out = b""
    while n > 127:
        out, n = out + bytes([n & 127 | 128]), n >> 7
    return out + bytes([n])


def field(number, value):
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    if isinstance(value, str):
        value = value.encode()
    return varint(number << 3 | 2) + varint(len(value)) + value


class Onnx:
    """A graph, written field by field (onnx.proto)."""

    def __init__(self, inputs):
        self.random, self.body, self.tail = random.Random(5), b"", b""
        for name, shape in inputs.items():
            self.tail += field(11, self.value(name, shape))

    @staticmethod
    def value(name, shape):
        dims = b"".join(field(1, field(1, d)) for d in shape)
        return field(1, name) + field(2, field(1, field(1, 1) + field(2, dims)))

    def weights(self, name, shape, scale=0.1):
        count = 1
        for d in shape:
            count *= d
        values = [self.random.gauss(0, scale) for _ in range(count)]
        self.tensor(name, shape, 1, struct.pack(f"<{count}f", *values))

    def tensor(self, name, shape, kind, data):
        dims = b"".join(field(1, d) for d in shape)
        self.tail += field(5, dims + field(2, kind) + field(8, name) + field(9, data))

    def node(self, kind, inputs, result, **attributes):
        node = b"".join(field(1, x) for x in inputs) + field(2, result)
        node += field(4, kind)
        for name, value in attributes.items():
            one = field(1, name)
            if isinstance(value, int):
                one += field(3, value) + field(20, 2)
            else:
                one += b"".join(field(8, v) for v in value) + field(20, 7)
            node += field(5, one)
        self.body += field(1, node)

    def conv(self, x, y, channels, result, size, group=1, stride=1):
        self.weights("w" + y, [result, channels // group, size, size])
        self.node("Conv", [x, "w" + y], y, kernel_shape=[size, size], group=group,
                  strides=[stride, stride], pads=[size // 2] * 4)

    def write(self, path, outputs):
        for name, shape in outputs.items():
            self.tail += field(12, self.value(name, shape))
        graph = self.body + field(2, "kinds") + self.tail
        opset = field(1, "") + field(2, 13)
        with open(path, "wb") as file:
            file.write(field(1, 8) + field(7, graph) + field(8, opset))


def window_layers(path):
    o = Onnx({"x": [1, 32, 16, 16]})
    o.conv("x", "conv 3x3", 32, 32, 3)
    o.conv("conv 3x3", "pointwise", 32, 64, 1)
    o.conv("pointwise", "depthwise 3x3", 64, 64, 3, group=64)
    o.conv("depthwise 3x3", "pointwise of 64", 64, 64, 1)
    o.node("Add", ["pointwise", "pointwise of 64"], "add")
    o.conv("add", "depthwise 5x5", 64, 64, 5, group=64)
    o.conv("depthwise 5x5", "conv 3x3 by 2", 64, 32, 3, stride=2)
    o.node("MaxPool", ["conv 3x3 by 2"], "max pool", kernel_shape=[2, 2], strides=[2, 2])
    o.node("Flatten", ["max pool"], "flat")
    o.weights("wf", [512, 256])
    o.node("Gemm", ["flat", "wf"], "fully connected")
    o.write(path, {"fully connected": [1, 256]})


def other_layers(path):
    o = Onnx({"x": [1, 32, 16, 16], "y": [1, 32, 256], "z": [1, 256, 32]})
    o.weights("wt", [32, 16, 2, 2])
    o.node("ConvTranspose", ["x", "wt"], "transposed conv", kernel_shape=[2, 2],
           strides=[2, 2])
    o.node("MatMul", ["y", "z"], "matmul")
    o.write(path, {"transposed conv": [1, 16, 32, 32], "matmul": [1, 32, 32]})


def state_layers(path):
    o = Onnx({"s": [20, 1, 64]})
    o.weights("w", [1, 144, 64])
    o.weights("r", [1, 144, 48])
    o.node("GRU", ["s", "w", "r"], "gru", hidden_size=48, linear_before_reset=1)
    o.write(path, {"gru": [20, 1, 1, 48]})


def told(command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}: {done.stderr}")
    return done.stdout


def counted(shoal, board, model, frame):
    """Instructions by the name of the layer, and the planned seconds of all."""
    run = json.loads(told([shoal, "emulate", "--board", board, model, frame,
                           "--layers", "--json"]))
    plan = json.loads(told([shoal, "plan", "--board", board, model, "--json"]))
    layers = {x["name"]: x["instructions"] for x in run["layers"] if "name" in x}
    return layers, plan["latency_s"]


def frame_bytes(shoal, model):
    bytes_of = {"INT8": 1, "INT16": 2}
    total = 0
    for x in json.loads(told([shoal, "inspect", model, "--json"]))["inputs"]:
        size = bytes_of[x["type"]]
        for d in x["shape"]:
            size *= d
        total += size
    return total


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    shoal, boards = sys.argv[1], sys.argv[2:] or BOARDS
    print(f"{'board':<12}{'layer':<18}{'int8':>10}{'int16':>10}{'ratio':>7}{'plan':>7}")
    with tempfile.TemporaryDirectory() as folder:
        for write in (window_layers, other_layers, state_layers):
            path = os.path.join(folder, "kinds")
            write(path + ".onnx")
            for kind in ("int8", "int16"):
                told([shoal, "quantize", path + ".onnx", "--calibrate", "random:1",
                      "--activations", kind, "-o", f"{path}_{kind}.tflite"])
                with open(f"{path}_{kind}.bin", "wb") as file:
                    size = frame_bytes(shoal, f"{path}_{kind}.tflite")
                    file.write(random.Random(1).randbytes(size))
            for board in boards:
                both = [counted(shoal, board, f"{path}_{k}.tflite", f"{path}_{k}.bin")
                        for k in ("int8", "int16")]
                (narrow, narrow_s), (wide, wide_s) = both
                for name in [n for n in narrow if n in wide]:
                    print(f"{board:<12}{name[:17]:<18}{narrow[name]:>10}{wide[name]:>10}"
                          f"{wide[name] / narrow[name]:>7.2f}")
                all_narrow, all_wide = sum(narrow.values()), sum(wide.values())
                print(f"{board:<12}{'all layers':<18}{all_narrow:>10}{all_wide:>10}"
                      f"{all_wide / all_narrow:>7.2f}{wide_s / narrow_s:>7.2f}")


if __name__ == "__main__":
    main()
