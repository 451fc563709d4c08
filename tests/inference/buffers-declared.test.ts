/** Buffers where they are declared: first values, when a next value is taken, types, modes, copies and starts. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { dist } from '../../src/algebra/dist.ts';
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
  accumulated,
  adam,
  alternating,
  evaluate,
  type FitOptions,
  fit,
  loadCheckpoint,
  lossOf,
  maximumLikelihood,
  type Objective,
  place,
  run,
  saveCheckpoint,
  sgd,
  simultaneous,
} from '../../src/inference/index.ts';
import { bits, numbers, over, right, said, scalar } from './game-helpers.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'pushforward-declared-'));
afterAll(() => rmSync(folder, { recursive: true }));

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

/** loss = w, so that w is −t/2 after t steps; and buffers beside it. */
const beside = (declare: (w: Expr, x: Expr) => Sc.Scoped<(value: Expr) => Expr>): Objective<One> =>
  lossOf('beside', [1] as const, (x) => (scope) => {
    const w = scalar('w', 0)(scope);
    return D.of(declare(w, x)(scope)(w))(scope);
  });
const wAt = (t: number): number => -t / 2;

describe('a first value', () => {
  const still = (options: Parameters<typeof buffer>[1], name = 'b') =>
    beside(() => (scope) => {
      const { now, become } = buffer(name, options)(scope);
      return (value) => become(now, value);
    });
  const first = async (objective: Objective<One>, seed = 2, name = 'b') =>
    right(await train(objective, 1, { seed })).parameters[name];

  it('is a constant, or noise that depends on the seed and on the place', async () => {
    expect(toNumbers(await first(still(constant(0.75))))).toEqual([0.75]);
    const noisy = still({ initial: R.normal([3]) });
    const [a, again, other] = [await first(noisy), await first(noisy), await first(noisy, 3)];
    expect(again).toEqual(a);
    expect(other).not.toEqual(a);
    const elsewhere = await first(still({ initial: R.normal([3]) }, 'elsewhere'), 2, 'elsewhere');
    expect(elsewhere).not.toEqual(a);
    for (const t of [a, other, elsewhere]) expect(new Set(toNumbers(t)).size).toBe(3);
  });

  it('is of the first batch, through batchMean', async () => {
    const objective = beside((_, x) => (scope) => {
      const { now, become } = buffer('b', { initial: R.of(o.batchMean(o.sum(o.square(x)))) })(scope);
      return (value) => become(now, value);
    });
    const { values } = await rowsOf(0);
    const mean = values.reduce((s, x) => s + x * x, 0) / 4;
    expect((await first(objective)).data[0]).toBeCloseTo(mean, 5);
  });

  it('is a parameter’s own first value, and what is given for that', async () => {
    const objective = lossOf('twins', [1] as const, (x) => (scope) => {
      const w = Sc.parameter('w', [2], { init: P.normalInit(1) })(scope);
      const { now, become } = buffer('b', { initial: (c) => [o.mul(10, w), c] })(scope);
      return D.of(become(now, o.mul(o.sum(w), o.sum(x))))(scope);
    });
    const still = { optimizer: sgd({ learningRate: 1e-30 }) };
    const { w, b } = right(await train(objective, 1, still)).parameters;
    toNumbers(b).forEach((x, i) => {
      expect(x).toBeCloseTo(10 * w.data[i], 5);
    });
    const initial = { w: tensorOf([2, -3]) };
    const given = right(await train(objective, 1, { ...still, initial })).parameters;
    expect([toNumbers(given.w), toNumbers(given.b)]).toEqual([[2, -3], [20, -30]]); // biome-ignore format: two
    const both = { ...initial, b: tensorOf([5, 6]) };
    expect(toNumbers(right(await train(objective, 1, { ...still, initial: both })).parameters.b)).toEqual([5, 6]);
  });

  it('must not depend on single examples', async () => {
    const objective = beside((_, x) => (scope) => {
      const { now, become } = buffer('b', { initial: R.of(o.sum(x)) })(scope);
      return (value) => become(now, value);
    });
    expect(said(await train(objective, 1))).toBe(
      'b: the initial value depends on single examples: reduce them with batchMean',
    );
  });
});

const rowsOf = async (index: number): Promise<Batch> => shuffled(rows).batch({ seed: 2, index, size: 4 });

describe('a next value', () => {
  const following = (after?: true | string, name = 'b'): Objective<One> =>
    beside((w) => (scope) => {
      const { now, become } = buffer(name, { ...constant(0), ...(after === undefined ? {} : { after }) })(scope);
      return (value) => become(o.add(o.mul(0.5, now), w), value);
    });
  /** b ← b/2 + w(t + ahead) over t = 0, 1, … */
  const reference = (steps: number, ahead: number): number =>
    Array.from({ length: steps }, (_, t) => wAt(t + ahead)).reduce((b, w) => 0.5 * b + w, 0);

  it.each([1, 4])('reads parameters before its move, or after it (runs of %i steps)', async (stepsPerRun) => {
    const at = async (after?: true | string): Promise<number> => right(await train(following(after), 6, { stepsPerRun })).parameters.b.data[0]; // biome-ignore format: one idea
    expect(await at()).toBe(reference(6, 0));
    expect(await at(true)).toBe(reference(6, 1));
    expect(await at('model')).toBe(reference(6, 1));
  });

  it('reads them after a move of the game by name, made before or after in the step', async () => {
    const other = over({ v: 0 }, ({ v }, x) => o.add(v, o.mul(0, o.sum(x))));
    const reading = (after?: true | string) =>
      lossOf('reading', [1] as const, (x) => (scope) => {
        const v = Sc.detached(scalar('v', 0))(scope);
        const { now, become } = buffer('b', { ...constant(0), ...(after === undefined ? {} : { after }) })(scope);
        return D.of(become(o.add(o.mul(0.5, now), v), o.add(scalar('w', 0)(scope), o.mul(0, o.sum(x)))))(scope);
      });
    const moves = (after?: true | string) =>
      [
        { player: { name: 'mine' }, objective: reading(after) },
        { player: { name: 'other' }, objective: other },
      ] as const;
    const at = async (game: FitOptions<One>['objective']): Promise<number> => right(await train(game, 5, { stepsPerRun: 2 })).parameters.b.data[0]; // biome-ignore format: one idea
    for (const order of [alternating, simultaneous]) {
      // `other` moves v after this move: only who waits for it sees the step's new v; at once, so does who waits for itself.
      expect(await at(order(...moves()))).toBe(reference(5, 0));
      expect(await at(order(...moves('other')))).toBe(reference(5, 1));
      expect(await at(order(...moves(true)))).toBe(reference(5, order === alternating ? 0 : 1));
    }
    // And where `other` is made first, everyone but a move at once has seen it.
    const reversed = (after?: true | string) => [...moves(after)].reverse();
    for (const after of [undefined, 'other', true] as const)
      expect(await at(alternating(...reversed(after)))).toBe(reference(5, 1));
    // What waits for a move that a step does not make stays as it is.
    const [mine, second] = moves('other');
    const lazy = alternating(mine, { ...second, times: (step) => (step === 1 ? 1 : 0) });
    expect(await at(lazy)).toBe(wAt(1));
    expect(said(await train(alternating(mine, { ...second, name: 'else' }), 1))).toBe(
      'other: a buffer waits for a move that the game does not have (expected mine, else, got other)',
    );
    expect(said(await train(alternating({ ...mine, times: 2 }, second), 1))).toBe(
      "mine: a move that is made several times in a step cannot wait for 'other'",
    );
  });

  it('is taken at every repetition of a move and at every batch of a gradient', async () => {
    const counting = beside((_, x) => (scope) => {
      const { now, become } = buffer('n', constant(0))(scope);
      return (value) => become(o.add(now, o.add(1, o.mul(0, o.batchMean(o.sum(x))))), value);
    });
    const counted = async (game: FitOptions<One>['objective'], rest: Partial<FitOptions<One>> = {}) => right(await train(game, 4, rest)).parameters.n.data[0]; // biome-ignore format: one idea
    expect(await counted(alternating({ player: { name: 'p' }, objective: counting, times: 3 }))).toBe(12);
    expect(await counted(counting, { optimizer: accumulated(5)(plain.optimizer) })).toBe(20);
    const both = alternating({
      player: { name: 'p', optimizer: accumulated(2)(plain.optimizer) },
      objective: counting,
      times: 3,
    });
    expect(await counted(both)).toBe(24);
    const late = (next: (w: Expr, x: Expr) => Expr) =>
      beside((w, x) => (scope) => {
        const { become } = buffer('n', { ...constant(0), after: true })(scope);
        return (value) => become(next(w, x), value);
      });
    expect(await counted(late((w) => w), { optimizer: accumulated(5)(plain.optimizer) })).toBe(wAt(4)); // biome-ignore format: one call
    expect(
      said(
        await train(
          late((_, x) => o.batchMean(o.sum(x))),
          1,
          { optimizer: accumulated(5)(plain.optimizer) },
        ),
      ),
    ).toMatch(
      // biome-ignore format: one call
      /^n: a buffer that reads parameters after the move sees no batch where gradients are averaged over several/,
    );
  });

  it('is of any type: counts and flags', async () => {
    const objective = beside(() => (scope) => {
      const count = buffer('count', { initial: R.of(o.scalar(40, 'int32')) })(scope);
      const odd = buffer('odd', { initial: R.of(o.scalar(0, 'bool')) })(scope);
      return (value) => count.become(o.add(count.now, 1), odd.become(o.not(odd.now), value));
    });
    const { parameters, last } = right(await train(objective, 7, { stepsPerRun: 3 }));
    expect(parameters.count).toEqual({ shape: [], type: 'int32', data: Int32Array.of(47) });
    expect(parameters.odd).toEqual({ shape: [], type: 'bool', data: Uint8Array.of(1) });
    const file = path.join(folder, 'types.safetensors');
    right(await saveCheckpoint(file, { state: last, spec: { type: 'test' } })());
    const { state } = right(await loadCheckpoint(file)());
    expect(bits(state.buffers)).toEqual(bits(last.buffers));
    const [on, straight] = [
      right(await train(objective, 10, { resume: state, stepsPerRun: 3 })),
      right(await train(objective, 10)),
    ];
    expect(bits(on.parameters)).toEqual(bits(straight.parameters));
  });

  it('must not depend on single examples: refused with its place', async () => {
    const inner: Sc.Scoped<(x: Expr) => (value: Expr) => Expr> = (scope) => (x) => (value) => {
      const { become } = buffer('mean', constant(0))(scope);
      return become(o.sum(x), value);
    };
    const objective = beside((_, x) => (scope) => Sc.at('encoder', Sc.at('norm', inner))(scope)(x));
    expect(said(await train(objective, 1))).toBe(
      'encoder/norm/mean: the next value of a buffer depends on single examples: reduce it with batchMean',
    );
  });
});

/** N(m, 1) of data that are centred: by the batch's mean while training, by the running one else. */
const centred = dist<One, Exact>({
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

  it('of a whole law: evaluated and sampled by the names of the copy', async () => {
    const law = dist<One, Exact>({
      shape: [1],
      spec: { type: 'mean' },
      evidence: 'exact',
      logDensity: (x) => (scope) => D.of(o.mul(-0.5, o.sum(o.square(o.sub(x, Sc.parameter('m', [1], { init: P.zeros })(scope))))))(scope), // biome-ignore format: one line
      sample: (scope) => D.of(Sc.parameter('m', [1], { init: P.zeros })(scope))(scope),
    });
    const slow = { ...law, sample: movingAverage({ name: 'slow', decay: 0.5 })(law.sample) };
    const pulled = lossOf('pulled', [1] as const, (x) => (scope) => (c) => {
      const [l, next] = maximumLikelihood(law).loss(x)(scope)(c);
      const [m, last] = slow.sample(scope)(next);
      return [o.add(l, o.mul(0, o.sum(m))), last];
    });
    const { parameters, last } = right(await train(pulled, 6));
    const sampled = Array.from((await run(slow, parameters, backend).sample(3, 0)).data);
    expect(sampled).toEqual(Array(3).fill(last.buffers?.['slow/m'].data[0]));
    expect(sampled[0]).not.toBe(last.parameters.m.data[0]);
    const evaluated = await run(law, parameters, backend).logDensity(tensorOf([0], [1, 1]));
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
