#!/usr/bin/env python3
"""The PyTorch peer of `npm run bench:quality`: the same flow, settings and data, judged by the caller on the same test points.

    $ /usr/bin/python3 quality.py --flow realNVP --train train.f32 --test test.f32 --out nll.f32 --layers 12 --hidden 64,64 \
          --steps 20000 --batch 512 --rate 2e-3 --seed 0 --threads 1
    {"seconds": 61.2, "processorSeconds": 61.0, "parameters": 53016, "torch": "1.13.1"}

Files are raw float32: pairs of coordinates in, one -log q a test point out. Flows: affine couplings (log-scale 3 tanh(raw / 3)) or
rational-quadratic spline couplings (Durkan et al. 2019, arXiv:1906.04032: K bins on [-B, B], linear tails), coordinates reversed in between;
last layers start at zero. Data are standardised by the training points' mean and deviation; Adam with a cosine to 1e-6, gradients clipped
at norm 10, parameters averaged with decay 0.998.
"""

import argparse
import json
import math
import time

from torch_environment import prepare_environment, use_threads


def arguments():
    parser = argparse.ArgumentParser(description="Toy quality of a flow in PyTorch.")
    parser.add_argument("--flow", choices=["realNVP", "spline"], required=True)
    for name in ("train", "test", "out"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--layers", type=int, default=12)
    parser.add_argument("--hidden", default="64,64")
    parser.add_argument("--bins", type=int, default=8)
    parser.add_argument("--bound", type=float, default=3.0)
    parser.add_argument("--steps", type=int, default=20000)
    parser.add_argument("--batch", type=int, default=512)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_args()


def main():
    options = arguments()
    prepare_environment(options.threads)

    import numpy
    import torch
    from torch import nn
    from torch.nn import functional

    use_threads(torch, options.threads)
    torch.set_flush_denormal(True)
    torch.manual_seed(options.seed)
    bins, bound, least = options.bins, options.bound, 1e-3

    def affine(x, raw):
        log_scale = 3.0 * torch.tanh(raw[:, :1] / 3.0)
        return x * log_scale.exp() + raw[:, 1:], log_scale

    def knots(raw):
        """Softmax widths, each at least `least`, as knots from -bound to bound."""
        widths = least + (1 - least * bins) * functional.softmax(raw, dim=1)
        inner = functional.pad(widths.cumsum(1)[:, :-1], (1, 1))
        inner = torch.cat([inner[:, :-1], torch.ones_like(inner[:, :1])], 1)
        return bound * (2 * inner - 1)

    def spline(x, raw):
        inside = (x > -bound) & (x < bound)
        y = torch.where(inside, x, torch.zeros_like(x))
        xs, zs = knots(raw[:, :bins]), knots(raw[:, bins : 2 * bins])
        shift = math.log(math.expm1(1 - least))
        slopes = functional.pad(least + functional.softplus(raw[:, 2 * bins :] + shift), (1, 1), value=1.0)
        at = (torch.searchsorted(xs, y.contiguous(), right=True) - 1).clamp(0, bins - 1)
        pick = lambda a, i: a.gather(1, i)
        x0, x1, z0, z1 = pick(xs, at), pick(xs, at + 1), pick(zs, at), pick(zs, at + 1)
        d0, d1 = pick(slopes, at), pick(slopes, at + 1)
        s, t = (z1 - z0) / (x1 - x0), (y - x0) / (x1 - x0)
        u = t * (1 - t)
        below = s + (d1 + d0 - 2 * s) * u
        z = z0 + (z1 - z0) * (s * t * t + d0 * u) / below
        log_slope = 2 * s.log() + (d1 * t * t + 2 * s * u + d0 * (1 - t) ** 2).log() - 2 * below.log()
        return torch.where(inside, z, x), torch.where(inside, log_slope, torch.zeros_like(x))

    move, width = (affine, 2) if options.flow == "realNVP" else (spline, 3 * bins - 1)

    class Flow(nn.Module):
        def __init__(self):
            super().__init__()
            sizes = [1, *map(int, options.hidden.split(",")), width]
            self.nets = nn.ModuleList()
            for _ in range(options.layers):
                parts = []
                for a, b in zip(sizes, sizes[1:]):
                    parts += [nn.Linear(a, b), nn.ReLU()]
                nn.init.zeros_(parts[-2].weight)
                nn.init.zeros_(parts[-2].bias)
                self.nets.append(nn.Sequential(*parts[:-1]))

        def forward(self, x):
            log_det = 0.0
            for net in self.nets:
                kept, changed = x[:, :1], x[:, 1:]
                z, log_slope = move(changed, net(kept))
                x, log_det = torch.cat([z, kept], 1), log_det + log_slope.sum(1)
            return 0.5 * x.square().sum(1) + math.log(2 * math.pi) - log_det

    read = lambda path: torch.from_numpy(numpy.fromfile(path, dtype=numpy.float32).reshape(-1, 2).copy())
    train, test = read(options.train), read(options.test)
    mean, deviation = train.double().mean(0), train.double().std(0, unbiased=False)
    scaled = lambda x: ((x.double() - mean) / deviation).float()
    train, constant = scaled(train), deviation.log().sum().item()
    flow = Flow()
    parameters = list(flow.parameters())
    average = [p.detach().clone() for p in parameters]
    optimiser = torch.optim.Adam(parameters, lr=options.rate)
    begin, used = time.perf_counter(), time.process_time()
    for step in range(options.steps):
        lr = 1e-6 + 0.5 * (options.rate - 1e-6) * (1 + math.cos(math.pi * step / options.steps))
        optimiser.param_groups[0]["lr"] = lr
        loss = flow(train[torch.randint(len(train), (options.batch,))]).mean()
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 10.0)
        optimiser.step()
        with torch.no_grad():
            torch._foreach_mul_(average, 0.998)
            torch._foreach_add_(average, [p.detach() for p in parameters], alpha=0.002)
    seconds, processor = time.perf_counter() - begin, time.process_time() - used
    with torch.no_grad():
        for p, a in zip(parameters, average):
            p.copy_(a)
        nll = torch.cat([flow(part) for part in scaled(test).split(10000)]) + constant
    nll.numpy().astype(numpy.float32).tofile(options.out)
    count = sum(p.numel() for p in parameters)
    print(json.dumps({"seconds": seconds, "processorSeconds": processor, "parameters": count, "torch": torch.__version__}))


if __name__ == "__main__":
    main()
