import { pipe } from 'fp-ts/lib/function.js';
import type { Cost } from '../algebra/cost.ts';
import { layerKind } from '../algebra/kinds.ts';
import { bijection, type Endo } from '../algebra/transport.ts';
import { define } from '../core/definition.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { normalInit, zeros } from '../core/parameters.ts';
import * as Sc from '../core/scope.ts';
import { type Shape, sizeOf } from '../core/shape.ts';
import { increasingRoot } from './scalar/root.ts';

/** One closed direction, and one that looks for a root. */
const oneIterative: Cost = { encode: { how: 'parallel', passes: 0 }, decode: { how: 'iterative', passes: 0 } };

/** The least 1 + m: the steepest fold, where the slope is closest to 0. */
const LEAST = 1e-4;

/** softplus⁻¹(1 − LEAST): makes a free parameter of 0 mean that nothing changes. */
const OFFSET = Math.log(Math.expm1(1 - LEAST));

/**
 * Planar flow (Rezende & Mohamed 2015, arXiv:1505.05770): a ridge along w,
 *
 *     z = x + û tanh(a),  a = wᵀx + b      log |det ∂z/∂x| = log(1 + m tanh′(a)) = log(tanh² a + (1 + m) tanh′(a)),  m = wᵀû
 *
 * with û = u + (m − wᵀu) w / |w|² and 1 + m = 10⁻⁴ + softplus(wᵀu + c) > 0, which keeps it a bijection (their appendix A.1, with c so that u = 0 is the
 * identity, where it starts). Encoding is closed. Decoding is iterative, but in one dimension only: a + m tanh a = wᵀz + b has one root a, between
 * wᵀz + b ± |m|; then x = z − û tanh a. `inverse(planar())` samples in closed form, as a variational posterior wants. Any event shape: its
 * elements are one vector. No network.
 *
 * @example
 * repeat(8, planar())
 */
export const planar = define(
  layerKind,
  { type: 'planar', about: 'A ridge along a learned direction.', shapes: 'vectors', examples: [{}] },
  (): Endo<'bijective'> => {
    interface Ridge {
      readonly w: Expr;
      readonly bias: Expr;
      readonly direction: Expr;
      /** 1 + m. */
      readonly gain: Expr;
    }
    const ridge = (shape: Shape): Sc.Scoped<Ridge> =>
      pipe(
        Sc.parameter('w', shape, { init: normalInit(1 / Math.sqrt(sizeOf(shape))), kind: 'weight' }),
        Sc.chain((w) =>
          pipe(
            Sc.parameter('u', shape, { init: zeros, kind: 'weight' }),
            Sc.chain((u) =>
              pipe(
                Sc.parameter('bias', [], { init: zeros, kind: 'bias' }),
                Sc.map((bias) => {
                  const along = o.dot(w, u);
                  const gain = o.add(LEAST, o.softplus(o.add(along, OFFSET)));
                  const lift = o.div(o.sub(o.sub(gain, 1), along), o.dot(w, w));
                  return { w, bias, direction: o.add(u, o.mul(lift, w)), gain };
                }),
              ),
            ),
          ),
        ),
      );
    const contribution = (a: Expr, gain: Expr): Expr =>
      o.log(o.add(o.square(o.tanh(a)), o.mul(gain, o.exp(o.logOneMinusTanhSquared(a)))));
    return bijection({
      spec: { type: 'planar' },
      cost: oneIterative,
      encode: (x) =>
        pipe(
          ridge(x.shape),
          Sc.map(({ w, bias, direction, gain }) => {
            const a = o.add(o.dot(w, x), bias);
            return { value: o.add(x, o.mul(o.tanh(a), direction)), contribution: contribution(a, gain) };
          }),
        ),
      decode: (z) =>
        pipe(
          ridge(z.shape),
          Sc.map(({ w, bias, direction, gain }) => {
            const target = o.add(o.dot(w, z), bias);
            const a = ridgeRoot(target, o.sub(gain, 1), gain);
            return { value: o.sub(z, o.mul(o.tanh(a), direction)), contribution: contribution(a, gain) };
          }),
        ),
    });
  },
);

/** a with a + m tanh a = target, m > −1 (`gain` is 1 + m). */
const ridgeRoot = (target: Expr, m: Expr, gain: Expr): Expr => {
  const reach = o.abs(m);
  return increasingRoot(
    (a) => ({
      value: o.add(a, o.mul(m, o.tanh(a))),
      slope: o.add(o.square(o.tanh(a)), o.mul(gain, o.exp(o.logOneMinusTanhSquared(a)))),
    }),
    target,
    { low: o.sub(target, reach), high: o.add(target, reach) },
  );
};
