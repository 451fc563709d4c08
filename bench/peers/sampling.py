#!/usr/bin/env python3
"""The PyTorch peers of the sampling benchmark: drawing from models and evaluating them, float32, CPU, eager.

Driven over stdin as training_step.py is, whose modules these are:

    $ /usr/bin/python3 sampling.py --task ddpm --model ncsn --options '{"dim": 2, "hidden": 128, "blocks": 3, "embedding": 32}' --rows 256 --threads 1
    {"ready": true, "torch": "1.13.0a0", "threads": 1, "parameters": 87938, ...}
    run 1000                                             <- stdin: a thousand steps of the chain
    {"seconds": 0.61, "steps": 1000, "value": -0.02}

Written as a PyTorch user would who minds speed: `inference_mode` where nothing is differentiated, tables of the schedule as plain numbers made
beforehand, states changed in place, the noise level embedded once for all rows of a step, parameters that ask for no gradients.

  ddpm        K steps of ancestral sampling (Ho et al. 2020), from pure noise on; one step is one evaluation of the network
  ddim        K steps of the deterministic sampler (Song, Meng & Ermon 2021)
  likelihood  K steps of RK4 along the probability flow with the exact divergence, by one `autograd.grad` a coordinate
  hmc         K trajectories of Hamiltonian Monte Carlo of many chains side by side, gradients by autograd
  density     log-density of K times as many rows as --rows, no gradients
"""

import argparse
import json
import math
import time

from driven import serve
from torch_environment import prepare_environment, use_threads
from training_step import models


def arguments():
    parser = argparse.ArgumentParser(description="PyTorch sampling, driven over stdin.")
    parser.add_argument("--task", required=True, choices=["ddpm", "ddim", "likelihood", "hmc", "density"])
    parser.add_argument("--model", required=True)
    parser.add_argument("--options", default="{}", type=json.loads)
    parser.add_argument("--rows", type=int, required=True, help="examples, or chains, side by side")
    parser.add_argument("--steps", type=int, default=1000, help="steps of the whole grid")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def vp(t, low=0.1, high=20.0):
    b = low * t + 0.5 * (high - low) * t * t
    return math.exp(-0.5 * b), math.sqrt(-math.expm1(-b))


def level(t):
    """The coordinate of noise that the network reads."""
    alpha, sigma = vp(t)
    return 0.25 * math.log(sigma / max(alpha, 1e-4))


def times_of(steps, start=1e-5):
    """From noise to data."""
    return [1 - (1 - start) * i / steps for i in range(steps + 1)]


def denoising(torch, model, options, stochastic):
    """K steps of x <- a x + b v(x) + c z, whose numbers are made once for the whole grid.

    The network predicts the velocity v = alpha eps - sigma x0 (Salimans & Ho 2022): then what is drawn stays of order one with an untrained
    network too, as with a trained one. Numbers in the thousands make exponentials overflow, and arithmetic on what is left is slow.
    """
    times = times_of(options.steps)
    table = []
    for t, u in zip(times, times[1:]):
        (a0, s0), (a1, s1) = vp(t), vp(u)
        if stochastic:
            fresh = 1 - (a0 * s1 / (a1 * s0)) ** 2
            kept, data, spread = a0 / a1 * (s1 / s0) ** 2, a1 * fresh, s0 * math.sqrt(fresh)
            table.append((kept + data * a0, -data * s0, spread))
        else:
            table.append((a1 * a0 + s1 * s0, s1 * a0 - a1 * s0, 0.0))
    levels = torch.tensor([level(t) for t in times])

    def run(count):
        with torch.inference_mode():
            x = torch.randn(options.rows, *model.event)
            for k in range(count):
                a, b, c = table[k % options.steps]
                velocity = model.noise(x, levels[k % options.steps : k % options.steps + 1])
                x.mul_(a).add_(velocity, alpha=b)
                if stochastic:
                    x.add_(torch.randn_like(x), alpha=c)
            return x.mean().item()

    return run


def likelihood(torch, model, options, low=0.1, high=20.0):
    times = list(reversed(times_of(options.steps)))

    def field(x, t):
        """dx/dt of the probability flow and its divergence: drift x + g^2 eps / (2 sigma)."""
        rate = low + (high - low) * t
        scale = 0.5 * rate / vp(t)[1]
        with torch.enable_grad():
            x = x.detach().requires_grad_(True)
            eps = model.noise(x, torch.tensor([level(t)]))
            size = x.shape[1]
            trace = 0.0
            for i in range(size):
                (g,) = torch.autograd.grad(eps[:, i].sum(), x, retain_graph=i + 1 < size)
                trace = trace + g[:, i]
        x, eps = x.detach(), eps.detach()
        return torch.add(x * (-0.5 * rate), eps, alpha=scale), trace * scale - 0.5 * rate * size

    def run(count):
        with torch.no_grad():
            x, total = torch.randn(options.rows, *model.event), torch.zeros(options.rows)
            for k in range(count):
                t, u = times[k % options.steps], times[k % options.steps + 1]
                h = u - t
                k1, d1 = field(x, t)
                k2, d2 = field(torch.add(x, k1, alpha=h / 2), t + h / 2)
                k3, d3 = field(torch.add(x, k2, alpha=h / 2), t + h / 2)
                k4, d4 = field(torch.add(x, k3, alpha=h), u)
                x = x.add(k1.add_(k2, alpha=2).add_(k3, alpha=2).add_(k4), alpha=h / 6)
                total.add_(d1.add_(d2, alpha=2).add_(d3, alpha=2).add_(d4), alpha=h / 6)
            return (total - 0.5 * x.square().sum(1)).mean().item()

    return run


def targets(torch):
    """Log-densities of a batch of chains, up to a constant."""

    def gaussian(size):
        scales = torch.tensor([10 ** (-1 + 2 * i / (size - 1)) for i in range(size)])
        return size, lambda x: -0.5 * (x / scales).square().sum(1)

    def logistic(size, rows):
        """Regression of coin flips on normal covariates with a standard normal prior."""
        x = torch.randn(rows, size)
        y = (torch.rand(rows) < torch.sigmoid(x @ torch.randn(size))).float()
        softplus = torch.nn.functional.softplus

        def density(w):
            logits = w @ x.t()
            return logits @ y - softplus(logits).sum(1) - 0.5 * w.square().sum(1)

        return size, density

    return {"gaussian": gaussian, "logistic": logistic}


def hmc(torch, target, options, leapfrogs, size):
    dimension, density = target

    def evaluated(x):
        with torch.enable_grad():
            x = x.detach().requires_grad_(True)
            value = density(x)
            (gradient,) = torch.autograd.grad(value.sum(), x)
        return value.detach(), gradient

    def run(count):
        with torch.no_grad():
            x = torch.zeros(options.rows, dimension)
            value, gradient = evaluated(x)
            accepted = 0.0
            for _ in range(count):
                momentum = torch.randn_like(x)
                before = value - 0.5 * momentum.square().sum(1)
                y, g = x, gradient
                momentum.add_(g, alpha=size / 2)
                for i in range(leapfrogs):
                    y = torch.add(y, momentum, alpha=size)
                    v, g = evaluated(y)
                    momentum.add_(g, alpha=size if i + 1 < leapfrogs else size / 2)
                after = v - 0.5 * momentum.square().sum(1)
                taken = torch.rand_like(value).log_() < after - before
                value = torch.where(taken, v, value)
                x, gradient = torch.where(taken[:, None], y, x), torch.where(taken[:, None], g, gradient)
                accepted += taken.float().mean().item()
            return accepted / count

    return run


def density(torch, model, options):
    shape = [options.rows, *model.event]
    rows = torch.randn(shape)

    def run(count):
        with torch.inference_mode():
            for _ in range(count):
                value = model.log_density(rows).mean()
            return value.item()

    return run


def main():
    options = arguments()
    prepare_environment(options.threads)

    import torch

    elementwise_threads = use_threads(torch, options.threads)
    torch.manual_seed(options.seed)
    if options.task == "hmc":
        chosen = dict(options.options)
        leapfrogs, size = chosen.pop("leapfrogs"), chosen.pop("stepSize")
        run, count = hmc(torch, targets(torch)[options.model](**chosen), options, leapfrogs, size), 0
    else:
        model = models(torch)[options.model](**options.options).eval().requires_grad_(False)
        for parameter in model.parameters():  # what starts at zero would not look like what was trained
            if not parameter.any():
                parameter.normal_(std=0.02)
        count = sum(parameter.numel() for parameter in model.parameters())
        if options.task in ("ddpm", "ddim"):
            run = denoising(torch, model, options, stochastic=options.task == "ddpm")
        else:
            run = {"likelihood": likelihood, "density": density}[options.task](torch, model, options)

    def timed(steps):
        start = time.perf_counter()
        value = run(steps)
        return {"seconds": time.perf_counter() - start, "steps": steps, "value": value}

    serve(torch, options.threads, elementwise_threads, count, timed)


if __name__ == "__main__":
    main()
