import { describe, expect, test } from 'vitest';
import { type Expr, topological } from '../../src/core/expr.ts';
import * as o from '../../src/core/ops/index.ts';
import { range } from '../../src/core/shape.ts';
import { simplify } from '../../src/core/simplify/index.ts';
import { tensorOf } from '../../src/core/tensor.ts';
import { run } from './programs.ts';

const n = 6;
const x = o.input('x', [n]);
const feeds = { x: tensorOf([3, 1, 4, 15, 9, 26]) };
const size = (e: Expr): number => topological([e]).length;

/** All of these at once: simplified and plain programs give the same numbers. */
const same = (expressions: readonly Expr[]): void => {
  const want = run(expressions, feeds);
  expect(run(simplify(expressions), feeds)).toEqual(want);
  expressions.forEach((e, i) => {
    expect(simplify([e])[0].shape, `${i}`).toEqual(e.shape);
  });
};

/** Every slice of a vector of m elements, the empty ones included. */
const slices = (y: Expr, strides: readonly number[]): Expr[] => {
  const m = y.shape[0];
  return range(m + 1).flatMap((from) =>
    range(m + 1 - from).flatMap((length) => strides.map((s) => o.slice(y, [from], [from + length], [s]))),
  );
};

describe('every small case of the rules that move numbers', () => {
  test('a slice of a slice', () => {
    const inner = [o.slice(x, [0], [6], [2]), o.slice(x, [1], [6], [2]), o.slice(x, [1], [5]), o.slice(x, [2], [6], [3]), o.slice(x, [2], [2], [2])]; // biome-ignore format: a list
    for (const y of inner) same(slices(y, [1, 2, 3]));
  });
  test('a slice of parts joined, with an empty one', () => {
    const parts = [o.slice(x, [4], [6]), o.slice(x, [2], [2]), o.sin(x), o.slice(x, [0], [1])];
    same(slices(o.concat(parts), [1, 2]));
  });
  test('slices of an axis that was split, parts joined along one that becomes one', () => {
    for (const shape of [
      [2, 3],
      [3, 2],
      [1, 6],
      [2, 1, 3],
      [1, 3, 2],
      [3, 1, 2, 1],
    ]) {
      const y = o.reshape(x, shape);
      const cuts = shape.flatMap((d, axis) => range(d).flatMap((from) => range(d - from).map((k) => o.sliceAxis(y, axis, from, from + k + 1)))); // biome-ignore format: one idea
      same(cuts);
      same(shape.flatMap((_, axis) => [o.concat([y, o.sin(y)], axis), o.concat([y, y, y], axis)]).flatMap((z) => [o.reshape(z, [z.shape.reduce((a, b) => a * b, 1)]), o.reshape(z, [z.shape[0], -1]), o.reshape(z, [-1, z.shape[z.shape.length - 1]])])); // biome-ignore format: one idea
    }
    const z = o.input('z', [2, 6]);
    const second = o.reshape(o.sliceAxis(o.reshape(z, [2, 2, 3]), 1, 1, 2), [2, 3]);
    expect(simplify([second])[0]).toEqual(o.sliceAxis(z, 1, 3, 6));
    const both = o.reshape(o.concat([o.reshape(z, [2, 1, 6]), o.reshape(o.sin(z), [2, 1, 6])], 1), [2, 12]);
    expect(simplify([both])[0]).toEqual(o.concat([z, o.sin(z)], 1));
  });
  test('factors that are numbers meet', () => {
    const y = o.sin(x);
    const product = o.mul(1 / 4, o.mul(o.mul(4, x), y));
    same([product, o.mul(2, o.mul(x, o.neg(y))), o.mul(o.mul(y, o.mul(8, x)), -0.5)]);
    expect(size(simplify([product])[0])).toBe(size(o.mul(x, y)));
    // 1e-30 · 1e30 in two steps keeps what one step would not.
    const far = o.mul(1e-30, o.mul(o.mul(1e30, x), y));
    expect(simplify([far])[0]).toEqual(far);
  });
  test('a slice of a reversed vector', () => same(slices(o.reverse(x), [1, 2, 3])));
  test('slices joined', () => {
    const cuts = slices(x, [1]).filter((s) => s.shape[0] > 0);
    for (const a of cuts) same(cuts.map((b) => o.concat([a, b])));
    const rows = o.reshape(x, [2, 3]);
    const corner = (i: number, j: number): Expr => o.slice(rows, [i, j], [i + 1, j + 1]);
    same(range(6).flatMap((a) => range(6).map((b) => o.concat([corner(Math.floor(a / 3), a % 3), corner(Math.floor(b / 3), b % 3)], a % 2)))); // biome-ignore format: one idea
  });
  test('padded vectors added', () => {
    const two = o.slice(x, [0], [2]);
    const padded = (y: Expr, total: number): Expr[] =>
      range(total - y.shape[0] + 1).map((low) => o.pad(y, [low], [total - y.shape[0] - low]));
    // In 8 places they fill the vector; in 9 one place is left over, before, between or after them.
    for (const total of [8, 9])
      for (const a of padded(x, total))
        same(padded(two, total).flatMap((b) => [o.add(a, b), o.add(b, a), o.sub(a, b)]));
    const spread = o.pad(o.slice(x, [1], [4]), [0], [3], [1]);
    same([o.add(spread, o.pad(o.slice(x, [0], [3]), [3], [0], [1])), o.add(spread, o.pad(x, [1], [1]))]);
    const m = o.reshape(x, [2, 3]);
    same([o.add(o.pad(m, [0, 0], [0, 3]), o.pad(m, [0, 3], [0, 0])), o.add(o.pad(m, [0, 0], [2, 3]), o.pad(m, [2, 3], [0, 0]))]); // biome-ignore format: one idea
  });
  test('permutations of permutations, with axes of size 1', () => {
    const cube = o.reshape(x, [2, 1, 3]);
    const all = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]]; // biome-ignore format: a list
    same(all.flatMap((p) => all.map((q) => o.transpose(o.transpose(cube, p), q))));
  });
  test('reversals of reversals', () => {
    const m = o.reshape(x, [2, 3]);
    const sets = [[0], [1], [0, 1]];
    same(sets.flatMap((a) => sets.map((b) => o.reverse(o.reverse(m, a), b))));
  });
  test('sums of sums and of repeated rows', () => {
    const cube = o.reshape(x, [2, 1, 3]);
    const sets = [[0], [1], [2], [0, 1], [0, 2], [1, 2], [0, 1, 2]];
    same(sets.flatMap((a) => range(3 - a.length).map((b) => o.sum(o.sum(cube, a), b))));
    same(sets.map((a) => o.sum(o.broadcastTo(o.reshape(x, [1, 1, 6]), [4, 2, 6]), a)));
  });
});

describe('arithmetic', () => {
  const edge = [
    0,
    -0,
    1,
    -1,
    0.5,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    Number.NaN,
    1e300,
    1e-300,
    5e-324,
  ];
  const y = o.input('y', [edge.length]);
  const at = { y: tensorOf(edge) };
  const constants = [
    0,
    -0,
    1,
    -1,
    2,
    0.5,
    3,
    Number.POSITIVE_INFINITY,
    Number.NaN,
    1e200,
    1e-200,
    2 ** 1023,
    2 ** -1074,
  ];

  /** Equal up to the sign of 0, which `x + 0 = x` may lose, rounding, and denormal numbers. */
  const close = (a: number, b: number): boolean =>
    Object.is(a, b) || a === b || Math.abs(a - b) <= 4e-16 * Math.max(Math.abs(a), Math.abs(b)) + 1e-307;

  const agree = (expressions: readonly Expr[], names: readonly string[]): void => {
    const [want, got] = [run(expressions, at), run(simplify(expressions), at)];
    want.forEach((w, i) => {
      w.forEach((v, k) => {
        expect(close(v, got[i][k]), `${names[i]} at ${edge[k]}: ${v} became ${got[i][k]}`).toBe(true);
      });
    });
  };

  test('one constant: NaN, infinities and tiny numbers stay what they are', () => {
    const f: Record<string, (c: number) => Expr> = {
      'c + y': (c) => o.add(c, y),
      'y − c': (c) => o.sub(y, c),
      'c − y': (c) => o.sub(c, y),
      'c y': (c) => o.mul(c, y),
      'y / c': (c) => o.div(y, c),
      'c / y': (c) => o.div(c, y),
      '−(c y)': (c) => o.neg(o.mul(c, y)),
      'c (−y)': (c) => o.mul(c, o.neg(y)),
      'c − (y − c)': (c) => o.neg(o.sub(y, c)),
      'y ^ c': (c) => o.pow(Number.isInteger(c) ? y : o.abs(y), c),
      'max(y, c)': (c) => o.max(y, c),
    };
    for (const [name, make] of Object.entries(f)) agree(constants.map(make), constants.map((c) => `${name}, c = ${c}`)); // biome-ignore format: one idea
  });

  test('two constants are joined where that is safe', () => {
    const pairs = constants.flatMap((a) => constants.map((b) => [a, b] as const));
    agree(pairs.map(([a, b]) => o.mul(a, o.mul(b, y))), pairs.map(([a, b]) => `${a} (${b} y)`)); // biome-ignore format: one idea
    expect(size(simplify([o.mul(2, o.mul(3, y))])[0])).toBeLessThan(size(o.mul(2, o.mul(3, y))));
  });

  test('what is known is removed', () => {
    const one = (e: Expr): Expr => simplify([e])[0];
    expect(one(o.add(o.mul(x, 1), 0))).toBe(x);
    expect(one(o.neg(o.neg(x)))).toBe(x);
    expect(one(o.transpose(o.transpose(o.reshape(x, [2, 3])))).inputs[0]).toBe(x);
    expect(one(o.label('a', o.div(x, 1)))).toBe(x);
    expect(one(o.where(o.less(1, 2), x, o.sin(x)))).toBe(x);
    expect(one(o.concat([o.slice(x, [0], [2]), o.slice(x, [2], [6])]))).toBe(x);
    expect(one(o.add(o.exp(o.scalar(0)), o.scalar(1))).op).toBe('constant');
    // Common subexpressions are one node, inside a loop too.
    expect(size(one(o.add(o.sin(x), o.mul(o.sin(x), 2))))).toBeLessThan(size(o.add(o.sin(x), o.mul(o.sin(x), 2))));
  });

  test('SiLU is one division, in both orders, and no value changes but by rounding, where exponentials overflow neither', () => {
    const sigmoid = o.div(1, o.add(1, o.exp(o.neg(x))));
    const plain = [o.mul(x, sigmoid), o.mul(sigmoid, x)];
    const simple = simplify(plain);
    expect(simple[0].op).toBe('div');
    expect(simple[1]).toBe(simple[0]);
    const wide = { x: tensorOf([-800, -20, -0.5, 0, 30, 800]) };
    const [want, found] = [run(plain, wide), run(simple, wide)];
    want
      .flatMap((t) => Array.from(t))
      .forEach((v, i) => {
        expect(Array.from(found.flatMap((t) => Array.from(t)))[i]).toBeCloseTo(v, 12);
      });
    expect(simplify([o.mul(x, o.div(1, o.add(2, o.exp(x))))])[0].op).toBe('mul');
  });
  test('one number repeated is repeated in whatever shape is asked for', () => {
    const one = o.slice(x, [2], [3]);
    const y = o.reshape(o.broadcastTo(one, [2, 3]), [3, 1, 2]);
    const [simple] = simplify([y]);
    expect(simple.op).toBe('broadcast');
    expect(run([simple], feeds)).toEqual(run([y], feeds));
  });
  test('a drawn coin is not asked whether it is zero or one', () => {
    const coin = o.cast(o.less(x, 5), 'real');
    const check = o.equal(o.sum(o.abs(o.mul(coin, o.sub(coin, 1)))), 0);
    same([check, o.where(check, o.sum(coin), -Infinity)]);
    expect(simplify([o.where(check, x, -Infinity)])[0]).toBe(x);
    // Numbers that were no truth values are asked.
    const number = o.equal(o.sum(o.abs(o.mul(x, o.sub(x, 1)))), 0);
    expect(simplify([o.where(number, x, -Infinity)])[0]).not.toBe(x);
  });

  test('the constant of a broadcast condition, of int32 and of bool', () => {
    const i = o.constant([1, 2, 3], [3], 'int32');
    const b = o.constant([1, 0, 1], [3], 'bool');
    const all = [o.add(i, 0), o.mul(i, o.scalar(0, 'int32')), o.neg(o.neg(i)), o.and(b, o.constant([1, 1, 1], [3], 'bool')), o.not(o.not(b)), o.max(i, 2), o.cast(o.scalar(2.9), 'int32'), o.cast(o.scalar(-2.9), 'int32'), o.cast(o.scalar(0.5), 'bool'), o.sum(i), o.less(i, 2), o.sub(o.scalar(0, 'int32'), i)]; // biome-ignore format: a list
    expect(run(simplify(all), {})).toEqual(run(all, {}));
    simplify(all).forEach((e, k) => {
      expect(e.type).toBe(all[k].type);
    });
  });
});
