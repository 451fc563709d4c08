/** The learning-rate sweep on losses whose descent is known. */
import * as E from 'fp-ts/lib/Either.js';
import { describe, expect, it, test } from 'vitest';
import * as D from '../../src/core/draw.ts';
import { type Failure, sentence } from '../../src/core/errors.ts';
import type { Expr } from '../../src/core/expr.ts';
import { reference } from '../../src/core/interpreters/index.ts';
import * as o from '../../src/core/ops/index.ts';
import * as P from '../../src/core/parameters.ts';
import * as Sc from '../../src/core/scope.ts';
import { fromRows } from '../../src/data/index.ts';
import {
  cosine,
  decayed,
  learningRateFinder,
  type Objective,
  type RateSweepOptions,
  sgd,
} from '../../src/inference/index.ts';

const right = <A>(r: E.Either<Failure, A>): A => {
  if (E.isLeft(r)) throw new Error(sentence(r.left));
  return r.right;
};

/** A loss of one number that starts at 1. */
const lossOf = (f: (w: Expr) => Expr): Objective<readonly [1]> => ({
  shape: [1],
  spec: { type: 'test' },
  evidence: 'none',
  loss: () => D.map((w: Expr) => f(o.reshape(w, [])))(D.fromScoped(Sc.parameter('w', [1], { init: P.constantly(1) }))),
});
const data = fromRows('nothing', new Float32Array(8), [1]);
const sweep = (f: (w: Expr) => Expr, options: Partial<RateSweepOptions<readonly [1]>> = {}) =>
  learningRateFinder({ objective: lossOf(f), data, batchSize: 2, optimizer: sgd(), backend: reference, ...options })();

describe('the learning-rate sweep', () => {
  const curvature = 8;
  const [from, to, steps] = [1e-3, 1e2, 100];
  const rate = (t: number): number => from * (to / from) ** (t / steps);

  // w ← (1 − r λ) w: descent falls most quickly under r = 1/λ and grows beyond 2/λ, whatever constant stands beside the loss.
  test.each([0, 10, -5])('stops a quadratic beyond 2/λ and suggests less (constant %i)', async (beside) => {
    const quadratic = (w: Expr): Expr => o.add(o.mul(curvature / 2, o.square(w)), beside);
    const { points, suggestion, ending } = right(await sweep(quadratic, { from, to, steps, smoothing: 0.5 }));
    let w = 1;
    let s = 0;
    points.forEach((p, t) => {
      expect(p.rate).toBeCloseTo(rate(t), 12);
      const loss = (curvature / 2) * w * w + beside;
      expect(Math.abs(p.loss - loss)).toBeLessThan(1e-4 * Math.max(1, Math.abs(loss)));
      s = 0.5 * s + 0.5 * p.loss;
      expect(p.smoothed).toBeCloseTo(s / (1 - 0.5 ** (t + 1)), 6);
      w *= 1 - rate(t) * curvature;
    });
    expect(ending).toBe('diverged');
    expect(points.length).toBeLessThan(steps);
    expect(points[points.length - 1].rate).toBeGreaterThan(2 / curvature);
    expect(suggestion).toBeGreaterThan(from);
    expect(suggestion).toBeLessThan(2 / curvature);
    // It ended at the first step that was over the limit.
    const limit = (k: number): boolean => {
      const known = points.slice(0, k).map((p) => p.smoothed);
      const best = Math.min(...known);
      return known[k - 1] - best > 3 * Math.max(Math.abs(best), known[0] - best);
    };
    expect(points.map((_, i) => limit(i + 1)).indexOf(true)).toBe(points.length - 1);
  });

  it('keeps the optimiser’s transformations, not its schedule', async () => {
    // A flat loss moves nothing by itself: decay alone shrinks w, by 1 − rate at each step.
    const flat = (w: Expr): Expr => o.add(o.stopGradient(w), o.mul(0, w));
    const optimizer = decayed({ rate: 1 })(sgd({ learningRate: cosine(5, 10) }));
    const { points, suggestion, ending } = right(await sweep(flat, { optimizer, from: 1e-3, to: 0.5, steps: 20 }));
    let w = 1;
    for (const p of points) {
      expect(p.loss).toBeCloseTo(w, 5);
      w *= 1 - p.rate;
    }
    expect([points.length, ending]).toEqual([20, 'finished']);
    expect(suggestion).toBeDefined();
  });

  it('takes a loss that is not finite for the end', async () => {
    // Descent on log w takes w below zero.
    const { points, ending } = right(await sweep(o.log, { from: 1e-2, to: 10, steps: 50 }));
    expect(ending).toBe('diverged');
    expect(points.length).toBeGreaterThan(3);
    expect(points.every((p) => Number.isFinite(p.loss))).toBe(true);
  });

  it('does not take the recovery from a rise for the steepest fall', async () => {
    // w grows by the rate at each step: the loss falls slowly, jumps where w passes 2, falls quickly from there, and never gets as low again.
    const spike = (w: Expr): Expr =>
      o.add(o.neg(w), o.stopGradient(o.where(o.less(w, 2), 0, o.max(4, o.sub(5, o.mul(6, o.sub(w, 2)))))));
    const range = { from: 0.05, to: 0.2, steps: 40, smoothing: 0 };
    const { points, suggestion } = right(await sweep(spike, range));
    const jump = points.findIndex((p, i) => i > 0 && p.loss > points[i - 1].loss);
    const falls = points.slice(1).map((p, i) => points[i].loss - p.loss);
    expect(jump).toBeGreaterThan(0);
    expect(falls.indexOf(Math.max(...falls))).toBeGreaterThanOrEqual(jump);
    expect(suggestion).toBeLessThan(points[jump].rate);
  });

  it('suggests nothing where the loss never falls', async () => {
    const { suggestion, ending } = right(await sweep((w) => o.mul(0, w), { steps: 5 }));
    expect([suggestion, ending]).toEqual([undefined, 'finished']);
  });

  it('can be interrupted', async () => {
    const { points, ending } = right(await sweep(o.square, { signal: AbortSignal.abort() }));
    expect([points, ending]).toEqual([[], 'interrupted']);
  });

  it('says what cannot be swept', async () => {
    const { withRate: _, ...without } = sgd();
    expect(await sweep(o.square, { optimizer: without })).toMatchObject({
      left: { _tag: 'ArgumentError', message: 'the optimiser has no learning rate' },
    });
    expect(await sweep(o.square, { smoothing: 1 })).toMatchObject({ left: { _tag: 'ArgumentError' } });
    expect(await sweep(o.square, { from: 0 })).toMatchObject({ left: { message: 'both ends must be positive' } });
    expect(await sweep((w) => o.log(o.neg(w)))).toMatchObject({ left: { _tag: 'NonFiniteError' } });
  });
});
