"""Five architectures, and what torch makes of them: architectures.py OUT [tiny]

The weights come from a seed and a short training on made-up classes. Without
that a deep network is chaotic: the rounding of each layer grows from layer to
layer, and MobileNetV2 keeps 9 dB in int8 where trained ones keep over 20.

Per architecture OUT gets NAME.onnx, NAME.input.bin and NAME.output.bin
(float32, channels last, as shoal has them), and NAME.calibration/*.bin, more
inputs. "tiny" makes the small ones that the tests of host/model/onnx use, for floats
only and without training.
"""

import pathlib
import sys

import numpy
import torch
from torch import nn

from mobilenet_v2 import STAGES, MobileNetV2
from networks import ResNet18, SqueezeNet, UNet, VggLike

SEED = 5
CALIBRATION = 32
STEPS, BATCH, RATE = 60, 32, 1e-3

# Name: network, side of the input, opset, whether BatchNorm stays a node.
LARGE = {
    "mobilenet_v2": (lambda: MobileNetV2(100, 0.5, inputs=3), 96, 13, False),
    "resnet18": (lambda: ResNet18(100), 64, 11, True),
    "squeezenet": (lambda: SqueezeNet(100), 70, 12, False),
    "vgg_like": (lambda: VggLike(10, [32, 64, 128, 256], 256, 64), 64, 15,
                 False),
    "unet": (lambda: UNet(4, 16), 64, 16, True),
}
TINY = {
    "mobilenet_v2": (
        lambda: MobileNetV2(10, 0.1, inputs=3, last=32, stages=[
            (t, c, 1, s) for t, c, _, s in STAGES]), 32, 13, False),
    "resnet18": (lambda: ResNet18(10, 2), 32, 11, True),
    "squeezenet": (lambda: SqueezeNet(10, 16), 38, 12, False),
    "vgg_like": (lambda: VggLike(10, [4, 8, 16], 16, 16), 16, 15, False),
    "unet": (lambda: UNet(3, 3), 16, 16, True),
}


def shapes(count, side):
    return nn.functional.interpolate(
        torch.rand(count, 3, 5, 5), side, mode="bilinear")


def grained(coarse):
    return 0.8 * coarse + 0.2 * torch.rand(coarse.shape)


def pictures(count, side):
    """Coarse shapes and fine grain, 0 to 1."""
    return grained(shapes(count, side))


def train(model, side, steps):
    """Every class is a shape with grain over it; where the output is a map,
    the class of a place is how bright its red is."""
    optimizer = torch.optim.Adam(model.parameters(), RATE)
    templates = None
    model.train()
    for _ in range(steps):
        if isinstance(model, UNet):
            coarse = shapes(BATCH, side)
            classes = (coarse[:, 0] * 4).long().clamp(0, 3)
        else:
            if templates is None:
                templates = shapes(10, side)
            classes = torch.randint(0, 10, (BATCH,))
            coarse = (templates[classes] + shapes(BATCH, side)) / 2
        loss = nn.functional.cross_entropy(model(grained(coarse)), classes)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return loss.item()


def randomize(model):
    """Kaiming weights, BatchNorm with random gains."""
    for module in model.modules():
        if isinstance(module, (nn.Conv2d, nn.Linear)):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
            if module.bias is not None:
                nn.init.normal_(module.bias, 0, 0.1)
        elif isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, 0, 0.2)


def measure_statistics(model, inputs):
    """BatchNorm's, of the very pictures that calibrate."""
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.reset_running_stats()
            module.momentum = None  # the plain average
    model.train()
    with torch.no_grad():
        for part in inputs.split(16):
            model(part)


def write(path, tensor):
    if tensor.ndim == 4:
        tensor = tensor.permute(0, 2, 3, 1)
    tensor.contiguous().numpy().astype("<f4").tofile(path)


def export(name, make, side, opset, keep_batch_norm, steps, out):
    torch.manual_seed(SEED)
    inputs = pictures(CALIBRATION, side)
    model = make()
    randomize(model)
    if steps:
        print(f"{name}: loss {train(model, side, steps):.2f}")
    measure_statistics(model, inputs)
    model.eval()
    sample = pictures(1, side)
    with torch.no_grad():
        output = model(sample)
    mode = torch.onnx.TrainingMode
    torch.onnx.export(
        model, sample, str(out / f"{name}.onnx"), opset_version=opset,
        input_names=["input"], output_names=["output"],
        do_constant_folding=not keep_batch_norm,
        training=mode.PRESERVE if keep_batch_norm else mode.EVAL)
    write(out / f"{name}.input.bin", sample)
    write(out / f"{name}.output.bin", output)
    folder = out / f"{name}.calibration"
    folder.mkdir(exist_ok=True)
    for i, picture in enumerate(inputs):
        write(folder / f"{i:02}.bin", picture[None])
    size = (out / f"{name}.onnx").stat().st_size
    print(f"{name}: {size} bytes, opset {opset}, input {side} x {side} x 3, "
          f"output {list(output.shape)}, from {output.min():.3f} to "
          f"{output.max():.3f}")


def main():
    out = pathlib.Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    tiny = sys.argv[2:] == ["tiny"]
    table, steps = (TINY, 0) if tiny else (LARGE, STEPS)
    for name, (make, side, opset, keep) in table.items():
        export(name, make, side, opset, keep, steps, out)


main()
