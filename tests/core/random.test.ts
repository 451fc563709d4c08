/** Random: lawful, and its noise depends on the place alone. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Expr, topological } from '../../src/core/expr.ts';
import { structuralHash } from '../../src/core/hash.ts';
import { evaluateProgram } from '../../src/core/interpreters/reference/index.ts';
import * as o from '../../src/core/ops/index.ts';
import { noiseFeeds, program } from '../../src/core/program.ts';
import * as R from '../../src/core/random.ts';
import { tensor, toNumbers } from '../../src/core/tensor.ts';
import { monadLaws } from './monad-laws.ts';

declare module 'fp-ts/HKT' {
  interface URItoKind<A> {
    readonly RandomUnderTest: R.Random<A>;
  }
}

type Effect = (x: Expr) => R.Random<Expr>;

/** Random programs of draws, forks and choices by value. */
const effects: fc.Arbitrary<Effect> = fc.letrec<{
  effect: Effect;
  leaf: Effect;
  pair: Effect;
  later: Effect;
  apart: Effect;
}>((tie) => ({
  effect: fc.oneof({ maxDepth: 3 }, tie('leaf'), tie('pair'), tie('later'), tie('apart')),
  leaf: fc.constantFrom<Effect>(
    R.of,
    () => R.normal([]),
    () => R.uniform([]),
    () => R.rademacher([]),
    (x) => R.map((e: Expr) => o.add(x, e))(R.normal([])),
  ),
  pair: fc.tuple(tie('effect'), tie('effect')).map(([a, b]): Effect => (x) => R.map(([u, v]: readonly [Expr, Expr]) => o.add(u, v))(R.both(a(x), b(x)))), // biome-ignore format: one idea
  later: fc.tuple(tie('effect'), tie('effect')).map(
    ([a, b]): Effect =>
      (x) =>
        R.chain(b)(a(x)),
  ),
  apart: tie('effect').map(
    (a): Effect =>
      (x) =>
        R.fork(a(x)),
  ),
})).effect;

const pathsOf = (outputs: readonly Expr[]): string[] =>
  topological(outputs).flatMap((e) => (e.op === 'noise' ? [e.attributes.path] : []));

const observe = (ra: R.Random<Expr>): string => {
  const [value, cursor] = ra(R.start());
  return JSON.stringify([structuralHash([value]), pathsOf([value]), cursor]);
};

describe('Random is a lawful monad', () => {
  const monad = {
    URI: 'RandomUnderTest' as const,
    of: R.of,
    map: <A, B>(fa: R.Random<A>, f: (a: A) => B): R.Random<B> => R.map(f)(fa),
    ap: <A, B>(fab: R.Random<(a: A) => B>, fa: R.Random<A>): R.Random<B> => R.ap(fa)(fab) as R.Random<B>,
    chain: <A, B>(fa: R.Random<A>, f: (a: A) => R.Random<B>): R.Random<B> => R.chain(f)(fa),
  };
  monadLaws({ monad, effects, observe });

  test('sequence is both, twice', () => {
    const all = R.runRandom(R.sequence([R.normal([2]), R.uniform([]), R.normal([2])]));
    expect(pathsOf(all)).toEqual(['noise#0', 'noise#1', 'noise#2']);
  });
});

describe('fork', () => {
  test('adding draws in one part never moves the noise of another', () => {
    fc.assert(
      fc.property(effects, effects, effects, (a, more, b) => {
        const x = o.scalar(1);
        const second = (first: R.Random<Expr>): Expr => R.runRandom(R.both(R.fork(first), R.fork(b(x))))[1];
        const extended = R.chain(() => more(x))(a(x));
        expect(structuralHash([second(a(x))])).toBe(structuralHash([second(extended)]));
      }),
      { seed: 1, numRuns: 100 },
    );
  });

  test('every draw has a path of its own', () => {
    fc.assert(
      fc.property(fc.array(effects, { maxLength: 6 }), (parts) => {
        const x = o.scalar(1);
        const values = R.runRandom(R.sequence(parts.map((p, i) => (i % 2 === 0 ? R.fork(p(x)) : p(x)))));
        const paths = values.map((v) => new Set(pathsOf([v])));
        for (const [i, p] of paths.entries())
          for (const q of paths.slice(0, i)) expect([...p].some((path) => q.has(path))).toBe(false);
      }),
      { seed: 1, numRuns: 100 },
    );
  });

  test('its noise is not the noise beside it', () => {
    const [a, b] = R.runRandom(R.both(R.fork(R.normal([4])), R.normal([4])));
    const p = program([a, b], 'float64');
    const [u, v] = evaluateProgram(p, noiseFeeds(p, { seed: 0 })).map((t) => Array.from(t.data));
    expect(u.some((x, i) => x === v[i])).toBe(false);
  });
});

/** The arrays of noise that a program is fed, by slot. */
const feedsOf = (outputs: readonly Expr[], seed: number, precision: 'float32' | 'float64', firstExample = 0) =>
  noiseFeeds(program(outputs, precision), { seed, firstExample });

const jitter = (x: Expr): R.Random<readonly Expr[]> =>
  R.chain((e: Expr) => R.map((u: Expr) => [o.add(x, e), u])(R.fork(R.uniform([3]))))(R.normal(x.shape));

describe('vmapRandom', () => {
  const batchOf = (n: number): readonly Expr[] => R.runRandom(R.vmapRandom(jitter)(o.input('x', [n, 2])));

  test('example i has the same noise in batches of 1, 7 and 256, bit for bit', () => {
    const large = feedsOf(batchOf(256), 5, 'float64');
    for (const n of [1, 7]) {
      const small = feedsOf(batchOf(n), 5, 'float64');
      expect(Object.keys(small)).toEqual(Object.keys(large));
      for (const [name, t] of Object.entries(small)) expect(t.data).toEqual(large[name].data.slice(0, t.data.length));
    }
  });

  test('a batch that starts at example 200 is the end of the batch of 256', () => {
    const large = feedsOf(batchOf(256), 5, 'float64');
    for (const [name, t] of Object.entries(feedsOf(batchOf(56), 5, 'float64', 200)))
      expect(t.data).toEqual(large[name].data.slice(large[name].data.length - t.data.length));
  });

  test('float32 and float64 programs see the same numbers', () => {
    const [a, b] = (['float32', 'float64'] as const).map((p) => feedsOf(batchOf(7), 5, p));
    for (const name of Object.keys(a)) expect(Array.from(a[name].data)).toEqual(Array.from(b[name].data));
  });

  test('examples, seeds and slots differ', () => {
    const feeds = feedsOf(batchOf(3), 5, 'float64');
    const other = feedsOf(batchOf(3), 6, 'float64');
    for (const [name, t] of Object.entries(feeds)) {
      expect(new Set(t.data).size).toBe(t.data.length);
      expect(Array.from(t.data).some((v) => other[name].data.includes(v as never))).toBe(false);
    }
  });

  test('what is drawn outside is shared', () => {
    const shared = R.chain((e: Expr) => R.vmapRandom((x) => R.map((u: Expr) => [o.add(x, e), u])(R.normal([])))(o.input('x', [4])))(R.normal([])); // biome-ignore format: one idea
    const shapes = program(R.runRandom(shared)).slots.flatMap((s) => (s.noise ? [s.shape] : []));
    expect(shapes).toEqual([[], [4]]);
  });

  test('nested: noise of (i, j) does not depend on the sizes', () => {
    const grid = (n: number, m: number): readonly Expr[] =>
      R.runRandom(
        R.vmapRandom((row) => R.vmapRandom((x) => R.map((e: Expr) => [o.add(x, e)])(R.normal([2])))(row))(o.input('x', [n, m, 2])), // biome-ignore format: one idea
      );
    const [large] = Object.values(feedsOf(grid(5, 6), 1, 'float64'));
    const [small] = Object.values(feedsOf(grid(2, 3), 1, 'float64'));
    expect(large.shape).toEqual([5, 6, 2]);
    expect(new Set(large.data).size).toBe(60);
    for (let i = 0; i < 2; i++)
      for (let j = 0; j < 3; j++)
        for (let k = 0; k < 2; k++) expect(small.data[(i * 3 + j) * 2 + k]).toBe(large.data[(i * 6 + j) * 2 + k]);
  });
});

describe('scanRandom', () => {
  const walk = (length: number, start = o.scalar(0)) =>
    R.scanRandom({
      length,
      init: [start],
      body: ([c]) => R.map((e: Expr) => ({ carry: [o.add(c, e)], ys: [e] }))(R.normal([])),
    });

  test('each iteration draws its own noise, keyed by its number', () => {
    const run = (length: number): number[] => {
      const { ys } = R.runRandom(walk(length));
      const p = program(ys, 'float64');
      return Array.from(evaluateProgram(p, noiseFeeds(p, { seed: 3 }))[0].data);
    };
    const long = run(20);
    expect(new Set(long).size).toBe(20);
    expect(run(5)).toEqual(long.slice(0, 5));
  });

  test('inside vmapRandom: example i, iteration t', () => {
    const paths = (n: number, length: number): Float64Array => {
      const run = R.vmapRandom((x) => R.map((r: { readonly ys: readonly Expr[] }) => r.ys)(walk(length, x)));
      const p = program(R.runRandom(run(o.input('x', [n]))), 'float64');
      const x = { shape: [n], type: 'float64' as const, data: new Float64Array(n) };
      return evaluateProgram(p, { ...noiseFeeds(p, { seed: 3 }), x })[0].data as Float64Array;
    };
    const [large, small] = [paths(4, 6), paths(2, 3)];
    expect(new Set(large).size).toBe(24);
    for (let i = 0; i < 2; i++) expect(small.slice(3 * i, 3 * i + 3)).toEqual(large.slice(6 * i, 6 * i + 3));
  });

  test('a vmap inside an iteration', () => {
    const { ys } = R.runRandom(
      R.scanRandom({
        length: 3,
        init: [o.input('x', [4])],
        body: ([c]) => R.map(([y]: readonly Expr[]) => ({ carry: [y], ys: [o.sub(y, c)] }))(R.vmapRandom((v) => R.map((e: Expr) => [o.add(v, e)])(R.normal([])))(c)), // biome-ignore format: one idea
      }),
    );
    const p = program(ys, 'float64');
    const x = { shape: [4], type: 'float64' as const, data: new Float64Array(4) };
    const [y] = evaluateProgram(p, { ...noiseFeeds(p, { seed: 0 }), x });
    const [noise] = Object.values(noiseFeeds(p, { seed: 0 }));
    expect(noise.shape).toEqual([3, 4]);
    y.data.forEach((v, i) => {
      expect(v).toBeCloseTo(noise.data[i], 12);
    });
  });
});

describe('distributions of draws', () => {
  test('moments of normal, uniform, rademacher and Gumbel noise', () => {
    const n = 20_000;
    const p = program(
      R.runRandom(R.sequence([R.normal([n]), R.uniform([n]), R.rademacher([n]), R.gumbel([n])])),
      'float64',
    );
    const stats = evaluateProgram(p, noiseFeeds(p, { seed: 1 })).map((t) => {
      const v = Array.from(t.data);
      const mean = v.reduce((a, b) => a + b, 0) / n;
      return [mean, v.reduce((a, b) => a + (b - mean) ** 2, 0) / n];
    });
    const want = [[0, 1], [0.5, 1 / 12], [0, 1], [0.5772156649, Math.PI ** 2 / 6]]; // biome-ignore format: a table
    stats.forEach(([mean, variance], i) => {
      expect(Math.abs(mean - want[i][0])).toBeLessThan(5 * Math.sqrt(want[i][1] / n));
      expect(Math.abs(variance / want[i][1] - 1)).toBeLessThan(0.08);
    });
  });
});

describe('condRandom', () => {
  const flag = o.input('flag', [], 'bool');
  const sum = (n: number): R.Random<readonly Expr[]> =>
    R.map((es: readonly Expr[]): readonly Expr[] => [es.reduce(o.add)])(R.sequence(Array.from({ length: n }, () => R.normal([])))); // biome-ignore format: one idea

  test('each branch has a stream of its own: what one draws moves neither the other nor what follows', () => {
    const paths = (n: number): string[] => {
      const [[y], e] = R.runRandom(R.both(R.condRandom(flag, sum(n), sum(1)), R.normal([])));
      return pathsOf([y, e]);
    };
    expect(paths(1)).toEqual(['noise/0#0', 'noise/1#0', 'noise#2']);
    expect(paths(2)).toEqual(['noise/0#0', 'noise/0#1', 'noise/1#0', 'noise#2']);
  });

  test('under vmapRandom and in scanRandom, every example and iteration draws its own in either branch', () => {
    const { carry } = R.runRandom(
      R.scanRandom({
        length: 3,
        init: [o.broadcastTo(0, [2])],
        body: ([c]) =>
          R.map(([e]: readonly Expr[]) => ({ carry: [o.add(c, e)] }))(
            R.vmapRandom(() => R.condRandom(flag, sum(1), R.of([o.scalar(1)])), { size: 2 })(),
          ),
      }),
    );
    const p = program(carry, 'float64');
    const noise = noiseFeeds(p, { seed: 1 });
    const at = (value: number): number[] => toNumbers(evaluateProgram(p, { ...noise, flag: tensor(Uint8Array.of(value), []) })[0]); // biome-ignore format: one idea
    expect(at(0)).toEqual([3, 3]);
    const drawn = toNumbers(Object.values(noise)[0]);
    expect(drawn).toHaveLength(6);
    expect(new Set(drawn).size).toBe(6);
    expect(at(1).reduce((a, c) => a + c)).toBeCloseTo(
      drawn.reduce((a, c) => a + c),
      12,
    );
  });
});
