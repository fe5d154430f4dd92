"""Networks of one or a few operators, exported by torch: operators.py OUT_DIR

Each file carries an input and torch's own output as constants that nothing
reads, "test.input" and "test.output", rank 4 as [1, H, W, C].
"""

import os
import sys
import warnings

import onnx
import torch
import torch.nn as nn
import torch.nn.functional as F
from onnx import numpy_helper
from torch.nn import Conv2d as Conv

OUT = sys.argv[1]


class Net(nn.Module):
    """A function of the input and of some layers."""

    def __init__(self, function, *layers):
        super().__init__()
        self.function = function
        self.layers = nn.ModuleList(layers)

    def forward(self, x):
        return self.function(x, *self.layers)


def as_stored(t):
    return (t.permute(0, 2, 3, 1) if t.dim() == 4 else t).contiguous().numpy()


def randomize(module):
    for part in module.modules():
        if isinstance(part, (nn.BatchNorm1d, nn.BatchNorm2d)):
            part.running_mean.uniform_(-0.5, 0.5)
            part.running_var.uniform_(0.5, 2)
            part.weight.data.uniform_(0.5, 1.5)
            part.bias.data.uniform_(-0.5, 0.5)
        if isinstance(part, nn.LayerNorm):
            part.weight.data.uniform_(0.5, 1.5)
            part.bias.data.uniform_(-0.5, 0.5)
        if isinstance(part, nn.MultiheadAttention):
            part.in_proj_bias.data.uniform_(-0.5, 0.5)
            part.out_proj.bias.data.uniform_(-0.5, 0.5)


def save(name, net, shape, opset=13, **options):
    if not isinstance(net, nn.Module):
        net = Net(net)
    net.eval()
    randomize(net)
    x = torch.randn(*shape)
    path = os.path.join(OUT, name + ".onnx")
    torch.onnx.export(net, x, path, opset_version=opset, input_names=["x"],
                      **options)
    with torch.no_grad():
        y = net(x)
    model = onnx.load(path)
    outputs = y if isinstance(y, tuple) else (y,)
    joined = torch.cat([torch.from_numpy(as_stored(t)).flatten()
                        for t in outputs]).numpy()
    for key, values in (("input", as_stored(x)), ("output", joined)):
        model.graph.initializer.append(
            numpy_helper.from_array(values, "test." + key))
    for node in model.graph.node:
        node.doc_string = ""
    onnx.save(model, path)


def convolutions():
    save("conv_stride", Conv(3, 4, 3, 2, 1), (1, 3, 8, 8))
    save("conv_stride_odd", Conv(3, 4, 3, 2, 1), (1, 3, 7, 9))
    save("conv_oblong", Conv(2, 4, (3, 5), (2, 1), (0, 2)), (1, 2, 8, 8))
    save("conv_dilated", Conv(2, 3, 3, 1, 2, dilation=2), (1, 2, 8, 8))
    save("conv_groups", Conv(8, 12, 3, 1, 1, groups=4), (1, 8, 5, 5))
    save("conv_many_groups", Conv(24, 24, 1, groups=12), (1, 24, 3, 3))
    save("conv_depthwise", Conv(6, 12, 3, 2, 1, groups=6), (1, 6, 6, 6))
    save("conv_padded",
         Net(lambda x, c: c(F.pad(x, (1, 2, 0, 3))), Conv(2, 3, 3)),
         (1, 2, 5, 5))
    save("conv_norm",
         nn.Sequential(Conv(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(),
                       Conv(4, 4, 3, groups=4), nn.BatchNorm2d(4),
                       nn.ReLU6()),
         (1, 3, 7, 7), training=torch.onnx.TrainingMode.PRESERVE,
         do_constant_folding=False)
    save("norm_conv",
         nn.Sequential(nn.BatchNorm2d(3), nn.ReLU(), Conv(3, 4, 3)),
         (1, 3, 5, 5))
    save("norm_linear",
         nn.Sequential(nn.Flatten(), nn.Linear(12, 5), nn.BatchNorm1d(5),
                       nn.ReLU()),
         (1, 3, 2, 2))
    save("residual",
         Net(lambda x, a, b: F.relu(x + b(F.relu(a(x)))),
             Conv(4, 4, 3, 1, 1), Conv(4, 4, 3, 1, 1)),
         (1, 4, 5, 5))
    transposed = [(2, 2, 0, 0), (4, 2, 1, 0), (3, 2, 1, 1), (3, 1, 1, 0),
                  (2, 3, 0, 0), (3, 3, 0, 2)]
    for i, (kernel, stride, pad, extra) in enumerate(transposed):
        save(f"transposed_{i}",
             nn.ConvTranspose2d(3, 4, kernel, stride, pad,
                                output_padding=extra),
             (1, 3, 3, 4))
    save("transposed_norm",
         nn.Sequential(nn.ConvTranspose2d(3, 4, 2, 2), nn.BatchNorm2d(4)),
         (1, 3, 3, 3), training=torch.onnx.TrainingMode.PRESERVE,
         do_constant_folding=False)


def pools():
    save("max_padded", nn.MaxPool2d(3, 2, 1), (1, 3, 8, 7))
    save("max_ceil", nn.MaxPool2d(3, 2, ceil_mode=True), (1, 3, 8, 7))
    save("max_ceil_even", nn.MaxPool2d(2, 2, ceil_mode=True), (1, 3, 7, 8))
    save("max_relu",
         nn.Sequential(Conv(3, 4, 1), nn.ReLU(), nn.MaxPool2d(3, 2, 1)),
         (1, 3, 8, 7))
    save("average", nn.AvgPool2d(2), (1, 3, 8, 7))
    save("average_padded", nn.AvgPool2d(3, 2, 1), (1, 3, 8, 7))
    save("average_same", nn.AvgPool2d(3, 1, 1, count_include_pad=False),
         (1, 3, 6, 7))
    save("average_ceil", nn.AvgPool2d(2, 2, ceil_mode=True), (1, 3, 7, 7))
    save("adaptive", nn.AdaptiveAvgPool2d((2, 2)), (1, 3, 4, 4))
    save("adaptive_max", nn.AdaptiveMaxPool2d(1), (1, 3, 4, 4))
    save("sum", lambda x: x.sum((1,), keepdim=True), (1, 3, 4, 5))
    save("largest", lambda x: x.amax((2, 3)), (1, 3, 4, 5))
    save("squeeze",
         Net(lambda x, c: c(x).mean(3).mean(2).squeeze(), Conv(3, 5, 1)),
         (1, 3, 4, 5))


def activations():
    def all_kinds(x, c):
        return torch.cat([F.relu6(c(x)), torch.sigmoid(x), torch.tanh(x),
                          F.leaky_relu(x, 0.2), F.hardtanh(x),
                          x.clamp(-0.5, 2), x.clamp(min=0.1),
                          x.clamp(max=0.3), x.clamp(0, 1),
                          F.hardtanh(c(x))], 1)
    save("activations", Net(all_kinds, Conv(2, 2, 1)), (1, 2, 4, 4))
    save("hard_swish_12", Net(lambda x, c: F.hardswish(c(x)), Conv(3, 5, 1)),
         (1, 3, 4, 4), opset=12)
    save("hard_swish_14", Net(lambda x, c: F.hardswish(c(x)), Conv(3, 5, 1)),
         (1, 3, 4, 4), opset=14)

    def pieces(x, c):
        x = c(x)
        return x * F.relu6(x + 3) / 6

    def other_pieces(x, c):
        x = c(x)
        return x * (F.relu6(x + 3) / 6)
    save("hard_swish_pieces", Net(pieces, Conv(3, 5, 1)), (1, 3, 4, 4))
    save("hard_swish_others", Net(other_pieces, Conv(3, 5, 1)), (1, 3, 4, 4))
    save("hard_sigmoid", F.hardsigmoid, (1, 3, 4, 4))
    save("silu", Net(lambda x, c: F.silu(c(x)), Conv(3, 5, 1)), (1, 3, 4, 4))
    save("prelu", nn.Sequential(Conv(3, 5, 1), nn.PReLU(5)), (1, 3, 4, 4))
    save("prelu_one", nn.Sequential(Conv(3, 5, 1), nn.PReLU()), (1, 3, 4, 4))
    for opset in (11, 17):
        save(f"softmax_{opset}", nn.Softmax(1), (1, 10), opset)
        save(f"softmax_channels_{opset}", nn.Softmax(1), (1, 5, 3, 4), opset)
        save(f"softmax_columns_{opset}", nn.Softmax(3), (1, 5, 3, 4), opset)


def arithmetic():
    mean = torch.tensor([0.4, 0.5, 0.6]).view(1, 3, 1, 1)
    std = torch.tensor([0.2, 0.3, 0.4]).view(1, 3, 1, 1)
    save("arithmetic", lambda x: (x + 1) * 2 - x / 4 + (3 - x), (1, 3, 4, 4))
    save("normalized", lambda x: (x - mean) / std, (1, 3, 4, 4))
    save("conv_normalized",
         Net(lambda x, c: (c(x) - mean) / std, Conv(3, 3, 1)), (1, 3, 4, 4))
    save("columns", lambda x: x * torch.arange(4.), (1, 3, 3, 4))
    save("limits",
         Net(lambda x, c: torch.maximum(x, c(x)) + torch.minimum(x, c(x)),
             Conv(3, 3, 1)), (1, 3, 4, 4))
    save("places",
         Net(lambda x, c: c(x) + torch.ones(1, 2, 4, 3) * torch.arange(3.),
             Conv(3, 2, 1)), (1, 3, 4, 3))

    def excite(x, a, b):
        return x * torch.sigmoid(b(F.relu(a(x.mean([2, 3])))))[:, :, None, None]

    def excite_conv(x, a, b):
        return x * torch.sigmoid(b(F.relu(a(F.adaptive_avg_pool2d(x, 1)))))
    save("excite", Net(excite, nn.Linear(8, 4), nn.Linear(4, 8)),
         (1, 8, 3, 5))
    save("excite_conv", Net(excite_conv, Conv(8, 4, 1), Conv(4, 8, 1)),
         (1, 8, 3, 5))


def movement():
    def shuffle(x, c):
        a, b = x.chunk(2, 1)
        y = torch.cat([a, c(b)], 1)
        n, ch, h, w = y.shape
        return y.view(n, 2, ch // 2, h, w).transpose(1, 2).reshape(n, -1, h, w)
    save("shuffle", Net(shuffle, Conv(4, 4, 3, 1, 1)), (1, 8, 4, 5))
    save("steps", lambda x: torch.cat([x[:, :, 1:7:2, ::2], x[:, :, :3, 4:]],
                                      2), (1, 2, 8, 8))
    save("focus",
         lambda x: torch.cat([x[..., ::2, ::2], x[..., 1::2, ::2],
                              x[..., ::2, 1::2], x[..., 1::2, 1::2]], 1),
         (1, 3, 4, 6))
    save("split",
         lambda x: sum(t.mean(1, keepdim=True)
                       for t in torch.split(x, [2, 3, 2], 1)), (1, 7, 4, 4))
    save("channel", lambda x: x[:, 1], (1, 3, 4, 5))
    save("row", lambda x: x[:, :, 3], (1, 3, 4, 5))
    save("padded", lambda x: F.pad(x, (1, 2, 0, 3), value=1.5), (1, 3, 4, 4))
    save("pixel_shuffle",
         nn.Sequential(Conv(3, 12, 3, 1, 1), nn.PixelShuffle(2)),
         (1, 3, 3, 4))
    save("detect",
         Net(lambda x, c: c(x).view(1, 3, 5, 3, 4).permute(0, 1, 3, 4, 2)
             .reshape(1, -1, 5).sigmoid(), Conv(3, 15, 1)), (1, 3, 3, 4))
    save("places_last",
         Net(lambda x, c: c(x).permute(0, 2, 3, 1).reshape(1, -1, 4),
             Conv(3, 8, 1)), (1, 3, 3, 4))
    save("flat", lambda x: x.flatten(1), (1, 3, 2, 4))
    for opset in (11, 17):
        save(f"upsample_{opset}", lambda x: F.interpolate(x, scale_factor=2),
             (1, 3, 3, 4), opset)
    save("upsample_like",
         Net(lambda x, c: torch.cat(
             [x, F.interpolate(c(x), size=x.shape[2:])], 1),
             Conv(3, 4, 3, 2, 1)), (1, 3, 6, 4))
    save("downsample", lambda x: F.interpolate(x, size=(4, 3)), (1, 3, 9, 7))


def matrices():
    def classify(x, a, b):
        return b(F.relu(a(x)).view(x.size(0), -1))
    axes = {"x": {0: "n"}}
    save("classify", Net(classify, Conv(3, 4, 3), nn.Linear(16, 5)),
         (1, 3, 4, 4))
    save("classify_open", Net(classify, Conv(3, 4, 3), nn.Linear(16, 5)),
         (1, 3, 4, 4), opset=11, dynamic_axes=axes)
    save("classify_two",
         Net(lambda x, a, b: a(x.flatten(1)) + b(x.flatten(1)),
             nn.Linear(12, 5), nn.Linear(12, 5)), (1, 3, 2, 2))
    save("relu_behind_flatten",
         Net(lambda x, a: a(F.relu(x.flatten(1))), nn.Linear(12, 5)),
         (1, 3, 2, 2))
    save("pooled",
         nn.Sequential(Conv(3, 8, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1),
                       nn.Flatten(), nn.Linear(8, 4)), (1, 3, 5, 5))
    save("perceptron",
         nn.Sequential(nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 3),
                       nn.Softmax(1)), (1, 6))
    save("rows", Net(lambda x, a: a(x), nn.Linear(6, 5)), (1, 7, 6))
    save("two_outputs", Net(lambda x, a: (a(x), F.relu(x)), Conv(3, 4, 1)),
         (1, 3, 3, 4))


def transformers():
    save("attention",
         Net(lambda x, a: a(x, x, x, need_weights=False)[0],
             nn.MultiheadAttention(8, 2, batch_first=True)), (1, 5, 8))
    save("attention_rows_first",
         Net(lambda x, a: a(x, x, x)[0], nn.MultiheadAttention(8, 4)),
         (5, 1, 8))
    for opset in (11, 17):
        save(f"encoder_{opset}",
             nn.TransformerEncoder(
                 nn.TransformerEncoderLayer(8, 2, 12, batch_first=True), 2),
             (1, 5, 8), opset)
    save("encoder_gelu",
         nn.TransformerEncoderLayer(8, 2, 12, activation="gelu",
                                    batch_first=True, norm_first=True),
         (1, 5, 8))


def main():
    warnings.filterwarnings("ignore")
    torch.manual_seed(20261120)
    os.makedirs(OUT, exist_ok=True)
    for group in (convolutions, pools, activations, arithmetic, movement,
                  matrices, transformers):
        group()


main()
