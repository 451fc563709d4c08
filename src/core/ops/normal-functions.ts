/** The normal distribution's functions in both tails: Φ, log Φ, Φ⁻¹ and the inverse of erf, elementwise. */
import type { Expr } from '../expr.ts';
import { abs, add, div, exp, expm1, floor, greater, less, lessEqual, log, log1p, min, mul, neg, sqrt, square, sub, where } from './elementwise.ts'; // biome-ignore format: one line
import { lift, type Operand } from './leaves.ts';
import { rational } from './polynomial.ts';
import { log1mExp } from './stable.ts';

// W. J. Cody, "Rational Chebyshev approximations for the error function" (1969), as in "Algorithm 715" (1993) for the normal distribution.
const CENTRE = [
  [0.065682337918207449113, 2.2352520354606839287, 161.02823106855587881, 1067.6894854603709582, 18154.981253343561249],
  [1, 47.20258190468824187, 976.09855173777669322, 10260.932208618978205, 45507.789335026729956],
] as const;
const MIDDLE = [
  [
    1.0765576773720192317e-8, 0.39894151208813466764, 8.8831497943883759412, 93.506656132177855979,
    597.27027639480026226, 2494.5375852903726711, 6848.1904505362823326, 11602.651437647350124, 9842.7148383839780218,
  ],
  [
    1, 22.266688044328115691, 235.38790178262499861, 1519.377599407554805, 6485.558298266760755, 18615.571640885098091,
    34900.952721145977266, 38912.003286093271411, 19685.429676859990727,
  ],
] as const;
const FAR = [
  [
    0.02307344176494017303, 0.21589853405795699, 0.1274011611602473639, 0.022235277870649807, 0.001421619193227893466,
    2.9112874951168792e-5,
  ],
  [1, 1.28426009614491121, 0.468238212480865118, 0.0659881378689285515, 0.00378239633202758244, 7.29751555083966205e-5],
] as const;

/** Where the centre ends (the upper quartile), and where the middle ends (√32). */
const QUARTILE = 0.67448975;
const ROOT32 = Math.sqrt(32);

interface Pieces {
  readonly central: Expr;
  /** Φ(x) − ½ where central. */
  readonly middle: Expr;
  /** Φ(−|x|) e^{x²/2} elsewhere (Mills' ratio over √2π). */
  readonly ratio: Expr;
}

const pieces = (x: Expr): Pieces => {
  const a = abs(x);
  const central = lessEqual(a, QUARTILE);
  const c = where(central, x, 0);
  const far = greater(a, ROOT32);
  const m = where(central, 1, where(far, 1, a));
  const f = where(far, a, 10);
  // 1/f², written so that it underflows where f² would overflow.
  const r = square(div(1, f));
  const beyond = div(sub(1 / Math.sqrt(2 * Math.PI), mul(r, rational(r, ...FAR))), f);
  return { central, middle: mul(c, rational(square(c), ...CENTRE)), ratio: where(far, beyond, rational(m, ...MIDDLE)) };
};

/** exp(−a²/2) with a small relative error: a² is split at sixteenths, so that nothing is lost in rounding it (Cody). */
const gaussian = (a: Expr): Expr => {
  const near = min(a, 40);
  const head = div(floor(mul(near, 16)), 16);
  return mul(exp(mul(-0.5, square(head))), exp(mul(-0.5, mul(sub(near, head), add(near, head)))));
};

/**
 * Φ(x) = P(Z ≤ x) for a standard normal Z, elementwise; a relative error of a few units in the last place in the left tail too (where
 * ½ (1 + erf(x/√2)) has none left at −9). Cody (1969).
 *
 * @example
 * normalCdf(-20);   // 2.75e-89
 */
export const normalCdf = (operand: Operand): Expr => {
  const x = lift(operand);
  const { central, middle, ratio } = pieces(x);
  const tail = mul(gaussian(where(central, 1, abs(x))), ratio);
  return where(central, add(0.5, middle), where(less(x, 0), tail, sub(1, tail)));
};

/**
 * log Φ(x), elementwise, in nats: finite wherever x² is, accurate in both tails.
 *
 * @example
 * value(ops.normalLogCdf(0));   // log ½ = -0.693
 */
export const normalLogCdf = (operand: Operand): Expr => {
  const x = lift(operand);
  const { central, middle, ratio } = pieces(x);
  const a = where(central, 1, abs(x));
  const low = less(x, 0);
  const above = log1p(neg(mul(gaussian(where(low, 1, a)), where(low, 0.1, ratio))));
  const below = add(mul(-0.5, square(where(low, a, 1))), log(where(central, 1, ratio)));
  return where(central, log(add(0.5, middle)), where(low, below, above));
};

// M. J. Wichura, "Algorithm AS 241: the percentage points of the normal distribution" (1988), PPND16.
const NEAR = [
  [
    2509.0809287301226727, 33430.575583588128105, 67265.770927008700853, 45921.953931549871457, 13731.693765509461125,
    1971.5909503065514427, 133.14166789178437745, 3.387132872796366608,
  ],
  [
    5226.495278852545925, 28729.085735721942674, 39307.89580009271061, 21213.794301586595867, 5394.1960214247511077,
    687.1870074920579083, 42.313330701600911252, 1,
  ],
] as const;
const TAIL = [
  [
    7.7454501427834140764e-4, 0.0227238449892691845833, 0.24178072517745061177, 1.27045825245236838258,
    3.64784832476320460504, 5.7694972214606914055, 4.6303378461565452959, 1.42343711074968357734,
  ],
  [
    1.05075007164441684324e-9, 5.475938084995344946e-4, 0.0151986665636164571966, 0.14810397642748007459,
    0.68976733498510000455, 1.6763848301838038494, 2.05319162663775882187, 1,
  ],
] as const;
const END = [
  [
    2.01033439929228813265e-7, 2.71155556874348757815e-5, 0.0012426609473880784386, 0.026532189526576123093,
    0.29656057182850489123, 1.7848265399172913358, 5.4637849111641143699, 6.6579046435011037772,
  ],
  [
    2.04426310338993978564e-15, 1.4215117583164458887e-7, 1.8463183175100546818e-5, 7.868691311456132591e-4,
    0.0148753612908506148525, 0.13692988092273580531, 0.59983220655588793769, 1,
  ],
] as const;

/** Below this logarithm of a chance (r = 26.5) Wichura's last piece ends. */
const DEEP = -700;

/** Φ⁻¹(½ + q) where |q| ≤ 0.425; 0 elsewhere. */
const centreQuantile = (q: Expr): Expr => {
  const c = where(lessEqual(abs(q), 0.425), q, 0);
  return mul(c, rational(sub(0.180625, square(c)), ...NEAR));
};

/** −Φ⁻¹(p) for the tail p = e^{−r²} beyond the centre. */
const tailQuantile = (r: Expr): Expr => {
  const end = greater(r, 5);
  return where(end, rational(sub(where(end, r, 5), 5), ...END), rational(sub(where(end, 1.6, r), 1.6), ...TAIL));
};

/** Φ⁻¹(½ + q) given q and the smaller tail min(p, 1 − p), each with its own digits. */
const quantileOf = (q: Expr, tail: Expr): Expr => {
  const near = lessEqual(abs(q), 0.425);
  const centre = centreQuantile(q);
  const inside = greater(tail, 0);
  const t = where(near, 0.05, where(inside, tail, 0.05));
  const magnitude = where(inside, tailQuantile(sqrt(neg(log(t)))), Number.POSITIVE_INFINITY);
  return where(near, centre, where(less(q, 0), neg(magnitude), magnitude));
};

/**
 * Φ⁻¹(p), elementwise: the x with Φ(x) = p, for 0 ≤ p ≤ 1 (∓∞ at the ends); relative error 1e-15 or so. Wichura's AS 241.
 *
 * @example
 * normalQuantile(0.975);   // 1.959963984540054
 */
export const normalQuantile = (operand: Operand): Expr => {
  const p = lift(operand);
  return quantileOf(sub(p, 0.5), min(p, sub(1, p)));
};

/**
 * erf⁻¹(y) = Φ⁻¹((1 + y)/2)/√2 for −1 ≤ y ≤ 1, elementwise, accurate for small y.
 *
 * @example
 * value(ops.erfInverse(0));   // 0
 */
export const erfInverse = (operand: Operand): Expr => {
  const y = lift(operand);
  return mul(Math.SQRT1_2, quantileOf(mul(0.5, y), mul(0.5, sub(1, abs(y)))));
};

/** x > 0 with log Φ(−x) = l for l < −700: where the rational functions end, √(−2l − log 2πy) improved by Newton's method on log Φ. */
const deepQuantile = (l: Expr): Expr => {
  const y = mul(-2, l);
  const newton = (x: Expr): Expr => {
    // Φ(−x) eˣ²⸍² √(2π) is the inverse of the hazard, d log Φ(−x) / dx = −1 over it.
    const { ratio } = pieces(x);
    const gap = sub(add(mul(-0.5, square(x)), log(ratio)), l);
    return add(x, mul(gap, mul(Math.sqrt(2 * Math.PI), ratio)));
  };
  return newton(newton(sqrt(sub(y, log(mul(2 * Math.PI, y))))));
};

/**
 * Φ⁻¹(eˡ), elementwise: the x with log Φ(x) = l, for l ≤ 0, where eˡ itself may be 0 or 1 in floats. The inverse of `normalLogCdf`.
 *
 * @example
 * normalQuantileOfLog(-804.6084420137538);   // -40
 */
export const normalQuantileOfLog = (operand: Operand): Expr => {
  const l = lift(operand);
  const low = less(l, -Math.LN2);
  const deep = less(l, DEEP);
  const logTail = where(deep, -1, where(low, l, log1mExp(where(low, -1, l))));
  // ½ + q = eˡ, with its digits around the middle
  const q = add(0.5, expm1(where(deep, -1, l)));
  const magnitude = tailQuantile(sqrt(neg(where(lessEqual(abs(q), 0.425), -3, logTail))));
  const x = where(lessEqual(abs(q), 0.425), centreQuantile(q), where(low, neg(magnitude), magnitude));
  return where(deep, neg(deepQuantile(where(deep, l, DEEP))), x);
};
