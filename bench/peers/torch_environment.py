"""What has to be decided before torch, and with it its BLAS, is loaded. Import this before torch."""

import os


def prepare_environment(threads):
    """Sets the variables that the numerical libraries read once, at load. Call before `import torch`.

    * OpenBLAS may fail to recognise a new CPU and fall back to its oldest kernels (up to nine times slower), so AVX-512
      machines are told by name. What the caller has set stays.
    * `torch.set_num_threads` governs OpenMP (and MKL); a pthread OpenBLAS has its own pool and its own variable.
    * OpenMP workers that spin between two parallel regions fight OpenBLAS's pool for the same cores: measured on two cores,
      2.5 to 20 times slower than letting them sleep.
    """
    os.environ["OPENBLAS_NUM_THREADS"] = str(threads)
    os.environ["MKL_NUM_THREADS"] = str(threads)
    if threads > 1:
        os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    try:
        with open("/proc/cpuinfo", encoding="ascii", errors="replace") as handle:
            if " avx512f " in handle.read():
                os.environ.setdefault("OPENBLAS_CORETYPE", "SkylakeX")
    except OSError:
        pass


def use_threads(torch, threads):
    """Gives torch its threads, and says how many its own (elementwise) kernels got.

    With MKL one pool serves both kinds of kernel. With a pthread OpenBLAS (Debian's torch) matrix products have a pool already;
    a second one for elementwise kernels this small lost 8 to 19 % on two cores, so torch's own stays at one.
    """
    elementwise = threads if torch.backends.mkl.is_available() else 1
    torch.set_num_threads(elementwise)
    return elementwise
