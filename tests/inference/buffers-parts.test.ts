/** Buffers of parts in use: training and evaluation, copies of parts, and parameters that start elsewhere. */
import { describe, expect, it } from 'vitest';
import { distribution } from '../../src/algebra/dist.ts';
import type { Exact } from '../../src/algebra/evidence.ts';
import { buffer, copied, evaluating, movingAverage } from '../../src/core/buffer.ts';
import * as D from '../../src/core/draw.ts';
import type { Expr } from '../../src/core/expr.ts';
import { onnx } from '../../src/core/interpreters/index.ts';
import * as o from '../../src/core/ops/index.ts';
import * as P from '../../src/core/parameters.ts';
import * as R from '../../src/core/random.ts';
import * as Sc from '../../src/core/scope.ts';
import { startingAt, startingFrom } from '../../src/core/starting.ts';
import { tensorOf, toNumbers } from '../../src/core/tensor.ts';
import { type Batch, fromRows, readRows, shuffled } from '../../src/data/index.ts';
import {
  adam,
  alternating,
  evaluate,
  type FitOptions,
  fit,
  lossOf,
  maximumLikelihood,
  place,
  run,
  sgd,
} from '../../src/inference/index.ts';
import { numbers, right, said, scalar } from './game-helpers.ts';

const backend = onnx('cpu', { threads: 1 });
type One = readonly [1];
const rows = fromRows(
  'rows',
  Float32Array.from({ length: 16 }, (_, i) => (i % 4) + 1),
  [1],
);
const plain = { data: rows, batchSize: 4, seed: 2, backend, optimizer: sgd({ learningRate: 0.5 }) };
const train = (objective: FitOptions<One>['objective'], steps: number, rest: Partial<FitOptions<One>> = {}) =>
  fit({ ...plain, objective, steps, ...rest })();
const constant = (x: number): { readonly initial: R.Random<Expr> } => ({ initial: R.of(o.scalar(x)) });

const rowsOf = async (index: number): Promise<Batch> => shuffled(rows).batch({ seed: 2, index, size: 4 });

/** N(m, 1) of data that are centred: by the batch's mean while training, by the running one else. */
const centred = distribution<One, Exact>({
  shape: [1],
  spec: { type: 'centred' },
  evidence: 'exact',
  logDensity: (x) => (scope) => {
    const { now, become } = buffer('running', { initial: R.of(o.broadcastTo(0, [1])) })(scope);
    const mean = o.batchMean(x);
    const m = Sc.parameter('m', [1], { init: P.zeros })(scope);
    const z = o.sub(o.sub(x, scope.training ? mean : now), m);
    const l = o.sub(o.mul(-0.5, o.sum(o.square(z))), 0.5 * Math.log(2 * Math.PI));
    return D.of(become(o.add(o.mul(0.75, now), o.mul(0.25, mean)), l))(scope);
  },
  sample: (scope) => D.of(buffer('running', { initial: R.of(o.broadcastTo(0, [1])) })(scope).now)(scope),
});

describe('training and use', () => {
  it('differ where a layer says so: the batch’s statistics in one, the running ones in the other', async () => {
    const validation = { data: fromRows('held out', Float32Array.of(3, 5, 9), [1]), every: 2 };
    const optimizer = sgd({ learningRate: 1e-30 });
    const objective = maximumLikelihood(centred);
    const { parameters, history, last } = right(await train(objective, 6, { validation, optimizer, stepsPerRun: 2 }));
    const nats = (x: number, mean: number): number => 0.5 * (x - mean) ** 2 + 0.5 * Math.log(2 * Math.PI);
    let running = 0;
    const trained: number[] = [];
    for (let step = 0; step < 6; step++) {
      const { values } = await rowsOf(step);
      const mean = values.reduce((a, b) => a + b, 0) / 4;
      trained.push(values.reduce((s, x) => s + nats(x, mean) / 4, 0));
      running = 0.75 * running + 0.25 * mean;
      if (step % 2 === 0) continue;
      const h = history[(step - 1) / 2];
      expect(h.loss).toBeCloseTo((trained[step - 1] + trained[step]) / 2, 4);
      expect(h.validation).toBeCloseTo((nats(3, running) + nats(5, running) + nats(9, running)) / 3, 4);
    }
    expect(last.buffers?.running.data[0]).toBeCloseTo(running, 5);

    // The result is used as it is: densities, evaluation and samples read the buffer of the best state.
    const best = last.best?.buffers.running.data[0] ?? Number.NaN;
    expect(parameters.running.data[0]).toBe(best);
    const used = run(centred, parameters, backend);
    const x = tensorOf([2, 7], [2, 1]);
    (await used.logDensity(x)).data.forEach((l, i) => {
      expect(-l).toBeCloseTo(nats(x.data[i], best), 4);
    });
    const { nats: measured } = await evaluate(used, rows);
    const all = Array.from(
      readRows(
        rows,
        Int32Array.from({ length: 16 }, (_, i) => i),
      ),
    );
    expect(measured).toBeCloseTo(
      all.reduce((s, v) => s + nats(v, best) / 16, 0),
      4,
    );
    expect(Array.from((await used.sample(2, 0)).data)).toEqual([best, best]);
  });

  it('are the same for a part that is used while another is trained: it reads its buffers and moves none', async () => {
    const part: Sc.Scoped<(x: Expr) => Expr> = (scope) => (x) => {
      const { now, become } = buffer('b', constant(2))(scope);
      return become(o.add(now, 1), o.mul(scope.training ? 100 : 1, o.mul(now, o.sum(x))));
    };
    const objective = (of: typeof part) =>
      lossOf('part', [1] as const, (x) => (scope) => D.of(o.mul(scalar('w', 0)(scope), Sc.at('part', of)(scope)(o.mul(0.25, x))))(scope)); // biome-ignore format: one line
    const once = async (of: typeof part) =>
      right(await train(objective(of), 1, { data: fromRows('fours', new Float32Array(4).fill(4), [1]) })).parameters;
    const [trained, used] = [await once(part), await once(evaluating(part))];
    expect([trained['part/b'].data[0], trained.w.data[0]]).toEqual([3, -100]);
    expect([used['part/b'].data[0], used.w.data[0]]).toEqual([2, -1]);
  });
});

describe('copies', () => {
  const student: Sc.Scoped<Expr> = Sc.at('net', scalar('w', 1));
  /** loss = w w̄ with w̄ a copy: the gradient is the copy. */
  const against = (teacher: Sc.Scoped<Expr>) =>
    lossOf(
      'against',
      [1] as const,
      (x) => (scope) => D.of(o.add(o.mul(student(scope), teacher(scope)), o.mul(0, o.sum(x))))(scope),
    );

  it('keep the first value where nothing is said, and are no parameter', async () => {
    const { parameters, last } = right(await train(against(copied({ name: 'target' })(student)), 5));
    expect(last.buffers?.['target/net/w'].data[0]).toBe(1);
    expect(Object.keys(last.parameters)).toEqual(['net/w']);
    expect(parameters['net/w'].data[0]).toBe(1 - 5 * 0.5);
  });

  it.each([1, 3, 20])('follow as a moving average after each move (runs of %i steps)', async (stepsPerRun) => {
    const decay = 0.75;
    const teacher = movingAverage({ name: 'teacher', decay })(student);
    const { last } = right(await train(against(teacher), 9, { stepsPerRun }));
    let [w, average] = [1, 1];
    for (let t = 0; t < 9; t++) {
      w -= 0.5 * average;
      average = decay * average + (1 - decay) * w;
    }
    expect(last.parameters['net/w'].data[0]).toBeCloseTo(w, 5);
    expect(last.buffers?.['teacher/net/w'].data[0]).toBeCloseTo(average, 5);
  });

  it('follow by any rule, and start at what is given', async () => {
    const jump = copied({ name: 'target', next: (copy, w) => o.sub(o.mul(2, w), copy) })(student);
    const initial = { 'net/w': { ...tensorOf([3]), shape: [] } };
    const { last } = right(await train(against(jump), 4, { initial }));
    let [w, copy] = [3, 3];
    for (let t = 0; t < 4; t++) {
      w -= 0.5 * copy;
      copy = 2 * w - copy;
    }
    expect(numbers({ ...last.parameters, ...last.buffers }, ['net/w', 'target/net/w'])).toEqual([w, copy]);
  });

  it('of a whole distribution: evaluated and sampled by the names of the copy', async () => {
    const dist = distribution<One, Exact>({
      shape: [1],
      spec: { type: 'mean' },
      evidence: 'exact',
      logDensity: (x) => (scope) => D.of(o.mul(-0.5, o.sum(o.square(o.sub(x, Sc.parameter('m', [1], { init: P.zeros })(scope))))))(scope), // biome-ignore format: one line
      sample: (scope) => D.of(Sc.parameter('m', [1], { init: P.zeros })(scope))(scope),
    });
    const slow = { ...dist, sample: movingAverage({ name: 'slow', decay: 0.5 })(dist.sample) };
    const pulled = lossOf('pulled', [1] as const, (x) => (scope) => (c) => {
      const [l, next] = maximumLikelihood(dist).loss(x)(scope)(c);
      const [m, last] = slow.sample(scope)(next);
      return [o.add(l, o.mul(0, o.sum(m))), last];
    });
    const { parameters, last } = right(await train(pulled, 6));
    const sampled = Array.from((await run(slow, parameters, backend).sample(3, 0)).data);
    expect(sampled).toEqual(Array(3).fill(last.buffers?.['slow/m'].data[0]));
    expect(sampled[0]).not.toBe(last.parameters.m.data[0]);
    const evaluated = await run(dist, parameters, backend).logDensity(tensorOf([0], [1, 1]));
    expect(evaluated.data[0]).toBeCloseTo(-0.5 * last.parameters.m.data[0] ** 2, 5);
  });
});

describe('parameters that start elsewhere', () => {
  const still = { optimizer: sgd({ learningRate: 1e-30 }) };
  const parts = (student: Sc.Scoped<Expr>, teacher: Sc.Scoped<Expr>) =>
    lossOf('parts', [1] as const, (x) => (scope) => D.of(o.mul(o.sum(o.mul(student(scope), teacher(scope))), o.sum(x)))(scope)); // biome-ignore format: one line
  const at = (name: string): Sc.Scoped<Expr> => Sc.at(name, Sc.parameter('w', [2], { init: P.normalInit(1) }));
  const renamed = (name: string): string => name.replace('student', 'teacher');

  it('from arrays, renamed; the rest starts as it would', async () => {
    const arrays = { 'teacher/w': tensorOf([7, -8]), unused: tensorOf([1]) };
    const from = right(await train(parts(startingFrom(arrays, renamed)(at('student')), at('other')), 1, still)).parameters; // biome-ignore format: one line
    const plainly = right(await train(parts(at('student'), at('other')), 1, still)).parameters;
    expect(toNumbers(from['student/w'])).toEqual([7, -8]);
    expect(from['other/w']).toEqual(plainly['other/w']);
    expect(said(await train(parts(startingFrom(arrays)(at('student')), at('other')), 1))).toBe(
      "student/w: there is no array to start from (expected 'student/w' [2], got teacher/w, unused)",
    );
    expect(said(await train(parts(startingFrom({ 'student/w': tensorOf([1]) })(at('student')), at('other')), 1))).toBe(
      'student/w: the array to start from has another shape (expected [2], got [1])',
    );
  });

  it('at another place of the model, also where that is given, and then train on their own', async () => {
    const both = parts(startingAt(renamed)(at('student')), at('teacher'));
    const started = right(await train(both, 1, still)).parameters;
    expect(started['student/w']).toEqual(started['teacher/w']);
    const initial = { 'teacher/w': tensorOf([4, 5]) };
    const given = right(await train(both, 1, { ...still, initial })).parameters;
    expect(toNumbers(given['student/w'])).toEqual([4, 5]);
    const game = alternating(
      { player: { name: 'student', owns: place('student') }, objective: both },
      { player: { name: 'teacher', owns: place('teacher'), optimizer: adam() }, objective: both },
    );
    const moved = right(await train(game, 3)).parameters;
    expect(moved['student/w']).not.toEqual(moved['teacher/w']);
    expect(said(await train(parts(startingAt(() => 'nowhere')(at('student')), at('teacher')), 1))).toBe(
      'nowhere: a parameter starts from one that the model does not have',
    );
    const circle = startingAt((name) => (name === 'a/w' ? 'b/w' : 'a/w'));
    expect(said(await train(parts(circle(at('a')), circle(at('b'))), 1))).toMatch(
      /w: parameters start from each other in a circle/,
    );
  });
});
