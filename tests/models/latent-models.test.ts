/** Latent-variable models: a bound of mass one, training that lowers it, and what each construction promises. */
import { isLeft } from 'fp-ts/lib/Either.js';
import { describe, expect, test } from 'vitest';
import type { AnyDist, Dist } from '../../src/algebra/dist.ts';
import type { Bound, Samples } from '../../src/algebra/evidence.ts';
import { affine, affineCoupling, compose, reverse } from '../../src/bijectors/index.ts';
import { grad } from '../../src/core/differentiate/index.ts';
import * as D from '../../src/core/draw.ts';
import { type Expr, substitute, topological } from '../../src/core/expr.ts';
import { evaluateProgram } from '../../src/core/interpreters/reference/index.ts';
import * as o from '../../src/core/ops/index.ts';
import { noiseFeeds, parametersOf, program } from '../../src/core/program.ts';
import { root } from '../../src/core/scope.ts';
import { type Shape, sizeOf } from '../../src/core/shape.ts';
import { tensorOf, toNumbers } from '../../src/core/tensor.ts';
import { eightGaussians, toyDatasetOf } from '../../src/data/index.ts';
import {
  adam,
  boundTerms,
  computedOnce,
  elbo,
  fit,
  maximumLikelihood,
  type Objective,
  spectralNorm,
  spectralPenalty,
} from '../../src/inference/index.ts';
import { distParameters, logDensities, type Parameters } from '../../src/laws/index.ts';
import {
  augmentedFlow,
  cif,
  dequantisedFlow,
  flowPriorVae,
  hvae,
  iafVae,
  nvae,
  nvaeObjective,
  recurrentVae,
  vae,
  vflow,
} from '../../src/models/index.ts';
import { decoderCell, depthwise, encoderCell, mlp } from '../../src/nn/index.ts';

type Plane = Dist<readonly [2], Bound & Samples>;
const models: { readonly [name: string]: Plane } = {
  vae: vae([2], { hidden: [8] }),
  hvae: hvae([2], { latents: [3, 2, 1], hidden: [8], between: [6] }),
  iafVae: iafVae([2], { hidden: [8], flowHidden: [6] }),
  flowPriorVae: flowPriorVae([2], { hidden: [8], flowHidden: [6], layers: 2 }),
  recurrentVae: recurrentVae([2], { state: 6 }),
  vflow: vflow(2, { layers: 3, hidden: [8], noise: 1 }) as Plane,
  augmentedFlow: augmentedFlow(2, { layers: 4, hidden: [8] }) as Plane,
  cif: cif(2, { layers: 2, hidden: [8], indexHidden: [6], noise: 1 }) as Plane,
  nvae: nvae([2], { groups: 2, channels: 6 }),
};
const cases = Object.entries(models);

const mean = (xs: ArrayLike<number>): number => Array.from(xs).reduce((a, b) => a + b, 0) / xs.length;
const zeros = (parameters: Parameters): Parameters =>
  Object.fromEntries(Object.entries(parameters).map(([k, v]) => [k, { ...v, data: v.data.map(() => 0) }]));
const gaussian = (x: ArrayLike<number>): number => Array.from(x).reduce((s, v) => s - 0.5 * v * v - 0.5 * Math.log(2 * Math.PI), 0); // biome-ignore format: one line

/** The parameters with posteriors of larger deviations, so that importance weights have a variance. */
const widened = (parameters: Parameters): Parameters =>
  Object.fromEntries(
    Object.entries(parameters).map(([k, v]) => {
      const half = sizeOf(v.shape) / 2;
      const isRaw = /(encoder|added|posterior\d+)\/(.*\/)?out\/bias$/.test(k);
      return [
        k,
        isRaw
          ? tensorOf(
              Float64Array.from(v.data, (b, i) => (i < half ? b : b + 1)),
              v.shape,
            )
          : v,
      ];
    }),
  );

describe('a bound is the logarithm of an unbiased density', () => {
  const gentle = compose(affineCoupling({ conditioner: mlp([8]) }), reverse());
  const small = { ...models, augmentedFlow: augmentedFlow(2, { layers: 4, block: gentle }) };
  test.each(Object.entries(small))('%s: ∫ E exp(bound) dx = 1', (_name, dist) => {
    const parameters = widened(distParameters(dist, 'reals', 3, 0.1));
    // Points from N(0, 2.5² I).
    const n = 12_000;
    const scale = 2.5;
    const rows = eightGaussians({ radius: 0, sigma: scale }).sample(1, n);
    const found = logDensities(dist, tensorOf(Float64Array.from(rows), [n, 2]), parameters);
    const weights = Array.from(found, (l, i) =>
      Math.exp(l - gaussian([rows[2 * i] / scale, rows[2 * i + 1] / scale]) + 2 * Math.log(scale)),
    );
    const m = mean(weights);
    const error = Math.sqrt(mean(weights.map((w) => (w - m) ** 2)) / n);
    expect(error).toBeLessThan(0.1);
    expect(Math.abs(m - 1)).toBeLessThan(4.5 * error);
  });
});

describe('training', () => {
  const data = toyDatasetOf(eightGaussians({ radius: 2, sigma: 0.3 }), { size: 4000, seed: 0 });
  const objectives: readonly (readonly [string, Objective<readonly [2]>])[] = [
    ...cases.map(([name, dist]) => [name, elbo(dist)] as const),
    ['nvae by its own objective', nvaeObjective({ warmUp: 5 })(models.nvae)],
  ];
  test.each(objectives)('%s: the loss falls', async (_name, objective) => {
    const fitted = await fit({ objective, data, optimizer: adam({ learningRate: 1e-2 }), steps: 60, batchSize: 64, stepsPerRun: 10 })(); // biome-ignore format: one line
    if (isLeft(fitted)) throw new Error(fitted.left.message);
    const losses = fitted.right.history.map((h) => h.loss);
    expect(losses.at(-1)).toBeLessThan(losses[0] - 0.1);
  });
});

test('maximum likelihood of a bound does not compile, and does not run', () => {
  // @ts-expect-error: Property 'exactLogDensity' is missing
  expect(() => maximumLikelihood(cif(2))).toThrow(/no exact log-density/);
  // @ts-expect-error: Property 'exactLogDensity' is missing
  expect(() => maximumLikelihood(nvae([4, 4]))).toThrow(/no exact log-density/);
});

describe('what is added costs nothing until it is used', () => {
  const points = tensorOf(Float64Array.from([0.3, -1, 2, 0.5, -0.7, 0.1]), [3, 2]);
  const truth = [0, 1, 2].map((i) => gaussian(points.data.slice(2 * i, 2 * i + 2)));
  const same = (dist: AnyDist): void => {
    const parameters = zeros(distParameters(dist));
    for (const seed of [0, 1])
      logDensities(dist, points, parameters, seed).forEach((l, i) => void expect(l).toBeCloseTo(truth[i], 10));
  };
  test('an augmented flow that leaves its noise alone is the plain flow, whatever the noise', () => {
    same(augmentedFlow(2, { layers: 2, hidden: [4] }));
    same(vflow(2, { layers: 1, hidden: [4], block: affine() }));
  });
  test('a CIF whose indices are not read is the plain flow', () => same(cif(2, { layers: 2, hidden: [4] })));
});

describe('a dequantised flow', () => {
  const dist = dequantisedFlow([2], 8, { layers: 1, hidden: [4], noiseHidden: [4] });
  const n = 20_000;
  const levels = [2, 5];
  const rows = tensorOf(Float64Array.from({ length: 2 * n }, (_, i) => levels[i % 2]), [n, 2]); // biome-ignore format: one line
  // With the flow at zero, log y − log (1 − y) is standard normal in each coordinate.
  const edges = o.constant(levels.flatMap((k) => [k / 8, (k + 1) / 8]).map((y) => Math.log(y / (1 - y))));
  const cdf = toNumbers(evaluateProgram(program([o.normalCdf(edges)], 'float64'), {})[0]);
  const truth = (cdf[1] - cdf[0]) * (cdf[3] - cdf[2]);

  test.each([
    0, 0.08,
  ])('has E exp(bound) = P(k) whatever fills the levels: networks of the noise within %f of zero', (spread) => {
    const noise = distParameters(dist, { levels: 8 }, 1, spread);
    const flow = Object.fromEntries(Object.entries(noise).map(([k, v]) => [k, k.includes('noise/') ? v : { ...v, data: v.data.map(() => 0) }])); // biome-ignore format: one line
    const weights = Array.from(logDensities(dist, rows, flow), Math.exp);
    const m = mean(weights);
    const deviation = Math.sqrt(mean(weights.map((w) => (w - m) ** 2)));
    expect(Math.abs(m - truth)).toBeLessThan((4.5 * deviation) / Math.sqrt(n));
    expect(deviation / m).toBeLessThan(0.5);
  });
});

describe('NVAE', () => {
  const dist = nvae([4, 4], { groups: 3, latent: 1, channels: 4, decoder: 'bernoulli' });
  const x = o.constant(
    Float64Array.from({ length: 16 }, (_, i) => i % 2),
    [4, 4],
  );
  const at = (exprs: readonly Expr[], parameters: Parameters): number[] => {
    const p = program([...exprs], 'float64');
    return evaluateProgram(p, { ...noiseFeeds(p, { seed: 5 }), ...parameters }).map((v) => v.data[0]);
  };
  const terms = D.runDraw(boundTerms(dist)(x));

  test('has a divergence for each group, zero where the posterior adds nothing to the prior, wherever the prior is', () => {
    expect(terms.divergences.map((d) => d.evidence)).toEqual(['exact', 'exact', 'exact']);
    const all = distParameters(dist, { levels: 2 }, 0, 0.5);
    const still = Object.fromEntries(
      Object.entries(all).map(([k, v]) => [k, /posterior\d+\/out/.test(k) ? { ...v, data: v.data.map(() => 0) } : v]),
    );
    const divergences = terms.divergences.map((d) => d.value);
    for (const v of at(divergences, still)) expect(v).toBeCloseTo(0, 12);
    for (const v of at(divergences, all)) expect(v).toBeGreaterThan(1e-3);
  });

  test('shares the state between decoder and posterior', () => {
    const names = (e: Expr): string[] => parametersOf([e]).map((p) => p.attributes.name).filter((n) => n.includes('/cell/')); // biome-ignore format: one line
    const inDecoder = new Set(names(terms.reconstruction));
    const inPosterior = names(terms.divergences[2].value).filter((n) => n.includes('group'));
    expect(inPosterior.length).toBeGreaterThan(0);
    expect(inPosterior.filter((n) => !inDecoder.has(n))).toEqual([]);
  });

  test('its objective computed once has the same value and the same gradient', () => {
    const plain = elbo(dist);
    const parameters = distParameters(dist, { levels: 2 }, 0, 0.3);
    const [a, b] = [plain, computedOnce(plain)].map((f) => {
      const raw = D.runDraw(f.loss(x));
      // A parameter that stands in two copies of an expression is one parameter: by name.
      const names = Object.keys(parameters).sort();
      const leaves = new Map(names.map((name) => [name, o.input(name, parameters[name].shape)]));
      const found = topological([raw]).flatMap((e) => (e.op === 'parameter' ? [[e as Expr, leaves.get(e.attributes.name)!] as const] : [])); // biome-ignore format: one line
      const [loss] = substitute([raw], new Map(found));
      const p = program([loss, ...grad(loss, [...leaves.values()])], 'float64');
      return evaluateProgram(p, { ...noiseFeeds(p, { seed: 5 }), ...parameters }).flatMap(toNumbers);
    });
    expect(b.length).toBe(a.length);
    a.forEach((v, i) => void expect(b[i]).toBeCloseTo(v, 9));
  });

  test('refuses even kernels and no groups', () => {
    expect(() => nvae([4, 4], { kernel: 2 })).toThrow(/odd/);
    expect(() => nvae([4, 4], { groups: 0 })).toThrow(/groups/);
  });

  test.each<Shape>([[3], [4, 4], [6, 2, 3], [28, 28]])('fits events of shape %j %j %j', (...shape) => {
    const sides = shape.filter((n): n is number => n !== undefined);
    const { value, logDensity } = D.runDraw(nvae(sides, { groups: 2, channels: 2 }).sampleAndLogDensity);
    expect([value.shape, logDensity.shape]).toEqual([sides, []]);
  });
});

describe('cells', () => {
  const x = o.input('x', [3, 5, 4]);
  const numbers = tensorOf(
    Float64Array.from({ length: 60 }, (_, i) => Math.sin(3 * i)),
    [3, 5, 4],
  );
  test('start as the identity', () => {
    for (const cell of [decoderCell()(x), encoderCell(x)]) {
      const y = cell(root);
      const parameters = parametersOf([y]).map((p) => [p.attributes.name, p] as const);
      const last = new Set(['narrow/kernel', 'narrow/bias', 'conv1/kernel', 'conv1/bias']);
      const feeds = Object.fromEntries(
        parameters.map(([name, p]) => [
          name,
          tensorOf(
            Float64Array.from({ length: sizeOf(p.shape) }, (_, i) => (last.has(name) ? 0 : Math.cos(i))),
            p.shape,
          ),
        ]),
      );
      expect(toNumbers(evaluateProgram(program([y], 'float64'), { ...feeds, x: numbers })[0])).toEqual(
        toNumbers(numbers),
      );
    }
  });

  test('a depth-wise convolution is a convolution in as many groups as channels', () => {
    const y = depthwise(3)(x)(root);
    const kernel = Float64Array.from({ length: 36 }, (_, i) => Math.cos(2 * i));
    const k = o.input('kernel', [3, 3, 4]);
    const planes = o.reshape(o.transpose(x, [2, 0, 1]), [1, 4, 3, 5]);
    const grouped = o.conv2d(planes, o.reshape(o.transpose(k, [2, 0, 1]), [4, 1, 3, 3]), {
      padding: 'same',
      groups: 4,
    });
    const other = o.transpose(o.reshape(grouped, [4, 3, 5]), [1, 2, 0]);
    const run = (e: Expr): number[] =>
      toNumbers(evaluateProgram(program([e], 'float64'), { x: numbers, kernel: tensorOf(kernel, [3, 3, 4]) })[0]);
    run(other).forEach((v, i) => void expect(run(y)[i]).toBeCloseTo(v, 12));
  });
});

describe('spectral regularisation', () => {
  const w = o.input('w', [3, 2]);
  // U diag(3, 0.5) Vᵀ with U, V rotations: the norm is 3, its gradient u vᵀ.
  const [c, s] = [Math.cos(0.7), Math.sin(0.7)];
  const [u, v] = [[c, s, 0], [Math.cos(0.3), Math.sin(0.3)]]; // biome-ignore format: one line
  const [u2, v2] = [[-s, c, 0], [-Math.sin(0.3), Math.cos(0.3)]]; // biome-ignore format: one line
  const matrix = tensorOf(Float64Array.from([0, 1, 2].flatMap((i) => [0, 1].map((j) => 3 * u[i] * v[j] + 0.5 * u2[i] * v2[j]))), [3, 2]); // biome-ignore format: one line

  test('finds the largest singular value and its gradient', () => {
    const sigma = spectralNorm(w, 12);
    const [value, slope] = evaluateProgram(program([sigma, ...grad(sigma, [w])], 'float64'), { w: matrix });
    expect(value.data[0]).toBeCloseTo(3, 10);
    toNumbers(slope).forEach((g, i) => void expect(g).toBeCloseTo(u[Math.floor(i / 2)] * v[i % 2], 8));
  });

  test('adds λ times the norms of all kernels', () => {
    const dist = vae([2], { hidden: [3] });
    const x = o.constant([0.1, 0.2]);
    const parameters = distParameters(dist);
    const value = (f: Objective<readonly [2]>): number => {
      const p = program([D.runDraw(f.loss(x))], 'float64');
      return evaluateProgram(p, { ...noiseFeeds(p, { seed: 0 }), ...parameters })[0].data[0];
    };
    const added = value(spectralPenalty({ weight: 2, iterations: 30 })(elbo(dist))) - value(elbo(dist));
    const norms = Object.entries(parameters).filter(([k]) => k.endsWith('kernel')).map(([, m]) => {
      const e = spectralNorm(o.input('m', m.shape), 200);
      return evaluateProgram(program([e], 'float64'), { m })[0].data[0];
    }); // biome-ignore format: one idea
    expect(norms.length).toBe(4);
    expect(added).toBeCloseTo(2 * norms.reduce((a, b) => a + b, 0), 3);
    expect(() => spectralPenalty({ weight: -1 })).toThrow(/not negative/);
  });
});
