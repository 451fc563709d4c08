/**
 * The regularised incomplete gamma functions as expressions: three formulas, each where it converges in a fixed number of steps.
 *
 * | where | formula |
 * |---|---|
 * | a ≥ 25 and |x − a| < 0.4 a | Temme's uniform asymptotic expansion (DLMF 8.12) |
 * | else x < max(a + 1, 2) | P = xᵃ e⁻ˣ / Γ(a+1) · Σ xⁿ / (a+1)ₙ, 64 terms (DLMF 8.7.1) |
 * | else | Q = xᵃ e⁻ˣ / Γ(a) · 1 / (x+1−a − 1(1−a) / (x+3−a − …)), 64 levels from the innermost (DLMF 8.9.2) |
 */
import type { Expr } from '../expr.ts';
import { broadcastShapes } from '../shape.ts';
import { scan } from './control.ts';
import { add, and, div, erf, exp, greater, less, lessEqual, log, log1p, max, min, mul, neg, not, or, sqrt, sub, where } from './elementwise.ts'; // biome-ignore format: one import
import { gammaKernel, hornerOf, isClose, logDefectRatio } from './gamma-parts.ts';
import { constant, lift, type Operand } from './leaves.ts';
import { normalCdf, normalLogCdf } from './normal-functions.ts';
import { broadcastTo } from './structure.ts';

const STEPS = 64;

/** cₖ(η) = Σₙ cₖₙ ηⁿ: Temme's coefficients, from their recurrence (DLMF 8.12.9–8.12.12) in exact fractions. */
const temme: readonly (readonly number[])[] = [
  // biome-ignore-start format: a table
  [
    -0.3333333333333333, 0.08333333333333333, -0.014814814814814815, 0.0011574074074074073, 0.0003527336860670194,
    -0.0001787551440329218, 3.919263178522438e-5, -2.185448510679992e-6, -1.85406221071516e-6, 8.296711340953087e-7,
    -1.7665952736826078e-7, 6.707853543401498e-9, 1.0261809784240309e-8, -4.382036018453353e-9, 9.14769958223679e-10,
    -2.5514193994946248e-11, -5.830772132550426e-11, 2.4361948020667415e-11,
  ],
  [
    -0.001851851851851852, -0.003472222222222222, 0.0026455026455026454, -0.0009902263374485596, 0.00020576131687242798,
    -4.018775720164609e-7, -1.8098550334489977e-5, 7.64916091608111e-6, -1.6120900894563446e-6, 4.647127802807434e-9,
    1.378633446915721e-7, -5.752545603517705e-8, 1.1951628599778148e-8, -1.7543241719747647e-11, -1.0091543710600413e-9,
    4.162792991842583e-10, -8.56390702649298e-11,
  ],
  [
    0.004133597883597883, -0.0026813271604938273, 0.0007716049382716049, 2.0093878600823047e-6, -0.0001073665322636516,
    5.2923448829120125e-5, -1.2760635188618728e-5, 3.423578734096138e-8, 1.3721957309062934e-6, -6.298992138380055e-7,
    1.4280614206064242e-7, -2.0477098421990866e-10, -1.409252991086752e-8, 6.228974084922022e-9, -1.3670488396617114e-9,
  ],
  [
    0.0006494341563786008, 0.00022947209362139917, -0.0004691894943952557, 0.00026772063206283885,
    -7.561801671883977e-5, -2.396505113867297e-7, 1.1082654115347302e-5, -5.6749528269915965e-6, 1.4230900732435883e-6,
    -2.7861080291528143e-11, -1.6958404091930278e-7, 8.099464905388083e-8, -1.9111168485973655e-8,
  ],
  [
    -0.0008618882909167117, 0.0007840392217200666, -0.0002990724803031902, -1.4638452578843418e-6, 6.641498215465122e-5,
    -3.968365047179435e-5, 1.1375726970678419e-5, 2.507497226237533e-10, -1.6954149536558305e-6, 8.907507532205309e-7,
    -2.292934834000805e-7, 2.956794137544049e-11, 2.8865829742708783e-8,
  ],
  [
    -0.00033679855336635813, -6.972813758365857e-5, 0.0002772753244959392, -0.00019932570516188847,
    6.797780477937208e-5, 1.419062920643967e-7, -1.3594048189768693e-5, 8.018470256334202e-6, -2.291481176508095e-6,
    -3.252473551298454e-10, 3.4652846491085265e-7, -1.8447187191171344e-7,
  ],
  [
    0.0005313079364639922, -0.0005921664373536939, 0.0002708782096718045, 7.902353232660328e-7, -8.153969367561969e-5,
    5.61168275310625e-5, -1.8329116582843375e-5, -3.0796134506033047e-9, 3.465155368803609e-6, -2.0291327396058603e-6,
  ],
  [
    0.00034436760689237765, 5.171790908260592e-5, -0.00033493161081142234, 0.0002812695154763237,
    -0.00010976582244684731, -1.2741009095484485e-7, 2.7744451511563645e-5, -1.8263488805711332e-5,
    5.7876949497350525e-6,
  ],
  [
    -0.0006526239185953094, 0.0008394987206720873, -0.000438297098541721, -6.969091458420552e-7, 0.00016644846642067547,
    -0.00012783517679769218, 4.629953263691304e-5,
  ],
  [
    -0.0005967612901927463, -7.204895416020011e-5, 0.0006782308837667328, -0.0006401475260262758,
    0.00027750107634328704,
  ],
  [0.0013324454494800656, -0.0019144384985654776, 0.0011089369134596636],
  // biome-ignore-end format: a table
];

/** Which formula serves: masks of one shape. */
export interface GammaRegime {
  readonly uniform: Expr;
  readonly series: Expr;
}

/** The regime of each pair (a, x). */
export const gammaRegime = (a: Expr, x: Expr): GammaRegime => {
  const uniform = and(lessEqual(25, a), isClose(a, x));
  return { uniform, series: and(not(uniform), or(less(x, add(a, 1)), less(x, 2))) };
};

/** Σ xⁿ / (a+1)ₙ: P(a, x) Γ(a+1) eˣ / xᵃ. For x < max(a + 1, 2), and x < 0.6 a where a ≥ 25. */
export const gammaSeries = (a: Expr, x: Expr): Expr => {
  const one = broadcastTo(1, a.shape);
  const n = constant(Float64Array.from({ length: STEPS }, (_, i) => i + 1));
  const { carry } = scan({
    length: STEPS,
    init: [one, one],
    xs: [n],
    body: ([term, sum], [k]) => {
      const next = mul(term, div(x, add(a, k)));
      return { carry: [next, add(sum, next)] };
    },
  });
  return carry[1];
};

/** 1 / (x+1−a − 1(1−a) / (x+3−a − …)): Q(a, x) Γ(a) eˣ / xᵃ. For x ≥ max(a + 1, 2), and x > 1.4 a where a ≥ 25. */
export const gammaFraction = (a: Expr, x: Expr): Expr => {
  const gap = sub(x, a);
  const { carry } = scan({
    length: STEPS,
    init: [add(gap, 2 * STEPS + 1)],
    xs: [constant(Float64Array.from({ length: STEPS }, (_, i) => STEPS - i))],
    body: ([f], [k]) => ({ carry: [sub(add(gap, sub(mul(2, k), 1)), div(mul(k, sub(k, a)), f))] }),
  });
  return div(1, carry[0]);
};

/**
 * w and g of P(a, x) = ½ (1 + erf w) − e^{−w²} g, Q the rest; w = η √(a/2), ½ η² = x/a − 1 − log(x/a), g = Σ cₖ(η) a⁻ᵏ / √(2πa).
 * For a ≥ 25 and |x − a| < 0.4 a.
 */
export const gammaUniform = (a: Expr, x: Expr): readonly [w: Expr, g: Expr] => {
  const u = div(sub(x, a), a);
  const eta = mul(u, sqrt(logDefectRatio(u)));
  const r = div(1, a);
  const sum = temme.map((row) => hornerOf(row, eta)).reduceRight((s, c) => add(c, mul(r, s)));
  return [mul(eta, sqrt(mul(0.5, a))), div(sum, sqrt(mul(2 * Math.PI, a)))];
};

interface Parts {
  readonly inside: Expr;
  readonly regime: GammaRegime;
  /** log (xᵃ e⁻ˣ / Γ(a)). */
  readonly kernel: Expr;
  readonly uniform: readonly [w: Expr, g: Expr];
  readonly a: Expr;
  readonly series: Expr;
  readonly fraction: Expr;
}

const partsOf = (left: Operand, right: Operand): Parts => {
  const l = lift(left);
  const r = lift(right);
  const shape = broadcastShapes(l.shape, r.shape) ?? add(l, r).shape;
  const a = broadcastTo(l, shape);
  const given = broadcastTo(r, shape);
  const inside = greater(given, 0);
  // Beyond 10³⁰ nothing is left of the upper tail, and ∞ − ∞ must not meet.
  const x = where(inside, min(given, 1e30), 1);
  const regime = gammaRegime(a, x);
  const rest = or(regime.uniform, regime.series);
  return {
    inside,
    regime,
    kernel: gammaKernel(a, x),
    uniform: gammaUniform(where(regime.uniform, a, 25), where(regime.uniform, x, 25)),
    a,
    series: gammaSeries(where(regime.series, a, 1), where(regime.series, x, 1)),
    fraction: gammaFraction(where(rest, 1, a), where(rest, 2, x)),
  };
};

/** Both functions at once. */
const both = (left: Operand, right: Operand): readonly [p: Expr, q: Expr] => {
  const parts = partsOf(left, right);
  const { inside } = parts;
  const { uniform, series } = parts.regime;
  const kernel = exp(parts.kernel);
  const [w, g] = parts.uniform;
  const lower = div(mul(kernel, parts.series), parts.a);
  const upper = mul(kernel, parts.fraction);
  const e = mul(0.5, erf(w));
  const correction = mul(exp(neg(mul(w, w))), g);
  // A probability: rounding may not leave [0, 1].
  const unit = (v: Expr): Expr => max(0, min(1, v));
  // ½ (1 ∓ erf w), of which small ones keep their digits too.
  const half = (s: 1 | -1): Expr => {
    const small = less(mul(s, w), -0.7);
    return where(small, normalCdf(mul(s * Math.SQRT2, where(small, w, -s))), add(0.5, mul(s, e)));
  };
  const p = where(uniform, sub(half(1), correction), where(series, lower, sub(1, upper)));
  const q = where(uniform, add(half(-1), correction), where(series, sub(1, lower), upper));
  return [where(inside, unit(p), 0), where(inside, unit(q), 1)];
};

/** Their logarithms. */
const bothLogs = (left: Operand, right: Operand): readonly [p: Expr, q: Expr] => {
  const { inside, regime, kernel, uniform, a, series, fraction } = partsOf(left, right);
  const [w, g] = uniform;
  // ½ erfc(∓w) and what is added to it, as a part of it.
  const side = (s: 1 | -1): Expr => {
    const l = normalLogCdf(mul(s * Math.SQRT2, w));
    return add(l, log1p(mul(-s, mul(exp(sub(neg(mul(w, w)), l)), g))));
  };
  const rest = (l: Expr, here: Expr): Expr => log1p(neg(exp(where(here, min(l, -1e-30), -1))));
  const lower = add(kernel, sub(log(series), log(a)));
  const upper = add(kernel, log(fraction));
  const other = not(or(regime.uniform, regime.series));
  const p = where(regime.uniform, side(1), where(regime.series, lower, rest(upper, other)));
  const q = where(regime.uniform, side(-1), where(regime.series, rest(lower, regime.series), upper));
  return [where(inside, min(0, p), Number.NEGATIVE_INFINITY), where(inside, min(0, q), 0)];
};

/**
 * The lower regularised incomplete gamma function P(a, x) = 1/Γ(a) ∫₀ˣ tᵃ⁻¹ e⁻ᵗ dt for a > 0; 0 where x ≤ 0. Operands broadcast. The absolute
 * error in float64 is below 1e-13 for every a ≥ 1e-3, and the smaller of P and Q keeps its relative accuracy. Differentiable in both operands.
 *
 * @example
 * const cdfAtTwo = regularisedGammaP(2, 2);   // of the Gamma(2, 1) distribution
 */
export const regularisedGammaP = (a: Operand, x: Operand): Expr => both(a, x)[0];

/**
 * The upper regularised incomplete gamma function Q(a, x) = 1 − P(a, x), see {@link regularisedGammaP}; 1 where x ≤ 0.
 *
 * @example
 * value(ops.regularisedGammaQ(1, 1));   // e⁻¹ = 0.368
 */
export const regularisedGammaQ = (a: Operand, x: Operand): Expr => both(a, x)[1];

/**
 * log P(a, x), see {@link regularisedGammaP}, in nats: accurate far into both tails. −∞ where x ≤ 0.
 *
 * @example
 * value(ops.logRegularisedGammaP(1, 1));   // log(1 − e⁻¹) = -0.459
 */
export const logRegularisedGammaP = (a: Operand, x: Operand): Expr => bothLogs(a, x)[0];

/**
 * log Q(a, x), see {@link logRegularisedGammaP}, in nats; 0 where x ≤ 0.
 *
 * @example
 * value(ops.logRegularisedGammaQ(1, 1));   // -1
 */
export const logRegularisedGammaQ = (a: Operand, x: Operand): Expr => bothLogs(a, x)[1];
