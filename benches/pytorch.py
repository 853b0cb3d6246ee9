#!/usr/bin/env python3
"""The experiments of the examples as PyTorch programs: how many pictures a second their steps take.

    python3 benches/pytorch.py tutorial|tuned|large [--precision f32|bf16] [--threads 1] [--steps 8]

`tutorial` is the tutorial's program as it was published: a DataLoader with two workers and transforms of PIL
pictures, eager networks, Adam, `loss.item()` in each step.

`tuned` is what a good engineer makes of it: pictures in memory as bytes, channels last, Adam fused, autocast to
bf16 where asked for, torch.compile where that is faster than without, no reading of the loss. `step` has the
teacher in each step, `kept` the teacher's answers from a cache made by hand, `teacher` is the pass that makes it.

`large` is `tuned` for a larger pair, resnet32x4 and resnet8x4, with crops and flips on whole batches.

Prints a line for each figure: its name and the number. With `--rounds` it measures once for each line that it reads
from standard input, and prints an empty line when it is ready for the first and after the figures of each.
"""
import argparse
import functools
import resource
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

BATCH = 128
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
EXPERIMENTS = ("kd", "cosine", "hint")


class Network(nn.Module):
    def __init__(self, features, flat, hidden):
        super().__init__()
        self.features = features
        self.classifier = nn.Sequential(nn.Linear(flat, hidden), nn.ReLU(), nn.Dropout(0.1), nn.Linear(hidden, 10))

    def forward(self, x):
        mapped = self.features(x)
        flat = torch.flatten(mapped, 1)
        return self.classifier(flat), mapped, flat


def conv(inputs, outputs):
    return nn.Conv2d(inputs, outputs, 3, padding=1)


def deep_nn():
    features = [conv(3, 128), nn.ReLU(), conv(128, 64), nn.ReLU(), nn.MaxPool2d(2)]
    features += [conv(64, 64), nn.ReLU(), conv(64, 32), nn.ReLU(), nn.MaxPool2d(2)]
    return Network(nn.Sequential(*features), 2048, 512)


def light_nn():
    features = [conv(3, 16), nn.ReLU(), nn.MaxPool2d(2), conv(16, 16), nn.ReLU(), nn.MaxPool2d(2)]
    return Network(nn.Sequential(*features), 1024, 256)


class Block(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.shortcut = nn.Identity()
        if stride != 1 or inputs != outputs:
            self.shortcut = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        return F.relu(self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x))))) + self.shortcut(x))


def resnet_cifar(depth):
    blocks, layers = (depth - 2) // 6, []
    layers += [nn.Conv2d(3, 32, 3, 1, 1, bias=False), nn.BatchNorm2d(32), nn.ReLU()]
    inputs = 32
    for stage, outputs in enumerate((64, 128, 256)):
        for block in range(blocks):
            layers.append(Block(inputs, outputs, 2 if stage > 0 and block == 0 else 1))
            inputs = outputs
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(256, 10))


def soft_target(student, teacher, temperature):
    soft = F.softmax(teacher / temperature, dim=1)
    log_q = F.log_softmax(student / temperature, dim=1)
    return torch.sum(soft * (soft.log() - log_q)) / len(soft) * temperature**2


def answer(experiment, teacher, x):
    """What the experiment takes from the teacher."""
    if experiment == "kd":
        return teacher(x)[0]
    mapped = teacher.features(x)
    return mapped if experiment == "hint" else F.avg_pool1d(torch.flatten(mapped, 1), 2)


def total(experiment, student, regressor, x, y, taught):
    logits, mapped, flat = student(x)
    logits, taught = logits.float(), taught.float()
    if experiment == "kd":
        other = soft_target(logits, taught, 2)
    elif experiment == "cosine":
        target = torch.ones(len(x))
        other = F.cosine_embedding_loss(flat.float(), taught, target)
    else:
        other = F.mse_loss(regressor(mapped).float(), taught)
    return 0.25 * other + 0.75 * F.cross_entropy(logits, y)


def say(name, value):
    print(f"{name} {value}", flush=True)


def speed(step, steps, warm_up):
    """Pictures a second over the steps after the first ones."""
    for k in range(warm_up):
        step(k)
    start = time.perf_counter()
    for k in range(steps):
        step(warm_up + k)
    return steps * BATCH / (time.perf_counter() - start)


def learns(student, regressor, **settings):
    return torch.optim.Adam([*student.parameters(), *regressor.parameters()], lr=0.001, **settings)


def tutorial(pictures, labels, arguments):
    from PIL import Image
    from torchvision import transforms

    change = transforms.Compose([transforms.ToTensor(), transforms.Normalize(MEAN, STD)])

    class Pictures(torch.utils.data.Dataset):
        arrays = pictures.permute(0, 2, 3, 1).numpy()

        def __len__(self):
            return len(labels)

        def __getitem__(self, place):
            return change(Image.fromarray(self.arrays[place])), int(labels[place])

    loader = torch.utils.data.DataLoader(Pictures(), batch_size=BATCH, shuffle=True, num_workers=2, drop_last=True)
    for experiment in EXPERIMENTS:
        teacher, student, regressor = deep_nn().eval(), light_nn().train(), conv(16, 32)
        optimizer = learns(student, regressor if experiment == "hint" else nn.Identity())
        batches = iter(loader)

        def step(_):
            nonlocal batches
            batch = next(batches, None)
            if batch is None:
                batches = iter(loader)
                batch = next(batches)
            x, y = batch
            optimizer.zero_grad()
            with torch.no_grad():
                logits, mapped, flat = teacher(x)
            taught = {"kd": logits, "hint": mapped, "cosine": F.avg_pool1d(flat, 2)}[experiment]
            loss = total(experiment, student, regressor, x, y, taught)
            loss.backward()
            optimizer.step()
            return loss.item()

        say(f"{experiment}.step", speed(step, arguments.steps, arguments.warm_up))
        # the student's part of it alone, from tensors
        x, y = torch.randn(BATCH, 3, 32, 32), labels[:BATCH]
        with torch.no_grad():
            taught = answer(experiment, teacher, x)

        def student_step(_):
            optimizer.zero_grad()
            loss = total(experiment, student, regressor, x, y, taught)
            loss.backward()
            optimizer.step()
            return loss.item()

        say(f"{experiment}.student", speed(student_step, 4 * arguments.steps, arguments.warm_up))


class Resident:
    """Pictures in memory as bytes, and batches of them in the order of a permutation."""

    def __init__(self, pictures, labels):
        self.pictures, self.labels = pictures, labels
        self.order = torch.randperm(len(labels))
        self.mean, self.std = (torch.tensor(t).reshape(3, 1, 1) for t in (MEAN, STD))

    def index(self, k):
        first = k * BATCH % (len(self.order) - BATCH + 1)
        return self.order[first : first + BATCH]

    def in_order(self):
        return torch.arange(len(self.labels)).split(BATCH)

    def normalized(self, pictures):
        x = (pictures.float().div_(255).sub_(self.mean)).div_(self.std)
        return x.to(memory_format=torch.channels_last)

    def batch(self, index):
        return self.normalized(self.pictures.index_select(0, index)), self.labels.index_select(0, index)

    def cropped(self, index):
        """A random part of the picture with 4 pixels around it, half of them flipped."""
        padded = F.pad(self.pictures.index_select(0, index), (4, 4, 4, 4))
        top, left = torch.randint(9, (2, len(index), 1))
        flip = torch.rand(len(index), 1) < 0.5
        ys, xs = top + torch.arange(32), left + torch.arange(32)
        xs = torch.where(flip, xs.flip(1), xs)
        each = torch.arange(len(index))
        parts = padded[each[:, None, None], :, ys[:, :, None], xs[:, None, :]].permute(0, 3, 1, 2)
        return self.normalized(parts), self.labels.index_select(0, index)


def faster(eager, run, arguments):
    """The function, compiled if `run`, which calls it, is faster then."""
    if arguments.no_compile:
        return eager

    def seconds(function):
        for _ in range(2):
            run(function)
        start = time.perf_counter()
        for _ in range(3):
            run(function)
        return time.perf_counter() - start

    return min((eager, torch.compile(eager)), key=seconds)


def autocast(arguments):
    return torch.autocast("cpu", torch.bfloat16, enabled=arguments.precision == "bf16")


def tuned(experiment, data, arguments):
    """What measures an experiment: networks and compiled functions are there when it is called."""
    teacher, student, regressor = deep_nn().eval(), light_nn().train(), conv(16, 32)
    for network in (teacher, student, regressor):
        network.to(memory_format=torch.channels_last)
    optimizer = learns(student, regressor if experiment == "hint" else nn.Identity(), fused=True)

    def answers(x):
        with torch.no_grad(), autocast(arguments):
            return answer(experiment, teacher, x)

    def losses(x, y, taught):
        with autocast(arguments):
            return total(experiment, student, regressor, x, y, taught)

    def learn(losses, x, y, taught):
        optimizer.zero_grad(set_to_none=True)
        losses(x, y, taught).backward()
        optimizer.step()

    x, y = data.batch(data.index(0))
    answers = faster(answers, lambda function: function(x), arguments)
    taught = answers(x).clone()
    losses = faster(losses, lambda function: learn(function, x, y, taught), arguments)

    def step(k):
        x, y = data.batch(data.index(k))
        learn(losses, x, y, answers(x))

    def measure():
        say(f"{experiment}.step", speed(step, arguments.steps, arguments.warm_up))
        start = time.perf_counter()
        kept = torch.cat([answers(data.batch(index)[0]).clone() for index in data.in_order()])
        say(f"{experiment}.teacher", len(data.labels) / (time.perf_counter() - start))

        def kept_step(k):
            index = data.index(k)
            learn(losses, *data.batch(index), kept.index_select(0, index))

        say(f"{experiment}.kept", speed(kept_step, 4 * arguments.steps, arguments.warm_up))

    return measure


def all_tuned(pictures, labels, arguments):
    data = Resident(pictures, labels)
    measures = [tuned(experiment, data, arguments) for experiment in EXPERIMENTS]

    def measure():
        for one in measures:
            one()
        say("ceiling", ceiling(arguments))

    return measure


def ceiling(arguments):
    """Multiply-adds a second of the teacher's second convolution alone, on one batch."""
    kind = torch.bfloat16 if arguments.precision == "bf16" else torch.float32
    layer = conv(128, 64).to(kind).to(memory_format=torch.channels_last)
    x = torch.randn(BATCH, 128, 32, 32, dtype=kind).to(memory_format=torch.channels_last)
    with torch.no_grad():
        pictures = speed(lambda _: layer(x), 6, arguments.warm_up)
    return pictures * 1024 * 1152 * 64


def large(pictures, labels, arguments):
    data = Resident(pictures, labels)
    teacher, student = resnet_cifar(32).eval(), resnet_cifar(8).train()
    for network in (teacher, student):
        network.to(memory_format=torch.channels_last)
    optimizer = torch.optim.SGD(student.parameters(), lr=0.05, momentum=0.9, weight_decay=5e-4, fused=True)

    def answers(x):
        with torch.no_grad(), autocast(arguments):
            return teacher(x)

    def step(k):
        x, y = data.cropped(data.index(k))
        optimizer.zero_grad(set_to_none=True)
        taught = answers(x).float()
        with autocast(arguments):
            logits = student(x)
        loss = 0.9 * soft_target(logits.float(), taught, 4) + 0.1 * F.cross_entropy(logits.float(), y)
        loss.backward()
        optimizer.step()

    say("step", speed(step, arguments.steps, arguments.warm_up))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("way", choices=("tutorial", "tuned", "large"))
    parser.add_argument("--precision", choices=("f32", "bf16"), default="f32")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--warm-up", type=int, default=2)
    parser.add_argument("--pictures", type=int, default=2048)
    parser.add_argument("--no-compile", action="store_true")
    parser.add_argument("--rounds", action="store_true")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(42)
    pictures = torch.randint(256, (arguments.pictures, 3, 32, 32), dtype=torch.uint8)
    labels = torch.randint(10, (arguments.pictures,))
    given = (pictures, labels, arguments)
    if arguments.way == "tuned":
        measure = all_tuned(*given)
    else:
        measure = functools.partial({"tutorial": tutorial, "large": large}[arguments.way], *given)
    if not arguments.rounds:
        figures(measure)
        return
    print(flush=True)
    for _ in sys.stdin:
        figures(measure)
        print(flush=True)


def figures(measure):
    measure()
    say("peak_mb", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 // 1_000_000)


if __name__ == "__main__":
    main()
