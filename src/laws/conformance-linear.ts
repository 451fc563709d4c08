/** Conformance cases of linear algebra, convolutions, marks and loops. */
import type { Conv2dAttributes, Expr, Op } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { between, type Case, coins, integers, testCase } from './conformance-case.ts';

interface Window {
  readonly name: string;
  readonly x: readonly number[];
  readonly w: readonly number[];
  readonly attributes: Conv2dAttributes;
}

const window = (
  name: string,
  x: readonly number[],
  w: readonly number[],
  stride: readonly [number, number],
  padding: Conv2dAttributes['padding'],
  groups = 1,
): Window => ({ name, x, w, attributes: { stride, padding, groups } });

const none = [
  [0, 0],
  [0, 0],
] as const;
const all = (n: number): Conv2dAttributes['padding'] => [
  [n, n],
  [n, n],
];

const windows: readonly Window[] = [
  window('plain', [1, 2, 4, 4], [2, 2, 3, 3], [1, 1], none),
  window('same', [2, 2, 3, 4], [3, 2, 3, 3], [1, 1], all(1)),
  window('1 × 1', [2, 3, 2, 2], [2, 3, 1, 1], [1, 1], none),
  window('stride 2, asymmetric padding', [1, 2, 4, 4], [2, 2, 3, 3], [2, 2], [[0, 1], [0, 1]]), // biome-ignore format: one window
  window('stride 2, a row left over', [1, 1, 6, 6], [2, 1, 3, 3], [2, 2], none),
  window('strides 2 and 3, even kernel', [1, 1, 5, 7], [1, 1, 2, 4], [2, 3], [[1, 0], [2, 1]]), // biome-ignore format: one window
  window('stride larger than the kernel', [1, 1, 5, 5], [1, 1, 1, 2], [2, 3], none),
  window('padding wider than the kernel', [1, 1, 3, 3], [1, 1, 2, 2], [1, 1], all(2)),
  window('two groups', [1, 4, 3, 3], [4, 2, 2, 2], [1, 1], [[1, 0], [0, 1]], 2), // biome-ignore format: one window
  window('depth-wise', [1, 3, 4, 4], [3, 1, 3, 3], [1, 1], all(1), 3),
  window('depth-wise, two kernels each, stride 2', [1, 2, 4, 4], [4, 1, 3, 3], [2, 2], [[0, 1], [1, 1]], 2), // biome-ignore format: one window
];

const outputOf = ({ x, w, attributes: { stride, padding } }: Window): readonly number[] => [
  x[0],
  w[0],
  o.convOutput(x[2], w[2], stride[0], padding[0]),
  o.convOutput(x[3], w[3], stride[1], padding[1]),
];

const unit = (shape: readonly number[]) => between(shape, -1, 1);

/** A matrix that is safely invertible: random plus 2 on the diagonal; what lies in the other triangle is not zero. */
const dominant = (a: Expr): Expr => o.add(a, o.mul(2, o.eye(a.shape[a.shape.length - 1])));

const solves: readonly Case[] = [true, false].flatMap((lower) =>
  [false, true].flatMap((isUnit) =>
    [false, true].flatMap((transpose) => {
      const f = (a: Expr, b: Expr): Expr => o.triangularSolve(dominant(a), b, { lower, unit: isUnit, transpose });
      const name = [lower ? 'lower' : 'upper', isUnit ? 'unit' : '', transpose ? 'transposed' : ''].filter(Boolean);
      return [
        testCase(name.join(' '), [unit([3, 3]), unit([3, 2])], f),
        testCase([...name, 'batched'].join(' '), [unit([2, 4, 4]), unit([2, 4, 1])], f),
      ];
    }),
  ),
);

/** Linear algebra and convolution. */
export const linearCases = {
  matmul: [
    testCase('matrices', [between([2, 3]), between([3, 4])], o.matmul),
    testCase('transposed operands', [between([3, 2]), between([4, 3])], (a, b) =>
      o.matmul(o.transpose(a), o.transpose(b)),
    ),
    testCase('batched', [between([2, 2, 3]), between([2, 3, 2])], o.matmul),
    testCase('batch on the left', [between([2, 2, 3]), between([3, 2])], o.matmul),
    testCase('batch on the right', [between([2, 3]), between([2, 3, 2])], o.matmul),
    testCase('two batch axes, broadcast', [between([2, 1, 1, 3]), between([2, 3, 2])], o.matmul),
    testCase('with a bias, then a curve', [between([2, 3]), between([3, 2]), between([2])], (x, w, b) =>
      o.tanh(o.add(o.matmul(x, w), b)),
    ),
    testCase('vector times matrix', [between([3]), between([3, 2])], (x, w) => o.sin(o.vecmat(x, w))),
    testCase('matrix times vector', [between([2, 3]), between([3])], (a, x) => o.sin(o.matvec(a, x))),
    testCase('of an array with itself', [between([3, 3])], (a) => o.matmul(a, o.transpose(a))),
  ],
  triangularSolve: [
    ...solves,
    testCase('one row', [unit([1, 1]), unit([1, 2])], (a, b) => o.triangularSolve(dominant(a), b)),
    testCase('seven rows', [unit([7, 7]), unit([7, 1])], (a, b) => o.triangularSolve(dominant(a), b)),
    testCase('inverse of a unit triangle', [unit([3, 3])], (a) => o.unitTriangularInverse(a)),
  ],
  conv2d: windows.map((c) => testCase(c.name, [unit(c.x), unit(c.w)], (x, w) => o.conv2d(x, w, c.attributes))),
  conv2dInputGradient: [
    ...windows.map((c) =>
      testCase(c.name, [unit(outputOf(c)), unit(c.w)], (g, w) => o.conv2dInputGradient(g, w, c.x, c.attributes)),
    ),
    testCase('transposed convolution, same', [unit([1, 2, 3, 3]), unit([2, 1, 4, 4])], (x, w) =>
      o.convTranspose2d(x, w, { stride: 2, padding: 'same' }),
    ),
  ],
  conv2dKernelGradient: windows.map((c) =>
    testCase(c.name, [unit(c.x), unit(outputOf(c))], (x, g) => o.conv2dKernelGradient(x, g, c.w, c.attributes)),
  ),
} as const satisfies { readonly [O in Op]?: readonly Case[] };

const newton: Case = testCase('carries, sequences, outputs, closure', [between([2]), between([3, 2]), between([2])], (x, xs, k) => {
  const { carry, ys } = o.scan({
    length: 3,
    init: [x, o.square(k)],
    xs: [xs],
    body: ([a, b], [u]) => ({
      carry: [o.tanh(o.add(o.mul(a, k), u)), o.add(b, o.mul(0.3, o.sin(a)))],
      ys: [o.mul(a, b), o.sum(u)],
    }),
  });
  return o.add(o.sum(o.mul(ys[0], o.reshape(ys[1], [3, 1])), 0), o.mul(carry[0], carry[1]));
}); // biome-ignore format: one loop

/** A loop of at most `length` iterations that ends after `n` of them; the examples of a batch end apart. */
const ending =
  (length: number, n: (given: Expr) => Expr) =>
  (x: Expr, xs: Expr, k: Expr, given: Expr): Expr => {
    const { carry, ys } = o.scan({
      length,
      init: [x, o.scalar(0, 'int32')],
      xs: [xs],
      body: ([c, i], [u]) => ({
        carry: [o.tanh(o.add(o.mul(c, k), u)), o.add(i, 1)],
        ys: [o.mul(c, o.exp(u)), i],
        done: o.lessEqual(n(given), o.add(i, 1)),
      }),
    });
    const counted = o.cast(o.add(carry[1], o.sum(ys[1])), 'real');
    return o.add(o.sum(o.mul(ys[0], o.sin(ys[0])), 0), o.mul(carry[0], counted));
  };

const endings = [between([2]), between([5, 2]), between([2]), integers([], 1, 7)];

/** Marks and loops. */
export const controlCases = {
  stopGradient: [
    testCase('of a constant factor', [between([3]), { ...between([3]), fixed: true }], (x, k) =>
      o.mul(o.sin(x), o.stopGradient(o.exp(k))),
    ),
    testCase('int32', [integers([3], 0, 9)], o.stopGradient),
  ],
  label: [testCase('inside', [between([3])], (x) => o.exp(o.label('layer', o.square(x))))],
  batchMean: [{ ...testCase('outside a vmap', [between([3])], (x) => o.exp(o.batchMean(o.square(x)))), vmap: false }],
  advance: [
    testCase('the next value is not computed', [between([3])], (x) =>
      o.exp(o.advance('buffer', o.square(x), o.log(o.constant([-1, -2])))),
    ),
    testCase('int32', [integers([3], 0, 9)], (x) => o.advance('count', x, o.scalar(1), 'critic')),
  ],
  scan: [
    newton,
    testCase(
      'no sequences',
      [between([3], -1, 1)],
      (x) => o.scan({ length: 4, init: [x], body: ([c]) => ({ carry: [o.sin(o.add(c, o.square(c)))] }) }).carry[0],
    ),
    testCase(
      'no carries',
      [between([3, 2])],
      (xs) => o.scan({ length: 3, init: [], xs: [xs], body: (_, [x]) => ({ carry: [], ys: [o.exp(o.sum(x))] }) }).ys[0],
    ),
    testCase('an int32 carry counts and indexes', [between([5]), integers([], 0, 2)], (x, start) => {
      const { carry, ys } = o.scan({
        length: 3,
        init: [start, o.scalar(1)],
        body: ([i, a]) => ({ carry: [o.add(i, 1), o.mul(a, o.gather(x, i))], ys: [i] }),
      });
      return o.mul(carry[1], o.sin(o.sum(o.gather(x, ys[0]))));
    }),
    testCase('a bool carry', [between([4]), coins([])], (x, b) => {
      const { carry } = o.scan({
        length: 3,
        init: [x, b],
        body: ([a, c]) => ({ carry: [o.where(c, o.sin(a), o.mul(a, 0.9)), o.not(c)] }),
      });
      return carry[0];
    }),
    testCase('a loop in a loop', [between([2]), between([2])], (x, k) => {
      const inner = (c: Expr): Expr =>
        o.scan({ length: 2, init: [c], body: ([d]) => ({ carry: [o.tanh(o.mul(d, k))] }) }).carry[0];
      return o.scan({ length: 2, init: [x], body: ([c]) => ({ carry: [o.add(inner(c), 0.5)] }) }).carry[0];
    }),
    testCase('a carry replaced by a closed-over value', [between([2]), between([2])], (x, k) => {
      const { carry, ys } = o.scan({ length: 3, init: [x], body: ([c]) => ({ carry: [o.sin(k)], ys: [o.exp(c)] }) });
      return o.mul(carry[0], o.sum(ys[0], 0));
    }),
    testCase(
      'a matrix closed over',
      [unit([3, 3]), between([3])],
      (w, x) => o.scan({ length: 3, init: [x], body: ([c]) => ({ carry: [o.tanh(o.vecmat(c, w))] }) }).carry[0],
    ),
    testCase(
      'ends early: carries, sequences, outputs, closure',
      endings,
      ending(5, (n) => n),
    ),
    testCase(
      'ends after its first iteration',
      endings,
      ending(5, () => o.scalar(1, 'int32')),
    ),
    testCase(
      'never ends early',
      endings,
      ending(5, () => o.scalar(9, 'int32')),
    ),
    testCase('ends by the value of a carry', [between([], 1.1, 1.9), between([3])], (x, k) => {
      const { carry, ys } = o.scan({
        length: 20,
        init: [x],
        body: ([c]) => ({ carry: [o.mul(2, c)], ys: [o.sin(o.mul(c, k))], done: o.less(16, o.mul(2, c)) }),
      });
      return o.mul(carry[0], o.sum(ys[0], 0));
    }),
    testCase('ends early inside a loop that ends early', [between([2]), integers([], 1, 4), integers([], 1, 4)], (x, n, m) => {
      const inner = (c: Expr): Expr =>
        o.scan({
          length: 4,
          init: [c, o.scalar(0, 'int32')],
          body: ([d, i]) => ({ carry: [o.sin(o.mul(1.3, d)), o.add(i, 1)], done: o.lessEqual(m, o.add(i, 1)) }),
        }).carry[0];
      return o.scan({
        length: 4,
        init: [x, o.scalar(0, 'int32')],
        body: ([c, i]) => ({ carry: [o.add(inner(c), 0.5), o.add(i, 1)], done: o.lessEqual(n, o.add(i, 1)) }),
      }).carry[0];
    }), // biome-ignore format: one loop
    testCase('outputs of every type, ended early', [between([]), integers([], 1, 4)], (x, n) => {
      const { ys } = o.scan({
        length: 4,
        init: [o.scalar(0, 'int32'), x],
        body: ([i, c]) => ({
          carry: [o.add(i, 1), o.cos(c)],
          ys: [o.add(i, 5), o.lessEqual(0, i), c],
          done: o.lessEqual(n, o.add(i, 1)),
        }),
      });
      return o.mul(ys[2], o.add(o.cast(ys[0], 'real'), o.where(ys[1], ys[2], -1)));
    }),
    testCase('length 0 keeps its carry', [between([3])], (x) =>
      o.exp(o.scan({ length: 0, init: [x], body: ([c]) => ({ carry: [o.mul(c, 2)] }) }).carry[0]),
    ),
  ],
  project: [
    testCase(
      'the second of two',
      [between([3]), between([3])],
      (a, b) => o.scan({ length: 2, init: [a, b], body: ([x, y]) => ({ carry: [y, o.mul(x, y)] }) }).carry[1],
    ),
  ],
} as const satisfies { readonly [O in Op]?: readonly Case[] };
