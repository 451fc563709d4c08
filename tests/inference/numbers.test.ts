/** A number is one call: `value` agrees with closed forms and with `run`; `run` takes nested arrays and knows facts; mistakes are sentences. */

import fc from 'fast-check';
import { pipe } from 'fp-ts/lib/function.js';
import { describe, expect, test } from 'vitest';
import { parameters } from '../../src/core/index.ts';
import {
  adam,
  affine,
  cauchy,
  draw,
  type Expr,
  exponential,
  fit,
  hmc,
  kl,
  mixture,
  named,
  normal,
  ops,
  pushforward,
  random,
  realNVP,
  reference,
  run,
  scope,
  sgd,
  standardNormal,
  toNested,
  toNumbers,
  value,
} from '../../src/index.ts';

const options = { seed: Number(process.env.LAW_SEED ?? 33), numRuns: 60 };
const real = fc.double({ min: -4, max: 4, noNaN: true });
const positive = fc.double({ min: 0.1, max: 4, noNaN: true });

describe('value', () => {
  test('of a divergence of normals is its closed form', () => {
    fc.assert(
      fc.property(real, positive, real, positive, (m, s, n, t) => {
        const got = value(kl(normal([1], { loc: m, scale: s }), normal([1], { loc: n, scale: t })));
        const expected = Math.log(t / s) + (s * s + (m - n) ** 2) / (2 * t * t) - 0.5;
        expect(got).toBeCloseTo(expected, 9);
      }),
      options,
    );
  });

  test('has the structure of what it is given, and the shape of each expression', () => {
    const x = ops.array([
      [1, 2],
      [3, 4],
    ]);
    expect(value({ a: ops.sum(x), b: [x, 7], c: { less: ops.less(x, 2.5) } })).toEqual({
      a: 10,
      b: [[[1, 2], [3, 4]], 7], // biome-ignore format: a matrix
      c: { less: [[1, 1], [0, 0]] }, // biome-ignore format: a matrix
    });
    expect(value(normal([]).cdf(0))).toBe(0.5);
    expect(value(normal([2]).cdf(0))).toEqual([0.5, 0.5]);
    expect(value(standardNormal([2]).quantile([0.5, 0.5]))).toEqual([0, 0]);
    expect(value(exponential([2], { rate: [1, 2] }).mean)).toEqual([1, 0.5]);
  });

  test('of a draw is the first sample that `run` draws at the seed', async () => {
    const dist = pipe(normal([3], { loc: [1, 2, 3] }), pushforward(affine()));
    const { values, logDensity } = await run(dist, { '0.affine/shift': [0, 0, 0], '0.affine/logScale': [0, 0, 0] }, reference).sampleAndLogDensity(4, 5); // biome-ignore format: one call
    const got = value(dist.sampleAndLogDensity, { seed: 5 });
    expect(got.value).toEqual(toNumbers(values).slice(0, 3));
    expect(got.logDensity).toBe(toNumbers(logDensity)[0]);
  });

  test('reads parameters as they start, or as they are given', () => {
    const w = draw.fromScoped(scope.parameter('w', [2], { init: parameters.constantly(3) }));
    expect(value(w)).toEqual([3, 3]);
    expect(value(w, { parameters: { w: [1, 2], other: 4 } })).toEqual([1, 2]);
    expect(value({ a: w, twice: draw.map((e: Expr) => ops.mul(2, e))(w) }, { parameters: { w: [1, 2] } })).toEqual({ a: [1, 2], twice: [2, 4] }); // biome-ignore format: one idea
    expect(() => value(w, { parameters: { v: [1, 2] } })).toThrow(
      /^w: value: nothing is given for this parameter \(got values of v\)$/,
    );
    const flow = realNVP([2], { layers: 1, hidden: [4] });
    expect(value(flow.logDensity([0.1, 0.2]))).toBeCloseTo(value(standardNormal([2]).logDensity([0.1, 0.2])) as unknown as number, 12); // biome-ignore format: one idea
  });

  test('draws the parts of a record apart', () => {
    const e = draw.fromRandom(random.normal([]));
    const { a, b } = value({ a: e, b: e }, { seed: 0 }) as unknown as { a: number; b: number };
    expect(a).not.toBe(b);
  });

  test.each<[string, () => unknown, RegExp]>([
    ['free inputs', () => value(ops.add(ops.input('x', []), ops.input('y', []))), /free inputs has no value \(expected none, got x, y\)$/], // biome-ignore format: a table
    ['noise without a seed', () => value(normal([2]).sample), /say which by a seed \(expected \{ seed: 0 \}/],
    ['an estimate without a seed', () => value(kl(mixture({ logits: [0, 0], components: [normal([1]), normal([1], { loc: 1 })] }), normal([1]))), /by a seed/], // biome-ignore format: a table
    ['a seed that is none', () => value(normal([2]).sample, { seed: 0.5 }), /a seed is an integer \(got 0.5\)/],
    [
      'a mistyped option',
      () => value(normal([2]).sample, { sede: 1 } as never),
      /unknown option 'sede'; did you mean 'seed'\?/,
    ],
    ['no expression', () => value({ a: 'word' }), /^value\/a: there is no number in this .* got a string\)$/],
    ['another shape', () => normal([2]).logDensity([0.1]), /^normal: the event has another shape \(expected \[2\], got \[1\]\)$/], // biome-ignore format: a table
  ])('refuses %s', (_, f, message) => {
    expect(f).toThrow(message);
  });
});

describe('run', () => {
  const dist = normal([2], { loc: [1, -2], scale: 0.5 });

  test('takes nested arrays, and gives what it gives for tensors', async () => {
    const running = run(dist, {}, reference);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(real, real), { minLength: 1, maxLength: 5 }), async (rows) => {
        const logs = toNumbers(await running.logDensity(rows));
        rows.forEach((row, i) => expect(logs[i]).toBe(value(dist.logDensity(row))));
        expect((await running.score(rows)).shape).toEqual([rows.length, 2]);
        const chances = toNested(await running.cdf(rows));
        expect(chances).toEqual(rows.map((row) => value(dist.cdf(row))));
      }),
      { ...options, numRuns: 10 },
    );
  });

  test('knows facts, and says which it does not know', async () => {
    const running = run(dist);
    expect(toNested(await running.mean())).toEqual([1, -2]);
    expect(toNested(await running.variance())).toEqual([0.25, 0.25]);
    expect(toNested(await running.entropy())).toBeCloseTo(1 + Math.log(2 * Math.PI) + 2 * Math.log(0.5), 5);
    expect(toNested(await running.quantile([[0.5, 0.5]]))).toEqual([[1, -2]]);
    const heavy = run(cauchy([1]), {}, reference);
    expect(toNested(await heavy.cdf([[0]]))).toEqual([[0.5]]);
    // @ts-expect-error: a Cauchy distribution has no mean, and its type says so
    await expect(heavy.mean()).rejects.toThrow(/^cauchy: its mean is not known in closed form \(expected one of .*cdf/);
    expect(toNested(await run(named('a')(dist), {}, reference).mean())).toEqual([1, -2]);
  });

  test.each<[string, () => Promise<unknown>, RegExp]>([
    ['sample(-1)', () => run(dist).sample(-1), /^sample: the number of samples must be 1, 2, 3, … \(got -1\)$/],
    ['sample(1.5)', () => run(dist).sample(1.5), /must be 1, 2, 3, … \(got 1.5\)$/],
    ['sample of an array', () => run(dist).sample([3] as never), /must be 1, 2, 3, … \(got an array\)$/],
    ['a seed of 0.5', () => run(dist).sample(1, 0.5), /a seed is an integer \(got 0.5\)$/],
    ['one event', () => run(dist).logDensity([0, 0]), /^logDensity: events come in rows: put one event in an array \(expected \[n, 2\], got \[2\]\)$/], // biome-ignore format: a table
    [
      'rows of three',
      () => run(dist).score([[0, 0, 0]]),
      /^score: the rows do not fit \(expected \[n, 2\], got \[1, 3\]\)$/,
    ],
    ['no rows', () => run(dist).cdf([]), /^cdf: the rows do not fit/],
    ['a typed array', () => run(dist).encode(Float32Array.of(0, 0) as never), /tensorOf\(array, shape\)/],
    ['data that are rows', async () => { const r = await fit({ objective: { shape: [1], spec: { type: 'x' }, evidence: 'none', loss: () => draw.of(ops.scalar(0)) }, data: [[1]] as never, steps: 1 })(); throw new Error(r._tag === 'Left' ? r.left.message : 'none'); }, /data are a data set or a source of batches/], // biome-ignore format: a table
  ])('says what is wrong with %s', async (_, f, message) => {
    await expect(f()).rejects.toThrow(message);
  });
});

describe('mistyped options', () => {
  test.each<[string, () => unknown, RegExp]>([
    ['adam', () => adam({ lr: 1e-3 } as never), /^adam: unknown option 'lr'; did you mean 'learningRate'\?$/],
    ['sgd', () => sgd({ learningrate: 1 } as never), /^sgd: .*'learningRate'/],
    ['hmc', () => hmc({ stepsize: 0.1, steps: 3 } as never), /^hmc: .*'stepSize'/],
  ])('of %s', (_, f, message) => {
    expect(f).toThrow(message);
  });
  test('of fit', async () => {
    const r = await fit({ objective: undefined, data: undefined, step: 3 } as never)();
    expect(r).toMatchObject({ _tag: 'Left', left: { _tag: 'ArgumentError', path: 'fit', message: "unknown option 'step'; did you mean 'steps'?" } }); // biome-ignore format: one idea
  });
});
