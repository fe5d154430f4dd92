"""MobileNetV2 for pictures of one channel, as torchvision defines it.

Convolution, BatchNorm and ReLU6 in inverted residuals; nothing special for
shoal. The input is real = p / 255, so `shoal run MODEL picture.png` needs no
flags.
"""

import torch
from torch import nn

# Expansion, channels, repeats, stride of the first: MobileNetV2's table 2.
STAGES = [
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
]


def channels_of(channels, width):
    """The nearest multiple of 8, never below 90 % of what was asked for."""
    wanted = channels * width
    rounded = max(8, int(wanted + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * wanted else rounded


class ConvBnRelu6(nn.Sequential):
    def __init__(self, inputs, outputs, kernel=3, stride=1, groups=1):
        super().__init__(
            nn.Conv2d(inputs, outputs, kernel, stride, (kernel - 1) // 2,
                      groups=groups, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU6(inplace=True))


class InvertedResidual(nn.Module):
    def __init__(self, inputs, outputs, stride, expansion):
        super().__init__()
        hidden = inputs * expansion
        self.shortcut = stride == 1 and inputs == outputs
        layers = []
        if expansion != 1:
            layers.append(ConvBnRelu6(inputs, hidden, kernel=1))
        layers += [
            ConvBnRelu6(hidden, hidden, stride=stride, groups=hidden),
            nn.Conv2d(hidden, outputs, 1, bias=False),
            nn.BatchNorm2d(outputs),
        ]
        self.conv = nn.Sequential(*layers)

    def forward(self, x):
        return x + self.conv(x) if self.shortcut else self.conv(x)


class MobileNetV2(nn.Module):
    def __init__(self, classes=10, width=0.5, inputs=1, last=1280,
                 stages=STAGES, dropout=0.1):
        super().__init__()
        channels = channels_of(32, width)
        features = [ConvBnRelu6(inputs, channels, stride=2)]
        for expansion, base, repeats, stride in stages:
            outputs = channels_of(base, width)
            for i in range(repeats):
                features.append(InvertedResidual(
                    channels, outputs, stride if i == 0 else 1, expansion))
                channels = outputs
        last = channels_of(last, max(1.0, width))
        features.append(ConvBnRelu6(channels, last, kernel=1))
        self.features = nn.Sequential(*features)
        self.classifier = nn.Sequential(nn.Dropout(dropout),
                                        nn.Linear(last, classes))
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out")
            elif isinstance(module, nn.Linear):
                nn.init.normal_(module.weight, 0, 0.01)
                nn.init.zeros_(module.bias)

    def forward(self, x):
        x = self.features(x)
        x = nn.functional.adaptive_avg_pool2d(x, 1)
        return self.classifier(torch.flatten(x, 1))
