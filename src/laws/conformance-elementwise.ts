/** Conformance cases of the leaves and the elementwise primitives. */
import { type Expr, makeNode, type Op } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { range } from '../core/shape.ts';
import { apart, between, type Case, type CaseInput, coins, halves, integers, offIntegers, positive, testCase } from './conformance-case.ts'; // biome-ignore format: one import

/** One operand, at rank 2, 0 and broadcast against a row. */
const unary = (f: (x: Expr) => Expr, of: (shape: readonly number[]) => CaseInput): Case[] => [
  testCase('matrix', [of([3, 4])], f),
  testCase('scalar', [of([])], f),
  testCase('of a row, repeated', [of([1, 3]), between([4, 3])], (x, y) => o.mul(f(o.broadcastTo(x, [4, 3])), y)),
];

/** Two operands: equal shapes, broadcasting both ways, against a scalar and a number. */
const binary = (
  f: (a: Expr | number, b: Expr | number) => Expr,
  a: (shape: readonly number[]) => CaseInput,
  b: (shape: readonly number[]) => CaseInput,
): Case[] => [
  testCase('same shape', [a([2, 3]), b([2, 3])], f),
  testCase('rank 1 against rank 3', [a([3]), b([2, 2, 3])], f),
  testCase('axes of size 1 on both sides', [a([2, 1, 3]), b([4, 1])], f),
  testCase('scalar', [a([2, 3]), b([])], f),
  testCase('number on the left', [b([3])], (x) => f(1.5, x)),
];

const integerBinary = (name: string, f: (a: Expr, b: Expr) => Expr): Case =>
  testCase(name, [integers([2, 3], -4, 5), integers([3], -4, 5)], f);

const compared = (f: (a: Expr, b: Expr) => Expr): Case[] => [
  testCase('reals', [halves([2, 3], 0), halves([3], 0.25)], f),
  testCase('int32, ties', [integers([3, 4], 0, 3), integers([4], 0, 3)], f),
  testCase('as a number', [halves([2, 3], 0), halves([2, 1], 0.25)], (x, y) =>
    o.mul(o.cast(f(x, y), 'real'), o.add(x, y)),
  ),
];

const logical = (f: (a: Expr, b: Expr) => Expr): Case[] => [
  testCase('same shape', [coins([3, 4]), coins([3, 4])], f),
  testCase('broadcast', [coins([4]), coins([3, 1])], f),
];

const wide = (low: number, high: number) => (shape: readonly number[]) => between(shape, low, high);
const polygamma = (order: number): Case =>
  testCase(`order ${order}`, [positive([3, 3], 0.6, 12)], (x) => o.polygamma(order, x));

/** Leaves: what stands for an array must be that array. */
export const leafCases = {
  constant: [
    testCase('scalar, row, matrix', [between([2, 3])], (x) =>
      o.add(o.mul(x, o.constant([1, -2, 3])), o.mul(o.scalar(0.25), o.constant([1, 2, 3, 4, 5, 6], [2, 3]))),
    ),
    testCase('many elements', [between([90])], (x) => o.mul(x, o.constant(range(90).map((i) => Math.sin(i))))),
    testCase('int32', [integers([4], -3, 4)], (x) => o.add(x, o.iota(4))),
    testCase('one value over and over', [between([2, 3])], (x) => o.mul(x, o.constant([7, 7, 7, 7, 7, 7], [2, 3]))),
  ],
  variable: [
    testCase(
      'of a loop',
      [between([3])],
      (x) => o.scan({ length: 1, init: [x], body: (c) => ({ carry: c }) }).carry[0],
    ),
  ],
  input: [
    testCase('itself', [between([2, 3])], (x) => x),
    testCase('int32', [integers([3], -5, 5)], (x) => x),
    testCase('bool', [coins([5])], (x) => x),
  ],
  parameter: [testCase('itself', [{ ...between([2, 2]), leaf: 'parameter' }], (x) => o.mul(x, x))],
  noise: [testCase('itself', [{ ...between([2, 2]), leaf: 'noise' }], (x) => o.mul(x, x))],
} as const satisfies { readonly [O in Op]?: readonly Case[] };

/** Elementwise primitives. */
export const elementwiseCases = {
  neg: [...unary(o.neg, between), testCase('int32', [integers([4], -3, 4)], o.neg)],
  abs: unary(o.abs, offIntegers),
  sign: unary(o.sign, offIntegers),
  floor: unary(o.floor, offIntegers),
  exp: unary(o.exp, between),
  expm1: [...unary(o.expm1, wide(-3, 2)), testCase('tiny', [between([5], 1e-6, 4e-6)], (x) => o.div(o.expm1(x), 1e-6))],
  log: unary(o.log, positive),
  log1p: [
    ...unary(o.log1p, wide(-0.7, 4)),
    testCase('tiny', [between([5], 1e-6, 4e-6)], (x) => o.div(o.log1p(x), 1e-6)),
    testCase('large', [between([5], 1e5, 1e8)], (x) => o.log1p(x)),
  ],
  sqrt: unary(o.sqrt, positive),
  sin: unary(o.sin, wide(-4, 4)),
  cos: unary(o.cos, wide(-4, 4)),
  tanh: unary(o.tanh, wide(-3, 3)),
  sigmoid: [...unary(o.sigmoid, wide(-4, 4)), testCase('far', [between([4], -60, -40)], (x) => o.log(o.sigmoid(x)))],
  softplus: [
    ...unary(o.softplus, wide(-4, 4)),
    testCase('far left, in logarithm', [between([4], -40, -20)], (x) => o.log(o.softplus(x))),
    testCase('far right', [between([4], 30, 60)], o.softplus),
  ],
  relu: unary(o.relu, offIntegers),
  erf: unary(o.erf, wide(-2.5, 2.5)),
  lgamma: [
    ...unary(o.lgamma, wide(0.6, 12)),
    testCase('near 0', [between([5], 0.01, 0.2)], o.lgamma),
    testCase('large', [between([5], 50, 500)], o.lgamma),
  ],
  polygamma: [
    ...[0, 1, 2, 3].map(polygamma),
    testCase('order 1 near 0', [between([5], 0.1, 0.4)], (x) => o.polygamma(1, x)),
    testCase('order 2, large', [between([5], 20, 60)], (x) => o.polygamma(2, x)),
  ],
  not: [testCase('vector', [coins([5])], o.not), testCase('scalar', [coins([])], o.not)],
  cast: [
    testCase('bool to real', [coins([2, 3]), between([2, 3])], (c, x) => o.mul(o.cast(c, 'real'), x)),
    testCase('int32 to real', [integers([5], -4, 5)], (i) => o.cast(i, 'real')),
    testCase('real to int32, towards zero', [offIntegers([6])], (x) => o.cast(x, 'int32')),
    testCase('int32 to bool', [integers([6], 0, 2)], (i) => o.cast(i, 'bool')),
    testCase('bool to int32', [coins([6])], (c) => o.cast(c, 'int32')),
    testCase('real to bool', [offIntegers([6])], (x) => o.cast(o.relu(x), 'bool')),
  ],
  add: [...binary(o.add, between, between), integerBinary('int32', o.add)],
  sub: [...binary(o.sub, between, between), integerBinary('int32', o.sub)],
  mul: [
    ...binary(o.mul, between, between),
    integerBinary('int32', o.mul),
    testCase('square', [between([3])], (x) => o.mul(x, x)),
  ],
  div: [
    ...binary(o.div, between, positive),
    testCase('negative denominators', [between([2, 3]), offIntegers([3])], o.div),
    testCase('by a power of two', [between([3])], (x) => o.div(x, 8)),
  ],
  pow: [
    ...binary(o.pow, positive, between),
    testCase('negative base, exponent 3', [offIntegers([4])], (x) => o.pow(x, 3)),
    testCase('negative base, exponent 2', [offIntegers([4])], (x) => o.pow(x, 2)),
    testCase('exponent −1', [offIntegers([4])], (x) => o.pow(x, -1)),
    testCase('exponent ½', [positive([4])], (x) => o.pow(x, 0.5)),
    testCase('exponents 0 … 3 at 0', [between([4], 0, 0)], (x) =>
      o.addAll([o.pow(x, 0), o.pow(x, 1), o.pow(x, 2), o.pow(x, 3), x]),
    ),
  ],
  max: [
    ...binary(o.max, (s) => halves(s, 0), (s) => halves(s, 0.25)), // biome-ignore format: one idea
    integerBinary('int32', o.max),
  ],
  min: [
    ...binary(o.min, (s) => halves(s, 0), (s) => halves(s, 0.25)), // biome-ignore format: one idea
    integerBinary('int32', o.min),
  ],
  less: compared(o.less),
  lessEqual: compared(o.lessEqual),
  equal: [
    ...compared(o.equal),
    testCase('bool', [coins([6]), coins([6])], (a, b) => o.not(o.or(o.and(a, o.not(b)), o.and(o.not(a), b)))),
  ],
  and: logical(o.and),
  or: logical(o.or),
  select: [
    testCase('same shape', [coins([2, 3]), between([2, 3]), between([2, 3])], o.where),
    testCase('broadcast', [coins([3, 1]), between([4]), between([])], o.where),
    testCase('on a comparison of its operands', [apart([6])], (x) => o.where(o.less(x, 0.1), o.exp(x), o.cos(x))),
    testCase('int32', [coins([4]), integers([4], 0, 9), integers([4], 0, 9)], o.where),
    testCase('against a number', [coins([4]), between([4])], (c, x) => o.where(c, x, 0)),
    testCase('bool branches', [coins([4]), coins([4]), coins([4])], (c, a, b) =>
      makeNode('select', [c, a, b], {}, [4], 'bool'),
    ),
  ],
} as const satisfies { readonly [O in Op]?: readonly Case[] };
