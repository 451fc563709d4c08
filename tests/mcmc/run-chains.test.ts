/** Runs of chains as a person sees them: reproducible, stoppable, and refused with a sentence where they make no sense. */
import * as E from 'fp-ts/lib/Either.js';
import { describe, expect, test } from 'vitest';
import type { Unnormalised } from '../../src/algebra/evidence.ts';
import * as D from '../../src/core/draw.ts';
import type { Expr } from '../../src/core/expr.ts';
import { reference } from '../../src/core/interpreters/reference/index.ts';
import * as o from '../../src/core/ops/index.ts';
import { range } from '../../src/core/shape.ts';
import { tensorOf, toNumbers } from '../../src/core/tensor.ts';
import { bernoulli, distribution, energy, exponential, normal } from '../../src/distributions/index.ts';
import { adapted, hmc, mala, nuts, randomWalk, runChains, showChains, ula } from '../../src/mcmc/index.ts';
import { mlp } from '../../src/nn/index.ts';
import { ran } from './helpers.ts';

const target = normal([2], { loc: [1, -1], scale: [1, 3] });
const common = { target, backend: reference, seed: 5 };

describe('draws', () => {
  const kernel = adapted((t) => nuts({ ...t, maxDepth: 4 }), { steps: 40 });
  test('do not depend on the number of chains, of samples, or of steps in a run', async () => {
    const all = await ran({ ...common, kernel, chains: 3, samples: 30 });
    const fewer = await ran({ ...common, kernel, chains: 2, samples: 17, stepsPerRun: 7 });
    for (const c of range(2))
      expect(toNumbers(fewer.samples).slice(c * 34, (c + 1) * 34)).toEqual(
        toNumbers(all.samples).slice(c * 60, c * 60 + 34),
      );
    expect(all.samples.shape).toEqual([3, 30, 2]);
    expect(all.infos.acceptance.shape).toEqual([3, 30]);
    expect(all.gradients).toBe(toNumbers(all.infos.gradients).reduce((a, b) => a + b, 0));
  });

  test('thinned are every k-th of those that are not', async () => {
    const walk = randomWalk({ stepSize: 1 });
    const every = await ran({ ...common, kernel: walk, chains: 2, samples: 30, burnIn: 10 });
    const third = await ran({ ...common, kernel: walk, chains: 2, samples: 10, thin: 3, burnIn: 10 });
    const rows = (c: number) => range(10).flatMap((i) => toNumbers(every.samples).slice((c * 30 + 3 * i + 2) * 2, (c * 30 + 3 * i + 3) * 2)); // biome-ignore format: one expression
    expect(toNumbers(third.samples)).toEqual([0, 1].flatMap(rows));
    expect(third.infos.acceptance.shape).toEqual([2, 30]);
  });

  test('go on from where they are told to start', async () => {
    const initial = tensorOf([5, 5, -5, -5], [2, 2]);
    const { samples } = await ran({ ...common, kernel: ula({ stepSize: 1e-9 }), initial, chains: 2, samples: 1 });
    for (const [i, v] of [5, 5, -5, -5].entries()) expect(samples.data[i]).toBeCloseTo(v, 3);
  });

  test('of another seed are others', async () => {
    const a = await ran({ ...common, kernel: mala({ stepSize: 0.5 }), samples: 5 });
    const b = await ran({ ...common, kernel: mala({ stepSize: 0.5 }), samples: 5, seed: 6 });
    expect(toNumbers(a.samples)).not.toEqual(toNumbers(b.samples));
  });
});

describe('a run', () => {
  test('tells how far it is, and stops when it is asked to', async () => {
    const stop = new AbortController();
    const told: string[] = [];
    const found = await ran({
      ...common,
      kernel: adapted(mala, { steps: 20 }),
      samples: 100,
      stepsPerRun: 10,
      signal: stop.signal,
      onProgress: ({ step, steps, stage }) => {
        told.push(`${stage} ${step}/${steps}`);
        if (step === 50) stop.abort();
      },
    });
    expect(told).toEqual(['warm-up 10/120', 'warm-up 20/120', 'sampling 30/120', 'sampling 40/120', 'sampling 50/120']);
    expect(found.ending).toBe('interrupted');
    expect(found.samples.shape).toEqual([4, 30, 2]);
    expect(found.infos.acceptance.shape).toEqual([4, 30]);
  });

  test('says in a line how it went', async () => {
    const found = await ran({ ...common, kernel: hmc({ stepSize: 0.5, steps: 3 }), samples: 100 });
    expect(showChains(found)).toMatch(
      /^4 chains of 100 draws, acceptance 0\.\d\d, 0 divergent, E-BFMI [01]\.\d\d, 1200 gradients, \d+\.\d s$/,
    );
    expect(showChains({ ...found, ending: 'interrupted', infos: {} })).toContain('draws, interrupted, 1200');
  });

  test('samples a distribution with parameters, which are fed', async () => {
    const network = mlp([], { zeroLast: false });
    const dist = energy([1], network);
    const kernel = hmc({ stepSize: 0.1, steps: 2 });
    const missing = await runChains({ ...common, target: dist, kernel, samples: 5 })();
    expect(E.isLeft(missing)).toBe(true);
  });
});

const says = async (options: Parameters<typeof runChains>[0], words: RegExp): Promise<void> => {
  const r = await runChains({ backend: reference, samples: 20, ...options })();
  expect(E.isLeft(r) ? r.left.message : 'it ran').toMatch(words);
};

/** A density given by a function, up to a constant. */
const densityOf = (f: (x: Expr) => Expr) =>
  distribution<readonly [1], Unnormalised>({
    shape: [1],
    spec: { type: 'test' },
    evidence: 'unnormalised',
    logDensity: (x) => D.of(f(x)),
    sample: D.of(o.constant([0])),
  });

describe('failures are values with a sentence', () => {
  test('a start at density 0', () =>
    says(
      { target: exponential([1]), kernel: mala({ stepSize: 0.1 }), initial: tensorOf([1, -1], [2, 1]), chains: 2 },
      /log-density is −∞ where chain 1 starts: start it elsewhere/,
    ));
  test('no start anywhere', () =>
    says(
      { target: densityOf((x) => o.log(o.sub(o.sum(x), 100))), kernel: mala({ stepSize: 0.1 }) },
      /not a number where chain 0 starts, at 100 places/,
    ));
  test('chains that diverge at every step', () =>
    says(
      { target: normal([1], { scale: 1e-3 }), kernel: hmc({ stepSize: 10, steps: 5 }) },
      /every step of chain 0 diverged: take a smaller step size/,
    ));
  test('gradients of a discrete distribution', () =>
    says({ target: bernoulli([2]), kernel: adapted(nuts) }, /cannot sample a discrete distribution: use gibbs/));
  test('numbers out of range, and starts of another shape', async () => {
    await says({ target, kernel: ula({ stepSize: 0.1 }), chains: 0 }, /out of range/);
    await says({ target, kernel: ula({ stepSize: 0.1 }), initial: tensorOf([1, 2], [1, 2]) }, /another shape/);
  });
  test('half the plane at density 0 is no failure where starts may be drawn again', async () => {
    const { samples } = await ran({
      target: exponential([1]),
      kernel: mala({ stepSize: 0.3 }),
      samples: 50,
      backend: reference,
    });
    expect(Math.min(...toNumbers(samples))).toBeGreaterThanOrEqual(0);
  });
});
