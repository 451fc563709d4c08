/** Objectives that carry arrays: closed forms of what is carried, and training that goes on exactly where it stopped. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import { afterAll, describe, expect, test } from 'vitest';
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
  type FitOptions,
  fit,
  loadCheckpoint,
  type StatefulObjective,
  saveCheckpoint,
  sgd,
  type TrainingState,
  trainingStep,
} from '../../src/inference/index.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'pushforward-stateful-'));
afterAll(() => rmSync(folder, { recursive: true }));

const right = <A>(r: E.Either<Failure, A>): A => {
  if (E.isLeft(r)) throw new Error(sentence(r.left));
  return r.right;
};
const said = <A>(r: E.Either<Failure, A>): string => (E.isLeft(r) ? sentence(r.left) : 'it was not refused');

type Objective = StatefulObjective<readonly [1]>;
const objective = (parts: Pick<Objective, 'carried' | 'step'>): Objective => ({
  shape: [1],
  spec: { type: 'test' },
  evidence: 'none',
  ...parts,
});
const weight = D.fromScoped(Sc.parameter('w', [], { init: P.constantly(0) }));
const ones = fromRows('ones', new Float32Array(40).fill(1), [1]);
type Options = Partial<FitOptions<readonly [1]>> & Pick<FitOptions<readonly [1]>, 'steps'>;
const train = (of: Objective, options: Options) =>
  fit({ objective: of, data: ones, optimizer: sgd({ learningRate: 1 }), batchSize: 4, ...options })();

/** a ← 0.5 a + 0.5 mean(x), loss = w a: d loss / d w is the average before the step. */
const averaging = objective({
  carried: [{ name: 'average', initial: R.of(o.scalar(0)) }],
  step: (batch, [a]) =>
    D.map((w: Expr) => ({
      losses: o.broadcastTo(o.mul(w, a), [batch.shape[0]]),
      carried: [o.add(o.mul(0.5, a), o.mul(0.5, o.mean(batch)))],
    }))(weight),
});
// aₜ = 1 − 2⁻ᵗ on data that are all 1; w goes down by aₜ in step t.
const averageAt = (t: number): number => 1 - 0.5 ** t;
const weightAt = (t: number): number => -Array.from({ length: t }, (_, i) => averageAt(i)).reduce((x, y) => x + y, 0);

describe('a moving average', () => {
  test.each([1, 3, 20])('is carried exactly, in runs of %i steps', async (stepsPerRun) => {
    const { carried, parameters } = right(await train(averaging, { steps: 8, stepsPerRun }));
    expect(carried?.average.data[0]).toBe(averageAt(8));
    expect(parameters.w.data[0]).toBe(weightAt(8));
  });

  test('on tfjs too, beside an average of the parameters', async () => {
    const { carried, parameters, average } = right(
      await train(averaging, { steps: 5, stepsPerRun: 2, backend: tfjs('cpu'), ema: 0.5 }),
    );
    expect(carried?.average.data[0]).toBe(averageAt(5));
    expect(parameters.w.data[0]).toBe(weightAt(5));
    let ema = 0;
    for (let t = 1; t <= 5; t++) ema = 0.5 * ema + 0.5 * weightAt(t);
    expect(average?.w.data[0]).toBeCloseTo(ema, 6);
  });

  test('is read by validation, which leaves it as it is', async () => {
    const shown = objective({
      ...averaging,
      step: (batch, carried) =>
        D.map((s: { readonly losses: Expr; readonly carried: readonly Expr[] }) => ({
          ...s,
          losses: o.add(o.mul(0, s.losses), carried[0]),
        }))(averaging.step(batch, carried)),
    });
    const twos = fromRows('twos', new Float32Array(9).fill(2), [1]);
    const { history, carried } = right(
      await train(shown, { steps: 6, stepsPerRun: 2, validation: { data: twos, every: 2 } }),
    );
    expect(history.map((h) => h.validation)).toEqual([2, 4, 6].map(averageAt));
    expect(carried?.average.data[0]).toBe(averageAt(6));
  });
});

/** Chains that start from noise, are moved with noise, and pull the weight; an integer counts the steps. */
const chains = objective({
  carried: [
    { name: 'chains', initial: R.normal([3, 1]) },
    { name: 'steps', initial: R.of(o.scalar(0, 'int32')) },
  ],
  step: (batch, [x, n]) =>
    D.chain((w: Expr) =>
      D.chain(([moved]: readonly Expr[]) =>
        D.map(([pulled]: readonly Expr[]) => ({
          losses: o.add(pulled, o.mul(0.1, o.mul(trainingStep, o.square(w)))),
          carried: [o.stopGradient(moved), o.add(n, 1)],
        }))(
          D.vmapDraw((e) =>
            D.map((u: Expr) => [o.sum(o.square(o.sub(o.mul(w, o.add(e, u)), o.mean(moved))))])(
              D.fromRandom(R.normal([1])),
            ),
          )(batch),
        ),
      )(
        D.vmapDraw((c) =>
          D.map((u: Expr) => [o.add(o.mul(0.9, c), o.mul(0.3, o.add(u, w)))])(D.fromRandom(R.normal([1]))),
        )(x),
      ),
    )(weight),
});

const bits = (r: Readonly<Record<string, Tensor>> = {}) =>
  Object.entries(r).map(([k, { shape, type, data }]) => [k, shape, type, Array.from(data)]);
const compared = (s: TrainingState) => [s.step, s.parameters, s.slots, s.average, s.carried].map((r) => typeof r === 'object' ? bits(r) : r); // biome-ignore format: one idea

describe('a run that was stopped', () => {
  const options = { optimizer: adam({ learningRate: 0.05 }), ema: 0.9, seed: 3, stepsPerRun: 4 };

  test('goes on from its checkpoint as if it had not been, bit for bit', async () => {
    const straight = right(await train(chains, { ...options, steps: 12 }));
    const first = right(await train(chains, { ...options, steps: 5 }));
    const where = path.join(folder, 'a.safetensors');
    right(await saveCheckpoint(where, { state: first, spec: { type: 'law' } })());
    const { state, format } = right(await loadCheckpoint(where)());
    expect(format).toBe(2);
    expect(compared(state)).toEqual(compared(first));
    expect(state.carried?.steps).toEqual({ shape: [], type: 'int32', data: Int32Array.of(5) });
    const second = right(await train(chains, { ...options, steps: 12, resume: state }));
    expect(compared(second)).toEqual(compared(straight));
    const forgetful = right(await train(chains, { ...options, steps: 12, resume: { ...state, carried: {} } }));
    expect(compared(forgetful)).not.toEqual(compared(straight));
  });

  test('a state without what is carried starts it; one that does not fit is refused', async () => {
    const { carried: _, ...old } = right(await train(chains, { ...options, steps: 2 }));
    const went = right(await train(chains, { ...options, steps: 3, resume: old }));
    expect(Array.from(went.carried?.steps.data ?? [])).toEqual([1]);
    const wrong = { ...old, carried: { chains: { shape: [2], type: 'float32', data: new Float32Array(2) } as const } };
    expect(said(await train(chains, { ...options, steps: 3, resume: wrong }))).toMatch(
      /chains: the carried array has another shape \(expected \[3, 1\], got \[2\]\)/,
    );
  });

  test('initial arrays depend on their names and the seed alone', async () => {
    const start = async (names: readonly string[], seed: number): Promise<Tensor | undefined> => {
      const of = objective({
        carried: names.map((name) => ({ name, initial: R.normal([4]) })),
        step: (batch, carried) => D.map((w: Expr) => ({ losses: o.broadcastTo(w, [batch.shape[0]]), carried }))(weight),
      });
      return right(await train(of, { steps: 1, seed })).carried?.b;
    };
    const alone = await start(['b'], 1);
    expect(await start(['a', 'b', 'c'], 1)).toEqual(alone);
    expect(await start(['b'], 2)).not.toEqual(alone);
  });
});

describe('what does not fit is refused in a sentence', () => {
  const keep = (step: Objective['step'], carried: Objective['carried'] = averaging.carried): Objective =>
    objective({ carried, step });
  const losses = (batch: Expr): Expr => o.sum(batch, 1);

  test.each<readonly [string, Objective, RegExp]>([
    ['losses', keep((b, c) => D.of({ losses: o.mean(b), carried: c })), /test: a step needs one loss for each event \(expected \[4\], got \[\]\)/], // biome-ignore format: one case
    ['number', keep((b) => D.of({ losses: losses(b), carried: [] })), /next value of every carried array \(expected 1: average, got 0\)/], // biome-ignore format: one case
    ['shape', keep((b) => D.of({ losses: losses(b), carried: [losses(b)] })), /test\/average: a step changes the shape or type of a carried array \(expected real \[\], got real \[4\]\)/], // biome-ignore format: one case
    ['names', keep((b, c) => D.of({ losses: losses(b), carried: c }), [...averaging.carried, ...averaging.carried]), /average: two carried arrays have this name/], // biome-ignore format: one case
    ['start', keep((b, c) => D.map((w: Expr) => ({ losses: o.mul(w, losses(b)), carried: c }))(weight), [{ name: 'a', initial: R.of(weight(Sc.root)(R.start())[0]) }]), /w: a carried array starts from noise and constants alone/], // biome-ignore format: one case
  ])('%s', async (_, of, sentenceOf) => {
    expect(said(await train(of, { steps: 1 }))).toMatch(sentenceOf);
  });

  test('initial values that depend on data', async () => {
    const of = keep((batch, carried) =>
      D.map(([l]: readonly Expr[]) => ({ losses: l, carried }))(
        D.vmapDraw((x) => D.map((m: Expr) => [o.sum(o.square(o.sub(x, m)))])(D.fromScoped(Sc.parameter('m', [1], { init: P.from(o.batchMean(x)) }))))(batch), // biome-ignore format: one idea
      ),
    );
    expect(said(await train(of, { steps: 1 }))).toMatch(/m: an objective that carries arrays has no single event/);
  });

  test('a carried array that stops being finite is named, with its step', async () => {
    const of = keep(
      (batch, [a]) => D.map((w: Expr) => ({ losses: o.broadcastTo(w, [batch.shape[0]]), carried: [o.div(a, o.sub(3, trainingStep))] }))(weight), // biome-ignore format: one idea
      [{ name: 'a', initial: R.of(o.scalar(1)) }],
    );
    expect(said(await train(of, { steps: 10, stepsPerRun: 5, backend: onnx('cpu') }))).toBe(
      'a: what is carried stopped being finite at step 4; the parameters of step 0 are the last good ones',
    );
  });
});
