"""Writes discrete-fixtures.json: log-probabilities by SciPy, checked against mpmath-free exact sums where SciPy loses digits.

apt-get install -y python3-scipy && /usr/bin/python3 tests/distributions/discrete-fixtures.py > tests/distributions/discrete-fixtures.json
"""
import json
from decimal import Decimal, getcontext
from fractions import Fraction
from math import comb, factorial
import numpy as np
from scipy import stats, special

getcontext().prec = 60
D = lambda v: Decimal(float(v))
sig = lambda l: 1 / (1 + (-D(l)).exp())


def ln(v):
    return float(v.ln()) if v > 0 else float("-inf")


def binom(k, n, l):
    return float(Decimal(comb(n, k)).ln() + k * sig(l).ln() + (n - k) * sig(-l).ln())


def poisson(k, rate):
    return float(k * D(rate).ln() - D(rate) - Decimal(factorial(k)).ln())


cases = []


def case(law, args, x, logp, scipy=None):
    """`logp` to 60 digits; SciPy's value agrees with it to the digits SciPy keeps."""
    if scipy is not None and np.isfinite(logp):
        assert abs(scipy - logp) <= 1e-9 * max(1, abs(logp)), (law, args, x, logp, scipy)
    cases.append({"dist": law, "args": args, "x": x if isinstance(x, list) else [x], "logp": None if logp == float("-inf") else logp})


for l in (-30.0, -2.5, 0.0, 0.7, 20.0):
    for k in (0, 1):
        case("bernoulli", {"logits": l}, k, ln(sig(l if k else -l)), float(stats.bernoulli.logpmf(k, special.expit(l))) if abs(l) < 15 else None)
case("bernoulli", {"logits": 0.7}, 2, float("-inf"))
case("bernoulli", {"logits": 0.7}, 0.5, float("-inf"))
for n, l in ((1, 0.3), (10, -1.0), (40, 0.0), (1000, 2.0), (100000, -3.0)):
    p = float(special.expit(l))
    for k in sorted({0, 1, n // 20, n // 2, int(n * p), n - 1, n}):
        case("binomial", {"total": n, "logits": l}, k, binom(k, n, l), float(stats.binom.logpmf(k, n, p)))
    case("binomial", {"total": n, "logits": l}, n + 1, float("-inf"))
case("binomial", {"total": 5, "logits": 0.0}, -1, float("-inf"))
for rate in (1e-3, 0.7, 9.5, 30.0, 1234.5, 1e5):
    for k in sorted({0, 1, 5, 9, 10, 11, int(rate), int(rate + 3 * rate**0.5), int(rate * 2) + 3}):
        case("poisson", {"rate": rate}, k, poisson(k, rate), float(stats.poisson.logpmf(k, rate)))
case("poisson", {"rate": 2.0}, 1.5, float("-inf"))
case("poisson", {"rate": 2.0}, -1, float("-inf"))
for l in (-9.0, -1.0, 0.0, 3.0):
    for k in (0, 1, 7, 400):
        case("geometric", {"logits": l}, k, float(sig(l).ln() + k * sig(-l).ln()), float(stats.geom.logpmf(k + 1, special.expit(l))))
case("geometric", {"logits": 1.0}, -1, float("-inf"))
for r, l in ((0.3, -1.0), (1.0, 0.5), (2.5, 2.0), (20.0, 3.0), (300.0, -1.5)):
    for k in (0, 1, 3, 12, 60, 2000):
        rising = Fraction(1)
        for i in range(k):
            rising *= (Fraction(r) + i)
        lead = (Decimal(rising.numerator) / Decimal(rising.denominator) / Decimal(factorial(k))).ln()
        case("negativeBinomial", {"total": r, "logits": l}, k, float(lead + D(r) * sig(-l).ln() + k * sig(l).ln()),
             float(stats.nbinom.logpmf(k, r, special.expit(-l))))
logits = [0.3, -1.2, 2.0, 0.0]
z = sum(D(l).exp() for l in logits)
for k in range(4):
    v = float(D(logits[k]) - z.ln())
    case("categorical", {"logits": logits}, k, v)
    case("oneHotCategorical", {"logits": logits}, [1 if i == k else 0 for i in range(4)], v)
case("categorical", {"logits": logits}, 4, float("-inf"))
case("oneHotCategorical", {"logits": logits}, [1, 1, 0, 0], float("-inf"))
case("oneHotCategorical", {"logits": logits}, [0.5, 0.5, 0, 0], float("-inf"))
for x in ([1, 0, 0, 0], [3, 1, 5, 1], [20, 5, 100, 12], [1000, 300, 6000, 900]):
    n = sum(x)
    v = Decimal(factorial(n)).ln() + sum(k * (D(l) - z.ln()) - Decimal(factorial(k)).ln() for k, l in zip(x, logits))
    p = np.exp(np.array(logits)); p /= p.sum()
    case("multinomial", {"total": n, "logits": logits}, x, float(v), float(stats.multinomial.logpmf(x, n, p)))
case("multinomial", {"total": 10, "logits": logits}, [3, 1, 5, 2], float("-inf"))
for m, s, L in ((3.2, 0.8, 8), (-2.0, 0.05, 8), (100.0, 5.0, 256), (250.0, 0.3, 256)):
    def F(x):
        return 1 / (1 + (-(D(x) - D(m)) / D(s)).exp())
    for k in sorted({0, 1, 4, L // 2, L - 2, L - 1}):
        hi = Decimal(1) if k == L - 1 else F(k + 0.5)
        lo = Decimal(0) if k == 0 else F(k - 0.5)
        getcontext().prec = 600
        hi = Decimal(1) if k == L - 1 else F(k + 0.5)
        lo = Decimal(0) if k == 0 else F(k - 0.5)
        case("discretisedLogistic", {"loc": m, "scale": s, "levels": L}, k, float((hi - lo).ln()))
        getcontext().prec = 60
case("discretisedLogistic", {"loc": 3.0, "scale": 1.0, "levels": 8}, 8, float("-inf"))
print("[\n" + ",\n".join(json.dumps(c) for c in cases) + "\n]")
