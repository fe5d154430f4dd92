"""Four more architectures, to be judged by: ResNet-18, SqueezeNet, a VGG-like
one and a small U-shaped one. Defined as torchvision defines its own."""

import torch
from torch import nn
from torch.nn import functional


class BasicBlock(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.downsample = None
        if stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride, bias=False),
                nn.BatchNorm2d(outputs))

    def forward(self, x):
        shortcut = x if self.downsample is None else self.downsample(x)
        x = functional.relu(self.bn1(self.conv1(x)))
        return functional.relu(self.bn2(self.conv2(x)) + shortcut)


class ResNet18(nn.Module):
    def __init__(self, classes, base=64):
        super().__init__()
        layers = [nn.Conv2d(3, base, 7, 2, 3, bias=False),
                  nn.BatchNorm2d(base), nn.ReLU(inplace=True),
                  nn.MaxPool2d(3, 2, 1)]
        inputs = base
        for i in range(4):
            outputs = base << i
            layers += [BasicBlock(inputs, outputs, 1 if i == 0 else 2),
                       BasicBlock(outputs, outputs, 1)]
            inputs = outputs
        self.features = nn.Sequential(*layers)
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(inputs, classes)

    def forward(self, x):
        return self.fc(torch.flatten(self.avgpool(self.features(x)), 1))


class Fire(nn.Module):
    def __init__(self, inputs, squeezed, expanded):
        super().__init__()
        self.squeeze = nn.Conv2d(inputs, squeezed, 1)
        self.expand1 = nn.Conv2d(squeezed, expanded, 1)
        self.expand3 = nn.Conv2d(squeezed, expanded, 3, padding=1)

    def forward(self, x):
        x = functional.relu(self.squeeze(x))
        return torch.cat([functional.relu(self.expand1(x)),
                          functional.relu(self.expand3(x))], 1)


class SqueezeNet(nn.Module):
    """Version 1.1; its pools round up, so the last window may hang over."""

    def __init__(self, classes, share=1):
        super().__init__()

        def fire(inputs, squeezed, expanded):
            return Fire(inputs // share, squeezed // share, expanded // share)

        def pool():
            return nn.MaxPool2d(3, 2, ceil_mode=True)

        self.features = nn.Sequential(
            nn.Conv2d(3, 64 // share, 3, 2), nn.ReLU(inplace=True), pool(),
            fire(64, 16, 64), fire(128, 16, 64), pool(),
            fire(128, 32, 128), fire(256, 32, 128), pool(),
            fire(256, 48, 192), fire(384, 48, 192),
            fire(384, 64, 256), fire(512, 64, 256))
        self.classifier = nn.Sequential(
            nn.Dropout(0.5), nn.Conv2d(512 // share, classes, 1),
            nn.ReLU(inplace=True), nn.AdaptiveAvgPool2d((1, 1)))

    def forward(self, x):
        return torch.flatten(self.classifier(self.features(x)), 1)


class VggLike(nn.Module):
    """3 x 3 convolutions and pools; the classifier sees places, not means."""

    def __init__(self, classes, channels, hidden, side):
        super().__init__()
        layers, inputs = [], 3
        for outputs in channels:
            layers += [nn.Conv2d(inputs, outputs, 3, padding=1), nn.ReLU(),
                       nn.Conv2d(outputs, outputs, 3, padding=1), nn.ReLU(),
                       nn.MaxPool2d(2)]
            inputs, side = outputs, side // 2
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Sequential(
            nn.Linear(inputs * side * side, hidden), nn.ReLU(), nn.Dropout(),
            nn.Linear(hidden, classes))

    def forward(self, x):
        return self.classifier(torch.flatten(self.features(x), 1))


class UNet(nn.Module):
    """Down twice and up again; a value per place and class."""

    def __init__(self, classes, base):
        super().__init__()

        def block(inputs, outputs):
            return nn.Sequential(
                nn.Conv2d(inputs, outputs, 3, padding=1, bias=False),
                nn.BatchNorm2d(outputs), nn.LeakyReLU(0.1),
                nn.Conv2d(outputs, outputs, 3, padding=1, bias=False),
                nn.BatchNorm2d(outputs), nn.LeakyReLU(0.1))

        self.down1, self.down2 = block(3, base), block(base, 2 * base)
        self.bottom = block(2 * base, 4 * base)
        self.up2 = block(6 * base, 2 * base)
        self.up1 = block(3 * base, base)
        self.pool = nn.MaxPool2d(2)
        self.larger = nn.Upsample(scale_factor=2, mode="nearest")
        self.last = nn.Conv2d(base, classes, 1)

    def forward(self, x):
        one = self.down1(x)
        two = self.down2(self.pool(one))
        three = self.bottom(self.pool(two))
        two = self.up2(torch.cat([self.larger(three), two], 1))
        return self.last(self.up1(torch.cat([self.larger(two), one], 1)))
