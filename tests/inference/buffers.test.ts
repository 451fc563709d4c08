/** Buffers in training: closed forms of what they become, and training that goes on exactly where it stopped. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import { afterAll, describe, expect, test } from 'vitest';
import { buffer } from '../../src/core/buffer.ts';
import * as D from '../../src/core/draw.ts';
import { type Failure, sentence } from '../../src/core/errors.ts';
import type { Expr } from '../../src/core/expr.ts';
import { onnx, tfjs } from '../../src/core/interpreters/index.ts';
import * as o from '../../src/core/ops/index.ts';
import * as P from '../../src/core/parameters.ts';
import * as R from '../../src/core/random.ts';
import * as Sc from '../../src/core/scope.ts';
import type { Tensor } from '../../src/core/tensor.ts';
import { fromRows } from '../../src/data/index.ts';
import {
  adam,
  type BatchObjective,
  type FitOptions,
  fit,
  loadCheckpoint,
  saveCheckpoint,
  sgd,
  type TrainingState,
  trainingStep,
} from '../../src/inference/index.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'pushforward-buffers-'));
afterAll(() => rmSync(folder, { recursive: true }));

const right = <A>(r: E.Either<Failure, A>): A => {
  if (E.isLeft(r)) throw new Error(sentence(r.left));
  return r.right;
};
const said = <A>(r: E.Either<Failure, A>): string => (E.isLeft(r) ? sentence(r.left) : 'it was not refused');

type Objective = BatchObjective<readonly [1]>;
const objective = (batchLoss: Objective['batchLoss']): Objective => ({
  shape: [1],
  spec: { type: 'test' },
  evidence: 'none',
  batchLoss,
});
const weight = D.fromScoped(Sc.parameter('w', [], { init: P.constantly(0) }));
const ones = fromRows('ones', new Float32Array(40).fill(1), [1]);
type Options = Partial<FitOptions<readonly [1]>> & Pick<FitOptions<readonly [1]>, 'steps'>;
const train = (of: Objective, options: Options) =>
  fit({ objective: of, data: ones, optimizer: sgd({ learningRate: 1 }), batchSize: 4, ...options })();

const zero = { initial: R.of<R.Cursor, Expr>(o.scalar(0)) };

/** a ← 0.5 a + 0.5 mean(x), and a loss of the weight and the average before the step. */
const averagingWith = (loss: (w: Expr, a: Expr) => Expr): Objective =>
  objective((batch) => (scope) => {
    const average = buffer('average', zero)(scope);
    const next = o.add(o.mul(0.5, average.now), o.mul(0.5, o.mean(batch)));
    return D.map((w: Expr) => average.become(next, o.broadcastTo(loss(w, average.now), [batch.shape[0]])))(weight)(
      scope,
    );
  });
/** loss = w a: d loss / d w is the average before the step. */
const averaging = averagingWith(o.mul);
// aₜ = 1 − 2⁻ᵗ on data that are all 1; w goes down by aₜ in step t.
const averageAt = (t: number): number => 1 - 0.5 ** t;
const weightAt = (t: number): number => -Array.from({ length: t }, (_, i) => averageAt(i)).reduce((x, y) => x + y, 0);

describe('a moving average', () => {
  test.each([1, 3, 20])('is carried exactly, in runs of %i steps', async (stepsPerRun) => {
    const { last, parameters } = right(await train(averaging, { steps: 8, stepsPerRun }));
    expect(last.buffers?.average.data[0]).toBe(averageAt(8));
    expect(parameters.w.data[0]).toBe(weightAt(8));
    expect(parameters.average.data[0]).toBe(averageAt(8));
  });

  test('on tfjs too, beside an average of the parameters', async () => {
    const { last, parameters } = right(
      await train(averaging, { steps: 5, stepsPerRun: 2, backend: tfjs('cpu'), ema: 0.5 }),
    );
    expect(last.buffers?.average.data[0]).toBe(averageAt(5));
    expect(last.parameters.w.data[0]).toBe(weightAt(5));
    let ema = 0;
    for (let t = 1; t <= 5; t++) ema = 0.5 * ema + 0.5 * weightAt(t);
    expect(last.average?.w.data[0]).toBeCloseTo(ema, 6);
    expect(parameters.w.data[0]).toBe(last.average?.w.data[0]);
  });

  test('is read by validation, which leaves it as it is', async () => {
    const shown = averagingWith((w, a) => o.add(o.mul(0, w), a));
    const twos = fromRows('twos', new Float32Array(9).fill(2), [1]);
    const { history, last } = right(
      await train(shown, { steps: 6, stepsPerRun: 2, validation: { data: twos, every: 2 } }),
    );
    expect(history.map((h) => h.validation)).toEqual([2, 4, 6].map(averageAt));
    expect(last.buffers?.average.data[0]).toBe(averageAt(6));
  });
});

/** Chains that start from noise, are moved with noise, and pull the weight; an integer counts the steps. */
const chains = objective((batch) => (scope) => {
  const x = buffer('chains', { initial: R.normal([3, 1]) })(scope);
  const n = buffer('steps', { initial: R.of(o.scalar(0, 'int32')) })(scope);
  return D.chain((w: Expr) =>
    D.chain(([moved]: readonly Expr[]) =>
      D.map(([pulled]: readonly Expr[]) =>
        n.become(o.add(n.now, 1), x.become(moved, o.add(pulled, o.mul(0.1, o.mul(trainingStep, o.square(w)))))),
      )(
        D.vmapDraw((e) =>
          D.map((u: Expr) => [o.sum(o.square(o.sub(o.mul(w, o.add(e, u)), o.mean(moved))))])(
            D.fromRandom(R.normal([1])),
          ),
        )(batch),
      ),
    )(
      D.vmapDraw((c) =>
        D.map((u: Expr) => [o.add(o.mul(0.9, c), o.mul(0.3, o.add(u, w)))])(D.fromRandom(R.normal([1]))),
      )(x.now),
    ),
  )(weight)(scope);
});

const bits = (r: Readonly<Record<string, Tensor>> = {}) =>
  Object.entries(r).map(([k, { shape, type, data }]) => [k, shape, type, Array.from(data)]);
const compared = (s: TrainingState) => [
  s.step,
  bits(s.parameters),
  Object.entries(s.slots).map(([slot, of]) => [slot, bits(of)]),
  bits(s.average),
  bits(s.buffers),
];

describe('a run that was stopped', () => {
  const options = { optimizer: adam({ learningRate: 0.05 }), ema: 0.9, seed: 3, stepsPerRun: 4 };

  test('goes on from its checkpoint as if it had not been, bit for bit', async () => {
    const straight = right(await train(chains, { ...options, steps: 12 })).last;
    const first = right(await train(chains, { ...options, steps: 5 })).last;
    const where = path.join(folder, 'a.safetensors');
    right(await saveCheckpoint(where, { state: first, spec: { type: 'dist' } })());
    const { state, format } = right(await loadCheckpoint(where)());
    expect(format).toBe(3);
    expect(compared(state)).toEqual(compared(first));
    expect(state.buffers?.steps).toEqual({ shape: [], type: 'int32', data: Int32Array.of(5) });
    const second = right(await train(chains, { ...options, steps: 12, resume: state })).last;
    expect(compared(second)).toEqual(compared(straight));
    const forgetful = right(await train(chains, { ...options, steps: 12, resume: { ...state, buffers: {} } })).last;
    expect(compared(forgetful)).not.toEqual(compared(straight));
  });

  test('a state without buffers starts them; one that does not fit is refused', async () => {
    const { buffers: _, ...old } = right(await train(chains, { ...options, steps: 2 })).last;
    const went = right(await train(chains, { ...options, steps: 3, resume: old })).last;
    expect(Array.from(went.buffers?.steps.data ?? [])).toEqual([1]);
    const wrong = { ...old, buffers: { chains: { shape: [2], type: 'float32', data: new Float32Array(2) } as const } };
    expect(said(await train(chains, { ...options, steps: 3, resume: wrong }))).toMatch(
      /chains: the buffer has another shape \(expected \[3, 1\], got \[2\]\)/,
    );
  });

  test('initial arrays depend on their names and the seed alone', async () => {
    const start = async (names: readonly string[], seed: number): Promise<Tensor | undefined> => {
      const of = objective((batch) => (scope) => {
        const read = names.map((name) => o.mean(buffer(name, { initial: R.normal([4]) })(scope).now));
        return D.map((w: Expr) => o.broadcastTo(o.add(w, o.mul(0, o.addAll(read))), [batch.shape[0]]))(weight)(scope);
      });
      return right(await train(of, { steps: 1, seed })).last.buffers?.b;
    };
    const alone = await start(['b'], 1);
    expect(alone?.shape).toEqual([4]);
    expect(await start(['a', 'b', 'c'], 1)).toEqual(alone);
    expect(await start(['b'], 2)).not.toEqual(alone);
  });
});

describe('what does not fit is refused in a sentence', () => {
  const losses = (batch: Expr): Expr => o.sum(batch, 1);
  const moving = (name: string, initial: Expr, next: (batch: Expr, now: Expr) => Expr): Objective =>
    objective((batch) => (scope) => {
      const { now, become } = buffer(name, { initial: R.of(initial) })(scope);
      return D.map((w: Expr) => become(next(batch, now), o.mul(w, losses(batch))))(weight)(scope);
    });
  const scalar = o.scalar(0);

  test.each<readonly [string, Objective, RegExp]>([
    ['losses', objective((b) => D.map((w: Expr) => o.mul(w, o.concat([losses(b), losses(b)], 0)))(weight)), /test: a loss of a batch is one number, or one for each event \(expected \[\] or \[4\], got \[8\]\)/], // biome-ignore format: one case
    ['shape', moving('average', scalar, (b) => losses(b)), /average: what a buffer becomes has another shape or type \(expected real \[\], got real \[4\]\)/], // biome-ignore format: one case
    ['type', moving('n', o.scalar(0, 'int32'), (b) => o.mean(b)), /n: what a buffer becomes has another shape or type \(expected int32 \[\], got real \[\]\)/], // biome-ignore format: one case
    ['two arrays of one name', objective((b) => (scope) => D.map((w: Expr) => o.add(o.mul(w, losses(b)), o.add(o.sum(buffer('a', { initial: R.of(o.constant([1])) })(scope).now), buffer('a', zero)(scope).now)))(weight)(scope)), /a: one name stands for two different arrays.*\[1\] by .*, and \[\] by /], // biome-ignore format: one case
    ['two next values', objective((b) => (scope) => { const a = buffer('a', zero)(scope); return D.of(a.become(o.add(a.now, 1), a.become(o.add(a.now, 2), losses(b))))(scope); }), /a: two readings move one buffer in one move: their next values differ/], // biome-ignore format: one case
    ['nothing to train', objective((b) => D.of(losses(b))), /model: a player has nothing to move/],
    ['a parameter of the name', objective((b) => (scope) => D.map((w: Expr) => o.add(o.mul(w, losses(b)), buffer('w', zero)(scope).now))(weight)(scope)), /w: one name is claimed twice where one part runs once/], // biome-ignore format: one case
  ])('%s', async (_, of, sentenceOf) => {
    expect(said(await train(of, { steps: 1 }))).toMatch(sentenceOf);
  });

  test('initial values that depend on the data of a whole batch', async () => {
    const of = objective((batch) =>
      D.map(([l]: readonly Expr[]) => l)(
        D.vmapDraw((x) => D.map((m: Expr) => [o.sum(o.square(o.sub(x, m)))])(D.fromScoped(Sc.parameter('m', [1], { init: P.from(o.batchMean(x)) }))))(batch), // biome-ignore format: one idea
      ),
    );
    expect(said(await train(of, { steps: 1 }))).toMatch(/m: a loss of a whole batch has no single event/);
    const straight = objective((batch) => (scope) => {
      const { now } = buffer('mean', { initial: R.of(o.mean(batch)) })(scope);
      return D.map((w: Expr) => o.mul(w, o.sub(losses(batch), now)))(weight)(scope);
    });
    expect(said(await train(straight, { steps: 1 }))).toMatch(/mean: a loss of a whole batch has no single event/);
  });

  test('a buffer that stops being finite is named, with its step', async () => {
    const of = objective((batch) => (scope) => {
      const a = buffer('a', { initial: R.of(o.scalar(1)) })(scope);
      const next = o.div(a.now, o.sub(3, trainingStep));
      return D.map((w: Expr) => a.become(next, o.broadcastTo(w, [batch.shape[0]])))(weight)(scope);
    });
    expect(said(await train(of, { steps: 10, stepsPerRun: 5, backend: onnx('cpu') }))).toBe(
      'a: what is carried stopped being finite at step 4; the parameters of step 0 are the last good ones',
    );
  });
});
