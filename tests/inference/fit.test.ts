/** What fit gives back: where it starts, the best and the last, validation, patience. */
import { describe, expect, it } from 'vitest';
import * as D from '../../src/core/draw.ts';
import { onnx } from '../../src/core/interpreters/index.ts';
import * as o from '../../src/core/ops/index.ts';
import * as R from '../../src/core/random.ts';
import { tensorOf } from '../../src/core/tensor.ts';
import { fromRows } from '../../src/data/index.ts';
import {
  adam,
  type FitOptions,
  fit,
  type HistoryPoint,
  type Objective,
  sgd,
  type TrainingState,
  trainingStep,
  usedParameters,
} from '../../src/inference/index.ts';
import { bits, outcome, over, right, said } from './game-helpers.ts';

const backend = onnx('cpu', { threads: 1 });
type One = readonly [1];
const ones = fromRows('ones', new Float32Array(8).fill(1), [1]);
const plain = { data: ones, batchSize: 4, seed: 0, backend, optimizer: sgd({ learningRate: 0.5 }) };
const train = (objective: FitOptions<One>['objective'], steps: number, rest: Partial<FitOptions<One>> = {}) =>
  fit({ ...plain, objective, steps, ...rest })();

/** d loss / d w = 1: w is −t/2 after t steps. */
const falling = over({ w: 0 }, ({ w }, x) => o.mul(w, o.sum(x)));
/** (w + 1)², least after two steps. */
const dip = over({ w: 0 }, ({ w }, x) => o.add(o.square(o.add(w, 1)), o.mul(0, o.sum(x))));
const measuring = (objective: Objective<One>, every = 1) => ({ validation: { data: ones, every, objective } });
const wOf = (parameters: TrainingState['parameters']): number => parameters.w.data[0];
const scalarOf = (x: number) => ({ ...tensorOf([x]), shape: [] });

describe('where training starts', () => {
  it('is said by name; the rest starts as declared, and what nobody knows is refused', async () => {
    const two = over({ w: 0, v: 3 }, ({ w, v }, x) => o.mul(o.add(w, v), o.sum(x)));
    const { parameters } = right(await train(two, 2, { initial: { w: scalarOf(10) } }));
    expect([wOf(parameters), parameters.v.data[0]]).toEqual([9, 2]);
    expect(said(await train(two, 2, { initial: { u: scalarOf(10) } }))).toBe(
      'initial/u: the model has no parameter or buffer of this name',
    );
    expect(said(await train(two, 2, { initial: { w: tensorOf([1, 2]) } }))).toMatch(
      /^w: .*another shape \(expected \[\], got \[2\]\)/,
    );
  });

  it('is the result of another fit, best and all', async () => {
    const first = right(await train(falling, 4, measuring(dip)));
    const second = right(await train(falling, 1, { initial: first.parameters }));
    expect(wOf(second.parameters)).toBe(-1.5);
  });
});

describe('what comes back', () => {
  it('is the best that validation saw, with the last state beside it', async () => {
    const { parameters, last, history } = right(await train(falling, 6, measuring(dip)));
    expect(history.map((h) => h.validation)).toEqual([0.25, 0, 0.25, 1, 2.25, 4]);
    expect([wOf(parameters), wOf(last.parameters), last.step]).toEqual([-1, -3, 6]);
    expect(last.best).toMatchObject({ step: 2, value: 0 });
    expect(last.validations).toEqual(history.map(({ step, validation }) => ({ step, value: validation })));
    expect(bits(usedParameters(last))).toEqual(bits(parameters));
  });

  it('is the last without validation, and the average where one is kept', async () => {
    expect(wOf(right(await train(falling, 5)).parameters)).toBe(-2.5);
    const { parameters, last, history } = right(await train(falling, 8, { ema: 0.5, ...measuring(dip) }));
    const averages = Array.from({ length: 8 }, () => 0);
    for (let t = 0; t < 8; t++) averages[t] = 0.5 * (averages[t - 1] ?? 0) - 0.25 * (t + 1);
    history.forEach((h, t) => {
      expect(h.validation).toBeCloseTo((averages[t] + 1) ** 2, 6);
    });
    const best = averages.reduce((a, b) => (Math.abs(b + 1) < Math.abs(a + 1) ? b : a));
    expect(wOf(parameters)).toBeCloseTo(best, 6);
    expect(wOf(last.best?.parameters ?? {})).toBe(wOf(parameters));
    expect(last.average?.w.data[0]).toBeCloseTo(averages[7], 6);
    expect(wOf(last.parameters)).toBe(-4);
  });

  it('is never what validation could not measure', async () => {
    const from = (f: Parameters<typeof measuring>[0]) => train(falling, 6, measuring(f));
    // log(t − 3.5) is no number up to step 3, 1/(t − 5) infinite at 5: the finite ones count alone.
    const late = over({ w: 0 }, ({ w }, x) => o.add(o.log(o.sub(trainingStep, 3.5)), o.mul(0, o.mul(w, o.sum(x)))));
    const some = right(await from(late));
    expect(some.history.map((h) => Number.isFinite(h.validation))).toEqual([false, false, false, true, true, true]);
    expect([some.last.best?.step, wOf(some.parameters)]).toEqual([4, -2]);
    const hole = over({ w: 0 }, ({ w }, x) => o.sub(o.neg(o.div(1, o.sub(trainingStep, 5))), o.mul(0, o.mul(w, o.sum(x))))); // biome-ignore format: one idea
    const holed = right(await from(hole));
    expect(Number.isFinite(holed.history[4].validation)).toBe(false);
    expect(holed.last.best?.step).toBe(6);
    const never = over({ w: 0 }, ({ w }, x) => o.add(o.log(-1), o.mul(w, o.sum(x))));
    const none = right(await from(never));
    expect([none.last.best, wOf(none.parameters)]).toEqual([undefined, -3]);
    // Patience counts them as misses.
    const out = right(await train(falling, 9, { validation: { data: ones, every: 2, patience: 2, objective: never } }));
    expect([out.ending, out.step]).toEqual(['stopped early', 4]);
  });
});

describe('validation', () => {
  it('measures every row, once: 1,900 of them', async () => {
    const rows = Float32Array.from({ length: 1900 }, (_, i) => Math.sin(i * i) + (i >= 1000 ? 5 : 0));
    const data = fromRows('rows', rows, [1]);
    const square = over({ w: 0 }, ({ w }, x) => o.square(o.sub(w, o.sum(x))));
    const still = { optimizer: sgd({ learningRate: 1e-30 }) };
    const { history } = right(await train(square, 1, { ...still, validation: { data } }));
    const mean = rows.reduce((s, x) => s + x * x, 0) / 1900;
    expect(Math.abs((history[0].validation ?? 0) / mean - 1)).toBeLessThan(1e-6);
    // Each has noise of its own, the same at every validation, whatever the chunk it stands in.
    const noisy = over({ w: 0 }, ({ w }, x) =>
      D.map((e: Parameters<typeof o.sum>[0]) => o.add(o.mul(o.sum(x), o.sum(e)), o.mul(0, w)))(
        D.fromRandom(R.normal([1])),
      ),
    );
    const at = async (n: number): Promise<readonly HistoryPoint[]> =>
      right(
        await train(noisy, 2, {
          ...still,
          stepsPerRun: 1,
          validation: { data: fromRows('some', rows.slice(0, n), [1]), every: 1 },
        }),
      ).history;
    const sums = await Promise.all([1000, 1200, 1900].map(async (n) => ((await at(n))[1].validation ?? 0) * n));
    const [first, second] = (await at(1900)).map((h) => h.validation);
    expect(second).toBe(first);
    const alone = async (from: number, to: number, values = rows): Promise<number> => {
      const zeros = values.map((x, i) => (i >= from && i < to ? x : 0));
      const validation = { data: fromRows('part', zeros, [1]), every: 1 };
      return (right(await train(noisy, 1, { ...still, validation })).history[0].validation ?? 0) * 1900;
    };
    expect(sums[1] - sums[0]).toBeCloseTo(await alone(1000, 1200), 1);
    expect(sums[2] - sums[0]).toBeCloseTo(await alone(1000, 1900), 1);
    const same = new Float32Array(1900).fill(1);
    expect(Math.abs((await alone(0, 900, same)) - (await alone(1000, 1900, same)))).toBeGreaterThan(1);
  });

  it('comes every so many steps, whatever one run does, and at the end', async () => {
    for (const stepsPerRun of [1, 4, 20]) {
      const { history } = right(await train(falling, 10, { stepsPerRun, ...measuring(dip, 3) }));
      expect(history.flatMap((h) => (h.validation === undefined ? [] : [h.step]))).toEqual([3, 6, 9, 10]);
    }
    expect(said(await train(falling, 10, measuring(dip, 0)))).toMatch(
      /^validation\/every: .*must be positive \(got 0\)/,
    );
  });

  it('at an end before its time counts for the result, not for the run that goes on', async () => {
    // Due after 4; the end after 2 is the best.
    const first = right(await train(falling, 2, measuring(dip, 4)));
    expect([wOf(first.parameters), first.last.ended, first.last.best]).toEqual([-1, 0, undefined]);
    const better = right(
      await train(
        falling,
        6,
        measuring(
          over({ w: 0 }, ({ w }, x) => o.mul(w, o.sum(x))),
          4,
        ),
      ),
    );
    expect([wOf(better.parameters), better.last.ended, better.last.best?.step]).toEqual([-3, -3, 4]);
    const worse = right(await train(falling, 6, measuring(dip, 4)));
    expect([wOf(worse.parameters), worse.last.ended, worse.last.best?.step]).toEqual([-2, 4, 4]);
    expect(first.history[0].validation).toBe(0);
    const on = right(await train(falling, 6, { resume: first.last, ...measuring(dip, 4) }));
    expect(outcome(on)).toEqual(outcome(worse));
    // Nothing to do: the same state again.
    expect(outcome(right(await train(falling, 2, { resume: first.last, ...measuring(dip, 4) })))).toEqual(
      outcome(first),
    );
  });
});

describe('patience', () => {
  // A noisy valley: the validation loss goes down and up, with noise in what is trained.
  const noisy = over({ w: 3 }, ({ w }, x) =>
    D.map((e: Parameters<typeof o.sum>[0]) => o.mul(w, o.add(o.sum(x), o.mul(4, o.sum(e)))))(
      D.fromRandom(R.normal([1])),
    ),
  );
  const options = (stepsPerRun: number): Partial<FitOptions<One>> => ({
    stepsPerRun,
    optimizer: adam({ learningRate: 0.3 }),
    validation: { data: ones, every: 2, patience: 5, objective: dip },
  });

  it.each([1, 20])('ends a run that was stopped and resumed where it ends one that was not (runs of %i)', async (k) => {
    const straight = right(await train(noisy, 400, options(k)));
    expect(straight.ending).toBe('stopped early');
    expect(straight.step).toBeLessThan(400);
    const values = straight.last.validations?.map((v) => v.value) ?? [];
    const best = values.indexOf(Math.min(...values));
    expect([values.length - 1 - best, straight.last.best?.value]).toEqual([5, values[best]]);
    for (const stop of [1, 2, 7, straight.step - 5, straight.step - 1]) {
      const first = right(await train(noisy, stop, options(k)));
      const second = right(await train(noisy, 400, { ...options(k), resume: first.last }));
      expect(second.ending).toBe('stopped early');
      expect(outcome(second)).toEqual(outcome(straight));
    }
  });
});
