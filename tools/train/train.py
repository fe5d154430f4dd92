"""Trains the bundled network: train.py DATA OUT

DATA holds the IDX files of fashion_data.py. Most epochs see pictures of
48 x 48, the last ones of 96 x 96. OUT/checkpoint.pt is written after every
epoch, and a run that finds one goes on from there; OUT/weights.pt is the end:
the average of the weights over the last steps. The test set is looked at once,
after that. One thread and fixed seeds: the same weights on every run
of the same torch on the same kind of processor.
"""

import copy
import math
import pathlib
import sys
import time

import torch
from torch import nn

import idx
from mobilenet_v2 import MobileNetV2
from pictures import augment, enlarge

SEED = 6
EPOCHS = [48] * 18 + [96] * 6  # the side of every epoch's pictures
BATCH = 64
RATE, WARM_UP, MOMENTUM, DECAY = 0.08, 0.08, 0.9, 1e-4
SMOOTHING = 0.05
AVERAGE = 0.998
STATISTICS = 6000  # training pictures


def load(folder, name):
    images = idx.read(folder / f"{name}-images-idx3-ubyte")
    labels = idx.read(folder / f"{name}-labels-idx1-ubyte")
    return torch.tensor(images), torch.tensor(labels).long()


def rate_at(progress):
    if progress < WARM_UP:
        return RATE * (0.05 + 0.95 * progress / WARM_UP)
    done = (progress - WARM_UP) / (1 - WARM_UP)
    return RATE * (0.002 + 0.998 * 0.5 * (1 + math.cos(math.pi * done)))


def follow(average, model, decay):
    with torch.no_grad():
        for a, b in zip(average.parameters(), model.parameters()):
            a.lerp_(b, 1 - decay)


def measure_statistics(average, images, side):
    """Averaged weights give other values than any weights had in training:
    BatchNorm's statistics are measured anew."""
    average.eval()
    for module in average.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.reset_running_stats()
            module.momentum = None  # the plain average
            module.train()
    with torch.no_grad():
        for part in images[:STATISTICS].split(100):
            average(enlarge(part, side))


def accuracy(model, images, labels, side):
    model.eval()
    right = 0
    with torch.no_grad():
        for first in range(0, len(images), 100):
            part = slice(first, first + 100)
            guess = model(enlarge(images[part], side)).argmax(1)
            right += (guess == labels[part]).sum().item()
    return 100 * right / len(images)


class Training:
    def __init__(self):
        torch.manual_seed(SEED)
        self.generator = torch.Generator().manual_seed(SEED)
        self.model = MobileNetV2().to(memory_format=torch.channels_last)
        self.average = copy.deepcopy(self.model)
        plain = [p for p in self.model.parameters() if p.ndim <= 1]
        decayed = [p for p in self.model.parameters() if p.ndim > 1]
        self.optimizer = torch.optim.SGD(
            [{"params": decayed, "weight_decay": DECAY}, {"params": plain}],
            lr=RATE, momentum=MOMENTUM, nesterov=True)
        self.epoch, self.cpu_seconds = 0, 0.0

    def save(self, path):
        torch.save({
            "model": self.model.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "generator": self.generator.get_state(),
            "dropout": torch.get_rng_state(),
            "epoch": self.epoch,
            "cpu_seconds": self.cpu_seconds,
        }, path.with_suffix(".part"))
        path.with_suffix(".part").rename(path)

    def resume(self, path):
        state = torch.load(path)
        self.model.load_state_dict(state["model"])
        self.average.load_state_dict(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.generator.set_state(state["generator"])
        torch.set_rng_state(state["dropout"])
        self.epoch = state["epoch"]
        self.cpu_seconds = state["cpu_seconds"]

    def run_epoch(self, images, labels):
        """One pass; returns the mean loss."""
        started = time.process_time()
        side = EPOCHS[self.epoch]
        order = torch.randperm(len(images), generator=self.generator)
        batches = order.split(BATCH)
        self.model.train()
        total = 0.0
        for step, batch in enumerate(batches):
            progress = (self.epoch + step / len(batches)) / len(EPOCHS)
            for group in self.optimizer.param_groups:
                group["lr"] = rate_at(progress)
            x = enlarge(augment(images[batch], self.generator), side,
                        torch.float32)
            loss = nn.functional.cross_entropy(
                self.model(x.to(memory_format=torch.channels_last)),
                labels[batch], label_smoothing=SMOOTHING)
            self.optimizer.zero_grad(set_to_none=True)
            loss.backward()
            self.optimizer.step()
            follow(self.average, self.model, AVERAGE)
            total += loss.item()
        self.epoch += 1
        self.cpu_seconds += time.process_time() - started
        return total / len(batches)


def main():
    data, out = map(pathlib.Path, sys.argv[1:3])
    out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    images, labels = load(data, "train")
    test_images, test_labels = load(data, "t10k")
    training = Training()
    checkpoint = out / "checkpoint.pt"
    if checkpoint.exists():
        training.resume(checkpoint)
    while training.epoch < len(EPOCHS):
        side = EPOCHS[training.epoch]
        loss = training.run_epoch(images, labels)
        training.save(checkpoint)
        print(f"epoch {training.epoch} of {len(EPOCHS)}, {side} x {side}: "
              f"loss {loss:.3f}, {training.cpu_seconds:.0f} s of CPU",
              flush=True)
    measure_statistics(training.average, images, EPOCHS[-1])
    seen = accuracy(training.average, test_images, test_labels, EPOCHS[-1])
    print(f"trained: test {seen:.2f} % at {EPOCHS[-1]} x {EPOCHS[-1]}")
    torch.save(training.average.state_dict(), out / "weights.pt")


if __name__ == "__main__":
    main()
