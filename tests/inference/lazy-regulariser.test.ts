/** A regulariser that only some steps compute, as a cond in the loss: K steps in one run are K runs of one step, bit for bit. */
import * as E from 'fp-ts/lib/Either.js';
import { expect, test } from 'vitest';
import { bodiesOf } from '../../src/core/bodies.ts';
import { grad } from '../../src/core/differentiate/index.ts';
import * as D from '../../src/core/draw.ts';
import { type Failure, sentence } from '../../src/core/errors.ts';
import { type Expr, topological } from '../../src/core/expr.ts';
import { tfjs } from '../../src/core/interpreters/index.ts';
import { prepareProgram } from '../../src/core/interpreters/onnx/index.ts';
import * as o from '../../src/core/ops/index.ts';
import * as P from '../../src/core/parameters.ts';
import { normal } from '../../src/core/random.ts';
import * as Sc from '../../src/core/scope.ts';
import { fromRows } from '../../src/data/index.ts';
import { adamW, type FitOptions, fit, type Objective, trainingStep } from '../../src/inference/index.ts';
import { trainingProgram } from '../../src/inference/training/program.ts';

const right = <A>(r: E.Either<Failure, A>): A => {
  if (E.isLeft(r)) throw new Error(sentence(r.left));
  return r.right;
};

/** t mod 16 = 0. */
const isDue = o.equal(o.sub(trainingStep, o.mul(16, o.floor(o.div(trainingStep, 16)))), 0);
const weights = D.fromScoped(Sc.parameter('w', [3, 3], { init: P.normalInit(0.5) }));
/** ‖∇ₓ Σ tanh(Wᵀ(x + ε))‖², a second derivative of the network in every step that computes it. */
const penalty = (w: Expr, x: Expr): D.Draw<Expr> =>
  D.map((e: Expr) => {
    const near = o.add(x, o.mul(0.1, e));
    return o.sum(o.square(grad(o.sum(o.tanh(o.vecmat(near, w))), [near])[0]));
  })(D.fromRandom(normal([3])));

type Choice = (w: Expr, x: Expr) => D.Draw<Expr>;
const lazily: Choice = (w, x) =>
  D.map(([p]: readonly Expr[]) => p)(
    D.condDraw(isDue, D.map((p: Expr): readonly Expr[] => [p])(penalty(w, x)), D.of([o.scalar(0)])),
  );
const eagerly: Choice = (w, x) => D.map((p: Expr) => o.where(isDue, p, 0))(D.forked(penalty(w, x)));
const never: Choice = () => D.of(o.scalar(0));

const objective = (choice: Choice): Objective<readonly [3]> => ({
  shape: [3],
  spec: { type: 'test' },
  evidence: 'none',
  loss: (x) =>
    D.chain((w: Expr) => D.map((p: Expr) => o.add(o.sum(o.square(o.sub(o.tanh(o.vecmat(x, w)), x))), p))(choice(w, x)))(
      weights,
    ),
});
const data = fromRows('waves', Float32Array.from({ length: 96 }, (_, i) => Math.sin(i)), [3]); // biome-ignore format: one idea
const optimizer = adamW({ learningRate: 1e-2 });
const train = async (choice: Choice, options: Partial<FitOptions<readonly [3]>> = {}): Promise<number[]> => {
  const state = right(await fit({ objective: objective(choice), data, optimizer, batchSize: 8, steps: 40, seed: 3, ...options })()); // biome-ignore format: one idea
  return Array.from(state.parameters.w.data);
};

test('one step in a run and twenty are the same bits; so are other backends, up to rounding', async () => {
  const one = await train(lazily, { stepsPerRun: 1 });
  expect(await train(lazily, { stepsPerRun: 20 })).toEqual(one);
  const elsewhere = await train(lazily, { backend: tfjs('cpu'), stepsPerRun: 20 });
  elsewhere.forEach((v, i) => {
    expect(v).toBeCloseTo(one[i], 4);
  });
});

test('the numbers are those of a penalty that is computed in every step and used in every sixteenth', async () => {
  const [lazy, eager, none] = [await train(lazily), await train(eagerly), await train(never)];
  lazy.forEach((v, i) => {
    expect(v).toBeCloseTo(eager[i], 5);
  });
  expect(Math.max(...lazy.map((v, i) => Math.abs(v - none[i])))).toBeGreaterThan(1e-3);
});

test('the program of twenty steps has the penalty and its gradient in one cond, in its loop', () => {
  const { program } = trainingProgram({ objective: objective(lazily), optimizer, batchSize: 8, steps: 20 });
  const loops = topological(prepareProgram(program).outputs).filter((e) => e.op === 'scan');
  expect(loops).toHaveLength(1);
  const body = topological(bodiesOf(loops[0])[0].results);
  const conds = body.filter((e) => e.op === 'cond');
  expect(conds).toHaveLength(1);
  const tanhs = (es: readonly Expr[]): number => es.filter((e) => e.op === 'tanh').length;
  const [then, otherwise] = bodiesOf(conds[0]).map((f) => tanhs(topological(f.results)));
  // One of the loss in every step, one of the penalty in the branch.
  expect([tanhs(body), then, otherwise]).toEqual([1, 1, 0]);
});
