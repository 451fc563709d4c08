/** Conformance cases of branches, and of values with a derivative of their own. */
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { between, type Case, type CaseInput, coins, integers, positive, testCase } from './conformance-case.ts';

const flag = (value: 0 | 1): CaseInput => ({ shape: [], domain: { kind: 'given', values: [value] }, type: 'bool' });

/** The same question of either branch. */
const either = (name: string, inputs: readonly CaseInput[], build: (...xs: Expr[]) => Expr): readonly Case[] =>
  ([1, 0] as const).map((b) => testCase(`${name}, ${b ? 'then' : 'otherwise'}`, [...inputs, flag(b)], build));

/** Branches. */
export const branchCases = {
  cond: [
    ...either(
      'one result',
      [between([3]), between([3])],
      (x, k, b) =>
        o.cond(
          b,
          () => [o.sin(o.mul(x, k))],
          () => [o.exp(x)],
        )[0],
    ),
    ...either('several results, of several types', [between([3]), between([2, 3])], (x, w, b) => {
      const [y, count, sign] = o.cond(
        b,
        () => [o.tanh(o.matvec(w, x)), o.scalar(2, 'int32'), o.less(o.sum(x), 0)],
        () => [o.slice(o.square(x), [0], [2]), o.scalar(3, 'int32'), o.less(0, o.sum(x))],
      );
      return o.mul(o.where(sign, y, o.mul(2, y)), o.cast(count, 'real'));
    }),
    ...either('what a branch passes on', [between([2]), between([2])], (x, y, b) => {
      const [u, v] = o.cond(
        b,
        () => [x, y],
        () => [y, x],
      );
      return o.mul(o.sin(u), v);
    }),
    ...either('shared by outside and both branches', [between([3])], (x, b) => {
      const h = o.sin(x);
      const [y] = o.cond(
        b,
        () => [o.square(h)],
        () => [o.exp(h)],
      );
      return o.mul(y, h);
    }),
    testCase('a flag of the values themselves', [positive([3])], (x) => {
      const [y] = o.cond(
        o.less(0, o.sum(x)),
        () => [o.log(x)],
        () => [o.exp(x)],
      );
      return o.mul(x, y);
    }),
    testCase('a branch that is not finite is not taken', [between([3], -3, -1)], (x) => {
      const [y] = o.cond(
        o.less(0, o.sum(x)),
        () => [o.log(x)],
        () => [o.square(x)],
      );
      return o.sin(y);
    }),
    ...either('a branch in a branch', [between([2]), coins([])], (x, c, b) => {
      const inner = (): Expr[] =>
        o.cond(
          c,
          () => [o.sin(x)],
          () => [o.mul(x, x)],
        );
      return o.cond(b, inner, () => [o.exp(x)])[0];
    }),
    ...either('one after the other', [between([2]), between([2])], (x, k, b) => {
      const [y] = o.cond(
        b,
        () => [o.mul(x, k)],
        () => [o.sin(x)],
      );
      return o.cond(
        b,
        () => [o.tanh(y)],
        () => [o.mul(y, o.add(y, k))],
      )[0];
    }),
    testCase('in a loop, by the iteration', [between([2]), between([4, 2]), integers([], 0, 4)], (x, us, at) => {
      const { carry, ys } = o.scan({
        length: 4,
        init: [x, o.scalar(0, 'int32')],
        xs: [us],
        body: ([c, i], [u]) => {
          const [next] = o.cond(
            o.equal(i, at),
            () => [o.sin(o.mul(c, u))],
            () => [o.add(o.mul(0.5, c), x)],
          );
          return { carry: [next, o.add(i, 1)], ys: [o.square(next)] };
        },
      });
      return o.add(carry[0], o.sum(ys[0], 0));
    }),
    ...either('a loop in a branch', [between([2]), between([2])], (x, k, b) => {
      const loop = (): Expr[] =>
        o.scan({ length: 3, init: [x], body: ([c]) => ({ carry: [o.tanh(o.mul(c, k))] }) }).carry;
      return o.cond(b, loop, () => [k])[0];
    }),
    ...either('noise and a parameter in a branch', [{ ...between([2]), leaf: 'parameter' }, { ...between([2]), leaf: 'noise' }, between([2])], (w, e, x, b) =>
      o.cond(b, () => [o.mul(o.exp(w), o.add(x, e))], () => [o.mul(x, o.sin(e))])[0],
    ), // biome-ignore format: one idea
  ],
  custom: [
    testCase('a product, by its own rule', [between([3]), between([3])], (x, k) => product(x, o.sin(k))),
    testCase('a rule that reads the value', [between([3])], (x) => {
      const [y] = o.customGradient({
        inputs: [x],
        forward: ([v]) => [o.tanh(v)],
        backward: (_, [t], [g]) => [o.mul(g, o.sub(1, o.square(t)))],
      });
      return o.mul(y, x);
    }),
    testCase('several results, of several types', [between([3]), integers([], 1, 4)], (x, n) => {
      const [y, count, z] = o.customGradient({
        inputs: [x, n],
        forward: ([v, k]) => [o.exp(v), o.add(k, 1), o.sum(o.square(v))],
        backward: ([v], [e], [g, h]) => [o.add(o.mul(g, e), o.mul(o.mul(2, h), v))],
      });
      return o.mul(o.mul(y, z), o.cast(count, 'real'));
    }),
    testCase('in a loop', [between([2]), between([3, 2])], (x, us) => {
      const body = (c: readonly Expr[], u: readonly Expr[]) => ({ carry: [o.sin(product(c[0], u[0]))] });
      return o.scan({ length: 3, init: [x], xs: [us], body }).carry[0];
    }),
    testCase('a loop in it', [between([2]), between([2])], (x, k) => {
      const power = (v: Expr, w: Expr): Expr => o.scan({ length: 3, init: [v], body: ([c]) => ({ carry: [o.mul(c, w)] }) }).carry[0]; // biome-ignore format: one idea
      const [y] = o.customGradient({
        inputs: [x, k],
        forward: ([v, w]) => [power(v, w)],
        backward: ([v, w], _, [g]) => [power(g, w), o.mul(o.mul(3, g), o.mul(v, o.square(w)))],
      });
      return o.sin(y);
    }),
    ...either('in a branch', [between([2]), between([2])], (x, k, b) =>
      o.cond(b, () => [product(x, k)], () => [o.exp(x)])[0],
    ), // biome-ignore format: one idea
    testCase('shared by examples', [between([2]), { ...between([2]), leaf: 'parameter' }], (x, w) =>
      product(o.sin(x), o.exp(w)),
    ),
  ],
} as const;

/** x k with its declared gradient. */
const product = (x: Expr, k: Expr): Expr =>
  o.customGradient({
    inputs: [x, k],
    forward: ([a, b]) => [o.mul(a, b)],
    backward: ([a, b], _, [g]) => [o.mul(g, b), o.mul(g, a)],
  })[0];
