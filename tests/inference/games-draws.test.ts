/** What each move of a game sees: batches and noise of its own, shared draws, weights, several batches to a gradient. */
import { describe, expect, it } from 'vitest';
import * as D from '../../src/core/draw.ts';
import type { Expr } from '../../src/core/expr.ts';
import { onnx } from '../../src/core/interpreters/index.ts';
import * as o from '../../src/core/ops/index.ts';
import * as R from '../../src/core/random.ts';
import { childSeed, fromRows, type Source, shuffled, source, withWeights } from '../../src/data/index.ts';
import {
  accumulated,
  adam,
  alternating,
  type FitOptions,
  fit,
  type Move,
  sgd,
  simultaneous,
  type TrainingState,
} from '../../src/inference/index.ts';
import { bits, over, right, said } from './game-helpers.ts';

const backend = onnx('cpu', { threads: 1 });
type One = readonly [1];
const rows = fromRows(
  'rows',
  Float32Array.from({ length: 12 }, (_, i) => i * i - 20),
  [1],
);
const plain = { data: rows, batchSize: 4, seed: 7, backend, optimizer: sgd({ learningRate: 1 }) };
const train = (options: Omit<FitOptions<One>, keyof typeof plain> & Partial<FitOptions<One>>) =>
  fit({ ...plain, ...options })();

const noise = D.fromRandom(R.normal([1]));
/** d loss / d w is the sum of what a reader makes of event and noise. */
const reads = (w: string, f: (x: Expr, e: Expr) => Expr) =>
  over({ [w]: 0 }, (p, x) => D.map((e: Expr) => o.mul(p[w], o.sum(f(x, e))))(noise));
const readsNoise = (w: string) => reads(w, (_, e) => e);
const readsBatch = (w: string) => over({ [w]: 0 }, (p, x) => o.mul(p[w], o.sum(x)));
const move = (name: string, rest: Partial<Move<One>> & Pick<Move<One>, 'objective'>): Move<One> => ({
  player: { name },
  ...rest,
});

/** By how much parameters went down in each step. */
const falls = async (objective: FitOptions<One>['objective'], names: readonly string[], steps: number) => {
  const seen: number[][] = [names.map(() => 0)];
  const save = async ({ parameters }: TrainingState): Promise<void> => void seen.push(names.map((n) => parameters[n].data[0])); // biome-ignore format: one idea
  right(await train({ objective, steps, stepsPerRun: 1, checkpoint: { every: 1, save } }));
  return names.map((_, i) => seen.slice(1).map((now, k) => seen[k][i] - now[i]));
};
const meanOf = (xs: ArrayLike<number>): number => Array.from(xs).reduce((a, b) => a + b, 0) / xs.length;
const batch = (seed: number, index: number, size = 4): number => meanOf((shuffled(rows).batch({ seed, index, size }) as { values: Float32Array }).values); // biome-ignore format: one idea

describe.each([
  ['in order', alternating],
  ['at once', simultaneous],
] as const)('moves %s', (_, order) => {
  it('see noise of their own, the first that of an objective alone; a shared draw is the same', async () => {
    const game = order(
      move('a', { objective: readsNoise('a') }),
      move('b', { objective: readsNoise('b') }),
      move('c', { objective: readsNoise('c'), sharesDrawOf: 'b' }),
    );
    const [a, b, c] = await falls(game, ['a', 'b', 'c'], 4);
    const [alone] = await falls(readsNoise('a'), ['a'], 4);
    expect(a).toEqual(alone);
    b.forEach((x, i) => {
      expect(c[i]).toBeCloseTo(x, 6);
    });
    const all = [...a, ...b];
    expect(new Set(all).size).toBe(8);
    for (const x of all) expect(Math.abs(x)).toBeGreaterThan(0);
  });

  it('see batches of their own, functions of (seed, move, step)', async () => {
    const game = order(
      move('a', { objective: readsBatch('a') }),
      move('b', { objective: readsBatch('b') }),
      move('c', { objective: readsBatch('c'), sharesDrawOf: 'b' }),
    );
    const [a, b, c] = await falls(game, ['a', 'b', 'c'], 5);
    for (let k = 0; k < 5; k++) {
      expect(a[k]).toBeCloseTo(batch(7, k), 4);
      expect(b[k]).toBeCloseTo(batch(childSeed(7, 'b'), k), 4);
      expect(c[k]).toBeCloseTo(b[k], 4);
    }
  });
});

describe('draws', () => {
  it('come from the move’s own source', async () => {
    const counting = source({
      name: 'counting',
      shape: [1],
      batch: ({ index, size }) => ({ values: new Float32Array(size).fill(100 + index) }),
    });
    const game = alternating(
      move('a', { objective: readsBatch('a') }),
      move('b', { objective: readsBatch('b'), source: counting }),
    );
    const [a, b] = await falls(game, ['a', 'b'], 3);
    expect(b).toEqual([100, 101, 102]);
    expect(a[2]).toBeCloseTo(batch(7, 2), 4);
  });

  it('go on with the moves made, not with the steps: n of a move in a step are n steps of one', async () => {
    const objective = reads('w', (x, e) => o.add(x, o.mul(10, e)));
    for (const optimizer of [sgd({ learningRate: 0.1 }), adam({ learningRate: 0.1 })]) {
      const game = alternating({ player: { name: 'model', optimizer, average: 0.8 }, objective, times: 3 });
      for (const stepsPerRun of [1, 4]) {
        const many = right(await train({ objective: game, steps: 4, stepsPerRun })).last;
        const one = right(await train({ objective, optimizer, ema: 0.8, steps: 12 })).last;
        expect([bits(many.parameters), bits(many.average)]).toEqual([bits(one.parameters), bits(one.average)]);
      }
    }
  });

  it('of a count that depends on the step go on as well, wherever runs begin', async () => {
    const times = (step: number): number => (step < 3 ? 3 : step % 2);
    const game = alternating(
      move('critic', { objective: readsBatch('a'), times }),
      move('lazy', { objective: readsBatch('b'), times: (step) => (step % 3 === 0 ? 1 : 0) }),
      move('generator', { objective: readsNoise('c') }),
    );
    const [a, b] = await falls(game, ['a', 'b', 'c'], 8);
    let made = 0;
    let lazy = 0;
    for (let step = 0; step < 8; step++) {
      const n = times(step);
      const sum = Array.from({ length: n }, (_, j) => batch(7, made + j)).reduce((x, y) => x + y, 0);
      expect(a[step]).toBeCloseTo(sum, 3);
      expect(b[step]).toBeCloseTo(step % 3 === 0 ? batch(childSeed(7, 'lazy'), lazy++) : 0, 3);
      made += n;
    }
    const [at20, at1] = await Promise.all(
      [20, 1].map(async (stepsPerRun) => right(await train({ objective: game, steps: 8, stepsPerRun })).last),
    );
    expect(bits(at20.parameters)).toEqual(bits(at1.parameters));
    expect([made, lazy]).toEqual([12, 3]);
  });

  it('that are shared must have one shape', async () => {
    const other = over({ b: 0 }, (p) => D.map((e: Expr) => o.mul(p.b, o.sum(e)))(D.fromRandom(R.normal([2]))));
    const game = alternating(
      move('a', { objective: readsNoise('a') }),
      move('b', { objective: other, sharesDrawOf: 'a' }),
    );
    expect(said(await train({ objective: game, steps: 1 }))).toMatch(
      /noise.*: two moves that share a draw see arrays of different shapes/,
    );
  });
});

/** Batch i of a size holds rows i·size, i·size + 1, … of one sequence. */
const inOrder = (f: (i: number) => number): Source<One> =>
  source({
    name: 'in order',
    shape: [1],
    batch: ({ index, size }) => ({ values: Float32Array.from({ length: size }, (_, i) => f(index * size + i)) }),
  });

describe('several batches to a gradient', () => {
  const quadratic = over({ w: 3 }, ({ w }, x) => o.mul(0.5, o.square(o.sub(w, o.sum(x)))));
  const sequence = inOrder((i) => Math.sin(i * i));

  it.each([
    ['descent', sgd({ learningRate: 0.3 })],
    ['adam', adam({ learningRate: 0.3 })],
  ] as const)('make the steps of one that is so many times larger: %s', async (_, optimizer) => {
    const run = (of: typeof optimizer, batchSize: number, stepsPerRun = 3) =>
      train({ objective: quadratic, data: sequence, optimizer: of, batchSize, steps: 7, stepsPerRun });
    const once = right(await run(accumulated(3)(optimizer), 4)).last;
    const large = right(await run(optimizer, 12)).last;
    expect(once.parameters.w.data[0]).toBeCloseTo(large.parameters.w.data[0], 5);
    expect(once.parameters.w.data[0]).not.toBe(3);
    const single = right(await run(accumulated(3)(optimizer), 4, 1)).last;
    expect(bits(single.parameters)).toEqual(bits(once.parameters));
  });

  it('have noise of their own, and the loss that is told is the mean of theirs', async () => {
    const objective = over({ w: 0 }, (p) => D.map((e: Expr) => o.add(o.mul(p.w, o.sum(e)), o.sum(e)))(noise));
    const fallOf = async (optimizer: typeof plain.optimizer, steps: number) => {
      const { parameters, history } = right(await train({ objective, optimizer, steps, stepsPerRun: 1 }));
      return { fall: -parameters.w.data[0], first: history[0].loss };
    };
    const rate = sgd({ learningRate: 1 });
    const [one, four] = [await fallOf(accumulated(4)(rate), 1), await fallOf(rate, 4)];
    // The mean of four draws, against their sum.
    expect(one.fall).toBeCloseTo(four.fall / 4, 5);
    expect(one.first).toBeCloseTo(one.fall, 5);
  });
});

describe('weighted events', () => {
  const squares = over({ w: 1 }, ({ w }, x) => o.mul(w, o.sum(o.square(x))));

  it('count by their weights: Σ wᵢ ℓᵢ / size; those of weight 0 are padding', async () => {
    const padded: Source<One> = source({
      name: 'padded',
      shape: [1],
      weighted: true,
      batch: ({ size }) => ({
        values: Float32Array.from({ length: size }, (_, i) => (i < 2 ? i + 1 : 1e6)),
        weights: Float32Array.from({ length: size }, (_, i) => (i < 2 ? 2 : 0)),
      }),
    });
    const { parameters, history } = right(await train({ objective: squares, data: padded, steps: 1 }));
    const loss = (2 * 1 + 2 * 4) / 4;
    expect(parameters.w.data[0]).toBe(1 - loss);
    expect(history[0].loss).toBe(loss);
  });

  it('reach every repetition and microbatch, in any run', async () => {
    const weights = Float32Array.from({ length: 12 }, (_, i) => (i % 3 === 0 ? 0 : i));
    const from = withWeights(rows, weights);
    const optimizer = accumulated(2)(sgd({ learningRate: 1e-3 }));
    const game = alternating({ player: { name: 'p', optimizer }, objective: squares, times: 2 });
    const ends = await Promise.all(
      [1, 3].map(
        async (stepsPerRun) => right(await train({ objective: game, data: from, steps: 3, stepsPerRun })).last,
      ),
    );
    expect(bits(ends[0].parameters)).toEqual(bits(ends[1].parameters));
    let w = 1;
    for (let index = 0; index < 12; index++) {
      const { values, weights: each } = (await from.batch({ seed: 7, index, size: 4 })) as Required<Awaited<ReturnType<typeof from.batch>>>; // biome-ignore format: one idea
      w -= (1e-3 / 2) * meanOf(values.map((x, i) => each[i] * x * x));
    }
    expect(ends[0].parameters.w.data[0]).toBeCloseTo(w, 4);
  });

  it('are refused where a loss is of the whole batch', async () => {
    const whole = {
      shape: [1] as const,
      spec: { type: 'whole' },
      evidence: 'none' as const,
      batchLoss: (all: Expr) => D.map((l: Expr) => o.add(l, o.mul(0, o.mean(all))))(squares.loss(o.constant([1]))),
    };
    expect(
      said(await train({ objective: whole, data: withWeights(rows, new Float32Array(12).fill(1)), steps: 1 })),
    ).toBe('whole: a loss of a whole batch takes no weights of events');
  });
});
