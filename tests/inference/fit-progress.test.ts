/** What fit tells while it runs, and whose errors are whose. */
import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import { describe, expect, it, test } from 'vitest';
import { PushforwardError } from '../../src/core/errors.ts';
import { onnx } from '../../src/core/interpreters/index.ts';
import * as o from '../../src/core/ops/index.ts';
import { fromRows } from '../../src/data/index.ts';
import {
  accumulated,
  alternating,
  clipByGlobalNorm,
  cosine,
  type FitOptions,
  fit,
  type Progress,
  place,
  sgd,
  type TrainingState,
  trainingStep,
} from '../../src/inference/index.ts';
import { outcome, over, right, said, stateBits } from './game-helpers.ts';

const backend = onnx('cpu', { threads: 1 });
type One = readonly [1];
const ones = fromRows('ones', new Float32Array(8).fill(1), [1]);
const plain = { data: ones, batchSize: 4, seed: 0, backend, optimizer: sgd({ learningRate: 0.5 }) };
const train = (objective: FitOptions<One>['objective'], steps: number, rest: Partial<FitOptions<One>> = {}) =>
  fit({ ...plain, objective, steps, ...rest })();

/** d loss / d w = 1: w is −t/2 after t steps. */
const falling = over({ w: 0 }, ({ w }, x) => o.mul(w, o.sum(x)));
const wOf = (parameters: TrainingState['parameters']): number => parameters.w.data[0];

describe('runs and progress', () => {
  const told = async (objective: FitOptions<One>['objective'], steps: number, rest: Partial<FitOptions<One>> = {}) => {
    const all: Progress[] = [];
    right(await train(objective, steps, { ...rest, onProgress: (p) => void all.push(p) }));
    return all;
  };

  it('fifty steps are runs of 20, 20 and 10, and the 10 are one run', async () => {
    const compiled: number[] = [];
    const counting = { ...backend, compile: (p: Parameters<typeof backend.compile>[0]) => { compiled.push(p.slots.find((s) => s.name === 'batches')?.shape[0] ?? 0); return backend.compile(p); } }; // biome-ignore format: one record
    const all = await told(falling, 50, { backend: counting });
    expect(all.map((p) => p.step)).toEqual([20, 40, 50]);
    expect(compiled.filter((k) => k > 0)).toEqual([20, 10]);
    expect(all.map((p) => p.steps)).toEqual([50, 50, 50]);
    expect(all[2].remaining).toBe(0);
  });

  it('tells each move’s loss, rate and gradient norm, before clipping', async () => {
    // ½ a w² + c v with a = 2, c = 3: the gradient at (w, v) is (2 w, 3).
    const both = over({ w: 1, v: 0 }, ({ w, v }, x) => o.add(o.square(w), o.mul(3, o.mul(v, o.sum(x)))));
    const other = over({ u: 2 }, ({ u }, x) => o.add(o.square(o.square(u)), o.mul(0, o.sum(x))));
    const optimizer = pipe(sgd({ learningRate: cosine(0.1, 40) }), clipByGlobalNorm(0.5));
    const game = alternating(
      { player: { name: 'one', owns: place('w'), optimizer }, objective: over({ w: 1 }, ({ w }, x) => o.add(o.square(w), o.mul(0, o.sum(x)))) }, // biome-ignore format: one record
      { player: { name: 'two', optimizer: sgd({ learningRate: 1e-3 }) }, objective: other, times: 2 },
      { player: { name: 'three', optimizer: sgd({ learningRate: 1e-3 }) }, objective: over({ t: 0 }, ({ t }, x) => o.mul(t, o.sum(x))), times: (s) => s % 3 === 2 ? 1 : 0 }, // biome-ignore format: one record
    );
    const all = await told(game, 6, { stepsPerRun: 1 });
    let [w, u] = [1, 2];
    all.forEach((p, k) => {
      const [one, two, three] = p.moves;
      expect([one.name, two.name, three.name]).toEqual(['one', 'two', 'three']);
      expect(one.loss).toBeCloseTo(w * w, 5);
      expect(one.gradientNorm).toBeCloseTo(2 * w, 5);
      expect(one.learningRate).toBeCloseTo(cosine(0.1, 40).at(k + 1), 9);
      w -= cosine(0.1, 40).at(k) * Math.min(2 * w, 0.5);
      const next = u - 1e-3 * 4 * u ** 3;
      expect(two.loss).toBeCloseTo((u ** 4 + next ** 4) / 2, 4);
      expect(two.gradientNorm).toBeCloseTo(4 * next ** 3, 4);
      u = next - 1e-3 * 4 * next ** 3;
      expect([three.loss === undefined, three.gradientNorm]).toEqual(k % 3 === 2 ? [false, 1] : [true, undefined]);
      expect(p.loss).toBe(one.loss);
    });
    // In one run: the mean loss over it, and the norm at its last step.
    const [whole] = await told(both, 3, { stepsPerRun: 3 });
    const steps = [0, 1, 2].map((k) => ({ w: 0, v: -1.5 * k }));
    steps[0].w = 1;
    const losses = steps.map((s) => s.w ** 2 + 3 * s.v);
    expect(whole.moves[0].loss).toBeCloseTo(losses.reduce((a, b) => a + b, 0) / 3, 5);
    expect(whole.moves[0].gradientNorm).toBeCloseTo(3, 5);
    const [mean] = await told(both, 1, { optimizer: accumulated(3)(plain.optimizer) });
    expect(mean.moves[0].gradientNorm).toBeCloseTo(Math.hypot(2, 3), 5);
  });
});

describe('errors', () => {
  test('thrown by a callback are the caller’s own, the very object', async () => {
    const mine = new Error('mine');
    const thrown = async (rest: Partial<FitOptions<One>>): Promise<unknown> => train(falling, 3, rest).then(() => 'nothing was thrown', (e) => e); // biome-ignore format: one idea
    const throwing = (): never => { throw mine; }; // biome-ignore format: one idea
    expect(await thrown({ onProgress: throwing })).toBe(mine);
    expect(await thrown({ checkpoint: { every: 1, save: async () => throwing() } })).toBe(mine);
    expect(await thrown({ onProgress: () => { throw undefined; } })).toBeUndefined(); // biome-ignore format: one idea
  });

  test('of a checkpoint that cannot be written end training as a failure', async () => {
    const full = new PushforwardError({ _tag: 'FileError', path: 'a.safetensors', message: 'not written: the disk is full' }); // biome-ignore format: one line
    const save = async (): Promise<void> => { throw full; }; // biome-ignore format: one idea
    const result = await train(falling, 3, { checkpoint: { every: 1, save } });
    expect(E.isLeft(result) && result.left._tag).toBe('FileError');
    expect(said(result)).toBe('a.safetensors: not written: the disk is full');
  });

  test('of a loss that is not finite name the move, and the last good state was saved', async () => {
    const bad = over({ v: 0 }, ({ v }, x) => o.add(o.log(o.sub(3, trainingStep)), o.mul(0, o.mul(v, o.sum(x)))));
    const game = alternating(
      { player: { name: 'good', owns: place('w') }, objective: falling },
      { player: { name: 'bad', owns: place('v') }, objective: bad },
    );
    const saved: TrainingState[] = [];
    const checkpoint = { every: 100, save: async (s: TrainingState) => void saved.push(s) };
    expect(said(await train(game, 10, { checkpoint, stepsPerRun: 2 }))).toBe(
      "loss: the loss of 'bad' stopped being finite at step 4; the parameters of step 2 are the last good ones",
    );
    expect(saved.map((s) => [s.step, wOf(s.parameters)])).toEqual([[2, -1]]);
  });

  test('a signal stops between runs: the state so far is saved, returned and gone on with', async () => {
    const enough = new AbortController();
    const saved: TrainingState[] = [];
    const stopped = right(
      await train(falling, 50, {
        signal: enough.signal,
        checkpoint: { every: 1000, save: async (s) => void saved.push(s) },
        onProgress: (p) => (p.step >= 20 ? enough.abort() : undefined),
      }),
    );
    expect([stopped.ending, stopped.step]).toEqual(['interrupted', 20]);
    expect(saved.map(stateBits)).toEqual([stateBits(stopped.last)]);
    const on = right(await train(falling, 50, { resume: stopped.last }));
    expect(outcome(on)).toEqual(outcome(right(await train(falling, 50))));
  });
});
