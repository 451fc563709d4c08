/** The bank of conformance cases: a total record over the primitives, and derived forms that combine them. */
import { grad } from '../core/differentiate/index.ts';
import type { Op } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { reductionCases, structureCases } from './conformance-arrays.ts';
import { branchCases } from './conformance-branches.ts';
import { apart, between, type Case, integers, offIntegers, positive, testCase } from './conformance-case.ts';
import { elementwiseCases, leafCases } from './conformance-elementwise.ts';
import { controlCases, linearCases } from './conformance-linear.ts';

/**
 * The conformance cases of every primitive; the type requires an entry for each.
 *
 * @example
 * primitiveCases.exp.length > 0;   // true
 */
export const primitiveCases: { readonly [O in Op]: readonly Case[] } = {
  ...leafCases,
  ...elementwiseCases,
  ...reductionCases,
  ...structureCases,
  ...linearCases,
  ...controlCases,
  ...branchCases,
};

/**
 * The conformance cases of functions composed of primitives, whose derivatives are easy to get wrong (softmax, log-sum-exp, …).
 *
 * @example
 * Object.keys(derivedCases).includes('softmax');   // true
 */
export const derivedCases: Readonly<Record<string, readonly Case[]>> = {
  logSumExp: [
    testCase('all', [between([2, 3])], (x) => o.logSumExp(x)),
    testCase('axis 0', [between([3, 2])], (x) => o.logSumExp(x, 0)),
    testCase('far from 0', [between([2, 3], 80, 84)], (x) => o.logSumExp(x, -1)),
  ],
  softmax: [
    testCase('axis −1', [between([2, 3])], (x) => o.softmax(x)),
    testCase('axis 0', [between([3, 2])], (x) => o.softmax(x, 0)),
    testCase('cross entropy', [between([2, 3]), between([2, 3])], (x, y) =>
      o.sub(o.logSumExp(x, 1), o.sum(o.mul(x, o.softmax(y)), 1)),
    ),
  ],
  sort: [
    testCase('axis −1', [apart([2, 5])], (x) => o.exp(o.sort(x))),
    testCase('axis 0', [apart([4, 2])], (x) => o.exp(o.sort(x, 0))),
  ],
  oneHot: [
    testCase('rows', [integers([4], 0, 3), between([4, 3])], (i, x) => o.mul(o.oneHot(i, 3), o.exp(x))),
    testCase('a matrix of indices', [integers([2, 2], 0, 3)], (i) => o.oneHot(i, 3)),
  ],
  triangle: [
    testCase('lower', [between([3, 3])], (x) => o.exp(o.triangle(x, true))),
    testCase('strictly upper', [between([2, 3, 3])], (x) => o.exp(o.triangle(x, false, true))),
  ],
  stableForms: [
    testCase('logSigmoid', [between([5], -6, 6)], o.logSigmoid),
    testCase('log(1 − tanh²)', [between([5], -6, 6)], o.logOneMinusTanhSquared),
    testCase('softplus inverse', [positive([5], 0.05, 8)], o.softplusInverse),
    testCase('log(1 − eˣ)', [between([6], -3, -0.75)], o.log1mExp),
    testCase('log(1 − eˣ) near 0', [between([6], -0.6, -0.05)], o.log1mExp),
    testCase('normal density', [between([4])], o.standardNormalLogDensity),
  ],
  images: [
    testCase('upsampling', [between([1, 2, 2, 2])], (x) => o.exp(o.upsampleNearest(x, 2))),
    testCase('average pooling', [between([1, 2, 4, 4])], (x) => o.exp(o.averagePool(x, 2))),
  ],
  networks: [
    testCase('‖∇ₓ Σ tanh(xW)²‖²', [between([2]), between([2, 3], -1, 1)], (x, w) => {
      const [g] = grad(o.sum(o.square(o.tanh(o.vecmat(x, w)))), [x]);
      return o.sum(o.square(g));
    }),
    testCase('SiLU', [between([6], -4, 4)], (x) => o.mul(x, o.sigmoid(x))),
    testCase('layer normalisation', [between([2, 4])], (x) => {
      const centred = o.sub(x, o.restoreAxes(o.mean(x, 1), x, 1));
      const scale = o.sqrt(o.add(o.mean(o.square(centred), 1), 0.1));
      return o.div(centred, o.restoreAxes(scale, x, 1));
    }),
    testCase('affine coupling', [between([4]), between([2, 4], -1, 1), between([2])], (x, w, t) => {
      const h = o.tanh(o.vecmat(o.slice(x, [0], [2]), w));
      const [s, b] = [o.slice(h, [0], [2]), o.slice(h, [2], [4])];
      return o.concat([o.slice(x, [0], [2]), o.add(o.mul(o.slice(x, [2], [4]), o.exp(s)), o.add(b, t))]);
    }),
    testCase('leaky unit', [offIntegers([5])], (x) => o.where(o.less(0, x), x, o.mul(0.1, x))),
  ],
};

/**
 * Every conformance case, under the name of its primitive or derived function.
 *
 * @example
 * Object.keys(conformanceCases).includes('exp');   // true
 */
export const conformanceCases: Readonly<Record<string, readonly Case[]>> = { ...primitiveCases, ...derivedCases };
