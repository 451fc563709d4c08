import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import { afterAll, describe, expect, it } from 'vitest';
import type { AnyDist } from '../../src/algebra/dist.ts';
import { type Failure, sentence } from '../../src/core/errors.ts';
import { onnx, reference, tfjs } from '../../src/core/interpreters/index.ts';
import { type Feeds, noiseFeeds } from '../../src/core/program.ts';
import type { Tensor } from '../../src/core/tensor.ts';
import { fromRows } from '../../src/data/index.ts';
import {
  adamW,
  clipByGlobalNorm,
  cosine,
  distPrograms,
  elbo,
  type FitOptions,
  initialParameters,
  loadCheckpoint,
  run,
  saveCheckpoint,
  type TrainingState,
  fit as train,
  warmUp,
} from '../../src/inference/index.ts';
import { readDist, readOptimizer, realNVP, realNVPImages } from '../../src/models/index.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'pushforward-resume-'));
afterAll(() => rmSync(folder, { recursive: true }));

const right = <A>(r: E.Either<Failure, A>): A => {
  if (E.isLeft(r)) throw new Error(sentence(r.left));
  return r.right;
};
const bitsOf = ({ shape, data }: Tensor) => ({
  shape,
  bits: Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('hex'),
});
const bits = (r: Readonly<Record<string, Tensor>> = {}) =>
  Object.fromEntries(Object.entries(r).map(([k, v]) => [k, bitsOf(v)]));
const slotBits = (slots: TrainingState['slots']) =>
  Object.fromEntries(Object.entries(slots).map(([slot, of]) => [slot, bits(of)]));
const compared = ({ step, seed, parameters, slots, average }: TrainingState) => ({
  step,
  seed,
  parameters: bits(parameters),
  slots: slotBits(slots),
  average: bits(average),
});

const LEVELS = 8;
/** Noise in the objective (dequantisation), learned scales, permutations: everything that a seed decides. */
const images = realNVPImages([2, 2], LEVELS, { layers: 2, hidden: [8] });
const levels = Float32Array.from({ length: 4 * 100 }, (_, i) => (i * i + (i % 7)) % LEVELS);
const data = fromRows('levels', levels, [2, 2], { levels: LEVELS });
const optimizer = clipByGlobalNorm(1)(adamW({ learningRate: warmUp(5, cosine(1e-2, 40, 1e-4)) }));
const objectiveOf = (dist: AnyDist) => elbo(dist as unknown as Parameters<typeof elbo>[0]);
const training = (options: Partial<FitOptions<readonly number[]>> & { readonly steps: number }) =>
  train({ objective: objectiveOf(images), data, optimizer, batchSize: 16, seed: 5, ema: 0.9, ...options })().then(
    right,
  );

describe('a run that was stopped', () => {
  it('goes on from its checkpoint as if it had not been, bit for bit', async () => {
    const straight = await training({ steps: 40 });
    const first = await training({ steps: 17 });
    const where = path.join(folder, 'stopped.safetensors');
    right(
      await saveCheckpoint(where, { state: first.last, spec: images.spec, training: { optimizer: optimizer.spec } })(),
    );
    const { state, spec, training: record } = right(await loadCheckpoint(where)());
    expect(compared(state)).toEqual(compared(first.last));
    const second = await training({
      steps: 40,
      objective: objectiveOf(right(readDist(spec))),
      optimizer: right(readOptimizer(record.optimizer)),
      resume: state,
      seed: state.seed,
    });
    expect(compared(second.last)).toEqual(compared(straight.last));
    expect(second.history[0].step).toBeGreaterThan(17);
    expect(compared(first.last).parameters).not.toEqual(compared(straight.last).parameters);
  });

  it('does not depend on how many steps one run of the backend does', async () => {
    const [one, seven] = await Promise.all([1, 7].map((stepsPerRun) => training({ steps: 14, stepsPerRun })));
    expect(compared(seven.last)).toEqual(compared(one.last));
  });

  it('keeps its optimiser’s vectors with their parameters, whatever the order of the file', async () => {
    const straight = await training({ steps: 12 });
    const first = await training({ steps: 6 });
    const names = Object.keys(first.last.parameters).reverse();
    const reversed = (of: Feeds): Feeds => Object.fromEntries(names.map((n) => [n, of[n]]));
    const reordered: TrainingState = {
      ...first.last,
      parameters: reversed(first.last.parameters),
      slots: Object.fromEntries(Object.entries(first.last.slots).map(([s, of]) => [s, reversed(of)])),
    };
    const where = path.join(folder, 'reversed.safetensors');
    right(await saveCheckpoint(where, { state: reordered, spec: images.spec })());
    const { state: resume } = right(await loadCheckpoint(where)());
    expect(Object.keys(resume.parameters)).toEqual(names);
    expect(compared((await training({ steps: 12, resume })).last)).toEqual(compared(straight.last));
  });
});

describe('the same seed', () => {
  const backend = onnx('cpu');
  const sizes = [1, 7, 256];

  it.each([
    { dim: 2, hidden: 64 },
    { dim: 64, hidden: 256 },
  ])('gives sample i the same noise and value for any number of samples: $dim-D', async ({ dim, hidden }) => {
    const flow = realNVP([dim], { layers: 4, hidden: [hidden, hidden] });
    const rows = Float32Array.from({ length: 400 * dim }, (_, i) => Math.sin(i * i));
    const { parameters } = await train({
      objective: objectiveOf(flow),
      data: fromRows('waves', rows, [dim]),
      steps: 20,
      seed: 1,
    })().then(right);
    const running = run(flow, parameters, backend);
    const noise = sizes.map((n) => Object.values(noiseFeeds(distPrograms(flow, n, backend).sample(), { seed: 9 })));
    expect(noise.map((all) => all.length)).toEqual([1, 1, 1]);
    const many = await running.sample(1500, 9);
    for (const [k, n] of sizes.entries()) {
      expect(noise[k][0].data).toEqual(noise[2][0].data.slice(0, dim * n));
      expect((await running.sample(n, 9)).data).toEqual(many.data.slice(0, dim * n));
      const some = { ...many, shape: [n, dim], data: many.data.slice(0, dim * n) };
      expect((await running.logDensity(some)).data).toEqual((await running.logDensity(many)).data.slice(0, n));
    }
  });

  it('gives the same initial parameters on every backend', async () => {
    const examples: Tensor = { shape: [4, 2, 2], type: 'float32', data: new Float32Array(16) };
    const started = await Promise.all(
      [reference, onnx('cpu'), tfjs('cpu')].map((b) => initialParameters(objectiveOf(images), 7, examples, b)),
    );
    expect(Object.keys(started[0]).length).toBeGreaterThan(4);
    for (const other of started.slice(1)) expect(bits(other)).toEqual(bits(started[0]));
    const another = await initialParameters(objectiveOf(images), 8, examples, onnx('cpu'));
    expect(bits(another)).not.toEqual(bits(started[0]));
  });
});
