/** Diffusion models as compositions: swaps that are one word, what trains them, and how their bounds relate. */

import { pipe } from 'fp-ts/lib/function.js';
import { describe, expect, test } from 'vitest';
import { having } from '../../src/algebra/capability.ts';
import { type AnyDist, type Dist, pushforward } from '../../src/algebra/dist.ts';
import type { Bound } from '../../src/algebra/evidence.ts';
import { grad } from '../../src/core/differentiate/index.ts';
import * as D from '../../src/core/draw.ts';
import { type Expr, type Node, topological } from '../../src/core/expr.ts';
import { evaluateProgram } from '../../src/core/interpreters/reference/index.ts';
import * as o from '../../src/core/ops/index.ts';
import { noiseFeeds, noiseKey, noiseTensor, parametersOf, program } from '../../src/core/program.ts';
import { toNumbers } from '../../src/core/tensor.ts';
import { vmapAll } from '../../src/core/vectorize.ts';
import { normal } from '../../src/distributions/index.ts';
import { ddpmHybrid, ddpmSimple } from '../../src/inference/ddpm-losses.ts';
import type { Objective } from '../../src/inference/objective.ts';
import {
  cldModel,
  ddimModel,
  ddpmModel,
  improvedDdpm,
  models,
  objectiveNamed,
  scoreSde,
  toPixels,
} from '../../src/models/index.ts';
import {
  ddpm,
  ddpmLayer,
  ddpmProcess,
  diffusion,
  exactDenoiser,
  learnedVariance,
  logSnrGrid,
  reverseChain,
  sharedDenoiser,
  type VarianceDenoiser,
} from '../../src/sde/index.ts';
import { smallOptions } from './small.ts';

/** Values for every parameter of some expressions, by name. */
const randomParameters = (all: readonly Expr[]) =>
  Object.fromEntries(
    parametersOf(all).map((e) => [
      e.attributes.name,
      noiseTensor(e.shape, 'normal', 0, noiseKey(7, 0, e.attributes.name), 'float64'),
    ]),
  );

/** n values of a draw at these parameters. */
const values = (draw: D.Draw<Expr>, n: number, seed = 0): number[] => {
  const all = vmapAll(() => [D.runDraw(draw)], { size: n, fresh: () => true })();
  const p = program(all, 'float64');
  return toNumbers(evaluateProgram(p, { ...randomParameters(all), ...noiseFeeds(p, { seed }) })[0]);
};
const mean = (xs: readonly number[]): number => xs.reduce((a, c) => a + c, 0) / xs.length;
const error = (xs: readonly number[]): number => Math.sqrt(mean(xs.map((v) => (v - mean(xs)) ** 2)) / xs.length);

const small = { steps: 6, hidden: [8] };
const event = o.constant([0.3, -0.7]);

/** Gradients of an objective at random parameters, by the parameters' names. */
const gradients = (objective: Objective<readonly number[]>, x: Expr): ReadonlyMap<string, readonly number[]> => {
  const [many] = vmapAll(() => [D.runDraw(objective.loss(x))], {
    size: 16,
    fresh: (path) => path.startsWith('noise'),
  })();
  const loss = o.mean(many);
  // A name may stand at several nodes, where the network is applied more than once: their gradients add.
  const leaves = topological([loss]).filter((e): e is Node<'parameter'> => e.op === 'parameter');
  const p = program(grad(loss, leaves), 'float64');
  const out = evaluateProgram(p, { ...noiseFeeds(p, { seed: 1 }), ...randomParameters([loss]) }).map(toNumbers);
  const sums = new Map<string, readonly number[]>();
  leaves.forEach((e, i) => {
    const before = sums.get(e.attributes.name);
    sums.set(e.attributes.name, before === undefined ? out[i] : out[i].map((v, k) => v + before[k]));
  });
  return sums;
};

describe('what trains them', () => {
  test('the bound in the hybrid loss trains variances alone', () => {
    const dist = improvedDdpm({ shape: [2] }, small);
    const [hybrid, simple] = [gradients(ddpmHybrid(dist, { weight: 1 }), event), gradients(ddpmSimple(dist), event)];
    const last = [...hybrid.keys()].filter((k) => k.includes('net/out/'));
    expect(last.length).toBeGreaterThan(0);
    for (const name of last) {
      const [h, s] = [hybrid.get(name)!, simple.get(name)!];
      const half = h.length / 2;
      // The last layer's outputs are [prediction, r]; of a matrix [in, 2 · 2] every row holds both.
      const isMean = (i: number): boolean => (name.endsWith('bias') || h.length === 4 ? i < half : i % 4 < 2);
      h.forEach((v, i) => {
        if (isMean(i)) expect(v / s[i]).toBeCloseTo(1, 9);
      });
      expect(h.some((v, i) => !isMean(i) && Math.abs(v) > 1e-9)).toBe(true);
      expect(s.every((v, i) => isMean(i) || v === 0)).toBe(true);
    }
  });

  test('errors of the velocity are those of the noise, weighed by 1/α² where variance is preserved', () => {
    const dist = ddpmModel({ shape: [2] }, { ...small, steps: 2, first: 0.36, last: 0.36 });
    const of = (what: 'noise' | 'velocity'): number[] => values(ddpmSimple(dist, { of: what }).loss(event), 20);
    const [noise, velocity] = [of('noise'), of('velocity')];
    const weights = noise.map((e, i) => velocity[i] / e);
    for (const w of weights) expect(Math.min(Math.abs(w - 1 / 0.64), Math.abs(w - 1 / 0.64 ** 2))).toBeLessThan(1e-9);
    expect(new Set(weights.map((w) => w.toFixed(6))).size).toBe(2);
  });

  test.each(
    Object.entries(models).filter(([, m]) =>
      [
        'ncsn',
        'ncsnv2',
        'ddpm',
        'improvedDdpm',
        'ddim',
        'scoreSdeVe',
        'scoreSdeVp',
        'scoreSdeSubVp',
        'edm',
        'cld',
      ].includes(m.name),
    ),
  )('%s: its objective reaches its parameters, of real data and of levels', (_name, {
    name: model,
    build,
    objective,
  }) => {
    for (const [events, x] of [
      [{ shape: [2] }, event],
      [{ shape: [2], levels: 8 }, o.constant([1, 6])],
    ] as const) {
      const dist = build(events, smallOptions(model, { layers: 4 }));
      const found = gradients(objective!(dist) as Objective<readonly number[]>, x);
      expect(found.size).toBeGreaterThan(3);
      for (const [name, g] of found) expect(g.every(Number.isFinite) && g.some((v) => v !== 0), name).toBe(true);
      // What is trained is what samples and densities read: same names.
      const read = parametersOf([D.runDraw(dist.sample), D.runDraw(dist.logDensity(x))]).map((e) => e.attributes.name);
      expect(new Set(found.keys())).toEqual(new Set(read));
    }
  });
});

describe('by name, as a command line says them', () => {
  test.each([
    ['ddpmSimple', ddpmModel({ shape: [2] }, small)],
    ['ddpmHybrid', improvedDdpm({ shape: [2] }, small)],
    ['hybridScoreMatching', cldModel({ shape: [2] }, small)],
  ] as const)('%s takes its distribution, and says what another lacks', (name, dist) => {
    expect(objectiveNamed(name)(dist)).toMatchObject({ _tag: 'Right' });
    expect(objectiveNamed(name)(normal([2]))).toMatchObject({
      _tag: 'Left',
      left: { _tag: 'ArgumentError', got: 'normal' },
    });
  });
});

describe('one word', () => {
  test('swaps the process', () => {
    for (const kind of ['ve', 'vp', 'subVp'] as const)
      expect(
        values(D.map((x: Expr) => o.sum(x))(scoreSde(kind)({ shape: [2] }, small).sample), 4).every(Number.isFinite),
      ).toBe(true);
  });

  test('DDIM is DDPM: same bound, same parameters, other samples', () => {
    const [a, b] = [ddpmModel({ shape: [2] }, small), ddimModel({ shape: [2] }, { ...small, samplingSteps: 3 })];
    expect(values(a.logDensity(event), 5)).toEqual(values(b.logDensity(event), 5));
    const names = (l: AnyDist): string[] =>
      parametersOf([D.runDraw(l.sample)])
        .map((e) => e.attributes.name)
        .sort();
    expect(names(b)).toEqual(names(a));
  });

  test('levels come out as levels', () => {
    for (const [dist, evidence] of [
      [ddimModel({ shape: [2], levels: 8 }, small), 'bound'],
      [cldModel({ shape: [2], levels: 8 }, { ...small, likelihoodSteps: 4 }), 'mean bound'],
    ] as const) {
      const xs = [0, 1].flatMap((i) => values(D.map((x: Expr) => o.sum(o.sliceAxis(x, 0, i, i + 1)))(dist.sample), 40));
      expect(xs.every((k) => Number.isInteger(k) && k >= 0 && k < 8)).toBe(true);
      expect(dist.evidence).toBe(evidence);
    }
    const uniform = pipe(normal([2]), pushforward(toPixels([2], 8)));
    const encoded = values(
      D.map((s: { value: Expr }) => o.sum(o.sliceAxis(s.value, 0, 0, 1)))(toPixels([2], 8).encode(o.constant([0, 7]))),
      200,
    );
    expect(Math.min(...encoded)).toBeGreaterThanOrEqual(-1);
    expect(Math.max(...encoded)).toBeLessThanOrEqual(-0.75);
    expect(uniform.evidence).toBe('bound');
  });
});

describe('bounds of N(0, ¼) with its exact denoiser', () => {
  const noising = ddpmProcess({ steps: 30 });
  const exact = sharedDenoiser('exact', exactDenoiser(noising, normal([1], { scale: 0.5 })));
  const x = o.constant([0.6]);
  const truth = -0.5 * Math.log(2 * Math.PI * 0.25) - 0.36 / 0.5;

  test('learned variances between β̃ and β: r = 1 is large, r = −1 is small', () => {
    const learned = (r: number): VarianceDenoiser =>
      having(learnedVariance, (v: Expr) => () => o.broadcastTo(r, v.shape))(exact);
    for (const [r, variance] of [
      [1, 'large'],
      [-1, 'small'],
    ] as const)
      expect(values(ddpm(reverseChain(learned(r), { steps: 30, variance: 'learned' })).logDensity(x), 20)).toEqual(
        values(ddpm(reverseChain(exact, { steps: 30, variance })).logDensity(x), 20).map((v) => expect.closeTo(v, 9)),
      );
    // @ts-expect-error a denoiser without variances has none to learn
    expect(() => reverseChain(exact, { variance: 'learned' })).toThrow(/predicts no variances/);
  });

  test('the probability flow under the first layer is tighter than the chain, and both bound log p', () => {
    const chain = reverseChain(exact, { steps: 30 });
    const flow = pipe(
      diffusion(exact, { likelihood: { divergence: 'exact', grid: logSnrGrid(60) } }),
      pushforward(ddpmLayer(chain, 1)),
    ) as unknown as Dist<readonly [1], Bound>;
    const [a, b] = [values(flow.logDensity(x), 400), values(ddpm(chain, { terms: 'all' }).logDensity(x), 2000)];
    expect(flow.evidence).toBe('bound');
    expect(mean(a)).toBeLessThan(truth + 4 * error(a) + 1e-3);
    expect(mean(b)).toBeLessThan(mean(a) + 4 * Math.hypot(error(a), error(b)));
    expect(truth - mean(a)).toBeLessThan(0.5);
  });
});
