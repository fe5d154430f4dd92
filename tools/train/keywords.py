"""Spoken keywords as log-mel spectrograms: keywords.py OUT

A synthetic task: espeak-ng says ten words with English accents and voices of
its own, at a random speed and pitch; each word lies at a random place in a
second of white noise. A voice is in one set only, so the test set has voices
that training never heard. Real speech is more varied.

OUT gets train.npz and test.npz: `x`, float32 [n, 25, 40], 25 windows of 40 ms
and 40 bands from 60 to 7,600 Hz; `label`, the word's number.
"""

import pathlib
import random
import subprocess
import sys

import numpy

WORDS = "yes no up down left right on off stop go".split()
ACCENTS = ["en-us", "en-gb", "en-gb-scotland", "en-gb-x-rp"]
VOICES = ("Alex Alicia Andrea Andy Annie Denis Diogo Gene Gene2 Henrique Hugo "
          "Lee Marco Michael Mike Tweaky adam anika antonio aunty belinda "
          "benjamin boris caleb croak david ed edward f1 f2 f3 f4 f5 grandma "
          "grandpa john klatt klatt2 linda m1 m2 m3 m4 m5 m6 m7 m8 max michel "
          "miguel norbert pablo paul pedro quincy rob robert sandro shelby "
          "steph steph2 travis victor zac").split()
SEED = 8
EVERY_TEST = 5  # each fifth voice is one of the test set
TAKES = 2  # of each word, voice and accent; one in the test set
RATE, WINDOW, FRAMES, BANDS = 22050, 882, 25, 40
LENGTH = WINDOW * FRAMES
FFT = 1024


def mel(hertz):
    return 2595 * numpy.log10(1 + numpy.asarray(hertz) / 700)


def filters():
    """Triangles in mel over the bins of the transform."""
    edges = numpy.linspace(mel(60), mel(7600), BANDS + 2)
    at = mel(numpy.arange(FFT // 2 + 1) * RATE / FFT)
    up = (at[None] - edges[:-2, None]) / (edges[1] - edges[0])
    down = (edges[2:, None] - at[None]) / (edges[1] - edges[0])
    return numpy.maximum(0, numpy.minimum(up, down))


def features(sound, bank):
    """Log of the energy by bands, about -2 to 2."""
    parts = sound.reshape(FRAMES, WINDOW)
    power = abs(numpy.fft.rfft(parts * numpy.hanning(WINDOW), FFT)) ** 2
    values = (numpy.log(power @ bank.T + 1e-3) - 1) / 4
    return values.astype(numpy.float32)


def spoken(word, voice, dice):
    said = subprocess.run(
        ["espeak-ng", "-v", voice, "-s", str(dice.randint(110, 220)),
         "-p", str(dice.randint(25, 75)), "--stdout", word],
        check=True, stdout=subprocess.PIPE).stdout
    sound = numpy.frombuffer(said[44:len(said) // 2 * 2], "<i2") / 32768
    loud = numpy.flatnonzero(abs(sound) > 0.01)
    return sound[loud[0]:loud[-1] + 1][:LENGTH]


def second(sound, dice, noise):
    """The word somewhere in a second, 5 to 30 dB above the noise."""
    whole = numpy.zeros(LENGTH)
    first = dice.randint(0, LENGTH - len(sound))
    whole[first:first + len(sound)] = sound / numpy.sqrt((sound ** 2).mean())
    hiss = noise.standard_normal(LENGTH) * 10 ** (-dice.uniform(5, 30) / 20)
    return (whole + hiss) * dice.uniform(0.1, 0.5)


def write(path, voices, takes):
    dice, noise = random.Random(SEED), numpy.random.default_rng(SEED)
    bank, frames, labels = filters(), [], []
    for voice in voices:
        for accent in ACCENTS:
            for label, word in enumerate(WORDS * takes):
                sound = spoken(word, f"{accent}+{voice}", dice)
                frames.append(features(second(sound, dice, noise), bank))
                labels.append(label % len(WORDS))
    numpy.savez_compressed(path, x=numpy.stack(frames),
                           label=numpy.array(labels))
    print(f"{path.name}: {len(labels)} words by {len(voices)} voices")


def main():
    out = pathlib.Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    test = VOICES[::EVERY_TEST]
    write(out / "test.npz", test, 1)
    write(out / "train.npz", [v for v in VOICES if v not in test], TAKES)


if __name__ == "__main__":
    main()
