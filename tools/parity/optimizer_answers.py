#!/usr/bin/env python3
"""What torch.optim makes of a fixed sequence of gradients: writes tests/data/optimizer_answers.json.

    optimizer_answers.py tests/data/optimizer_answers.json

Values and gradients are sines, so that the test can make the same ones. Needs torch >= 2.9 (torch.optim.Muon).
"""
import json
import math
import sys

import torch

ROWS, COLUMNS, STEPS = 6, 4, 5


def start():
    return torch.tensor([[0.5 * math.sin(1 + r * COLUMNS + c) for c in range(COLUMNS)] for r in range(ROWS)])


def gradient(step):
    return torch.tensor([[math.sin(0.37 * (r * COLUMNS + c) ** 2 + step * step) for c in range(COLUMNS)] for r in range(ROWS)])


def run(make):
    weight = torch.nn.Parameter(start())
    optimizer = make([weight])
    for step in range(STEPS):
        weight.grad = gradient(step)
        optimizer.step()
    return [round(value, 8) for value in weight.detach().flatten().tolist()]


def main():
    answers = {
        "torch": torch.__version__.split("+")[0],
        "rows": ROWS,
        "columns": COLUMNS,
        "steps": STEPS,
        "adamw": run(lambda p: torch.optim.AdamW(p, lr=0.05, betas=(0.9, 0.98), eps=1e-8, weight_decay=0.1)),
        "muon": run(lambda p: torch.optim.Muon(p, lr=0.02, momentum=0.95, weight_decay=0.1)),
        "muon_adam_size": run(
            lambda p: torch.optim.Muon(p, lr=0.02, momentum=0.95, weight_decay=0.1, adjust_lr_fn="match_rms_adamw")
        ),
    }
    with open(sys.argv[1], "w") as file:
        json.dump(answers, file, indent=1)
        file.write("\n")


if __name__ == "__main__":
    main()
