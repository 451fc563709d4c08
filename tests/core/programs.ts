/** Random small programs for the distributions: a DAG over a pool of primitives, shapes of at most three axes of at most four. */
import fc from 'fast-check';
import type { Expr } from '../../src/core/expr.ts';
import { evaluateProgram } from '../../src/core/interpreters/reference/index.ts';
import * as o from '../../src/core/ops/index.ts';
import { foldIn, generator, keyOf } from '../../src/core/prng.ts';
import { type Feeds, program } from '../../src/core/program.ts';
import { broadcastShapes, range, sizeOf } from '../../src/core/shape.ts';
import { type Tensor, tensor, toNumbers } from '../../src/core/tensor.ts';

/** One step: which operation, on which two earlier values, with which attribute. */
type Step = readonly [op: number, a: number, b: number, k: number];

/** What a random program is made from: shapes of its two inputs, and steps. */
export interface Recipe {
  readonly shapes: readonly (readonly number[])[];
  readonly steps: readonly Step[];
  /** Only operations that move, add and scale numbers. */
  readonly moves: boolean;
}

const nat = fc.noBias(fc.nat({ max: 10_000 }));
const shape = fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 3, size: 'max' });

export const recipe: fc.Arbitrary<Recipe> = fc.record({
  shapes: fc.tuple(shape, shape),
  steps: fc.array(fc.tuple(nat, nat, nat, nat), { minLength: 2, maxLength: 12, size: 'max' }),
  moves: fc.boolean(),
});

const axis = (x: Expr, k: number): number => k % x.shape.length;
const ranked = (x: Expr): Expr => (x.shape.length === 0 ? o.reshape(x, [1]) : x);
const matrix = (x: Expr): Expr =>
  x.shape.length >= 2 ? o.reshape(x, [-1, x.shape[x.shape.length - 1]]) : o.reshape(x, [1, sizeOf(x.shape)]);
/** b in a shape that broadcasts with a: itself, or its sum. */
const fitting = (a: Expr, b: Expr): Expr => (broadcastShapes(a.shape, b.shape) ? b : o.sin(o.sum(b)));
const square = (x: Expr): Expr => o.mul(x, x);
const powers = [0.5, 2, 1, -1, 0, 4, -0.25];

const unary: readonly ((x: Expr) => Expr)[] = [
  o.sin, o.cos, o.tanh, o.sigmoid, o.softplus, o.relu, o.neg, o.abs, square, o.erf,
  (x) => o.exp(o.tanh(x)), (x) => o.expm1(o.sin(x)), (x) => o.log1p(square(x)), (x) => o.sqrt(o.add(1, square(x))),
  (x) => o.log(o.add(o.softplus(x), 0.5)), (x) => o.lgamma(o.add(0.5, o.softplus(x))), (x) => o.polygamma(1, o.add(1, square(x))),
  (x) => o.pow(x, 2), (x) => o.pow(o.add(1, square(x)), -1.5), (x) => o.stopGradient(x), (x) => o.label('here', x), o.logSigmoid,
  (x) => o.cast(o.floor(x), 'real'), (x) => o.add(x, o.cast(o.less(x, 0.3), 'real')), (x) => o.batchMean(x, 'elsewhere'),
]; // biome-ignore format: a table

const binary: readonly ((a: Expr, b: Expr) => Expr)[] = [
  o.add, o.sub, o.mul, (a, b) => o.div(a, o.add(1, square(b))), (a, b) => o.pow(o.add(0.5, o.softplus(a)), o.tanh(b)),
  o.max, o.min, (a, b) => o.where(o.less(a, b), o.sin(a), o.cos(b)), (a, b) => o.where(o.lessEqual(b, a), a, 0),
  (a, b) => o.where(o.or(o.not(o.less(a, b)), o.equal(a, b)), b, o.mul(2, a)),
]; // biome-ignore format: a table

/** One axis of an array of rank 1 or more, its size, and the array. */
const along = (x: Expr, k: number): readonly [Expr, number, number] => {
  const y = ranked(x);
  return [y, axis(y, k), y.shape[axis(y, k)]];
};

/** Operations that move, repeat, add and scale numbers: what simplify rewrites most. */
const moving: readonly ((x: Expr, k: number) => Expr)[] = [
  (x, k) => o.sum(ranked(x), axis(ranked(x), k)),
  (x, k) => o.sum(x, range(x.shape.length).filter((i) => (k >> i) % 2)),
  (x) => o.reshape(x, [sizeOf(x.shape)]),
  (x, k) => o.reshape(x, k % 2 === 0 ? [1, ...x.shape] : [...x.shape, 1]),
  (x) => (x.shape.length < 2 ? x : o.transpose(x)),
  (x, k) => (x.shape.length < 2 ? x : o.moveAxis(x, axis(x, k), axis(x, k + 1))),
  (x, k) => o.broadcastTo(x, k % 2 === 0 ? [2, ...x.shape] : x.shape.map((d) => (d === 1 ? 3 : d))),
  (x, k) => {
    const [y, a, n] = along(x, k);
    const from = (k >> 2) % n;
    return o.sliceAxis(y, a, from, from + 1 + ((k >> 4) % (n - from)), 1 + ((k >> 6) % 3));
  },
  (x, k) => {
    const y = x.shape.map((d, i) => [(k >> i) % d, (k >> (i + 3)) % 2] as const);
    return o.slice(x, y.map(([from]) => from), x.shape.map((d, i) => Math.max(y[i][0] + 1, d - y[i][1])));
  },
  (x, k) => {
    const bits = (at: number): number[] => x.shape.map((_, i) => (k >> (at + i)) % 2);
    return o.pad(x, bits(0), bits(3), k % 3 === 0 ? bits(6) : undefined);
  },
  (x, k) => o.reverse(x, range(x.shape.length).filter((i) => (k >> i) % 2)),
  (x, k) => o.concat([ranked(x), o.neg(ranked(x)), ranked(x)], axis(ranked(x), k)),
  (x, k) => {
    const [y, a, n] = along(x, k);
    const cut = (k >> 3) % (n + 1);
    const parts = [o.sliceAxis(y, a, 0, cut), o.sliceAxis(y, a, cut, n)].filter((p) => sizeOf(p.shape) > 0);
    return o.concat(k % 2 === 0 ? parts : parts.reverse(), a);
  },
  (x, k) => {
    const [y, a, n] = along(x, k);
    const put = (v: number): number[] => y.shape.map((_, i) => (i === a ? v : 0));
    const [left, right] = [o.pad(y, put(0), put(n)), o.pad(o.mul(3, y), put(n), put(0))];
    return k % 2 === 0 ? o.add(left, right) : o.add(right, left);
  },
  (x, k) => o.mul(x, powers[k % powers.length]),
  (x, k) => o.add(x, powers[k % powers.length]),
  (x, k) => o.mul(powers[k % powers.length], o.mul(x, powers[(k >> 3) % powers.length])),
  (x, k) => o.sub(powers[k % powers.length], x),
  (x, k) => o.div(x, powers.filter((c) => c !== 0)[k % (powers.length - 1)]),
  (x, k) => o.neg(o.mul(powers[k % powers.length], x)),
  (x) => o.mul(x, o.constant(range(sizeOf(x.shape)).map((i) => Math.cos(i)), x.shape)),
  (x, k) => o.cumsum(ranked(x), axis(ranked(x), k), k % 2 === 0),
]; // biome-ignore format: a table

const structural: readonly ((x: Expr, k: number) => Expr)[] = [
  ...moving,
  (x, k) => o.mean(ranked(x), axis(ranked(x), k)),
  (x, k) => o.reduceMax(ranked(x), axis(ranked(x), k)),
  (x, k) => {
    const [y, a, n] = along(x, k);
    return o.gather(y, o.constant([k % n, 0, (k + 1) % n, k % n], [2, 2], 'int32'), a);
  },
  (x, k) => {
    const [y, a, n] = along(x, k);
    return o.scatterAdd(o.constant(range(n).map((i) => (i * k) % 3), [n], 'int32'), y, 3, a);
  },
  (x, k) => o.softmax(ranked(x), axis(ranked(x), k)),
  (x, k) => o.logSumExp(ranked(x), axis(ranked(x), k)),
  (x, k) => o.sort(ranked(x), axis(ranked(x), k)),
  (x) => o.matmul(o.transpose(matrix(x)), matrix(x)),
  (x, k) => {
    const m = matrix(x);
    const a = o.add(o.tanh(o.matmul(m, o.transpose(m))), o.mul(2, o.eye(m.shape[0])));
    return o.triangularSolve(a, m, { lower: k % 2 === 0, transpose: k % 4 < 2, unit: k % 8 < 4 });
  },
  (x, k) => {
    const w = o.constant(range(8).map((i) => Math.sin(i + k)), [2, 1, 2, 2]);
    const m = matrix(x);
    return o.conv2d(o.reshape(m, [1, 1, ...m.shape]), w, { stride: [1 + (k % 2), 1], padding: [[1, 1], [1, k % 2]] });
  },
]; // biome-ignore format: a table

const loops: readonly ((a: Expr, b: Expr) => Expr)[] = [
  (a, b) => o.scan({ length: 3, init: [a], body: ([c]) => ({ carry: [o.broadcastTo(o.sum(o.tanh(o.add(c, fitting(c, b)))), a.shape)] }) }).carry[0],
  (a, b) => {
    const xs = ranked(a);
    const { carry, ys } = o.scan({
      length: xs.shape[0],
      init: [o.scalar(0.5), o.scalar(0, 'int32')],
      xs: [xs],
      body: ([c, i], [x]) => ({
        carry: [o.sin(o.add(c, o.sum(o.mul(x, o.cast(i, 'real'))))), o.add(i, 1)],
        ys: [o.mul(c, x), o.add(c, o.sum(b))],
      }),
    });
    return o.add(o.add(o.sum(ys[1]), carry[0]), ys[0]);
  },
]; // biome-ignore format: a table

/** Keeps values small enough to go on with. */
const small = (x: Expr): Expr => {
  let y = x;
  while (y.shape.length > 3 || sizeOf(y.shape) > 48) y = o.sin(o.sum(y, 0));
  return y;
};

/** The program of a recipe as a function of its inputs. */
export const build =
  ({ steps, moves }: Recipe) =>
  (...inputs: Expr[]): Expr => {
    const pool = [...inputs];
    for (const [op, i, j, k] of steps) {
      // Late values are likelier, so that programs grow deep.
      const a = pool[pool.length - 1 - (i % Math.min(pool.length, 3))];
      const b = pool[j % pool.length];
      const n = Math.floor(op / 20);
      const apply = (): Expr => {
        if (!moves && op % 20 < 5) return unary[n % unary.length](a);
        if (!moves && op % 20 < 9) return binary[n % binary.length](a, fitting(a, b));
        if (!moves && op % 20 === 9) return loops[n % loops.length](a, b);
        if (moves && op % 20 < 3) return [o.add, o.sub][n % 2](a, fitting(a, b));
        return moves ? moving[n % moving.length](a, k) : structural[n % structural.length](a, k);
      };
      pool.push(small(apply()));
    }
    return pool[pool.length - 1];
  };

/** Free inputs of a recipe under a prefix. */
export const inputsOf = (r: Recipe, prefix = 'x'): Expr[] => r.shapes.map((s, i) => o.input(`${prefix}${i}`, s));

/** Random numbers for the inputs of a recipe, in (−1, 1). */
export const randomTensor = (name: string, s: readonly number[]): Tensor => {
  const { uniform } = generator(foldIn(keyOf(7), name));
  return tensor(Float64Array.from({ length: sizeOf(s) }, () => 2 * uniform() - 1), s); // biome-ignore format: one idea
};

/** Feeds for every slot of some expressions, by name. */
export const feedsFor = (outputs: readonly Expr[]): Feeds =>
  Object.fromEntries(program(outputs, 'float64').slots.map((s) => [s.name, randomTensor(s.name, s.shape)]));

/** Values on the reference. */
export const run = (outputs: readonly Expr[], feeds: Feeds = feedsFor(outputs)): number[][] =>
  evaluateProgram(program(outputs, 'float64'), feeds).map(toNumbers);

/** Largest difference over the larger of 1 and the largest magnitude; infinities and NaN must agree. */
export const distance = (a: readonly (readonly number[])[], b: readonly (readonly number[])[]): number => {
  const [x, y] = [a.flat(), b.flat()];
  if (x.length !== y.length) return Number.POSITIVE_INFINITY;
  const scale = Math.max(1, ...x.filter(Number.isFinite).map(Math.abs));
  return Math.max(0, ...x.map((v, i) => (Object.is(v, y[i]) || v === y[i] ? 0 : Math.abs(v - y[i]) / scale)).map((d) => (Number.isNaN(d) ? Number.POSITIVE_INFINITY : d))); // biome-ignore format: one idea
};
