import { pipe } from 'fp-ts/lib/function.js';
import { free } from '../algebra/cost.ts';
import { layerKind } from '../algebra/kinds.ts';
import { bijection, type Endo } from '../algebra/transport.ts';
import { define } from '../core/definition.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { zeros } from '../core/parameters.ts';
import * as Sc from '../core/scope.ts';
import { type Shape, sizeOf } from '../core/shape.ts';

/** The least α and γ: the map stays regular at its centre. */
const LEAST = 1e-6;

/** |v|, with derivative 0 at 0. */
const norm = (v: Expr): Expr => {
  const s = o.sum(o.square(v));
  const positive = o.less(0, s);
  return o.where(positive, o.sqrt(o.where(positive, s, 1)), 0);
};

/**
 * Radial flow (Rezende & Mohamed 2015, arXiv:1505.05770): towards a centre c or away from it. With r = |x − c|, α > 0 and γ = α + β > 0,
 *
 *     z = c + (x − c) (r + γ) / (r + α)      log |det ∂z/∂x| = (D − 1) log((r + γ) / (r + α)) + log((r² + 2αr + αγ) / (r + α)²)
 *
 * which is z = x + β (x − c) / (α + r) with their constraint β > −α, written so that nothing cancels. Both directions are closed, for the radius of z is
 * r (r + γ) / (r + α): a quadratic in r. α and γ are 10⁻⁶ + softplus of free parameters that start equal, so it starts as the identity. Any event
 * shape: its elements are one vector. No network; free both ways.
 *
 * @example
 * repeat(8, radial())
 */
export const radial = define(
  layerKind,
  { type: 'radial', about: 'A bump around a learned centre.', shapes: 'vectors', examples: [{}] },
  (): Endo<'bijective'> => {
    interface Pull {
      readonly centre: Expr;
      readonly alpha: Expr;
      readonly gamma: Expr;
    }
    const pull = (shape: Shape): Sc.Scoped<Pull> =>
      pipe(
        Sc.parameter('centre', shape, { init: zeros, kind: 'shift' }),
        Sc.chain((centre) =>
          pipe(
            Sc.parameter('alpha', [], { init: zeros, kind: 'scale' }),
            Sc.chain((a) =>
              pipe(
                Sc.parameter('gamma', [], { init: zeros, kind: 'scale' }),
                Sc.map((g) => ({ centre, alpha: o.add(LEAST, o.softplus(a)), gamma: o.add(LEAST, o.softplus(g)) })),
              ),
            ),
          ),
        ),
      );
    const contribution = (r: Expr, { alpha, gamma }: Pull, size: number): Expr => {
      const below = o.add(r, alpha);
      const radialSlope = o.add(o.mul(r, o.add(r, o.mul(2, alpha))), o.mul(alpha, gamma));
      return o.add(o.mul(size - 1, o.log(o.div(o.add(r, gamma), below))), o.log(o.div(radialSlope, o.square(below))));
    };
    return bijection({
      spec: { type: 'radial' },
      cost: free,
      encode: (x) =>
        pipe(
          pull(x.shape),
          Sc.map((p) => {
            const away = o.sub(x, p.centre);
            const r = norm(away);
            const factor = o.div(o.add(r, p.gamma), o.add(r, p.alpha));
            return { value: o.add(p.centre, o.mul(factor, away)), contribution: contribution(r, p, sizeOf(x.shape)) };
          }),
        ),
      decode: (z) =>
        pipe(
          pull(z.shape),
          Sc.map((p) => {
            const away = o.sub(z, p.centre);
            // r² + (γ − q) r − α q = 0 with q = |z − c|: its positive root, by the form that does not cancel.
            const q = norm(away);
            const b = o.sub(p.gamma, q);
            const c = o.mul(p.alpha, q);
            const root = o.sqrt(o.add(o.square(b), o.mul(4, c)));
            const up = o.less(0, b);
            const r = o.where(up, o.div(o.mul(2, c), o.where(up, o.add(b, root), 1)), o.mul(0.5, o.sub(root, b)));
            const factor = o.div(o.add(r, p.alpha), o.add(r, p.gamma));
            return { value: o.add(p.centre, o.mul(factor, away)), contribution: contribution(r, p, sizeOf(z.shape)) };
          }),
        ),
    });
  },
);
