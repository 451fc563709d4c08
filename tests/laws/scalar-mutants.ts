/** Scalar layers for the mutation check: each log-determinant whole, to be bent, and with one term of its formula wrong. */
import type { Layer, Step } from '../../src/algebra/transport.ts';
import * as b from '../../src/bijectors/index.ts';
import * as D from '../../src/core/draw.ts';
import type { Expr } from '../../src/core/expr.ts';
import * as o from '../../src/core/ops/index.ts';
import * as Sc from '../../src/core/scope.ts';
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
  ['coupling of tanh', b.coupling(b.tanh()), reals],
  ['learned sinhArcsinh', b.elementwise(b.sinhArcsinhMap()), reals],
  ['learned power', b.elementwise(b.powerMap()), reals],
  ['learned leakyRelu', b.elementwise(b.leakyReluMap()), { shape: [6] }],
  ['scaled softsign', b.elementwise(b.scaledMap(b.softsign())), reals],
  ['chained coupling', b.coupling(b.chainMaps(b.sinhArcsinhMap(), b.affineMap())), reals],
  ['autoregressive in two passes', b.autoregressive(b.powerMap(), { passes: 2 }), reals],
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

/** A map whose log-slope is another formula of (x, z, raw, log-slope), the same both ways. */
const sloped = (map: b.ScalarMap, wrong: (at: { readonly x: Expr; readonly z: Expr; readonly raw: Expr; readonly logSlope: Expr }) => Expr): b.ScalarMap => ({
  ...map,
  encode: (x, raw) => Sc.map(({ value, logSlope }: b.Mapped) => ({ value, logSlope: wrong({ x, z: value, raw, logSlope }) }))(map.encode(x, raw)),
  decode: (z, raw) => Sc.map(({ value, logSlope }: b.Mapped) => ({ value, logSlope: wrong({ x: value, z, raw, logSlope }) }))(map.decode(z, raw)),
}); // biome-ignore format: one idea

const row = (raw: Expr, i: number, x: Expr): Expr => o.reshape(o.sliceAxis(raw, 0, i, i + 1), x.shape);
const far = (x: Expr): Expr => o.log1p(o.abs(x));

/** Log-slopes of maps with learned parameters, one term wrong. */
export const mapFormulas: readonly Entry[] = (
  [
    ['learned sinhArcsinh: log δ forgotten', b.sinhArcsinhMap(), ({ raw, x, logSlope }) => o.add(logSlope, o.tanh(row(raw, 1, x)))],
    ['learned sinhArcsinh: √(1 + x²) forgotten', b.sinhArcsinhMap(), ({ x, logSlope }) => o.add(logSlope, o.mul(0.5, half(x)))],
    ['learned sinhArcsinh: √(1 + z²) forgotten', b.sinhArcsinhMap(), ({ z, logSlope }) => o.sub(logSlope, o.mul(0.5, half(z)))],
    ['learned power: p for p − 1', b.powerMap(), ({ x, logSlope }) => o.add(logSlope, far(x))],
    ['learned power: log p added', b.powerMap(), ({ raw, x, logSlope }) => o.add(logSlope, o.tanh(row(raw, 0, x)))],
    ['learned leakyRelu: on the wrong side', b.leakyReluMap(), ({ raw, x }) => o.where(o.less(0, x), o.mul(3, o.tanh(o.mul(1 / 3, row(raw, 0, x)))), 0)],
    ['scaled softsign: the slope at x, not x / c', b.scaledMap(b.softsign()), ({ x }) => o.mul(-2, far(x))],
    ['scaled softsign: log c counted', b.scaledMap(b.softsign()), ({ raw, x, logSlope }) => o.add(logSlope, row(raw, 0, x))],
    ['chain: the second slope forgotten', b.chainMaps(b.scale(3), b.leakyReluMap()), () => o.scalar(-Math.log(3))],
    ['chain: the second slope at x', b.chainMaps(b.affineMap(), b.softsign()), ({ raw, x }) => o.sub(o.mul(3, o.tanh(o.mul(1 / 3, row(raw, 0, x)))), o.mul(2, far(x)))],
    ['inverse: the sign of the slope', b.inverseMap(b.affineMap()), ({ logSlope }) => o.neg(logSlope)],
  ] as readonly (readonly [string, b.ScalarMap, Parameters<typeof sloped>[1]])[]
).map(([name, map, wrong]) => [name, b.elementwise(sloped(map, (at) => o.broadcastTo(wrong(at), at.x.shape))), { shape: [6] }]); // biome-ignore format: one line a mutant

/** One term wrong. */
export const scalarFormulas: readonly Entry[] = [
  ...mapFormulas,
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
