"""How a peer is driven: one line of JSON when it is ready, then commands on stdin, an answer of one line each."""

import json
import os
import sys


def peak_mib():
    """The most memory that was resident at once, from Linux's own account of this process.

    `getrusage`'s `ru_maxrss` would not do: a child inherits its parent's through fork and exec.
    """
    with open("/proc/self/status", encoding="ascii", errors="replace") as handle:
        for line in handle:
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return None


def serve(torch, threads, elementwise_threads, parameters, run):
    """Says what was made, then answers `run K` with `run(K)`, `memory` with the peak so far, until `quit` or the end of input."""

    def say(record):
        sys.stdout.write(json.dumps(record) + "\n")
        sys.stdout.flush()

    say(
        {
            "ready": True,
            "torch": torch.__version__,
            "threads": threads,
            "parameters": parameters,
            "elementwiseThreads": elementwise_threads,
            "openblasCoretype": os.environ.get("OPENBLAS_CORETYPE"),
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
        elif words == ["memory"]:
            say({"peakMiB": peak_mib()})
        else:
            say({"error": f"expected 'run K' with K >= 1, 'memory' or 'quit'; got {line.strip()!r}"})
