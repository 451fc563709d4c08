/** A replay buffer: a queue whose oldest chains move first, whatever the number that moves. */
import { describe, expect, test } from 'vitest';
import type { Expr } from '../../src/core/expr.ts';
import { evaluateProgram } from '../../src/core/interpreters/reference/index.ts';
import * as o from '../../src/core/ops/index.ts';
import { noiseFeeds, program } from '../../src/core/program.ts';
import { type Random, runRandom, scanRandom, uniform } from '../../src/core/random.ts';
import { root } from '../../src/core/scope.ts';
import { range } from '../../src/core/shape.ts';
import { tensorOf, toNumbers } from '../../src/core/tensor.ts';
import { normal } from '../../src/distributions/index.ts';
import { type AnyKernel, gibbs, logDensityOf, mala, persistent, randomWalk } from '../../src/mcmc/index.ts';
import { mean, variance } from './helpers.ts';

/** The values of some expressions of a buffer, in float64. */
const values = (outputs: readonly Expr[], buffer: readonly number[], seed = 0): number[][] => {
  const p = program(outputs, 'float64');
  return evaluateProgram(p, { ...noiseFeeds(p, { seed }), buffer: tensorOf(buffer) }).map(toNumbers);
};

const zero: Random<Expr> = (c) => [o.scalar(0), c];
/** Adds 1: a chain counts its steps. */
const counting: AnyKernel = gibbs([(x) => (c) => [o.add(x, 1), c]]);
const walking = randomWalk({ stepSize: 1 })(logDensityOf(normal([])));

describe('a replay buffer', () => {
  test('moves those that waited longest, and puts them last', () => {
    const { step } = persistent({ size: 5, take: 2, steps: 3, start: zero })(counting);
    const { ends, buffer } = runRandom(step(o.input('buffer', [5])));
    const [moved, after] = values([ends, buffer], [10, 20, 30, 40, 50]);
    expect(moved).toEqual([13, 23]);
    expect(after).toEqual([30, 40, 50, 13, 23]);
  });

  test.each([
    [12, 3, 8],
    [10, 4, 5],
    [7, 7, 3],
  ])('of %i chains, %i a step, is a round: after %i steps all have moved equally often, to one', (size, take, steps) => {
    const { step } = persistent({ size, take, start: zero })(counting);
    const body = ([buffer]: readonly Expr[]): Random<o.ScanStep> => (c) => {
      const [{ buffer: next }, after] = step(buffer)(c);
      return [{ carry: [next] }, after];
    }; // biome-ignore format: one idea
    // It is carried by a loop like any other value.
    const { carry } = runRandom(scanRandom({ length: steps, init: [o.input('buffer', [size])], body }));
    const [counts] = values(carry, range(size).map(() => 0)); // biome-ignore format: one line
    expect(counts.reduce((a, b) => a + b)).toBe(steps * take);
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
    // A queue: who moved less stands before who moved more.
    expect(counts).toEqual([...counts].sort((a, b) => a - b));
  });

  test('starts as many chains as it holds, each with noise of its own', () => {
    const size = 2000;
    const { init } = persistent({ size, start: uniform([]) })(counting);
    const [starts] = values([runRandom(init), o.input('buffer', [1])], [0]);
    expect(starts.length).toBe(size);
    expect(new Set(starts).size).toBeGreaterThan(size - 5);
    expect(Math.abs(mean(starts) - 0.5)).toBeLessThan(4 * Math.sqrt(1 / 12 / size));
  });

  test.each([0, 0.05, 0.5, 1])('begins chains anew as often as it is told: %d', (reinitialise) => {
    const size = 4000;
    // Those that go on end above 100, those begun anew below 3.
    const { step } = persistent({ size, reinitialise, start: uniform([]) })(counting);
    const { ends } = runRandom(step(o.input('buffer', [size])));
    const [moved] = values([ends], range(size).map(() => 100)); // biome-ignore format: one line
    const fresh = moved.filter((x) => x < 3);
    const error = Math.sqrt((reinitialise * (1 - reinitialise)) / size);
    expect(Math.abs(fresh.length / size - reinitialise)).toBeLessThanOrEqual(4 * error);
    // What is begun anew is a draw from the start, moved: uniform on (1, 2).
    expect(fresh.every((x) => x > 1 && x < 2)).toBe(true);
    if (reinitialise > 0) expect(variance(fresh)).toBeGreaterThan(0.06);
  });

  test('moves chain i alike, however many move with it, and however many there are', () => {
    const rows = range(20).map((i) => i / 10);
    const endsOf = (size: number, n: number): number[] => {
      const { step } = persistent({ size, reinitialise: 0.3, steps: 4, start: uniform([]) })(walking);
      return values([runRandom(step(o.input('buffer', [size]), n)).ends], rows.slice(0, size), 5)[0];
    };
    const all = endsOf(20, 20);
    expect(new Set(all).size).toBeGreaterThan(10);
    for (const [size, n] of [[20, 1], [20, 7], [9, 9], [9, 3]]) expect(endsOf(size, n)).toEqual(all.slice(0, n)); // biome-ignore format: one claim
  });

  test('leaves the kernel’s distribution invariant', () => {
    // Chains that stand at draws from N(1, 4) end at draws from it.
    const size = 2000;
    const dist = normal([], { loc: 1, scale: 2 });
    const start: Random<Expr> = (c) => dist.sample(root)(c);
    const { init, step } = persistent({ size, take: 1000, steps: 5, start })(
      mala({ stepSize: 1.5 })(logDensityOf(dist)),
    );
    const [buffer] = values([runRandom(init), o.input('buffer', [1])], [0]);
    const { ends } = runRandom(step(o.input('buffer', [size]), 1000), { path: 'move', next: 0 });
    const [moved] = values([ends], buffer);
    expect(mean(moved.map((x, i) => (x === buffer[i] ? 1 : 0)))).toBeLessThan(0.2);
    expect(Math.abs(mean(moved) - 1)).toBeLessThan((4 * 2) / Math.sqrt(1000));
    expect(Math.abs(variance(moved) - 4)).toBeLessThan(4 * 4 * Math.sqrt(2 / 1000));
  });

  test('refuses what it cannot do', () => {
    const chains = persistent({ size: 5, start: zero })(counting);
    expect(() => chains.step(o.input('buffer', [5]), 6)).toThrow(/holds fewer chains than a step moves \(expected 1 … 5 chains, got 6\)/); // biome-ignore format: one claim
    expect(() => chains.step(o.input('buffer', [5]), 0)).toThrow(/moves one chain or more/);
    expect(() => chains.step(o.input('buffer', [4]), 2)).toThrow(/the buffer has another size/);
    expect(() => persistent({ size: 5, take: 6, start: zero })).toThrow(/holds fewer chains/);
    expect(() => persistent({ size: 0, start: zero })).toThrow(/holds one chain or more/);
    expect(() => persistent({ size: 5, steps: 0, start: zero })).toThrow(/takes one step or more/);
    expect(() => persistent({ size: 5, reinitialise: 1.5, start: zero })).toThrow(/is a probability/);
  });
});
