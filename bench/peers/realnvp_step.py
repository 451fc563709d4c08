#!/usr/bin/env python3
"""The PyTorch peer of the training-step benchmark: RealNVP, forward + backward + Adam, float32, CPU.

A driver starts it, waits for the `ready` line, and then alternates its own runs with this process's:

    $ /usr/bin/python3 realnvp_step.py --dim 2 --hidden 64 --couplings 8 --batch 256 --threads 1
    {"ready": true, "torch": "1.13.0a0", "threads": 1, "parameters": 35344, ...}
    run 100                                              <- stdin
    {"seconds": 0.34, "steps": 100, "loss": 2.83}
    quit                                                 <- stdin (end of input does the same)

A command it does not know is answered with {"error": ...} and changes nothing.

The model: `couplings` affine couplings. Each splits the event into its first floor(D/2) coordinates, which pass through, and the
rest; a perceptron with two hidden ReLU layers reads the former and gives a raw log-scale and a shift for the latter, with
log-scale = 3 tanh(raw / 3) and the last layer started at zero; the coordinates are then reversed. Base: standard normal.
Objective: mean negative log-likelihood of standard normal batches, made beforehand and fed in rotation (the best reachable
loss is the entropy, 1.4189 D, so a loss clearly below it would mean a wrong log-determinant or memorised batches).
"""

import argparse
import json
import math
import os
import sys
import time

from torch_environment import prepare_environment, use_threads


def arguments():
    parser = argparse.ArgumentParser(description="PyTorch RealNVP training step, driven over stdin.")
    parser.add_argument("--dim", type=int, default=2)
    parser.add_argument("--hidden", type=int, default=64)
    parser.add_argument("--couplings", type=int, default=8)
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--batches", type=int, default=16, help="how many batches are made beforehand and fed in rotation")
    parser.add_argument("--foreach", choices=["on", "off"], default="on", help="Adam over all parameters at once")
    parser.add_argument("--trace", choices=["on", "off"], default="off", help="torch.jit.trace of the loss")
    parser.add_argument("--flush-denormals", choices=["on", "off"], default="off")
    options = parser.parse_args()
    if options.dim < 2:
        parser.error("--dim must be at least 2: a coupling has two halves")
    if min(options.hidden, options.couplings, options.batch, options.threads, options.batches) < 1:
        parser.error("--hidden, --couplings, --batch, --threads and --batches must be at least 1")
    return options


def main():
    options = arguments()
    prepare_environment(options.threads)

    import torch
    from torch import nn

    elementwise_threads = use_threads(torch, options.threads)
    torch.set_flush_denormal(options.flush_denormals == "on")
    torch.manual_seed(options.seed)

    class Coupling(nn.Module):
        def __init__(self, dim, hidden):
            super().__init__()
            self.sizes = [dim // 2, dim - dim // 2]
            kept, changed = self.sizes
            self.conditioner = nn.Sequential(
                nn.Linear(kept, hidden),
                nn.ReLU(),
                nn.Linear(hidden, hidden),
                nn.ReLU(),
                nn.Linear(hidden, 2 * changed),
            )
            nn.init.zeros_(self.conditioner[-1].weight)
            nn.init.zeros_(self.conditioner[-1].bias)

        def forward(self, x):
            kept, changed = x.split(self.sizes, dim=1)
            raw, shift = self.conditioner(kept).chunk(2, dim=1)
            log_scale = 3.0 * torch.tanh(raw / 3.0)
            y = torch.cat([kept, torch.addcmul(shift, changed, log_scale.exp())], dim=1)
            return y.flip(1), log_scale.sum(dim=1)

    class RealNVP(nn.Module):
        """Maps a batch to its mean negative log-likelihood."""

        def __init__(self, dim, hidden, couplings):
            super().__init__()
            self.couplings = nn.ModuleList(Coupling(dim, hidden) for _ in range(couplings))
            self.constant = 0.5 * dim * math.log(2.0 * math.pi)

        def forward(self, x):
            log_det = 0.0
            for coupling in self.couplings:
                x, contribution = coupling(x)
                log_det = log_det + contribution
            return (0.5 * x.square().sum(dim=1) - log_det).mean() + self.constant

    model = RealNVP(options.dim, options.hidden, options.couplings)
    parameters = list(model.parameters())
    batches = list(torch.randn(options.batches, options.batch, options.dim).unbind(0))
    objective = torch.jit.trace(model, batches[0]) if options.trace == "on" else model
    optimiser = torch.optim.Adam(parameters, lr=1e-3, foreach=options.foreach == "on")
    taken = 0

    def run(steps):
        nonlocal taken
        start = time.perf_counter()
        for _ in range(steps):
            loss = objective(batches[taken % len(batches)])
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
            taken += 1
        value = loss.item()
        return {"seconds": time.perf_counter() - start, "steps": steps, "loss": value}

    def say(record):
        sys.stdout.write(json.dumps(record) + "\n")
        sys.stdout.flush()

    say(
        {
            "ready": True,
            "torch": torch.__version__,
            "threads": options.threads,
            "parameters": sum(parameter.numel() for parameter in parameters),
            "elementwiseThreads": elementwise_threads,
            "foreach": options.foreach,
            "trace": options.trace,
            "openblasCoretype": os.environ.get("OPENBLAS_CORETYPE"),
            "cpuCapability": os.environ.get("ATEN_CPU_CAPABILITY", "default"),
        }
    )
    for line in iter(sys.stdin.readline, ""):
        words = line.split()
        if not words:
            continue
        if words == ["quit"]:
            break
        if len(words) == 2 and words[0] == "run" and words[1].isdigit() and int(words[1]) > 0:
            say(run(int(words[1])))
        else:
            say({"error": f"expected 'run K' with K >= 1, or 'quit'; got {line.strip()!r}"})


if __name__ == "__main__":
    main()
