#!/usr/bin/env python3
"""What a card does for PyTorch: products of matrices, a chain of elementwise operations, and a copy, which is the limit of the memory.

    $ python3 gpu_limits.py --device cuda --sizes 1024,4096 --side 4096
    {"torch": "2.11.0", "device": "NVIDIA H200", "copy GB/s": 4300.0, "chain GB/s": ..., "products": {"1024": TFLOP/s, ...}, "products, TF32": {...}}

The chain is the one that bench/gpu-limits.ts runs, one kernel after the other: x <- |x - 1/2|, twice the array through the memory for each operation.
"""

import argparse
import json
import time


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--sizes", default="512,1024,2048,4096,8192")
    parser.add_argument("--side", type=int, default=4096)
    options = parser.parse_args()

    import torch

    cuda = options.device.startswith("cuda")
    if cuda and not torch.cuda.is_available():
        print(json.dumps({"error": "PyTorch sees no CUDA device"}))
        return
    torch.set_grad_enabled(False)
    wait = torch.cuda.synchronize if cuda else (lambda: None)

    def seconds(f, times):
        f()
        wait()
        best = float("inf")
        for _ in range(3):
            start = time.perf_counter()
            for _ in range(times):
                f()
            wait()
            best = min(best, (time.perf_counter() - start) / times)
        return best

    def products():
        found = {}
        for n in map(int, options.sizes.split(",")):
            a, b = torch.randn(n, n, device=options.device), torch.randn(n, n, device=options.device)
            found[str(n)] = 2 * n**3 / seconds(lambda: a @ b, 10) / 1e12
        return found

    x = torch.rand(options.side, options.side, device=options.device)
    y = torch.empty_like(x)
    size = x.numel() * 4

    def chain():
        z = x
        for _ in range(10):
            z = (z - 0.5).abs()
        return z

    report = {
        "torch": torch.__version__,
        "device": torch.cuda.get_device_name(0) if cuda else "cpu",
        "copy GB/s": 2 * size / seconds(lambda: y.copy_(x), 10) / 1e9,
        "chain GB/s": 20 * 2 * size / seconds(chain, 3) / 1e9,
        "products": products(),
    }
    if cuda:
        torch.backends.cuda.matmul.allow_tf32 = True
        report["products, TF32"] = products()
    print(json.dumps(report))


if __name__ == "__main__":
    main()
