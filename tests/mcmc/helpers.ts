/** Chains as arrays of numbers: what tests of kernels look at. */

import * as E from 'fp-ts/lib/Either.js';
import { expect } from 'vitest';
import { evaluateProgram } from '../../src/core/interpreters/reference/index.ts';
import * as o from '../../src/core/ops/index.ts';
import { noiseFeeds, program } from '../../src/core/program.ts';
import { runRandom } from '../../src/core/random.ts';
import { range } from '../../src/core/shape.ts';
import { leaves, pathsOf, type Struct } from '../../src/core/struct.ts';
import { type Tensor, tensorOf, toNumbers } from '../../src/core/tensor.ts';
import { manyChains } from '../../src/mcmc/combinators.ts';
import { type Chains, type Draws, effectiveSize, rHat, runChains } from '../../src/mcmc/index.ts';
import { chainOf, type Kernel, type Position } from '../../src/mcmc/kernel.ts';

/** What became of some chains: arrays with leading axes (steps, chains). */
export interface Traces {
  readonly positions: Tensor;
  readonly infos: Readonly<Record<string, Tensor>>;
}

/** Runs chains from the rows of `initial`, `[chains, …]`, in float64. What the kernel says is named by its path. */
export const traces = <S extends Position, I extends Struct>(
  kernel: Kernel<S, I>,
  initial: Tensor,
  { steps, seed = 0 }: { readonly steps: number; readonly seed?: number },
): Traces => {
  const many = manyChains(initial.shape[0])(kernel);
  const run = chainOf(many, steps, (t) => ({ position: t.state.position, info: t.info }));
  const { recorded } = runRandom(run(many.init(o.input('initial', initial.shape))));
  const p = program(leaves(recorded), 'float64');
  const [positions, ...rest] = evaluateProgram(p, { ...noiseFeeds(p, { seed }), initial });
  return { positions, infos: Object.fromEntries(pathsOf(recorded.info).map((n, i) => [n, rest[i]])) };
};

/** `n` chains that start at one place. */
export const startAt = (n: number, place: readonly number[]): Tensor =>
  tensorOf(Array.from({ length: n }, () => place).flat(), [n, ...(place.length === 0 ? [] : [place.length])]);

/** Each step's positions from `from` on, as one list of numbers. */
export const tail = (t: Tensor, from: number): number[] => toNumbers(t).slice(from * (t.data.length / t.shape[0]));

export const mean = (xs: readonly number[]): number => xs.reduce((a, b) => a + b, 0) / xs.length;
export const variance = (xs: readonly number[]): number => {
  const m = mean(xs);
  return xs.reduce((a, x) => a + (x - m) ** 2, 0) / xs.length;
};

/** The outcome of a run that must not fail. */
export const ran = async (options: Parameters<typeof runChains>[0]): Promise<Chains> => {
  const r = await runChains(options)();
  if (E.isLeft(r)) throw new Error(r.left.message);
  return r.right;
};

/** f of each draw `[d]`, a row for each chain. */
export const drawsOf = ({ samples: { shape, data } }: Chains, f: (x: ArrayLike<number>) => number): Draws => {
  const [chains, n, d] = shape;
  return range(chains).map((c) =>
    Float64Array.from({ length: n }, (_, i) => f(data.subarray((c * n + i) * d, (c * n + i + 1) * d))),
  );
};

/** The mean of f is what it should be, to four standard errors that are themselves small. */
export const agrees = (draws: Draws, expected: number, scale: number): void => {
  const all = draws.flatMap((d) => Array.from(d));
  const error = Math.sqrt(variance(all) / effectiveSize(draws));
  expect(rHat(draws)).toBeLessThan(1.01);
  expect(error).toBeLessThan(scale);
  expect(Math.abs(mean(all) - expected)).toBeLessThan(4 * error);
};
