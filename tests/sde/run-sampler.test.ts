/** Long runs in blocks: the samples are those of one loop, whatever the blocks; what is not finite is found. */
import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import { describe, expect, test } from 'vitest';
import * as D from '../../src/core/draw.ts';
import { onnx, reference } from '../../src/core/interpreters/index.ts';
import * as o from '../../src/core/ops/index.ts';
import { noiseKey, noiseTensor, parametersOf, program } from '../../src/core/program.ts';
import { toNumbers } from '../../src/core/tensor.ts';
import { normal } from '../../src/distributions/index.ts';
import { dormandPrince } from '../../src/dynamics/index.ts';
import { run } from '../../src/inference/index.ts';
import { resMlp } from '../../src/nn/index.ts';
import {
  ancestral,
  annealedLangevin,
  compiledSampler,
  type DiffusionSampler,
  ddim,
  denoiser,
  diffusion,
  dpmSolver,
  edmHeun,
  eulerMaruyama,
  exactDenoiser,
  flowSampler,
  langevinCorrector,
  logSnrGrid,
  predict,
  predictorCorrector,
  reverseDiffusion,
  runSampler,
  type SamplerProgress,
  sampleWith,
  stochasticHeun,
  uniformGrid,
  ve,
  vp,
} from '../../src/sde/index.ts';
import { drawn } from './values.ts';

const dist = normal([2], { loc: [1, -2], scale: [0.5, 1.5] });
const score = exactDenoiser(vp(), dist);
const exploding = exactDenoiser(ve({ sigmaMax: 5 }), dist);

const samplers: readonly (readonly [string, DiffusionSampler<'signal'>])[] = [
  ['Euler–Maruyama', eulerMaruyama()],
  ['stochastic Heun', stochasticHeun()],
  ['reverse diffusion', reverseDiffusion()],
  ['ancestral', ancestral()],
  ['DDIM, η = ½', ddim({ eta: 0.5 })],
  ['DPM-Solver++', dpmSolver()],
  ['EDM with churn', edmHeun({ churn: 0.2 })],
  ['probability flow', flowSampler()],
  ['annealed Langevin', annealedLangevin({ stepSize: 2e-5, steps: 3 })],
  ['predictor–corrector', predictorCorrector({ corrector: langevinCorrector({ steps: 2 }), predictor: dpmSolver() })],
  ['per-sample norms', predictorCorrector({ corrector: langevinCorrector({ size: 'norms' }), predictor: ancestral() })],
];

const right = <A>(e: E.Either<{ readonly message: string }, A>): A =>
  pipe(
    e,
    E.getOrElse((f): A => {
      throw new Error(f.message);
    }),
  );

describe('every sampler', () => {
  test.each(samplers)('%s: sample i is the same in any batch and in blocks of any length', async (_, sampler) => {
    const grid = logSnrGrid(7);
    const once = drawn(sampleWith(sampler, grid)(exploding), 6, 3);
    for (const [n, rows, block] of [
      [6, 6, 7],
      [6, 4, 3],
      [3, 3, 1],
    ]) {
      const common = { denoiser: exploding, sampler, grid, seed: 3, backend: reference };
      const found = toNumbers(right(await runSampler({ ...common, n, rows, block })()));
      found.forEach((v, i) => {
        expect(v).toBeCloseTo(once[i], 12);
      });
    }
  });

  test('with a network: the samples of the distribution, parameters at their place', async () => {
    const learned = predict('noise', vp(), resMlp([8]), { shape: [2] });
    const [sampler, grid] = [dpmSolver(), logSnrGrid(6)];
    const dist = diffusion(learned, { sampler, grid });
    const p = program([D.runDraw(dist.sample)], 'float64');
    const parameters = Object.fromEntries(
      parametersOf(p.outputs).map(({ attributes: { name }, shape }) => [
        name,
        noiseTensor(shape, 'normal', 0, noiseKey(1, 0, name), 'float64'),
      ]),
    );
    expect(Object.keys(parameters).every((name) => name.startsWith('net/'))).toBe(true);
    const truth = toNumbers(await run(dist, parameters, reference).sample(5, 2));
    const common = { denoiser: learned, sampler, grid, n: 5, seed: 2, block: 4, backend: reference };
    toNumbers(right(await runSampler({ ...common, parameters })())).forEach((v, i) => {
      expect(v).toBeCloseTo(truth[i], 10);
    });
    const moved = Object.fromEntries(Object.entries(parameters).map(([k, v]) => [`base/${k}`, v]));
    const there = toNumbers(right(await runSampler({ ...common, parameters: moved, place: 'base' })()));
    there.forEach((v, i) => {
      expect(v).toBeCloseTo(truth[i], 10);
    });
  });

  test('the same numbers in single precision on ONNX Runtime', async () => {
    const sampler = eulerMaruyama();
    const options = { denoiser: score, sampler, grid: uniformGrid(20), n: 4, seed: 1, block: 8 };
    const exact = toNumbers(right(await runSampler({ ...options, backend: reference })()));
    const single = toNumbers(right(await runSampler({ ...options, backend: onnx('cpu') })()));
    single.forEach((v, i) => {
      expect(v).toBeCloseTo(exact[i], 3);
    });
  });
});

describe('a compiled sampler', () => {
  test('draws the same numbers to the last digit in blocks of any length, in single precision', async () => {
    const learned = predict('noise', vp(), resMlp([32, 32]), { shape: [2] });
    const [sampler, grid] = [ancestral(), uniformGrid(9)];
    const dist = diffusion(learned, { sampler, grid });
    const parameters = Object.fromEntries(
      parametersOf(program([D.runDraw(dist.sample)]).outputs).map(({ attributes: { name }, shape }) => [
        name,
        noiseTensor(shape, 'uniform', 0, noiseKey(1, 0, name), 'float32'),
      ]),
    );
    const draw = async (block: number): Promise<readonly number[]> =>
      toNumbers(right(await runSampler({ denoiser: learned, sampler, grid, n: 8, seed: 2, block, parameters })()));
    const whole = await draw(9);
    for (const block of [1, 2, 5]) expect(await draw(block)).toEqual(whole);
  });

  test('draws what runSampler draws, on any grid, fewer rows than it was made for too, and compiles each program once', async () => {
    const compiled: number[] = [];
    const backend = {
      ...reference,
      compile: (p: Parameters<typeof reference.compile>[0]) => {
        compiled.push(p.slots.length);
        return reference.compile(p);
      },
    };
    const sampler = compiledSampler({ denoiser: score, sampler: ddim({ eta: 0.5 }), backend, rows: 5, block: 4 });
    for (const [grid, n, seed] of [
      [logSnrGrid(8), 3, 1],
      [uniformGrid(12), 7, 2],
      [logSnrGrid(4), 5, 3],
    ] as const) {
      const found = toNumbers(right(await sampler.draw({ grid, n, seed })()));
      const options = { denoiser: score, sampler: ddim({ eta: 0.5 }), grid, n, seed, backend: reference };
      expect(found).toEqual(toNumbers(right(await runSampler(options)())));
    }
    await sampler.dispose();
    expect(compiled.length).toBe(6); // start, a block of four steps, the last denoising, and what is read in 8, 12 and 4 steps
  });

  test('says twice what was not finite', async () => {
    const broken = denoiser({
      ...score,

      data: (x, t) => () => o.label('broken', o.div(x, o.sub(t, t))),
    });
    const sampler = compiledSampler({ denoiser: broken, sampler: ancestral(), backend: reference, rows: 2 });
    for (const seed of [1, 2]) {
      const drawn = await sampler.draw({ grid: uniformGrid(3), n: 2, seed })();
      expect(E.isLeft(drawn) && drawn.left.path).toContain('broken');
    }
  });
});

describe('progress', () => {
  test('is told after each block, with the time reached and the rows as they are', async () => {
    const told: SamplerProgress[] = [];
    await runSampler({
      denoiser: score,
      sampler: ddim(),
      grid: uniformGrid(5),
      n: 4,
      rows: 2,
      block: 2,
      backend: reference,
      onProgress: (p) => told.push(p),
    })();
    expect(told.map((p) => p.done)).toEqual([2, 4, 5, 7, 9, 10]);
    expect(told.every((p) => p.of === 10 && p.x.shape.join() === '2,2')).toBe(true);
    expect(told[2].time).toBeCloseTo(vp().span.start, 12);
  });

  test('a run can be stopped between blocks', async () => {
    const stop = new AbortController();
    const result = await runSampler({
      denoiser: score,
      sampler: ddim(),
      grid: uniformGrid(10),
      n: 2,
      block: 2,
      backend: reference,
      signal: stop.signal,
      onProgress: ({ done }) => done >= 4 && stop.abort(),
    })();
    expect(E.isLeft(result) && result.left.message).toMatch(/stopped after 4 steps/);
  });
});

describe('a number that is not finite', () => {
  test('is an error that names the step and the part', async () => {
    // Below t = 0.5 this network divides by 0.
    const broken = denoiser({
      spec: { type: 'broken' },
      shape: [2],
      process: vp(),
      prediction: 'noise',
      raw: (x, t) => () =>
        o.label('net/unlucky', o.div(x, o.where(o.broadcastTo(o.less(t, 0.5), x.shape), o.mul(x, 0), 1))),
    });
    const result = await runSampler({
      denoiser: broken,
      sampler: ddim(),
      grid: uniformGrid(10),
      n: 3,
      block: 4,
      backend: reference,
    })();
    // The times are 1, 0.9001, … 0.5005, 0.4006: the seventh is the first below ½.
    expect(E.isLeft(result) && result.left).toMatchObject({ _tag: 'NonFiniteError', path: 'step 7/net/unlucky' });
  });

  test('an adaptive solver that runs out says so, with the step of the grid', async () => {
    const result = await runSampler({
      denoiser: score,
      sampler: flowSampler({ solver: dormandPrince({ maxSteps: 3 }) }),
      grid: uniformGrid(2),
      n: 2,
      backend: reference,
    })();
    expect(E.isLeft(result) && result.left).toMatchObject({ _tag: 'NonFiniteError', path: 'step 1/flowSampler' });
    expect(E.isLeft(result) && result.left.got).toMatch(
      /a step that the solver chose underflowed, or maxSteps were not enough/,
    );
  });

  test('a grid that does not fall is an error that names the step', async () => {
    const bad = { spec: { type: 'given' }, times: () => [1, 0.5, 0.5, 0.1] };
    const result = await runSampler({ denoiser: score, sampler: ddim(), grid: bad, n: 1 })();
    expect(E.isLeft(result) && result.left).toMatchObject({ _tag: 'ArgumentError', path: 'grid/given' });
    expect(E.isLeft(result) && result.left.message).toMatch(/step 2 does not go from noise to data/);
    expect(() => D.runDraw(sampleWith(ddim(), bad)(score))).toThrow(/step 2/);
  });
});
