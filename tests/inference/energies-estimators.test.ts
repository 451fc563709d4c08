/** Estimators of energies where the truth is a sum or a closed form: contrastive divergence, persistent chains, telling data from noise. */
import { describe, expect, test } from 'vitest';
import { type Dist, distribution } from '../../src/algebra/dist.ts';
import type { Unnormalised } from '../../src/algebra/evidence.ts';
import { grad } from '../../src/core/differentiate/index.ts';
import * as D from '../../src/core/draw.ts';
import type { Expr } from '../../src/core/expr.ts';
import { onnx } from '../../src/core/interpreters/onnx/index.ts';
import * as o from '../../src/core/ops/index.ts';
import { constantly } from '../../src/core/parameters.ts';
import { type Feeds, noiseFeeds, program } from '../../src/core/program.ts';
import * as Sc from '../../src/core/scope.ts';
import type { Shape } from '../../src/core/shape.ts';
import { type Tensor, toNumbers } from '../../src/core/tensor.ts';
import { fromRows } from '../../src/data/index.ts';
import {
  bernoulli,
  energy,
  enumerated,
  normal,
  productOfExperts,
  rbm,
  restrict,
  standardNormal,
} from '../../src/distributions/index.ts';
import {
  adam,
  batchLosses,
  blockGibbs,
  contrastiveDivergence,
  cosine,
  evaluate,
  fit,
  type KernelFamily,
  LOG_PARTITION,
  maximumLikelihood,
  noiseContrastive,
  normalised,
  type Objective,
  persistentContrastiveDivergence,
  run,
} from '../../src/inference/index.ts';
import { joinFlat, layoutOf } from '../../src/inference/training/flat.ts';
import { hmc, langevin, mala, metropolisHastings, randomWalk, ula } from '../../src/mcmc/index.ts';
import { atVector } from './at-vector.ts';
import { bits, done, logDensities, parametersFor, refusal } from './energies-helpers.ts';

const backend = onnx('cpu', { threads: 1 });

/** The gradient of the mean loss of rows, as one vector, parameters in the order of their names. */
const gradientOf = async <S extends Shape>(
  objective: Objective<S>,
  rows: readonly (readonly number[])[],
  at: Feeds,
): Promise<number[]> => {
  const shape = [rows.length, ...objective.shape];
  const loss = o.mean(batchLosses(objective, o.input('x', shape)));
  const layout = layoutOf([loss]);
  const theta = o.input('theta', [layout.size]);
  const { outputs, pieces } = atVector([loss], layout, theta);
  const p = program(grad(outputs[0], pieces), 'float32');
  const e = await backend.compile(p);
  const x: Tensor = { shape, type: 'float32', data: Float32Array.from(rows.flat()) };
  const slopes = await e.run({ ...noiseFeeds(p, { seed: 0 }), theta: joinFlat(layout, at), x });
  await e.dispose();
  return layout.entries
    .map(({ name }, i) => ({ name, values: toNumbers(slopes[i]) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((g) => g.values);
};
const distance = (a: readonly number[], b: readonly number[]): number => Math.hypot(...a.map((v, i) => v - b[i]));
const repeated = (rows: readonly number[][], n: number): number[][] => Array.from({ length: n }, (_, i) => rows[i % rows.length]); // biome-ignore format: one idea

/** Bars and stripes, 3 × 3 (MacKay 2003, §43): 14 patterns. */
const barsAndStripes = [
  ...new Map(
    bits(3)
      .flatMap((b) => [[0, 1, 2].flatMap((i) => [0, 1, 2].map(() => b[i])), [0, 1, 2].flatMap(() => b)])
      .map((v) => [`${v}`, v] as const),
  ).values(),
];

describe('contrastive divergence', () => {
  const machine = rbm([9], { hidden: 6 });
  const w = parametersFor(machine, 0.8);
  const n = 14 * 1500;

  test('its bias falls with k, against the gradient of the enumerated likelihood', async () => {
    const rows = repeated(barsAndStripes, n);
    const exact = await gradientOf(maximumLikelihood(enumerated(machine)), barsAndStripes, w);
    const biases = await Promise.all(
      [1, 4, 32].map(async (steps) =>
        distance(await gradientOf(contrastiveDivergence({ kernel: blockGibbs(), steps })(machine), rows, w), exact),
      ),
    );
    expect(biases[1]).toBeLessThan(0.7 * biases[0]);
    expect(biases[2]).toBeLessThan(0.3 * biases[0]);
  });

  test('from exact samples it has no gradient on the whole, whatever the kernel', async () => {
    // Data from the distribution itself: positive and negative phase have one distribution, for any kernel that leaves it invariant.
    const line: Dist<readonly [1], Unnormalised> = distribution({
      shape: [1],
      spec: { type: 'quadratic' },
      evidence: 'unnormalised',
      logDensity: (x) => D.fromScoped(Sc.map((s: Expr) => o.mul(o.mul(-0.5, s), o.sum(o.square(x))))(Sc.parameter('precision', [], { init: constantly(1) }))), // biome-ignore format: one idea
      sample: D.of(o.scalar(0)),
    });
    const at = { precision: { shape: [], type: 'float32' as const, data: Float32Array.of(4) } };
    const dist = normal([1], { scale: 0.5 });
    const size = 40_000;
    const drawn = await run(dist, {}, backend).sample(size, 7);
    const rows = Array.from(drawn.data, (v) => [v]);
    const kernels: Record<string, KernelFamily> = {
      mala: mala({ stepSize: 0.1 }),
      hmc: hmc({ stepSize: 0.2, steps: 4 }),
      randomWalk: randomWalk({ stepSize: 0.5 }),
    };
    // ∂loss/∂precision = ½ (x⁺² − x⁻²): of mean 0, and deviation at most that of x² = ½ √2/4.
    for (const [name, kernel] of Object.entries(kernels)) {
      const [slope] = await gradientOf(contrastiveDivergence({ kernel, steps: 2 })(line), rows, at);
      expect(Math.abs(slope), name).toBeLessThan((4 * 0.18) / Math.sqrt(size));
    }
    // ULA does not leave it invariant, and the gradient says so.
    const biased = contrastiveDivergence({ kernel: ula({ stepSize: 0.2 }), steps: 5 })(line);
    const [slope] = await gradientOf(biased, rows, at);
    expect(Math.abs(slope)).toBeGreaterThan((8 * 0.18) / Math.sqrt(size));
  });

  test('its value is the difference of energies, plus the penalty', async () => {
    const still = metropolisHastings({ propose: (x) => (c) => [x, c] });
    const x = o.input('x', [3, 9]);
    const rows = barsAndStripes.slice(0, 3);
    const feeds = { x: { shape: [3, 9], type: 'float32' as const, data: Float32Array.from(rows.flat()) } };
    const value = async (energyPenalty: number): Promise<number[]> => {
      const p = program([batchLosses(contrastiveDivergence({ kernel: still, energyPenalty })(machine), x)], 'float32');
      const e = await backend.compile(p);
      const floats = Object.fromEntries(Object.entries(w).map(([k, t]) => [k, { ...t, type: 'float32' as const, data: Float32Array.from(t.data) }])); // biome-ignore format: one idea
      const [l] = await e.run({ ...floats, ...noiseFeeds(p, { seed: 0 }), ...feeds });
      return toNumbers(l);
    };
    // A chain that stays: x⁻ = x⁺.
    expect(await value(0)).toEqual([0, 0, 0]);
    const squares = logDensities(machine, rows, w).map((l) => 2 * 0.1 * l * l);
    (await value(0.1)).forEach((l, i) => expect(l / squares[i]).toBeCloseTo(1, 4));
  });
});

describe('persistent contrastive divergence', () => {
  test('is within 0.1 nat of enumerated maximum likelihood', async () => {
    const machine = rbm([9], { hidden: 8 });
    const data = fromRows('bars and stripes', Float32Array.from(repeated(barsAndStripes, 1400).flat()), [9]);
    const optimizer = (steps: number) => adam({ learningRate: cosine(3e-2, steps) });
    const nats = (parameters: Feeds): number => {
      const floats = Object.fromEntries(Object.entries(parameters).map(([k, t]) => [k, { ...t, type: 'float64' as const, data: Float64Array.from(t.data) }])); // biome-ignore format: one idea
      return -logDensities(enumerated(machine), barsAndStripes, floats).reduce((a, l) => a + l / 14, 0);
    };
    const common = { data, batchSize: 140, seed: 3, backend, stepsPerRun: 100 };
    const exact = await done(fit({ ...common, objective: maximumLikelihood(enumerated(machine)), steps: 1000, optimizer: optimizer(1000) })); // biome-ignore format: one fit
    const objective = persistentContrastiveDivergence({
      kernel: blockGibbs(),
      steps: 5,
      buffer: 280,
      reinitialise: 0.01,
    });
    const chains = await done(fit({ ...common, objective: objective(machine), steps: 2000, optimizer: optimizer(2000), ema: 0.99 })); // biome-ignore format: one fit
    // Fourteen patterns cannot be told in fewer than log 14 nats, and independent units take far more.
    expect(nats(exact.parameters)).toBeGreaterThan(Math.log(14));
    expect(nats(exact.parameters)).toBeLessThan(Math.log(14) + 0.5);
    expect(Math.abs(nats(chains.parameters) - nats(exact.parameters))).toBeLessThan(0.1);
  }, 60_000);

  test('a buffer smaller than the batch is refused with a sentence', async () => {
    const machine = rbm([9], { hidden: 2 });
    const data = fromRows('patterns', Float32Array.from(repeated(barsAndStripes, 100).flat()), [9]);
    const small = persistentContrastiveDivergence({ kernel: blockGibbs(), buffer: 20 })(machine);
    expect(await refusal(fit({ objective: small, data, batchSize: 50, steps: 1, backend }))).toMatch(
      /the replay buffer is smaller than the batch \(expected a buffer of 50 chains or more, or fewer `chains` a step, got 20\)/,
    );
    // Fewer chains than events are fine when said so.
    const fewer = persistentContrastiveDivergence({ kernel: blockGibbs(), buffer: 20, chains: 10 })(machine);
    expect((await done(fit({ objective: fewer, data, batchSize: 50, steps: 3, backend }))).step).toBe(3);
  });

  test('stopped and resumed it is what it would have been, chains and all', async () => {
    const machine = rbm([9], { hidden: 3 });
    const data = fromRows('patterns', Float32Array.from(repeated(barsAndStripes, 100).flat()), [9]);
    const objective = persistentContrastiveDivergence({ kernel: blockGibbs(), buffer: 40, reinitialise: 0.1 })(machine);
    const common = { objective, data, batchSize: 16, seed: 4, backend, stepsPerRun: 3 };
    const whole = await done(fit({ ...common, steps: 9 }));
    const half = await done(fit({ ...common, steps: 6 }));
    const resumed = await done(fit({ ...common, steps: 9, resume: half.last }));
    expect(Object.keys(whole.last.buffers ?? {})).toEqual(['buffer']);
    expect(whole.last.buffers!.buffer.shape).toEqual([40, 9]);
    expect(toNumbers(resumed.last.buffers!.buffer)).toEqual(toNumbers(whole.last.buffers!.buffer));
    for (const [name, t] of Object.entries(whole.parameters)) expect(toNumbers(resumed.parameters[name]), name).toEqual(toNumbers(t)); // biome-ignore format: one idea
    // Chains of a machine of zeros and ones are zeros and ones, and each step has moved sixteen of them.
    expect(new Set(toNumbers(whole.last.buffers!.buffer))).toEqual(new Set([0, 1]));
  });

  test('what makes no sense is refused where it is said', () => {
    const kernel = blockGibbs();
    expect(() => persistentContrastiveDivergence({ kernel, buffer: 0 })).toThrow('one chain or more');
    expect(() => persistentContrastiveDivergence({ kernel, buffer: 8, chains: 9 })).toThrow('more chains are moved');
    expect(() => persistentContrastiveDivergence({ kernel, buffer: 8, reinitialise: 2 })).toThrow('a probability');
    expect(() => contrastiveDivergence({ kernel, steps: 0 })).toThrow('one step or more');
    expect(() => contrastiveDivergence({ kernel, energyPenalty: -1 })).toThrow('the energy penalty');
    const spins = restrict({ kind: 'integers', low: -1, high: 2 })(energy([2]));
    expect(() => persistentContrastiveDivergence({ kernel, buffer: 8 })(spins as never)).toThrow(
      'say where chains start',
    );
    expect(() => persistentContrastiveDivergence({ kernel, buffer: 8, start: bernoulli([3]) as never })(energy([2]) as never)).toThrow('chains start at events of another shape'); // biome-ignore format: one misuse
  });
});

describe('a chain that diverges', () => {
  test('ends training with a sentence that names the step', async () => {
    const dist = productOfExperts([normal([2], { scale: 0.01 }), energy([2])]);
    const data = fromRows('points', new Float32Array(200), [2]);
    for (const objective of [
      persistentContrastiveDivergence({ kernel: ula({ stepSize: 10 }), steps: 20, buffer: 50 })(dist),
      contrastiveDivergence({ kernel: ula({ stepSize: 10 }), steps: 20 })(dist),
    ])
      expect(await refusal(fit({ objective, data, batchSize: 50, steps: 4, backend, stepsPerRun: 2 }))).toMatch(
        /stopped being finite at step 1; the parameters of step 0 are the last good ones/,
      );
  });
});

describe('kernels that cannot sample a distribution are refused with a sentence', () => {
  const loss = (objective: Objective<readonly [2]>) => () => D.runDraw(objective.loss(o.constant([0, 1])));

  test('gradients of a discrete energy', () => {
    const spins = restrict({ kind: 'integers', low: 0, high: 1 })(energy([2]));
    for (const kernel of [hmc({ stepSize: 0.1, steps: 2 }), mala({ stepSize: 0.1 }), ula({ stepSize: 0.1 })] as KernelFamily[])
      expect(loss(contrastiveDivergence({ kernel })(spins))).toThrow('a kernel that follows gradients cannot sample a discrete distribution'); // biome-ignore format: one misuse
    expect(loss(contrastiveDivergence({ kernel: hmc({ stepSize: 0.1, steps: 2 }) })(rbm([2], { hidden: 2 }) as never))).toThrow('discrete'); // biome-ignore format: one misuse
  });

  test('block Gibbs of a distribution without blocks', () => {
    expect(loss(contrastiveDivergence({ kernel: blockGibbs() })(energy([2]) as never))).toThrow(
      'blockGibbs: the distribution has no blocks to draw in turn (expected a Boltzmann machine (rbm), got energy)',
    );
  });

  test('a kernel of one’s own will do', () => {
    const own: KernelFamily = (target) => langevin({ stepSize: 0.01 })((x) => grad(target(x), [x])[0]);
    expect(loss(contrastiveDivergence({ kernel: own, steps: 3 })(energy([2])))().shape).toEqual([]);
  });
});

describe('noise-contrastive estimation', () => {
  /** exp(−½ λ |x − m|²): its normaliser is 2π/λ. */
  const bump: Dist<readonly [2], Unnormalised> = distribution({
    shape: [2],
    spec: { type: 'bump' },
    evidence: 'unnormalised',
    logDensity: (x) => (scope) => {
      const precision = o.exp(Sc.parameter('logPrecision', [], { init: constantly(0) })(scope));
      const mean = Sc.parameter('mean', [2], { init: constantly(0) })(scope);
      return D.of(o.mul(o.mul(-0.5, precision), o.sum(o.square(o.sub(x, mean)))))(scope);
    },
    sample: D.of(o.constant([0, 0])),
  });
  const truth = normal([2], { loc: [0.5, -0.3], scale: 0.4 });

  test('learns a Gaussian with its normaliser', async () => {
    const rows = await run(truth, {}, backend).sample(20_000, 1);
    const data = fromRows('normal', Float32Array.from(rows.data), [2]);
    const objective = noiseContrastive({ noise: standardNormal([2]), ratio: 5 })(bump);
    const steps = 1500;
    const fitted = await done(fit({ objective, data, steps, batchSize: 256, seed: 0, backend, stepsPerRun: 100, ema: 0.99, optimizer: adam({ learningRate: cosine(3e-2, steps) }) })); // biome-ignore format: one fit
    const { logPrecision, mean, [LOG_PARTITION]: logZ } = fitted.parameters;
    // Errors of 20,000 points: about 0.01 for log λ, 0.003 for the mean.
    expect(logPrecision.data[0]).toBeCloseTo(Math.log(1 / 0.16), 1);
    expect(mean.data[0]).toBeCloseTo(0.5, 1);
    expect(Math.abs(logZ.data[0] - Math.log(2 * Math.PI * 0.16))).toBeLessThan(0.05);
    const dist = normalised({ logZ: logZ.data[0], evidence: 'estimated' })(bump);
    const found = await evaluate(run(dist, fitted.parameters, backend), data);
    expect(found.evidence).toBe('estimated');
    expect(Math.abs(found.nats - (Math.log(2 * Math.PI * 0.16) + 1))).toBeLessThan(0.1);
  }, 30_000);

  test('at the truth no parameter has a gradient', async () => {
    const rows = await run(truth, {}, backend).sample(40_000, 2);
    const at = Object.fromEntries(
      Object.entries({ logPrecision: [Math.log(1 / 0.16)], [LOG_PARTITION]: [Math.log(2 * Math.PI * 0.16)] })
        .map(([k, v]) => [k, { shape: [] as number[], type: 'float32' as const, data: Float32Array.from(v) }])
        .concat([['mean', { shape: [2], type: 'float32' as const, data: Float32Array.of(0.5, -0.3) }]]),
    ) as Feeds;
    const pairs = Array.from({ length: 40_000 }, (_, i) => [rows.data[2 * i], rows.data[2 * i + 1]]);
    const slopes = await gradientOf(noiseContrastive({ noise: standardNormal([2]), ratio: 2 })(bump), pairs, at);
    for (const slope of slopes) expect(Math.abs(slope)).toBeLessThan(0.03);
  });

  test('a ratio that is no count is refused', () => {
    expect(() => noiseContrastive({ noise: standardNormal([2]), ratio: 0 })(bump)).toThrow('one noise event or more');
  });
});
