/** Mutants of the formulas of channel layers: the bugs that flow libraries shipped (forgotten pixels, signs, transposes), each noticed by a distribution. */
import { pipe } from 'fp-ts/lib/function.js';
import { expect, test } from 'vitest';
import { bijection, type Layer, type Step } from '../../src/algebra/transport.ts';
import { actNorm, affine, invertible1x1, multiScale, scaleTril, squeeze } from '../../src/bijectors/index.ts';
import * as D from '../../src/core/draw.ts';
import type { Expr } from '../../src/core/expr.ts';
import * as o from '../../src/core/ops/index.ts';
import { zeros } from '../../src/core/parameters.ts';
import * as Sc from '../../src/core/scope.ts';
import { type TransportLawOptions, transportLaws, violations } from '../../src/laws/index.ts';

const pixels = { shape: [2, 3, 2] } as const;

/** A layer with its contributions multiplied, consistently in both directions: no round trip notices. */
const scaled = (layer: Layer, factor: number): Layer => {
  const change = (run: D.Draw<Step>) =>
    D.map((s: Step) => ({ ...s, contribution: o.mul(factor, s.contribution) }))(run);
  return { ...layer, encode: (x) => change(layer.encode(x)), decode: (z) => change(layer.decode(z)) };
};

/** The triangular layer by hand: what its parts are, and what a mutant makes of them. */
interface Triangular {
  readonly diagonal: (s: Expr) => Expr;
  readonly logDet: (s: Expr) => Expr;
  readonly solve: (l: Expr, x: Expr) => Expr;
}
const right: Triangular = {
  diagonal: o.exp,
  logDet: (s) => o.neg(o.sum(s)),
  solve: (l, x) => o.triangularSolve(l, x),
};
const triangular = (changes: Partial<Triangular>): Layer => {
  const { diagonal, logDet, solve } = { ...right, ...changes };
  const parts = (c: number) =>
    pipe(
      Sc.parameter('lower', [c, c], { init: zeros }),
      Sc.chain((l) =>
        pipe(
          Sc.parameter('logScale', [c], { init: zeros }),
          Sc.map((s) => ({ s, l: o.add(o.triangle(l, true, true), o.mul(o.eye(c), o.broadcastTo(diagonal(s), [c, c]))) })), // biome-ignore format: one idea
        ),
      ),
    );
  const column = (x: Expr): Expr => o.reshape(x, [-1, 1]);
  return bijection({
    spec: { type: 'triangular' },
    encode: (x) =>
      pipe(
        parts(x.shape[0]),
        Sc.map(({ s, l }) => ({ value: o.reshape(solve(l, column(x)), x.shape), contribution: logDet(s) })),
      ),
    decode: (z) =>
      pipe(
        parts(z.shape[0]),
        Sc.map(({ s, l }) => ({ value: o.matvec(l, z), contribution: logDet(s) })),
      ),
  });
};

/** A multi-scale layer in which a scale's contribution is dropped both ways. */
const forgetful = (which: 0 | 1): Layer => {
  const scales = [0, 1].map((i) => (i === which ? (scaled(affine(), 0) as ReturnType<typeof affine>) : affine()));
  return multiScale([2, 4], [8], scales);
};

/** A layer that forgets a permutation on the way back. */
const permutedBack = (layer: Layer): Layer => ({
  ...layer,
  decode: (z) => D.map((s: Step) => ({ ...s, value: o.gather(s.value, o.constant([1, 0, 3, 2], [4], 'int32')) }))(layer.decode(z)),
}); // biome-ignore format: one idea

const mutants: readonly (readonly [string, Layer, TransportLawOptions])[] = [
  ['ActNorm: pixels forgotten (tfp#238)', scaled(actNorm(), 1 / 6), pixels],
  ['ActNorm: twice the width for width times height', scaled(actNorm(), 4 / 6), pixels],
  ['LU: pixels forgotten (tfp#554)', scaled(invertible1x1(), 1 / 6), pixels],
  ['plain: pixels forgotten', scaled(invertible1x1({ parametrisation: 'plain' }), 1 / 6), pixels],
  ['exponential: once a pixel too many', scaled(invertible1x1({ parametrisation: 'exponential' }), 7 / 6), pixels],
  ['LU: another permutation on the way back', permutedBack(invertible1x1({ seed: 1 })), { shape: [4] }], // biome-ignore format: one line a mutant
  ['scaleTril: sign', scaled(scaleTril(), -1), { shape: [3] }],
  ['triangular: Σ e^s for Σ s', triangular({ logDet: (s) => o.neg(o.sum(o.exp(s))) }), { shape: [3] }],
  ['triangular: softplus on the diagonal, Σ s in the log-determinant', triangular({ diagonal: o.softplus }), { shape: [3] }], // biome-ignore format: one line a mutant
  ['triangular: the transposed system', triangular({ solve: (l, x) => o.triangularSolve(l, x, { transpose: true }) }), { shape: [3] }], // biome-ignore format: one line a mutant
  ['triangular: the diagonal taken for 1', triangular({ solve: (l, x) => o.triangularSolve(l, x, { unit: true }) }), { shape: [3] }], // biome-ignore format: one line a mutant
  ['squeeze: another order on the way back', { ...squeeze([2, 2, 2], [1, 1, 8]), decode: squeeze([2, 2, 2], [1, 1, 8], { order: 'realNVP' }).decode }, { shape: [2, 2, 2] }], // biome-ignore format: one line a mutant
  ['multi-scale: the first scale forgotten', forgetful(0), { shape: [2, 4] }],
  ['multi-scale: the last scale forgotten', forgetful(1), { shape: [2, 4] }],
];

test.each(mutants)('%s', (_name, layer, options) => {
  expect(violations(transportLaws(layer, options))).not.toEqual([]);
});

test('and the right formulas survive', () => {
  expect(violations(transportLaws(triangular({}), { shape: [3] }))).toEqual([]);
  expect(violations(transportLaws(scaled(actNorm(), 1), pixels))).toEqual([]);
  expect(violations(transportLaws(multiScale([2, 4], [8], [affine(), affine()]), { shape: [2, 4] }))).toEqual([]);
});
