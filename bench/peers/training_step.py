#!/usr/bin/env python3
"""The PyTorch peers of the training-step benchmark: forward + backward + Adam, float32, CPU, eager.

A driver starts it, waits for the `ready` line, and then alternates its own runs with this process's:

    $ /usr/bin/python3 training_step.py --model maf --options '{"dim": 2, "hidden": 64, "layers": 5}' --batch 256 --threads 1
    {"ready": true, "torch": "1.13.0a0", "threads": 1, "parameters": 35344, ...}
    run 100                                              <- stdin
    {"seconds": 0.34, "steps": 100, "loss": 2.83}
    quit                                                 <- stdin (end of input does the same)

Every model is the one that ours declares, written as a PyTorch user would: nn modules, `optimizer.step()`, Adam over all parameters at once
(`foreach`). Batches are made beforehand and fed in rotation; noise of the model itself is drawn inside the step.

  realNVP   affine couplings, log-scale 3 tanh(raw / 3), reversal in between
  maf       MADE layers with masks of 0 and 1, affine, reversal in between
  spline    rational-quadratic spline couplings (Durkan et al. 2019), K bins on [-B, B], linear tails
  glow      squeeze, ActNorm, invertible 1x1 (LU), affine coupling with convolutions, half factored out, L scales
  vae       Bernoulli decoder, one tanh layer each way, SGVB-A
  hvae      two stochastic layers, bottom-up inference
  ncsn      denoising score matching with a residual perceptron on a noise level, VP
  unet      DDPM's L_simple with a U-Net of the same blocks
  rbm       contrastive divergence, one step of block Gibbs
"""

import argparse
import json
import math
import time

from driven import serve
from torch_environment import prepare_environment, use_threads


def arguments():
    parser = argparse.ArgumentParser(description="A PyTorch training step, driven over stdin.")
    parser.add_argument("--model", required=True)
    parser.add_argument("--options", default="{}", type=json.loads)
    parser.add_argument("--batch", type=int, required=True)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="cpu", help="cuda needs PyTorch 2")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--batches", type=int, default=16)
    return parser.parse_args()


def models(torch):
    """The models by name: each maps a batch to its mean loss, and says what a batch looks like."""
    from torch import nn
    from torch.nn import functional as F

    def mlp(sizes, activation, zero_last=False):
        parts = []
        for a, b in zip(sizes, sizes[1:]):
            parts += [nn.Linear(a, b), activation()]
        if zero_last:
            nn.init.zeros_(parts[-2].weight)
            nn.init.zeros_(parts[-2].bias)
        return nn.Sequential(*parts[:-1])

    half_log_two_pi = 0.5 * math.log(2 * math.pi)
    standard = lambda z: -0.5 * z.square().sum(1) - half_log_two_pi * z.shape[1]

    class RealNVP(nn.Module):
        def __init__(self, dim, hidden, layers):
            super().__init__()
            self.kept = dim // 2
            sizes = [self.kept, hidden, hidden, 2 * (dim - self.kept)]
            self.nets = nn.ModuleList(mlp(sizes, nn.ReLU, zero_last=True) for _ in range(layers))
            self.event = [dim]

        def log_density(self, x):
            total = 0.0
            for net in self.nets:
                kept, changed = x[:, : self.kept], x[:, self.kept :]
                raw, shift = net(kept).chunk(2, dim=1)
                log_scale = 3.0 * torch.tanh(raw / 3.0)
                x = torch.cat([kept, torch.addcmul(shift, changed, log_scale.exp())], dim=1).flip(1)
                total = total + log_scale.sum(1)
            return standard(x) + total

        def forward(self, x):
            return -self.log_density(x).mean()

    class MaskedLinear(nn.Linear):
        def __init__(self, degrees_in, degrees_out, strict):
            super().__init__(len(degrees_in), len(degrees_out))
            allowed = (lambda a, b: a < b) if strict else (lambda a, b: a <= b)
            mask = [[1.0 if allowed(a, b) else 0.0 for a in degrees_in] for b in degrees_out]
            self.register_buffer("mask", torch.tensor(mask))

        def forward(self, x):
            return F.linear(x, self.mask * self.weight, self.bias)

    class Maf(nn.Module):
        def __init__(self, dim, hidden, layers):
            super().__init__()
            inputs = list(range(1, dim + 1))
            middle = [1 + k % max(1, dim - 1) for k in range(hidden)]
            self.nets = nn.ModuleList()
            for _ in range(layers):
                last = MaskedLinear(middle, inputs + inputs, strict=True)
                nn.init.zeros_(last.weight)
                nn.init.zeros_(last.bias)
                self.nets.append(
                    nn.Sequential(
                        MaskedLinear(inputs, middle, False), nn.ReLU(), MaskedLinear(middle, middle, False), nn.ReLU(), last
                    )
                )
            self.event = [dim]

        def forward(self, x):
            total = 0.0
            for net in self.nets:
                raw, shift = net(x).chunk(2, dim=1)
                log_scale = 3.0 * torch.tanh(raw / 3.0)
                x = torch.addcmul(shift, x, log_scale.exp()).flip(1)
                total = total + log_scale.sum(1)
            return -(standard(x) + total).mean()

    class Spline(nn.Module):
        def __init__(self, dim, hidden, layers, bins=8, bound=4.0):
            super().__init__()
            self.kept, self.bins, self.bound = dim // 2, bins, bound
            width = (dim - self.kept) * (3 * bins - 1)
            self.nets = nn.ModuleList(mlp([self.kept, hidden, hidden, width], nn.ReLU, zero_last=True) for _ in range(layers))
            self.event = [dim]

        def knots(self, raw, least=1e-3):
            sizes = least + (1 - least * self.bins) * F.softmax(raw, dim=-1)
            inner = F.pad(sizes.cumsum(-1)[..., :-1], (1, 0))
            inner = torch.cat([inner, torch.ones_like(inner[..., :1])], -1)
            return self.bound * (2 * inner - 1)

        def map(self, x, raw, least=1e-3):
            k, bound = self.bins, self.bound
            inside = (x > -bound) & (x < bound)
            y = torch.where(inside, x, torch.zeros_like(x))
            xs, zs = self.knots(raw[..., :k]), self.knots(raw[..., k : 2 * k])
            shift = math.log(math.expm1(1 - least))
            slopes = F.pad(least + F.softplus(raw[..., 2 * k :] + shift), (1, 1), value=1.0)
            at = (torch.searchsorted(xs, y.unsqueeze(-1).contiguous(), right=True) - 1).clamp(0, k - 1)
            pick = lambda a, i: a.gather(-1, i).squeeze(-1)
            x0, x1, z0, z1 = pick(xs, at), pick(xs, at + 1), pick(zs, at), pick(zs, at + 1)
            d0, d1 = pick(slopes, at), pick(slopes, at + 1)
            s, t = (z1 - z0) / (x1 - x0), (y - x0) / (x1 - x0)
            u = t * (1 - t)
            below = s + (d1 + d0 - 2 * s) * u
            z = z0 + (z1 - z0) * (s * t * t + d0 * u) / below
            slope = 2 * s.log() + (d1 * t * t + 2 * s * u + d0 * (1 - t) ** 2).log() - 2 * below.log()
            return torch.where(inside, z, x), torch.where(inside, slope, torch.zeros_like(x))

        def log_density(self, x):
            total = 0.0
            for net in self.nets:
                kept, changed = x[:, : self.kept], x[:, self.kept :]
                z, slope = self.map(changed, net(kept).view(*changed.shape, -1))
                x, total = torch.cat([kept, z], 1).flip(1), total + slope.sum(1)
            return standard(x) + total

        def forward(self, x):
            return -self.log_density(x).mean()

    class GlowStep(nn.Module):
        def __init__(self, c, h, w, channels):
            super().__init__()
            self.scale, self.shift = nn.Parameter(torch.zeros(1, c, 1, 1)), nn.Parameter(torch.zeros(1, c, 1, 1))
            q = torch.linalg.qr(torch.randn(c, c))[0]
            p, lower, upper = torch.lu_unpack(*torch.lu(q))
            d = upper.diagonal()
            self.register_buffer("p", p)
            self.register_buffer("sign", d.sign())
            self.lower, self.upper, self.log_d = nn.Parameter(lower), nn.Parameter(upper), nn.Parameter(d.abs().log())
            self.register_buffer("below", torch.tril(torch.ones(c, c), -1))
            self.register_buffer("eye", torch.eye(c))
            self.net = nn.Sequential(
                nn.Conv2d(c // 2, channels, 3, padding=1),
                nn.ReLU(),
                nn.Conv2d(channels, channels, 1),
                nn.ReLU(),
                nn.Conv2d(channels, c, 3, padding=1),
            )
            nn.init.zeros_(self.net[-1].weight)
            nn.init.zeros_(self.net[-1].bias)
            self.pixels = h * w

        def forward(self, x):
            x = (x + self.shift) * self.scale.exp()
            lower = self.lower * self.below + self.eye
            upper = self.upper * self.below.t() + torch.diag(self.sign * self.log_d.exp())
            weight = self.p @ lower @ upper
            x = F.conv2d(x, weight[:, :, None, None])
            a, b = x.chunk(2, dim=1)
            raw, shift = self.net(a).chunk(2, dim=1)
            log_scale = 3.0 * torch.tanh(raw / 3.0)
            x = torch.cat([a, torch.addcmul(shift, b, log_scale.exp())], dim=1)
            constant = self.pixels * (self.scale.sum() + self.log_d.sum())
            return x, constant + log_scale.flatten(1).sum(1)

    class Glow(nn.Module):
        def __init__(self, side, steps, scales, channels):
            super().__init__()
            self.scales = nn.ModuleList()
            c, s = 1, side
            for _ in range(scales):
                c, s = 4 * c, s // 2
                self.scales.append(nn.ModuleList(GlowStep(c, s, s, channels) for _ in range(steps)))
                c //= 2
            self.event = [1, side, side]

        def forward(self, x):
            total, kept = 0.0, []
            for i, scale in enumerate(self.scales):
                x = F.pixel_unshuffle(x, 2)
                for step in scale:
                    x, contribution = step(x)
                    total = total + contribution
                if i + 1 < len(self.scales):
                    x, out = x.chunk(2, dim=1)
                    kept.append(out.flatten(1))
            z = torch.cat([*kept, x.flatten(1)], dim=1)
            return -(standard(z) + total).mean()

    def normal(out):
        mean, raw = out.chunk(2, dim=1)
        return mean, F.softplus(raw + math.log(math.expm1(1.0)))

    def log_normal(x, mean, scale):
        return (-0.5 * ((x - mean) / scale).square() - scale.log() - half_log_two_pi).sum(1)

    class Vae(nn.Module):
        def __init__(self, dim, hidden, latent):
            super().__init__()
            self.encoder, self.decoder = mlp([dim, hidden, 2 * latent], nn.Tanh), mlp([latent, hidden, dim], nn.Tanh)
            self.event, self.binary = [dim], True

        def forward(self, x):
            mean, scale = normal(self.encoder(x))
            z = mean + scale * torch.randn_like(scale)
            recon = -F.binary_cross_entropy_with_logits(self.decoder(z), x, reduction="none").sum(1)
            return -(recon + standard(z) - log_normal(z, mean, scale)).mean()

    class Hvae(nn.Module):
        def __init__(self, dim, hidden, latents):
            super().__init__()
            first, second = latents
            wide, narrow = hidden
            self.q1, self.q2 = mlp([dim, wide, 2 * first], nn.Tanh), mlp([first, narrow, 2 * second], nn.Tanh)
            self.p1, self.p0 = mlp([second, narrow, 2 * first], nn.Tanh), mlp([first, wide, dim], nn.Tanh)
            self.event, self.binary = [dim], True

        def forward(self, x):
            m1, s1 = normal(self.q1(x))
            z1 = m1 + s1 * torch.randn_like(s1)
            m2, s2 = normal(self.q2(z1))
            z2 = m2 + s2 * torch.randn_like(s2)
            recon = -F.binary_cross_entropy_with_logits(self.p0(z1), x, reduction="none").sum(1)
            top = log_normal(z1, *normal(self.p1(z2))) - log_normal(z1, m1, s1)
            return -(recon + top + standard(z2) - log_normal(z2, m2, s2)).mean()

    class Fourier(nn.Module):
        """Sines and cosines at fixed random frequencies."""

        def __init__(self, size):
            super().__init__()
            self.register_buffer("frequencies", math.pi * torch.randn(size // 2))

        def forward(self, c):
            angles = c[:, None] * self.frequencies
            return torch.cat([angles.sin(), angles.cos()], dim=1)

    def conditioning(size, width):
        return nn.Sequential(Fourier(size), nn.Linear(size, width), nn.SiLU(), nn.Linear(width, width), nn.SiLU())

    def vp(t, low=0.1, high=20.0):
        b = low * t + 0.5 * (high - low) * t * t
        return torch.exp(-0.5 * b), torch.sqrt(-torch.expm1(-b))

    def noised(x):
        """Noisy events of random times, the noise, and the coordinate that the network reads, a quarter of log sigma."""
        t = 1e-5 + (1 - 1e-5) * torch.rand(x.shape[0])
        alpha, sigma = vp(t)
        noise = torch.randn_like(x)
        wide = [-1] + [1] * (x.dim() - 1)
        return alpha.view(wide) * x + sigma.view(wide) * noise, noise, 0.25 * sigma.log()

    class Ncsn(nn.Module):
        """Denoising score matching, VP: a residual perceptron, every block of which reads the noise level."""

        def __init__(self, dim, hidden, blocks, embedding):
            super().__init__()
            self.embed = conditioning(embedding, hidden)
            self.first = nn.Linear(dim, hidden)
            self.levels = nn.ModuleList(nn.Linear(hidden, hidden) for _ in range(blocks))
            self.mixed = nn.ModuleList(nn.Linear(hidden, hidden) for _ in range(blocks))
            self.last = nn.Linear(hidden, dim)
            self.event = [dim]

        def noise(self, noisy, c):
            level = self.embed(c)
            h = self.first(noisy)
            for read, mix in zip(self.levels, self.mixed):
                h = h + F.silu(mix(F.silu(h)) + read(level))
            return self.last(h)

        def forward(self, x):
            noisy, noise, c = noised(x)
            return (self.noise(noisy, c) - noise).square().sum(1).mean()

    class Block(nn.Module):
        def __init__(self, inputs, outputs, level, groups=8):
            super().__init__()
            self.norm0, self.conv0 = nn.GroupNorm(groups, inputs), nn.Conv2d(inputs, outputs, 3, padding=1)
            self.norm1, self.conv1 = nn.GroupNorm(groups, outputs), nn.Conv2d(outputs, outputs, 3, padding=1)
            self.level = nn.Linear(level, 2 * outputs)
            self.skip = nn.Conv2d(inputs, outputs, 1) if inputs != outputs else nn.Identity()

        def forward(self, x, level):
            scale, shift = self.level(level)[:, :, None, None].chunk(2, dim=1)
            h = self.conv0(F.silu(self.norm0(x)))
            h = self.norm1(h) * (1 + scale) + shift
            return self.skip(x) + self.conv1(F.silu(h))

    class Attention(nn.Module):
        def __init__(self, channels, heads, groups=8):
            super().__init__()
            self.norm, self.heads = nn.GroupNorm(groups, channels), heads
            self.qkv, self.out = nn.Linear(channels, 3 * channels), nn.Linear(channels, channels)

        def forward(self, x):
            b, c, h, w = x.shape
            tokens = self.norm(x).flatten(2).transpose(1, 2)
            q, k, v = (y.view(b, h * w, self.heads, -1).transpose(1, 2) for y in self.qkv(tokens).chunk(3, dim=2))
            weights = torch.softmax(q @ k.transpose(2, 3) / math.sqrt(c // self.heads), dim=-1)
            return x + self.out((weights @ v).transpose(1, 2).reshape(b, h * w, c)).transpose(1, 2).reshape(b, c, h, w)

    class Unet(nn.Module):
        def __init__(self, side, channels, multipliers, patch, heads=4, embedding=32):
            super().__init__()
            widths = [m * channels for m in multipliers]
            level, planes = 4 * channels, patch * patch
            self.embed = conditioning(embedding, level)
            self.first = nn.Conv2d(planes, widths[0], 3, padding=1)
            self.down, self.up, inputs = nn.ModuleList(), nn.ModuleList(), widths[0]
            for width in widths:
                self.down.append(Block(inputs, width, level))
                inputs = width
            self.middle = nn.ModuleList([Block(inputs, inputs, level), Block(inputs, inputs, level)])
            self.attention = Attention(inputs, heads)
            for width in reversed(widths):
                self.up.append(Block(inputs + width, width, level))
                inputs = width
            self.norm, self.last = nn.GroupNorm(8, inputs), nn.Conv2d(inputs, planes, 3, padding=1)
            self.patch, self.event = patch, [1, side, side]

        def noise(self, noisy, c):
            level = self.embed(c)
            h = self.first(F.pixel_unshuffle(noisy, self.patch))
            skips = []
            for i, block in enumerate(self.down):
                h = block(F.avg_pool2d(h, 2) if i > 0 else h, level)
                skips.append(h)
            h = self.middle[1](self.attention(self.middle[0](h, level)), level)
            for i, block in enumerate(self.up):
                h = block(torch.cat([h, skips.pop()], dim=1), level)
                if i + 1 < len(self.up):
                    h = F.interpolate(h, scale_factor=2, mode="nearest")
            return F.pixel_shuffle(self.last(F.silu(self.norm(h))), self.patch)

        def forward(self, x):
            noisy, noise, c = noised(x)
            return (self.noise(noisy, c) - noise).square().flatten(1).sum(1).mean()

    class Rbm(nn.Module):
        def __init__(self, visible, hidden):
            super().__init__()
            self.weight = nn.Parameter(0.01 * torch.randn(visible, hidden))
            self.b, self.c = nn.Parameter(torch.zeros(visible)), nn.Parameter(torch.zeros(hidden))
            self.event, self.binary = [visible], True

        def free_energy(self, v):
            return -(v @ self.b) - F.softplus(v @ self.weight + self.c).sum(1)

        def forward(self, x):
            with torch.no_grad():
                h = torch.bernoulli(torch.sigmoid(x @ self.weight + self.c))
                v = torch.bernoulli(torch.sigmoid(h @ self.weight.t() + self.b))
            return (self.free_energy(x) - self.free_energy(v)).mean()

    return {
        "realNVP": RealNVP,
        "maf": Maf,
        "spline": Spline,
        "glow": Glow,
        "vae": Vae,
        "hvae": Hvae,
        "ncsn": Ncsn,
        "unet": Unet,
        "rbm": Rbm,
    }


def main():
    options = arguments()
    prepare_environment(options.threads)

    import torch

    elementwise_threads = use_threads(torch, options.threads)
    if options.device != "cpu":
        torch.set_default_device(options.device)
    torch.manual_seed(options.seed)
    model = models(torch)[options.model](**options.options)
    parameters = list(model.parameters())
    binary = getattr(model, "binary", False)
    shape = [options.batches, options.batch, *model.event]
    batches = list((torch.rand(shape) < 0.2).float() if binary else torch.randn(shape))
    optimiser = torch.optim.Adam(parameters, lr=1e-3, foreach=True)
    taken = 0

    def run(steps):
        nonlocal taken
        start = time.perf_counter()
        for _ in range(steps):
            loss = model(batches[taken % len(batches)])
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
            taken += 1
        value = loss.item()
        return {"seconds": time.perf_counter() - start, "steps": steps, "loss": value}

    serve(torch, options.threads, elementwise_threads, sum(parameter.numel() for parameter in parameters), run)


if __name__ == "__main__":
    main()
