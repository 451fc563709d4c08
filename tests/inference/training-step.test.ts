/** The training step as a leaf of the loss: each step sees its own number, whatever the runs, the backend and the interruptions. */
import * as E from 'fp-ts/lib/Either.js';
import { describe, expect, test } from 'vitest';
import * as D from '../../src/core/draw.ts';
import { type Failure, sentence } from '../../src/core/errors.ts';
import type { Expr } from '../../src/core/expr.ts';
import { onnx, tfjs } from '../../src/core/interpreters/index.ts';
import * as o from '../../src/core/ops/index.ts';
import * as P from '../../src/core/parameters.ts';
import { normal } from '../../src/core/random.ts';
import * as Sc from '../../src/core/scope.ts';
import { tensorOf } from '../../src/core/tensor.ts';
import { fromRows } from '../../src/data/index.ts';
import {
  type FitOptions,
  fit,
  initialParameters,
  type Objective,
  rampUp,
  sgd,
  trainingStep,
} from '../../src/inference/index.ts';

const right = <A>(r: E.Either<Failure, A>): A => {
  if (E.isLeft(r)) throw new Error(sentence(r.left));
  return r.right;
};

const position = D.fromScoped(Sc.parameter('w', [1], { init: P.constantly(0) }));
const scalarLoss = (f: (w: Expr, x: Expr) => D.Draw<Expr>): Objective<readonly [1]> => ({
  shape: [1],
  spec: { type: 'test' },
  evidence: 'none',
  loss: (x) => D.chain((w: Expr) => D.map((l: Expr) => o.sum(l))(f(w, x)))(position),
});
const data = fromRows('ones', new Float32Array(20).fill(1), [1]);
const train = (options: Partial<FitOptions<readonly [1]>> & Pick<FitOptions<readonly [1]>, 'objective' | 'steps'>) =>
  fit({ data, optimizer: sgd({ learningRate: 1 }), batchSize: 4, ...options })().then(right);

// d loss / d w = t: with rate 1 plain gradient descent moves w by −t in step t.
const counted = scalarLoss((w) => D.of(o.mul(trainingStep, w)));

describe('the training step', () => {
  test.each([1, 3, 20])('is 0, 1, … whatever K (%i steps in one run)', async (stepsPerRun) => {
    const { parameters } = await train({ objective: counted, steps: 7, stepsPerRun });
    expect(parameters.w.data[0]).toBe(-(0 + 1 + 2 + 3 + 4 + 5 + 6));
  });

  test('on tfjs too', async () => {
    const { parameters } = await train({ objective: counted, steps: 5, backend: tfjs('cpu') });
    expect(parameters.w.data[0]).toBe(-10);
  });

  test('inside a loop, beside noise: resumed = not resumed, bit for bit', async () => {
    const objective = scalarLoss((w, x) =>
      D.map((e: Expr) => {
        const { carry } = o.scan({
          length: 3,
          init: [o.sub(w, x)],
          body: ([c]) => ({ carry: [o.add(o.mul(c, o.sub(1, rampUp(10))), o.mul(1e-2, e))] }),
        });
        return o.square(carry[0]);
      })(D.fromRandom(normal([1]))),
    );
    const options = { objective, optimizer: sgd({ learningRate: 0.1, momentum: 0.5 }), stepsPerRun: 4 };
    const straight = await train({ ...options, steps: 12 });
    const first = await train({ ...options, steps: 5 });
    const second = await train({ ...options, steps: 12, resume: first.last });
    expect([...second.parameters.w.data, ...second.last.slots.velocity.w.data]).toEqual([
      ...straight.parameters.w.data,
      ...straight.last.slots.velocity.w.data,
    ]);
    expect(first.parameters.w.data[0]).not.toBe(straight.parameters.w.data[0]);
  });

  test('validation sees the number of steps done', async () => {
    const { history } = await train({
      objective: scalarLoss((w) => D.of(o.add(trainingStep, o.mul(0, w)))),
      steps: 6,
      stepsPerRun: 2,
      validation: { data, every: 2 },
    });
    expect(history.map((h) => h.validation)).toEqual([2, 4, 6]);
    expect(history.map((h) => h.loss)).toEqual([0.5, 2.5, 4.5]);
  });

  test('initialisation from data sees 0, and a loss that stops being finite is located', async () => {
    const started = scalarLoss((_, x) =>
      D.map((m: Expr) => o.square(o.sub(m, x)))(
        D.fromScoped(Sc.parameter('m', [1], { init: P.from(o.batchMean(o.add(x, trainingStep))) })),
      ),
    );
    const { m } = await initialParameters(started, 0, tensorOf([1, 3], [2, 1]), onnx('cpu'));
    expect(m.data[0]).toBe(2);
    const bad = scalarLoss((w) => D.at('layer', D.labelled(o.log(o.sub(o.add(3, o.mul(0, w)), trainingStep)))));
    const failed = await fit({ objective: bad, data, steps: 10, batchSize: 4, stepsPerRun: 5, backend: onnx('cpu') })();
    if (E.isRight(failed)) throw new Error('it was not refused');
    expect(sentence(failed.left)).toMatch(/^layer: the loss stopped being finite at step 4;/);
  });
});

describe('rampUp', () => {
  test('rises from 0 to 1 in a number of steps', async () => {
    const { history } = await train({
      objective: scalarLoss((w) => D.of(o.add(rampUp(4), o.mul(0, w)))),
      steps: 7,
      stepsPerRun: 1,
    });
    expect(history.map((h) => h.loss)).toEqual([0, 0.25, 0.5, 0.75, 1, 1, 1]);
    expect(() => rampUp(0)).toThrow(/rampUp: the number of steps must be positive \(got 0\)/);
  });
});
