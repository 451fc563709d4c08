/** Ten thousand layers build: the stated limit. */
import { pipe } from 'fp-ts/lib/function.js';
import { describe, expect, test } from 'vitest';
import { type Dist, pushforward } from '../../src/algebra/dist.ts';
import type { Exact, Samples } from '../../src/algebra/evidence.ts';
import { compose, type Endo, repeat } from '../../src/algebra/transport.ts';
import { actNorm, affine } from '../../src/bijectors/index.ts';
import { grad } from '../../src/core/differentiate/index.ts';
import * as D from '../../src/core/draw.ts';
import type { Expr } from '../../src/core/expr.ts';
import * as o from '../../src/core/ops/index.ts';
import { initialValues } from '../../src/core/parameters.ts';
import { parametersOf, program } from '../../src/core/program.ts';
import { vmapAll } from '../../src/core/vectorize.ts';
import { standardNormal } from '../../src/distributions/index.ts';
import { dense, mlp, sequential } from '../../src/nn/index.ts';

const LAYERS = 10_000;
const x = o.input('x', [1]);

/** Value and gradient by the parameters, over a batch: what a training step is made of. */
const built = (loss: (x: Expr) => Expr): number => {
  const batch = o.input('batch', [2, 1]);
  const total = o.mean(vmapAll((v) => [loss(v)])(batch)[0]);
  const parameters = parametersOf([total]);
  expect(program([total, ...grad(total, parameters)]).slots.length).toBe(parameters.length + 1);
  return parameters.length;
};

const dist = (layer: Endo<'bijective'>): Dist<readonly [1], Exact & Samples> => pipe(standardNormal([1]), pushforward(layer)); // biome-ignore format: one line

describe.each([
  ['repeat', () => repeat(LAYERS, affine())],
  ['compose', () => (compose as (...l: Endo<'bijective'>[]) => Endo<'bijective'>)(...Array.from({ length: LAYERS }, () => affine()))],
] as const)('%s of ten thousand layers', (_, layer) => {
  test('density with its gradient, and samples', () => {
    const flow = dist(layer());
    expect(built((v) => D.runDraw(flow.logDensity(v)))).toBe(2 * LAYERS);
    expect(parametersOf([D.runDraw(flow.sample)])).toHaveLength(2 * LAYERS);
  });
}); // biome-ignore format: one table

test('initial values that depend on the data through ten thousand layers', () => {
  const flow = dist(repeat(LAYERS, actNorm()));
  const parameters = parametersOf([D.runDraw(flow.logDensity(x))]);
  expect(initialValues(parameters, [{ input: x, batch: o.input('examples', [4, 1]) }])).toHaveLength(2 * LAYERS);
});

test.each([
  ['mlp', mlp(Array.from({ length: LAYERS }, () => 1))],
  ['sequential', sequential(...Array.from({ length: LAYERS }, () => [dense(1), o.tanh]).flat(), dense(1))],
] as const)('%s of ten thousand layers', (_, network) => {
  expect(built((v) => D.runDraw(D.fromScoped(network.apply(v, []))))).toBe(2 * (LAYERS + 1));
});
