/** Conformance cases of reductions, orderings, structure and indexing. */
import type { Expr, Op } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { apart, between, type Case, coins, given, integers, testCase } from './conformance-case.ts';

/** Makes a linear primitive non-linear, so that its second derivatives are not all zero. */
const bent = (f: (x: Expr) => Expr) => (x: Expr) => o.sin(f(o.mul(x, x)));

/** A linear primitive: on reals directly, between two nonlinear functions, and on int32 where it allows that. */
const linear = (name: string, shape: readonly number[], f: (x: Expr) => Expr): Case[] => [
  testCase(name, [between(shape)], bent(f)),
];

/** Reductions, running sums and orderings. */
export const reductionCases = {
  sum: [
    ...linear('all', [2, 3], (x) => o.sum(x)),
    ...linear('axis 0', [2, 3], (x) => o.sum(x, 0)),
    ...linear('axis −1', [2, 3, 2], (x) => o.sum(x, -1)),
    ...linear('axes 0 and 2', [2, 3, 2], (x) => o.sum(x, [2, 0])),
    ...linear('axis of size 1', [2, 1, 3], (x) => o.sum(x, 1)),
    testCase('of a repeated row', [between([1, 3])], (x) => o.exp(o.sum(o.broadcastTo(x, [4, 3]), [0]))),
    testCase('int32', [integers([2, 3], -4, 5)], (x) => o.sum(x, 1)),
    testCase('of a sum', [between([2, 3, 2])], (x) => o.exp(o.sum(o.sum(x, 1), 0))),
    testCase('mean', [between([2, 3])], (x) => o.mean(o.square(x), 1)),
  ],
  reduceMax: [
    testCase('all', [apart([2, 3], 0.3, 2)], (x) => o.sin(o.reduceMax(o.square(x)))),
    testCase('axis −1', [apart([3, 4])], (x) => o.exp(o.reduceMax(x, -1))),
    testCase('axes 0 and 2', [apart([2, 3, 2])], (x) => o.exp(o.reduceMax(x, [0, 2]))),
    testCase('int32', [integers([3, 4], -9, 9)], (x) => o.reduceMax(x, 0)),
  ],
  argMax: [
    testCase('axis −1', [apart([3, 4])], (x) => o.argMax(x)),
    testCase('axis 0', [apart([3, 4])], (x) => o.argMax(x, 0)),
    testCase('first of ties', [integers([4, 6], 0, 3)], (x) => o.argMax(o.cast(x, 'real'), 1)),
  ],
  cumsum: [
    ...linear('axis −1', [2, 4], (x) => o.cumsum(x)),
    ...linear('axis 0', [3, 2], (x) => o.cumsum(x, 0)),
    ...linear('from the end', [2, 4], (x) => o.cumsum(x, -1, true)),
    ...linear('from the end, axis 1 of 3', [2, 3, 2], (x) => o.cumsum(x, 1, true)),
    testCase('int32', [integers([2, 3], -4, 5)], (x) => o.cumsum(x, 0)),
  ],
  argSort: [
    testCase('axis −1', [apart([2, 5])], (x) => o.argSort(x)),
    testCase('axis 0', [apart([5, 2])], (x) => o.argSort(x, 0)),
    testCase('axis 1 of 3', [apart([2, 4, 2])], (x) => o.argSort(x, 1)),
    testCase('stable on ties', [integers([3, 8], 0, 3)], (x) => o.argSort(o.cast(x, 'real'))),
  ],
} as const satisfies { readonly [O in Op]?: readonly Case[] };

/** Structure. */
export const structureCases = {
  reshape: [
    ...linear('to a vector', [2, 3], (x) => o.reshape(x, [6])),
    ...linear('to higher rank, −1', [6, 2], (x) => o.reshape(x, [2, -1, 1, 3])),
    testCase('int32', [integers([2, 3], 0, 9)], (x) => o.reshape(x, [3, 2])),
    testCase('scalar', [between([1, 1])], (x) => o.exp(o.reshape(x, []))),
  ],
  transpose: [
    ...linear('matrix', [2, 3], (x) => o.transpose(x)),
    ...linear('cycle', [2, 3, 4], (x) => o.transpose(x, [2, 0, 1])),
    ...linear('rank 4', [2, 1, 3, 2], (x) => o.transpose(x, [3, 1, 0, 2])),
    testCase('bool', [coins([2, 3])], (x) => o.transpose(x)),
    testCase('moveAxis', [between([2, 3, 4])], (x) => o.exp(o.moveAxis(x, -1, 0))),
  ],
  broadcast: [
    ...linear('column', [2, 1], (x) => o.broadcastTo(x, [2, 3])),
    ...linear('new axes', [3], (x) => o.broadcastTo(x, [2, 2, 3])),
    ...linear('scalar', [], (x) => o.broadcastTo(x, [2, 3])),
    ...linear('two axes', [1, 3, 1], (x) => o.broadcastTo(x, [2, 3, 2])),
    testCase('int32', [integers([3, 1], 0, 9)], (x) => o.broadcastTo(x, [3, 2])),
    testCase('bool', [coins([3, 1])], (x) => o.broadcastTo(x, [3, 2])),
  ],
  slice: [
    ...linear('inside', [4, 5], (x) => o.slice(x, [1, 2], [3, 5])),
    ...linear('strides', [5, 7], (x) => o.slice(x, [0, 1], [5, 7], [2, 3])),
    ...linear('axis −1, stride 2, even rest', [2, 6], (x) => o.sliceAxis(x, -1, 1, 6, 2)),
    ...linear('one element', [3], (x) => o.slice(x, [1], [2])),
    testCase('of a slice', [between([9])], (x) => o.exp(o.slice(o.slice(x, [1], [9], [2]), [1], [4], [2]))),
    testCase('int32', [integers([5], 0, 9)], (x) => o.slice(x, [1], [5], [2])),
    testCase('bool', [coins([5])], (x) => o.slice(x, [1], [5], [2])),
  ],
  pad: [
    ...linear('low and high', [2, 3], (x) => o.pad(x, [1, 0], [0, 2])),
    ...linear('interior', [3], (x) => o.pad(x, [0], [0], [2])),
    ...linear('everything', [2, 3], (x) => o.pad(x, [1, 2], [2, 1], [1, 2])),
    ...linear('interior of one element', [1, 2], (x) => o.pad(x, [1, 0], [0, 1], [3, 1])),
    testCase('int32', [integers([3], 1, 9)], (x) => o.pad(x, [1], [1])),
    testCase('int32 interior', [integers([3], 1, 9)], (x) => o.pad(x, [1], [1], [1])),
    testCase('bool', [coins([3])], (x) => o.pad(x, [1], [2])),
  ],
  concat: [
    testCase('axis 0', [between([2, 3]), between([1, 3])], (a, b) => o.exp(o.concat([a, b]))),
    testCase('axis −1, three parts', [between([2, 1]), between([2, 2]), between([2, 3])], (a, b, c) =>
      o.sin(o.concat([a, o.square(b), c], -1)),
    ),
    testCase('a part twice', [between([3]), between([2])], (a, b) => o.exp(o.concat([a, b, a]))),
    testCase('int32', [integers([3], 0, 9), integers([2], 0, 9)], (a, b) => o.concat([a, b])),
    testCase('bool', [coins([3]), coins([2])], (a, b) => o.concat([a, b])),
    testCase('stack', [between([3]), between([3])], (a, b) => o.exp(o.stack([a, b], 1))),
    testCase('of slices', [between([2, 6])], (x) =>
      o.exp(o.concat([o.sliceAxis(x, 1, 3, 6), o.sliceAxis(x, 1, 0, 2), o.sliceAxis(x, 1, 2, 3)], 1)),
    ),
  ],
  reverse: [
    ...linear('axis 0', [3, 2], (x) => o.reverse(x, 0)),
    ...linear('axis −1', [2, 4], (x) => o.reverse(x, -1)),
    testCase('all axes', [between([2, 3])], (x) => o.mul(o.reverse(x), x)),
    testCase('int32', [integers([4], 0, 9)], (x) => o.reverse(x)),
    testCase('bool', [coins([4])], (x) => o.reverse(x)),
  ],
  gather: [
    testCase('axis 0', [between([5, 2]), given([3], [4, 0, 4])], (x, i) => o.exp(o.gather(x, i))),
    testCase('axis 1', [between([2, 5]), integers([4], 0, 5)], (x, i) => o.exp(o.gather(x, i, 1))),
    testCase('axis −1 of 3', [between([2, 2, 4]), integers([3], 0, 4)], (x, i) => o.sin(o.gather(x, i, -1))),
    testCase('indices of rank 2', [between([4, 2]), integers([2, 3], 0, 4)], (x, i) => o.sin(o.gather(x, i))),
    testCase('axis 1, indices of rank 2', [between([2, 4, 2]), integers([2, 3], 0, 4)], (x, i) =>
      o.sin(o.gather(x, i, 1)),
    ),
    testCase('scalar index', [between([4, 2]), integers([], 0, 4)], (x, i) => o.exp(o.gather(x, i))),
    testCase('int32 table', [integers([5], 0, 99), integers([3], 0, 5)], (x, i) => o.gather(x, i)),
    testCase('bool table', [coins([5]), integers([3], 0, 5)], (x, i) => o.gather(x, i)),
    testCase('takeAlong', [between([2, 4]), integers([2, 3], 0, 4)], (x, i) => o.exp(o.takeAlong(x, i))),
    testCase('takeAlong axis 0', [between([4, 2]), integers([3, 2], 0, 4)], (x, i) => o.exp(o.takeAlong(x, i, 0))),
    testCase('diagonal', [between([2, 3, 3])], (x) => o.exp(o.diagonal(x))),
  ],
  scatterAdd: [
    testCase('repeated indices', [given([4], [1, 3, 1, 0]), between([4, 2])], (i, u) => o.sin(o.scatterAdd(i, u, 5))),
    testCase('axis 1', [integers([3], 0, 4), between([2, 3])], (i, u) => o.sin(o.scatterAdd(i, o.square(u), 4, 1))),
    testCase('axis −1', [integers([3], 0, 4), between([2, 3])], (i, u) => o.sin(o.scatterAdd(i, u, 4, -1))),
    testCase('axis 1 of 3, repeated', [given([3], [2, 2, 0]), between([2, 3, 2])], (i, u) =>
      o.sin(o.scatterAdd(i, u, 3, 1)),
    ),
    testCase('indices of rank 2', [integers([2, 2], 0, 3), between([2, 2, 2])], (i, u) => o.sin(o.scatterAdd(i, u, 3))),
    testCase('axis 1, indices of rank 2', [integers([2, 2], 0, 3), between([2, 2, 2])], (i, u) =>
      o.sin(o.scatterAdd(i, u, 3, 1)),
    ),
    testCase('scalar index', [integers([], 0, 3), between([2])], (i, u) => o.sin(o.scatterAdd(i, u, 3))),
    testCase('int32', [integers([4], 0, 3), integers([4], -5, 6)], (i, u) => o.scatterAdd(i, u, 3)),
  ],
} as const satisfies { readonly [O in Op]?: readonly Case[] };
