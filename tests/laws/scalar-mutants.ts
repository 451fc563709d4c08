/** Scalar layers for the mutation check: each log-determinant whole, to be bent, and with one term of its formula wrong. */
import type { Layer, Step } from '../../src/algebra/transport.ts';
import * as b from '../../src/bijectors/index.ts';
import * as D from '../../src/core/draw.ts';
import type { Expr } from '../../src/core/expr.ts';
import * as o from '../../src/core/ops/index.ts';
import { sizeOf } from '../../src/core/shape.ts';
import type { TransportLawOptions } from '../../src/laws/index.ts';

type Entry = readonly [string, Layer, TransportLawOptions];
const reals = { shape: [3] } as const;
const positive = { shape: [3], region: { low: 0.1, high: 4 } } as const;

/** Every layer of this room that the list of `mutants.ts` has not yet. */
export const scalarLayers: readonly Entry[] = [
  ['exp', b.exp(), reals],
  ['log', b.log(), positive],
  ['softplus', b.softplus(), reals],
  ['softplusInverse', b.softplusInverse(), positive],
  ['sigmoid', b.sigmoid({ low: -1, high: 2.5 }), reals],
  ['tanh', b.tanh(), reals],
  ['softsign', b.softsign(), reals],
  ['power', b.power({ exponent: 2.5 }), positive],
  ['cube', b.power({ exponent: 3, signed: true }), reals],
  ['sinhArcsinh', b.sinhArcsinh({ skewness: 0.6, tailweight: 1.7 }), reals],
  ['leakyRelu', b.leakyRelu({ slope: 0.3 }), { shape: [6] }],
  ['scale', b.scale(3), reals],
  ['learned scale', b.scale(), reals],
  ['mixture CDF coupling', b.coupling(b.mixtureCdfMap({ components: 2 })), { shape: [2] }],
  ['inverse autoregressive spline', b.splineInverseAutoregressive({ bins: 2 }), { shape: [2], spread: 0.5 }],
  ['sylvester', b.sylvester({ width: 2 }), reals],
  [
    'bijectTo an interval',
    b.bijectTo({ kind: 'interval', low: 1, high: 4 }),
    { shape: [3], region: { low: 1, high: 4 } },
  ],
  ['bijectTo positive numbers by exp', b.bijectTo({ kind: 'positive' }, { by: 'exp' }), positive],
];

/** A layer whose contribution is a formula over the pair (x, z), the same both ways. */
export const withContribution = (layer: Layer, formula: (x: Expr, z: Expr) => Expr): Layer => ({
  ...layer,
  encode: (x) => D.map((s: Step) => ({ value: s.value, contribution: formula(x, s.value) }))(layer.encode(x)),
  decode: (z) => D.map((s: Step) => ({ value: s.value, contribution: formula(s.value, z) }))(layer.decode(z)),
});

const half = (x: Expr): Expr => o.log(o.add(1, o.square(x)));

const formula = (
  name: string,
  layer: Layer,
  options: TransportLawOptions,
  wrong: (x: Expr, z: Expr) => Expr,
): Entry => [name, withContribution(layer, (x, z) => o.sum(wrong(x, z))), options];

/** The formulas as they should be: these must pass. */
export const scalarRight: readonly Entry[] = [
  formula('tanh by log(1 − z²)', b.tanh(), reals, (_, z) => o.log(o.sub(1, o.square(z)))),
  formula('sigmoid by its own value', b.sigmoid(), reals, (_, z) => o.log(o.mul(z, o.sub(1, z)))),
  formula('softplus by log σ(x)', b.softplus(), reals, (x) => o.logSigmoid(x)),
  formula('cube by log 3x²', b.power({ exponent: 3, signed: true }), reals, (x) => o.log(o.mul(3, o.square(x)))),
  formula('sinhArcsinh by square roots', b.sinhArcsinh({ skewness: 0.6, tailweight: 1.7 }), reals, (x, z) => o.sub(o.mul(0.5, o.sub(half(z), half(x))), Math.log(1.7))), // biome-ignore format: one idea
];

/** One term wrong. */
export const scalarFormulas: readonly Entry[] = [
  formula('exp: z for x', b.exp(), reals, (_, z) => z),
  formula('log: x for −log x', b.log(), positive, (x) => o.neg(x)),
  formula('softplus: the other side', b.softplus(), reals, (x) => o.logSigmoid(o.neg(x))),
  formula('softplusInverse: softplus(z)', b.softplusInverse(), positive, (_, z) => o.softplus(z)),
  formula('sigmoid: log width forgotten', b.sigmoid({ low: -1, high: 2.5 }), reals, (x) => o.neg(o.add(o.softplus(x), o.softplus(o.neg(x))))), // biome-ignore format: one idea
  formula('sigmoid: one softplus forgotten', b.sigmoid(), reals, (x) => o.neg(o.softplus(x))),
  formula('tanh: factor 2 forgotten', b.tanh(), reals, (x) => o.mul(0.5, o.logOneMinusTanhSquared(x))),
  formula('tanh: log 2 forgotten', b.tanh(), reals, (x) => o.sub(o.logOneMinusTanhSquared(x), 2 * Math.LN2)),
  formula('tanh: log(1 − z² + 1e-3)', b.tanh(), reals, (_, z) => o.log(o.add(1e-3, o.sub(1, o.square(z))))),
  formula('softsign: once, not twice', b.softsign(), reals, (x) => o.neg(o.log1p(o.abs(x)))),
  formula('power: log p forgotten', b.power({ exponent: 2.5 }), positive, (x) => o.mul(1.5, o.log(x))),
  formula('power: p for p − 1', b.power({ exponent: 2.5 }), positive, (x) =>
    o.add(o.mul(2.5, o.log(x)), Math.log(2.5)),
  ),
  formula('cube: 2 for 3', b.power({ exponent: 3, signed: true }), reals, (x) => o.log(o.mul(2, o.square(x)))),
  formula('sinhArcsinh: log δ forgotten', b.sinhArcsinh({ skewness: 0.6, tailweight: 1.7 }), reals, (x, z) => o.mul(0.5, o.sub(half(z), half(x)))), // biome-ignore format: one idea
  formula('sinhArcsinh: √(1 + x²) forgotten', b.sinhArcsinh({ skewness: 0.6, tailweight: 1.7 }), reals, (_, z) => o.sub(o.mul(0.5, half(z)), Math.log(1.7))), // biome-ignore format: one idea
  formula('leakyRelu: on the wrong side', b.leakyRelu({ slope: 0.3 }), { shape: [6] }, (x) => o.where(o.less(0, x), Math.log(0.3), 0)), // biome-ignore format: one idea
  formula('scale: log s once', b.scale(3), reals, (x) => o.scalar(-Math.log(3) * (sizeOf(x.shape) - 2))),
  formula('scale: the wrong way', b.scale(3), reals, (x) => o.broadcastTo(Math.log(3), x.shape)),
];
