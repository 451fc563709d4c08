/** One rule for each primitive: a forward kernel of TensorFlow.js, or a few. */
import { raise } from '../../errors.ts';
import type { Node, Op, RuleTable } from '../../expr.ts';
import { binary, broadcast, cast, extremum, logical, logicalNot, negate, select, unary } from './elementwise.ts';
import { type Compile, type Emitted, plain, type Rule } from './emitted.ts';
import { conv2d, conv2dInputGradient, conv2dKernelGradient, matmul } from './linear.ts';
import { argMax, argSort, cumsum, reduceMax, sum } from './reduce.ts';
import { concat, gather, pad, reshape, reverse, scatterAdd, slice, transpose } from './structure.ts';

const absent: Rule = (n: Node<Op>) => raise('BackendError', 'tfjs', `${n.op} should have been lowered or fed`);
const through: Rule = (n) => plain(n, (_, [x]) => x);

/** Total over the primitives; leaves, scans and what is always lowered never reach it. */
export const rules: RuleTable<[c: Compile], Emitted> = {
  constant: absent,
  variable: absent,
  input: absent,
  parameter: absent,
  noise: absent,
  neg: negate,
  abs: unary('Abs'),
  sign: absent,
  floor: unary('Floor'),
  exp: unary('Exp'),
  expm1: unary('Expm1'),
  log: unary('Log'),
  log1p: unary('Log1p'),
  sqrt: unary('Sqrt'),
  sin: unary('Sin'),
  cos: unary('Cos'),
  tanh: unary('Tanh'),
  sigmoid: unary('Sigmoid'),
  softplus: unary('Softplus'),
  relu: unary('Relu'),
  erf: unary('Erf'),
  lgamma: absent,
  polygamma: absent,
  not: logicalNot,
  cast,
  add: binary('Add'),
  sub: binary('Sub'),
  mul: binary('Multiply'),
  div: binary('RealDiv'),
  pow: binary('Pow'),
  max: extremum('Maximum'),
  min: extremum('Minimum'),
  less: binary('Less'),
  lessEqual: binary('LessEqual'),
  equal: binary('Equal'),
  and: logical('LogicalAnd'),
  or: logical('LogicalOr'),
  select,
  sum,
  reduceMax,
  argMax,
  cumsum,
  argSort,
  reshape,
  transpose,
  broadcast,
  slice,
  pad,
  concat,
  reverse,
  gather,
  scatterAdd,
  matmul,
  triangularSolve: absent,
  conv2d,
  conv2dInputGradient,
  conv2dKernelGradient,
  stopGradient: through,
  label: through,
  batchMean: through,
  advance: through,
  scan: absent,
  cond: absent,
  project: absent,
};
