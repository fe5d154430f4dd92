"""The trained network as ONNX: export.py WEIGHTS OUT.onnx"""

import sys

import torch

from mobilenet_v2 import MobileNetV2

SIDE = 96


def main():
    weights, out = sys.argv[1:3]
    model = MobileNetV2()
    model.load_state_dict(torch.load(weights))
    model.eval()
    torch.onnx.export(model, torch.zeros(1, 1, SIDE, SIDE), out,
                      opset_version=13, do_constant_folding=True,
                      input_names=["picture"], output_names=["logits"])


main()
