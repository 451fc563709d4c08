/** Distributions of kernels: detailed balance by enumeration, combinators, and chains that do not know of each other. */
import { pipe } from 'fp-ts/lib/function.js';
import { describe, expect, test } from 'vitest';
import type { AnyDist } from '../../src/algebra/dist.ts';
import type { Support } from '../../src/algebra/support.ts';
import type { Expr } from '../../src/core/expr.ts';
import { evaluateProgram } from '../../src/core/interpreters/reference/index.ts';
import * as o from '../../src/core/ops/index.ts';
import { program } from '../../src/core/program.ts';
import { map, runRandom, uniform } from '../../src/core/random.ts';
import { range } from '../../src/core/shape.ts';
import { tensorOf, toNumbers } from '../../src/core/tensor.ts';
import { bernoulli, normal } from '../../src/distributions/index.ts';
import {
  type AnyKernel,
  adapted,
  alternate,
  gibbs,
  hmc,
  iterate,
  kernelMixture,
  logDensityOf,
  mala,
  metropolisHastings,
  nuts,
  randomWalk,
  ula,
  underdamped,
} from '../../src/mcmc/index.ts';
import { mean, startAt, tail, traces, variance } from './helpers.ts';

describe('Metropolis–Hastings', () => {
  // Six states with unequal weights; a lopsided proposal on a ring: +1 with probability 0.7, −1 with 0.3.
  const weights = [1, 4, 2, 7, 3, 0.5];
  const logs = o.constant(weights.map(Math.log));
  const target = (x: Expr): Expr => o.gather(logs, o.cast(x, 'int32'));
  const wrap = (x: Expr): Expr => o.sub(x, o.mul(6, o.floor(o.div(o.add(x, 0.5), 6))));
  const isUp = (to: Expr, from: Expr): Expr => o.less(o.abs(o.sub(to, wrap(o.add(from, 1)))), 0.5);
  const kernel = metropolisHastings({
    propose: (x) =>
      pipe(
        uniform([]),
        map((u) => wrap(o.add(x, o.where(o.less(u, 0.7), 1, -1)))),
      ),
    logDensity: (to, from) => o.where(isUp(to, from), Math.log(0.7), Math.log(0.3)),
  })(target);

  /** The chance of each move from x, by walking through what the noise can do. */
  const row = (x: number): number[] => {
    const t = runRandom(kernel.step(kernel.init(o.scalar(x))));
    const p = program([t.state.position, t.info.acceptance], 'float64');
    const [moveSlot, acceptSlot] = p.slots.map((s) => s.name).sort();
    const out = range(6).map(() => 0);
    for (const [u, chance] of [[0.1, 0.7], [0.9, 0.3]] as const) {
      const feeds = { [moveSlot]: tensorOf([u], []), [acceptSlot]: tensorOf([1e-300], []) };
      const [[to], [accept]] = evaluateProgram(p, feeds).map(toNumbers);
      out[to] += chance * accept;
      out[x] += chance * (1 - accept);
    }
    return out;
  }; // biome-ignore format: one table
  const matrix = range(6).map(row);

  test('moves, and its rows are probabilities', () => {
    for (const r of matrix) expect(r.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12);
    expect(matrix[0][1]).toBeGreaterThan(0);
    expect(matrix[0][5]).toBeGreaterThan(0);
  });

  test('is in detailed balance with its target', () => {
    for (const i of range(6))
      for (const j of range(6)) expect(weights[i] * matrix[i][j]).toBeCloseTo(weights[j] * matrix[j][i], 12);
  });

  test('would not be without the proposal’s density', () => {
    const plain = range(6).map((i) => range(6).map((j) => {
      const up = (i + 1) % 6 === j ? 0.7 : (j + 1) % 6 === i ? 0.3 : 0;
      return up * Math.min(1, weights[j] / weights[i]);
    })); // biome-ignore format: one table
    expect(Math.abs(weights[0] * plain[0][1] - weights[1] * plain[1][0])).toBeGreaterThan(0.1);
  });

  test('never accepts where the ratio is no number, and never leaves for density 0', () => {
    const bad = metropolisHastings({ propose: (x) => (c) => [o.sub(x, 2), c] });
    for (const cliff of [(x: Expr) => o.log(x), (x: Expr) => o.where(o.less(0, x), 0, Number.NEGATIVE_INFINITY)]) {
      const { positions, infos } = traces(bad(cliff), tensorOf([0.5, 0.5, 0.5]), { steps: 2 });
      expect(toNumbers(positions)).toEqual(range(6).map(() => 0.5));
      expect(Math.max(...toNumbers(infos.accepted))).toBe(0);
    }
  });
});

describe('Gibbs', () => {
  test('draws two correlated bits in their joint proportions', () => {
    // P(a, b) ∝ e^(θ a b): P(a = 1 | b) = σ(θ b)
    const theta = 1.5;
    const bit = (i: number) => (x: Expr) =>
      pipe(
        uniform([]),
        map((u) => {
          const other = o.reshape(o.sliceAxis(x, 0, 1 - i, 2 - i), []);
          const drawn = o.where(o.less(u, o.sigmoid(o.mul(theta, other))), 1, 0);
          return i === 0 ? o.stack([drawn, other]) : o.stack([other, drawn]);
        }),
      );
    const { positions } = traces(gibbs([bit(0), bit(1)]), startAt(100, [0, 0]), { steps: 220 });
    const xs = tail(positions, 20);
    const z = 3 + Math.exp(theta);
    const both = mean(range(xs.length / 2).map((k) => xs[2 * k] * xs[2 * k + 1]));
    expect(Math.abs(both - Math.exp(theta) / z)).toBeLessThan(0.02);
    expect(Math.abs(mean(xs) - (1 + Math.exp(theta)) / z)).toBeLessThan(0.02);
  });
});

const target = logDensityOf(normal([2], { loc: [1, -2], scale: [1, 0.5] }));

describe('combinators', () => {
  const kernels: Readonly<Record<string, AnyKernel>> = {
    iterate: iterate(3)(randomWalk({ stepSize: 0.8 })(target)),
    alternate: alternate(hmc({ stepSize: 0.3, steps: 3 })(target), randomWalk({ stepSize: 1 })(target)),
    'alternate with momentum': alternate(underdamped({ stepSize: 0.2, friction: 1 })(target), mala({ stepSize: 0.2 })(target)),
    kernelMixture: kernelMixture([randomWalk({ stepSize: 0.2 })(target), mala({ stepSize: 0.3 })(target)], [1, 3]),
  }; // biome-ignore format: a table
  test.each(Object.entries(kernels))('%s leaves the target invariant', (_, kernel) => {
    const { positions } = traces(kernel, startAt(300, [1, -2]), { steps: 130 });
    const xs = tail(positions, 30);
    [[1, 1], [-2, 0.5]].forEach(([loc, scale], j) => {
      const column = xs.filter((_, i) => i % 2 === j);
      expect(Math.abs(mean(column) - loc)).toBeLessThan(0.05 * scale);
      expect(Math.abs(variance(column) / scale ** 2 - 1)).toBeLessThan(0.06);
    });
  }); // biome-ignore format: one claim

  test('n steps at once are n steps, and say what each said', () => {
    const one = randomWalk({ stepSize: 0.8 })(target);
    const { positions, infos } = traces(iterate(5)(one), startAt(2, [0, 0]), { steps: 4 });
    expect(positions.shape).toEqual([4, 2, 2]);
    expect(infos.acceptance.shape).toEqual([4, 2, 5]);
  });

  test('a mixture moves by the kernel it chose, as often as its weight says', () => {
    const still: AnyKernel = metropolisHastings({ propose: (x) => (c) => [x, c] })(target);
    const jump: AnyKernel = metropolisHastings({ propose: (x) => (c) => [o.add(x, 1), c] })(() => o.scalar(0));
    const { positions, infos } = traces(kernelMixture([still, jump], [3, 1]), startAt(500, [0, 0]), { steps: 20 });
    const chosen = toNumbers(infos.chosen);
    expect(Math.abs(mean(chosen) - 0.25)).toBeLessThan(0.02);
    const last = tail(positions, 19);
    const moved = range(500).map((c) => range(20).reduce((a, t) => a + chosen[t * 500 + c], 0));
    expect(last.filter((_, i) => i % 2 === 0)).toEqual(moved);
  });
});

describe('chain i', () => {
  test.each([
    ['nuts', nuts({ stepSize: 0.4 })(target)],
    ['hmc', hmc({ stepSize: 0.3, steps: 4 })(target)],
    ['adapted nuts', adapted((t) => nuts({ ...t, maxDepth: 5 }), { steps: 30 })(target)],
    ['ula', ula({ stepSize: 0.1 })(target)],
  ] as const)('of %s is the same for any number of chains', (_, kernel) => {
    const few = traces(kernel as AnyKernel, startAt(2, [0.3, 0.1]), { steps: 40, seed: 3 }).positions;
    const many = traces(kernel as AnyKernel, startAt(5, [0.3, 0.1]), { steps: 40, seed: 3 }).positions;
    for (const t of range(40))
      expect(Array.from(few.data.slice(t * 4, (t + 1) * 4))).toEqual(Array.from(many.data.slice(t * 10, t * 10 + 4)));
    expect(new Set(toNumbers(few)).size).toBeGreaterThan(40);
  });
});

describe('warm-up', () => {
  test.each([0.5, 0.8])('finds the acceptance it is asked for: %d', (target) => {
    const kernel = adapted(mala, { steps: 600, target, mass: 'unit' })(logDensityOf(normal([5])));
    const { infos } = traces(kernel, startAt(50, range(5)), { steps: 800 });
    expect(Math.abs(mean(tail(infos.acceptance, 600)) - target)).toBeLessThan(0.02);
  });

  const scales = logDensityOf(normal([2], { scale: [0.1, 20] }));
  const tuned = (mass: 'unit' | 'diagonal') => {
    const kernel = adapted((t) => hmc({ ...t, steps: 5 }), { steps: 800, target: 0.7, mass })(scales);
    return traces(kernel, startAt(30, [0, 0]), { steps: 1000 }).infos;
  };
  const [unit, diagonal] = [tuned('unit'), tuned('diagonal')];

  test('learns the scales: steps as large as if they were one', () => {
    expect(mean(tail(unit.stepSize, 800))).toBeLessThan(0.2);
    expect(mean(tail(diagonal.stepSize, 800))).toBeGreaterThan(0.7);
    expect(mean(tail(diagonal.acceptance, 800))).toBeGreaterThan(0.6);
  });

  test('is over after its steps', () => {
    const sizes = toNumbers(diagonal.stepSize);
    const at = (t: number): number[] => sizes.slice(30 * t, 30 * (t + 1));
    expect(at(999)).toEqual(at(800));
    expect(at(799)).not.toEqual(at(798));
  });
});

describe('refusals', () => {
  const says = (f: () => unknown, words: RegExp): void => expect(f).toThrow(words);
  test('say what is wrong', () => {
    // A distribution whose type does not say that it is discrete: the compiler refuses one that does (tests/types).
    const spins: AnyDist & { readonly support?: Support } = bernoulli([3]);
    says(() => hmc({ stepSize: 0.1, steps: 5 })(logDensityOf(spins)), /cannot sample a discrete distribution: use gibbs/);
    says(() => nuts({ stepSize: 0.1 })(logDensityOf(spins)), /discrete distribution/);
    says(() => ula({ stepSize: 0.1 })(logDensityOf(spins)), /discrete distribution/);
    says(() => hmc({ stepSize: -1, steps: 5 }), /step size must be positive/);
    says(() => hmc({ stepSize: 1, steps: 0 }), /number of leapfrog steps/);
    says(() => nuts({ stepSize: 1, maxDepth: 40 }), /greatest depth/);
    says(() => iterate(0)(gibbs([(x) => (c) => [x, c]])), /number of steps/);
    says(() => gibbs([]), /no block/);
    says(() => kernelMixture([], []), /one weight/);
    says(() => adapted(nuts, { target: 1.2 }), /between 0 and 1/);
  }); // biome-ignore format: a table
  test('a discrete distribution may be walked on', () => {
    expect(() => randomWalk({ stepSize: 1 })(logDensityOf(bernoulli([3])))).not.toThrow();
  });
});
