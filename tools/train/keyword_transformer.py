"""Trains a transformer on spoken keywords: keyword_transformer.py DATA OUT

DATA is what keywords.py made. The network is torch's own
nn.TransformerEncoder: a token is a window of 40 ms, as in the keyword
transformer (arXiv 2104.00769), with two blocks of width 48 and two heads.
OUT gets keyword_transformer.onnx, as torch.onnx.export writes it,
keyword_labels.txt, and keywords/WORD/N.npy, the first words of the test set.
One thread and a fixed seed; some minutes.
"""

import pathlib
import sys

import numpy
import torch
from torch import nn

from keywords import BANDS, FRAMES, SEED, WORDS

WIDTH, HEADS, HIDDEN, BLOCKS, DROPOUT = 48, 2, 96, 2, 0.1
EPOCHS, BATCH, RATE, DECAY = 40, 32, 2e-3, 0.05
SMOOTHING, SHIFT = 0.1, 3
SAMPLES = 2  # of each word


class KeywordTransformer(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Linear(BANDS, WIDTH)
        self.places = nn.Parameter(torch.randn(1, FRAMES, WIDTH) * 0.02)
        block = nn.TransformerEncoderLayer(
            WIDTH, HEADS, HIDDEN, DROPOUT, "gelu", batch_first=True,
            norm_first=True)
        self.encoder = nn.TransformerEncoder(block, BLOCKS)
        self.norm = nn.LayerNorm(WIDTH)
        self.words = nn.Linear(WIDTH, len(WORDS))

    def forward(self, x):
        x = self.encoder(self.embed(x) + self.places)
        return self.words(self.norm(x).mean(1))


def load(path):
    file = numpy.load(path)
    return torch.tensor(file["x"]), torch.tensor(file["label"])


def augment(x):
    """Each frame moved by some windows, some bands and windows covered."""
    x = torch.stack([frame.roll(int(by), 0) for frame, by in zip(
        x, torch.randint(-SHIFT, SHIFT + 1, (len(x),)))])
    for axis, size, longest in ((1, FRAMES, 4), (2, BANDS, 6)):
        shape = [len(x), 1, 1]
        first = torch.randint(0, size, shape)
        last = first + torch.randint(0, longest + 1, shape)
        at = torch.arange(size).reshape([-1 if i == axis else 1
                                         for i in range(3)])
        x = x.masked_fill((at >= first) & (at < last), x.min().item())
    return x


def main():
    data, out = map(pathlib.Path, sys.argv[1:3])
    torch.set_num_threads(1)
    torch.manual_seed(SEED)
    x, label = load(data / "train.npz")
    model = KeywordTransformer()
    optimizer = torch.optim.AdamW(model.parameters(), RATE,
                                  weight_decay=DECAY)
    steps = EPOCHS * -(-len(x) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, steps)
    for epoch in range(EPOCHS):
        total = 0
        for batch in torch.randperm(len(x)).split(BATCH):
            loss = nn.functional.cross_entropy(
                model(augment(x[batch])), label[batch],
                label_smoothing=SMOOTHING)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item() * len(batch)
        print(f"epoch {epoch + 1} of {EPOCHS}: loss {total / len(x):.3f}",
              flush=True)

    model.eval()
    x, label = load(data / "test.npz")
    with torch.no_grad():
        right = (model(x).argmax(1) == label).float().mean()
    print(f"trained: test {100 * right:.2f} %")
    torch.onnx.export(model, torch.zeros(1, FRAMES, BANDS),
                      str(out / "keyword_transformer.onnx"),
                      input_names=["sound"], output_names=["word"])
    for i, word in enumerate(WORDS):
        folder = out / "keywords" / word
        folder.mkdir(parents=True, exist_ok=True)
        for n, frame in enumerate(x[label == i][:SAMPLES]):
            numpy.save(folder / f"{n}.npy", frame.numpy())
    (out / "keyword_labels.txt").write_text("\n".join(WORDS) + "\n")


main()
