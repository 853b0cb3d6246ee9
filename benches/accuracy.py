#!/usr/bin/env python3
"""How well students learn in PyTorch: the accuracy that kdc's are held against.

    python3 benches/accuracy.py kd|cosine|hint --teacher FILE [--data FOLDER] [--seeds 42,43] [--epochs 10]

Trains the student as `examples/kd.kd`, `cosine.kd` and `hint.kd` say, in 32-bit floating point, on CIFAR-10's binary
version. The teacher is the one that kdc trained, FILE its `student.safetensors`; its answers are computed once.

Prints a line for each seed: the seed and the share of the test pictures that the student gets right.
"""
import argparse
import json
from pathlib import Path

import numpy
import torch
from torch import nn

from pytorch import BATCH, EXPERIMENTS, Resident, answer, conv, deep_nn, learns, light_nn, say, total

RECORD = 1 + 3 * 32 * 32
TRAIN = [f"data_batch_{k}.bin" for k in range(1, 6)]


def cifar(folder, files):
    """Pictures as bytes, and their labels."""
    records = [numpy.fromfile(folder / file, numpy.uint8).reshape(-1, RECORD) for file in files]
    records = torch.from_numpy(numpy.concatenate(records))
    return Resident(records[:, 1:].reshape(-1, 3, 32, 32), records[:, 0].long())


def tensors(file):
    """Those of a safetensors file, all of them f32: the length of a header in JSON, the header, the numbers."""
    content = bytearray(file.read_bytes())
    start = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:start])
    header.pop("__metadata__", None)

    def tensor(entry):
        first, end = entry["data_offsets"]
        flat = torch.frombuffer(content, dtype=torch.float32, offset=start + first, count=(end - first) // 4)
        return flat.reshape(entry["shape"])

    return {name: tensor(entry) for name, entry in header.items()}


@torch.no_grad()
def answers(experiment, teacher, data):
    return torch.cat([answer(experiment, teacher, data.batch(index)[0]) for index in data.in_order()])


@torch.no_grad()
def right(student, data):
    """The share of the samples that get their label."""
    student.eval()
    count = 0
    for index in data.in_order():
        x, y = data.batch(index)
        count += (student(x)[0].argmax(1) == y).sum().item()
    return count / len(data.labels)


def train(experiment, data, kept, epochs):
    student, regressor = light_nn().train(), conv(16, 32)
    for network in (student, regressor):
        network.to(memory_format=torch.channels_last)
    optimizer = learns(student, regressor if experiment == "hint" else nn.Identity(), fused=True)
    for _ in range(epochs):
        for index in torch.randperm(len(data.labels)).split(BATCH):
            x, y = data.batch(index)
            optimizer.zero_grad(set_to_none=True)
            total(experiment, student, regressor, x, y, kept.index_select(0, index)).backward()
            optimizer.step()
    return student


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("experiment", choices=EXPERIMENTS)
    parser.add_argument("--teacher", type=Path, required=True)
    parser.add_argument("--data", type=Path, default=Path("data/cifar-10-batches-bin"))
    parser.add_argument("--seeds", default="42")
    parser.add_argument("--epochs", type=int, default=10)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    data, test = cifar(arguments.data, TRAIN), cifar(arguments.data, ["test_batch.bin"])
    teacher = deep_nn().eval()
    teacher.load_state_dict(tensors(arguments.teacher))
    kept = answers(arguments.experiment, teacher.to(memory_format=torch.channels_last), data)
    for seed in arguments.seeds.split(","):
        torch.manual_seed(int(seed))
        student = train(arguments.experiment, data, kept, arguments.epochs)
        say(seed, right(student, test))


if __name__ == "__main__":
    main()
