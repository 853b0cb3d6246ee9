#!/usr/bin/env python3
"""The training step of examples/kd.kd as a PyTorch user writes it: how many images a second.

    python3 benches/pytorch_kd_step.py [--threads 1] [--steps 60] [--warm-up 10]

Eager PyTorch on the CPU. The images are in memory, normalised beforehand, so that a step is: pick the
batch, teacher forward without gradients, student forward and backward, Adam. Prints one line of JSON.
"""
import argparse
import json
import time

import torch
from torch import nn
from torch.nn import functional as F

BATCH = 128
SAMPLES = 10_000
TEMPERATURE = 2


def deep_nn():
    return nn.Sequential(
        nn.Conv2d(3, 128, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(128, 64, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(64, 64, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(64, 32, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(2048, 512),
        nn.ReLU(),
        nn.Dropout(0.1),
        nn.Linear(512, 10),
    )


def light_nn():
    return nn.Sequential(
        nn.Conv2d(3, 16, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(16, 16, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(1024, 256),
        nn.ReLU(),
        nn.Dropout(0.1),
        nn.Linear(256, 10),
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--warm-up", type=int, default=10)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(42)

    images = torch.randn(SAMPLES, 3, 32, 32)
    labels = torch.randint(10, (SAMPLES,))
    teacher = deep_nn().eval()
    student = light_nn().train()
    optimizer = torch.optim.Adam(student.parameters(), lr=0.001)

    def step(index):
        x, y = images.index_select(0, index), labels.index_select(0, index)
        with torch.no_grad():
            soft = F.softmax(teacher(x) / TEMPERATURE, dim=1)
        logits = student(x)
        log_q = F.log_softmax(logits / TEMPERATURE, dim=1)
        distance = torch.sum(soft * (soft.log() - log_q)) / len(soft) * TEMPERATURE**2
        loss = 0.25 * distance + 0.75 * F.cross_entropy(logits, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss.item()

    order = torch.randperm(SAMPLES)
    batches = [batch for batch in order.split(BATCH) if len(batch) == BATCH]
    for k in range(arguments.warm_up):
        step(batches[k % len(batches)])
    start = time.perf_counter()
    for k in range(arguments.steps):
        step(batches[k % len(batches)])
    seconds = time.perf_counter() - start
    print(json.dumps({"images_per_second": arguments.steps * BATCH / seconds}))


if __name__ == "__main__":
    main()
