import { pipe } from 'fp-ts/lib/function.js';
import { bijection, type Endo, type Step } from '../algebra/transport.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { ones } from '../core/parameters.ts';
import * as Sc from '../core/scope.ts';
import { showShape } from '../core/shape.ts';
import { mlp } from '../nn/mlp.ts';
import type { Network } from '../nn/network.ts';

/** How a coupling keeps its log-scale from exploding. */
export type LogScale =
  /** 3 · tanh(raw / 3): smooth, slope 1 at 0, scales between e⁻³ and e³. */
  | 'bounded'
  /** c · tanh(raw) with a learned c for each coordinate, from 1 (RealNVP, §4.1). */
  | 'learned';

/** Options of {@link affineCoupling}. */
export interface AffineCouplingOptions {
  /** From the part that passes through to shift and log-scale; default `mlp([64, 64])`. */
  readonly conditioner?: Network;
  readonly logScale?: LogScale;
}

const BOUND = 3;

const logScaleOf = (kind: LogScale, raw: Expr): Sc.Scoped<Expr> =>
  kind === 'bounded'
    ? Sc.of(o.mul(BOUND, o.tanh(o.mul(1 / BOUND, raw))))
    : pipe(
        Sc.parameter('logScale', raw.shape, { init: ones }),
        Sc.map((c) => o.mul(c, o.tanh(raw))),
      );

/**
 * Affine coupling (Dinh et al. 2017, arXiv:1605.08803, eq. 7–8). The last axis is split in two: the first half a passes through, and
 * conditions shift t(a) and log-scale s(a) of the rest b:
 *
 *     encode: (a, b) ↦ (a, b · e^{s(a)} + t(a))      log |det ∂z/∂x| = Σ s(a)
 *
 * Any event shape whose last axis has 2 or more elements. Both directions cost one pass of the conditioner. With a conditioner that starts at
 * zero (the default) the layer starts as the identity. Throws `ShapeError` where there is nothing to split.
 *
 * @example
 * repeat(8, compose(affineCoupling({ conditioner: mlp([64, 64]) }), reverse()))
 */
export const affineCoupling = ({
  conditioner = mlp([64, 64]),
  logScale = 'bounded',
}: AffineCouplingOptions = {}): Endo<'bijective'> => {
  const parts = (x: Expr): readonly [Expr, Expr] => {
    const axis = x.shape.length - 1;
    const n = x.shape[axis] ?? 0;
    if (n < 2)
      return raise('ShapeError', '', 'affineCoupling: nothing to split', {
        expected: 'a last axis of 2 or more',
        got: showShape(x.shape),
      });
    const k = Math.floor(n / 2);
    return [o.sliceAxis(x, axis, 0, k), o.sliceAxis(x, axis, k, n)];
  };
  const maps = (a: Expr, b: Expr): Sc.Scoped<readonly [Expr, Expr]> =>
    pipe(
      Sc.at('net', conditioner.apply(a, [2, ...b.shape])),
      Sc.chain((out) => {
        const [raw, shift] = [0, 1].map((i) => o.reshape(o.sliceAxis(out, 0, i, i + 1), b.shape));
        return pipe(
          logScaleOf(logScale, raw),
          Sc.map((s): readonly [Expr, Expr] => [s, shift]),
        );
      }),
    );
  const step = (x: Expr, move: (b: Expr, s: Expr, t: Expr) => Expr): Sc.Scoped<Step> => {
    const [a, b] = parts(x);
    return pipe(
      maps(a, b),
      Sc.map(([s, t]) => ({ value: o.concat([a, move(b, s, t)], x.shape.length - 1), contribution: o.sum(s) })),
    );
  };
  return bijection({
    spec: { type: 'affineCoupling', conditioner: conditioner.spec, logScale },
    encode: (x) => step(x, (b, s, t) => o.add(o.mul(b, o.exp(s)), t)),
    decode: (z) => step(z, (b, s, t) => o.mul(o.sub(b, t), o.exp(o.neg(s)))),
  });
};
