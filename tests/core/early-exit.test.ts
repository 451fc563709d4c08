/** Loops that end early: what they leave, what they do under `vmap` and derivatives, and that examples end on their own. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { grad, jvp } from '../../src/core/differentiate/index.ts';
import { withoutExits } from '../../src/core/early-exit.ts';
import type { Expr } from '../../src/core/expr.ts';
import { structuralHash } from '../../src/core/hash.ts';
import { onnx, tfjs } from '../../src/core/interpreters/index.ts';
import { evaluateProgram } from '../../src/core/interpreters/reference/index.ts';
import { lower } from '../../src/core/lower/index.ts';
import * as o from '../../src/core/ops/index.ts';
import { noiseFeeds, program } from '../../src/core/program.ts';
import * as R from '../../src/core/random.ts';
import { simplify } from '../../src/core/simplify/index.ts';
import { type Tensor, tensorOf, toNumbers } from '../../src/core/tensor.ts';
import { vmapAll } from '../../src/core/vectorize.ts';

type Feeds = Readonly<Record<string, Tensor>>;
const values = (es: readonly Expr[], feeds: Feeds = {}, seed = 0): number[][] => {
  const p = program(es, 'float64');
  return evaluateProgram(p, { ...noiseFeeds(p, { seed }), ...feeds }).map(toNumbers);
};

const LENGTH = 8;
/** x ← sin(1.3 x + u) until it has been done n times: the last x, the number of iterations, the x's on the way. */
const rotation = (x: Expr, us: Expr, n: Expr): Expr[] => {
  const { carry, ys } = o.scan({
    length: LENGTH,
    init: [x, o.scalar(0)],
    xs: [us],
    body: ([c, i], [u]) => ({
      carry: [o.sin(o.add(o.mul(1.3, c), u)), o.add(i, 1)],
      ys: [o.sin(o.add(o.mul(1.3, c), u))],
      done: o.lessEqual(n, o.add(i, 1)),
    }),
  });
  return [...carry, ...ys];
};
/** The same by hand. */
const byHand = (x: number, us: readonly number[], n: number): number[][] => {
  const out = new Array<number>(LENGTH).fill(0);
  let [c, i] = [x, 0];
  while (i < LENGTH) {
    c = Math.sin(1.3 * c + us[i]);
    out[i] = c;
    i++;
    if (n <= i) break;
  }
  return [[c], [i], out];
};
const us = Array.from({ length: LENGTH }, (_, i) => 0.2 * Math.cos(3 * i));
const [x, u, n] = [o.input('x', []), o.input('u', [LENGTH]), o.input('n', [])];
const feeds = (at: number, ends: number): Feeds => ({
  x: tensorOf([at], []),
  u: tensorOf(us),
  n: tensorOf([ends], []),
});

describe('a loop that ends early', () => {
  const backends = [onnx('cpu'), tfjs('cpu'), tfjs('wasm')];

  test('does the iteration that ends it and none after; the outputs of those are zeros', () => {
    for (const ends of [1, 3, 7, 8, 20])
      values(rotation(x, u, n), feeds(0.4, ends)).forEach((v, k) => {
        v.forEach((a, i) => {
          expect(a).toBeCloseTo(byHand(0.4, us, ends)[k][i], 12);
        });
      });
  });

  test.each(backends.map((b) => [b.name, b] as const))('on %s too', async (_, backend) => {
    const executable = await backend.compile(program(rotation(x, u, n), 'float32'));
    for (const ends of [1, 5, 8]) {
      const got = await executable.run(feeds(0.4, ends));
      expect(got.map((t) => t.shape)).toEqual([[], [], [LENGTH]]);
      got.forEach((t, k) => {
        toNumbers(t).forEach((a, i) => {
          expect(a).toBeCloseTo(byHand(0.4, us, ends)[k][i], 5);
        });
      });
    }
    await executable.dispose();
  });

  test.each(backends.map((b) => [b.name, b] as const))('of no iterations, on %s', async (_, backend) => {
    const { carry, ys } = o.scan({
      length: 0,
      init: [x],
      body: ([c]) => ({ carry: [o.add(c, 1)], ys: [c], done: o.less(0, c) }),
    });
    const executable = await backend.compile(program([...carry, o.add(o.sum(ys[0]), x)], 'float32'));
    const got = await executable.run({ x: tensorOf([0.5], []) });
    expect(got.map(toNumbers)).toEqual([[0.5], [0.5]]);
  });

  test('needs a truth value', () => {
    const loop = (done: Expr) => () => o.scan({ length: 2, init: [x], body: ([c]) => ({ carry: [c], done }) });
    expect(loop(x)).toThrow(/scan: `done` is not a truth value \(expected bool \[\], got real \[\]\)/);
    expect(loop(o.less(u, 0))).toThrow(/expected bool \[\], got bool \[8\]/);
  });

  test('is another expression than one that does not, and stays itself when simplified and lowered', () => {
    const loop = (done?: Expr): Expr =>
      o.scan({ length: 5, init: [x], body: ([c]) => ({ carry: [o.mul(o.mul(c, 1), 2)], done }) }).carry[0];
    const ends = o.less(0, n);
    expect(structuralHash([loop(ends)])).not.toBe(structuralHash([loop()]));
    expect(structuralHash([loop(ends)])).toBe(structuralHash([loop(o.less(0, n))]));
    for (const e of [simplify([loop(ends)])[0], lower([loop(ends)], { mul: (_, a, b) => o.add(o.div(a, o.div(1, b)), 0) })[0]]) // biome-ignore format: one idea
      expect([1, 0].map((v) => values([e], feeds(3, v))[0][0])).toEqual([6, 96]);
  });

  test('has the values of the loop that idles to its full length', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 10 }), { minLength: 1, maxLength: 4 }),
        fc.double({ min: -2, max: 2, noNaN: true }),
        (ends, at) => {
          // biome-ignore format: one property
          const nested = (a: Expr, b: Expr): Expr[] => {
          const { carry, ys } = o.scan({
            length: 4,
            init: [a, o.scalar(0)],
            body: ([c, i]) => {
              const [y, k] = rotation(c, u, o.add(b, i));
              return { carry: [y, o.add(i, 1)], ys: [k], done: o.less(o.abs(y), 0.3) };
            },
          });
          return [...carry, ...ys];
        };
          const many = vmapAll((b) => nested(x, b))(o.input('ends', [ends.length]));
          const fed = { ...feeds(at, 1), ends: tensorOf(ends) };
          const full = withoutExits(many);
          expect(values(full, fed)).toEqual(values(many, fed));
          expect(structuralHash(full)).not.toBe(structuralHash(many));
        },
      ),
      { seed: 1, numRuns: 30 },
    );
  });
});

describe('examples end on their own', () => {
  test('each with the values it has alone', () => {
    const ends = [3, 1, 20, 5];
    const starts = [0.1, -0.7, 0.4, 1.2];
    const many = vmapAll((a, b) => rotation(a, u, b))(o.input('xs', [4]), o.input('ns', [4]));
    const got = values(many, { u: tensorOf(us), xs: tensorOf(starts), ns: tensorOf(ends) });
    ends.forEach((e, i) => {
      const alone = values(rotation(x, u, n), feeds(starts[i], e));
      expect([[got[0][i]], [got[1][i]], got[2].slice(LENGTH * i, LENGTH * (i + 1))]).toEqual(alone);
    });
  });

  /** Tosses a coin with chance p until it falls, at most 60 times: how often, and what the last toss was. */
  const tosses = (p: Expr): R.Random<readonly Expr[]> =>
    R.map((r: { readonly carry: readonly Expr[] }) => r.carry)(
      R.scanRandom({
        length: 60,
        init: [o.scalar(0), o.scalar(0)],
        body: ([k]) => R.map((toss: Expr) => ({ carry: [o.add(k, 1), toss], done: o.less(toss, p) }))(R.uniform([])),
      }),
    );
  const chances = Array.from({ length: 400 }, (_, i) => [0.9, 0.5, 0.2, 0.05][i % 4]);
  const run = (ps: readonly number[], seed: number): number[][] =>
    values(R.runRandom(R.vmapRandom(tosses)(o.constant(ps))), {}, seed);

  test('and with noise of its own, whoever else is in the batch', () => {
    const [counts, last] = run(chances, 3);
    for (const size of [1, 2, 37]) {
      expect(run(chances.slice(0, size), 3)).toEqual([counts.slice(0, size), last.slice(0, size)]);
    }
    // Example 0's neighbours are slower than before; it is not.
    const slow = [chances[0], ...chances.slice(1).map((p) => p / 10)];
    expect(run(slow, 3).map((v) => v[0])).toEqual([counts[0], last[0]]);
    expect(new Set(counts).size).toBeGreaterThan(10);
    last.forEach((toss, i) => {
      expect(toss).toBeLessThan(counts[i] === 60 ? 1 : chances[i]);
    });
  });

  test('the number of tosses is geometric: mean 1/p', () => {
    for (const p of [0.9, 0.5, 0.2]) {
      const [counts] = run(new Array(4000).fill(p), 5);
      const mean = counts.reduce((a, b) => a + b, 0) / counts.length;
      expect(Math.abs(mean - 1 / p)).toBeLessThan(4 * Math.sqrt((1 - p) / (p * p) / counts.length));
    }
  });
});

describe('derivatives', () => {
  /** The first m iterations, written out. */
  const unrolled = (a: Expr, m: number): Expr => {
    let c = a;
    for (let i = 0; i < m; i++) c = o.sin(o.add(o.mul(1.3, c), o.gather(u, o.scalar(i, 'int32'))));
    return c;
  };
  const total = (a: Expr, ends: Expr): Expr => {
    const [c, , ys] = rotation(a, u, ends);
    return o.add(o.square(c), o.sum(o.exp(ys)));
  };
  const totalBy = (a: Expr, m: number): Expr => {
    let sum: Expr = o.add(o.square(unrolled(a, m)), LENGTH - m);
    for (let i = 1; i <= m; i++) sum = o.add(sum, o.exp(unrolled(a, i)));
    return sum;
  };

  test.each([1, 4, 8])('of both modes and orders are those of %i iterations written out', (ends) => {
    const both = [total(x, n), totalBy(x, ends)].map((y) => {
      const [dx, du] = grad(y, [x, u]);
      const [tangent] = jvp([y], [x, u], [o.scalar(1), o.constant(us)]);
      const [dxx] = grad(dx, [x]);
      const [dxu] = grad(o.sum(o.mul(du, o.constant(us))), [x]);
      return values([y, dx, du, tangent, dxx, dxu, ...jvp([dx], [x], [o.scalar(1)])], feeds(0.4, ends)).flat();
    });
    both[0].forEach((v, i) => {
      expect(v).toBeCloseTo(both[1][i], 10);
    });
  });

  test('vectorised, and of something vectorised', () => {
    const [ns, xs] = [
      [2, 7, 1],
      [0.3, -0.2, 1],
    ];
    const [many, ends] = [o.input('xs', [3]), o.input('ns', [3])];
    const inside = vmapAll((a, e) => grad(total(a, e), [a]))(many, ends)[0];
    const outside = grad(o.sum(vmapAll((a, e) => [total(a, e)])(many, ends)[0]), [many])[0];
    const fed = { u: tensorOf(us), xs: tensorOf(xs), ns: tensorOf(ns) };
    const [a, b] = values([inside, outside], fed);
    ns.forEach((e, i) => {
      const [[alone]] = values(grad(totalBy(x, e), [x]), feeds(xs[i], e));
      expect(a[i]).toBeCloseTo(alone, 12);
      expect(b[i]).toBeCloseTo(alone, 12);
    });
  });
});
