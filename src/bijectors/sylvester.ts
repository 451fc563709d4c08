import { pipe } from 'fp-ts/lib/function.js';
import type { Cost } from '../algebra/cost.ts';
import { layerKind } from '../algebra/kinds.ts';
import { bijection, type Endo } from '../algebra/transport.ts';
import { positiveInteger } from '../core/codec.ts';
import { define } from '../core/definition.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { constantly, normalInit, zeros } from '../core/parameters.ts';
import * as Sc from '../core/scope.ts';
import { type Shape, showShape } from '../core/shape.ts';
import { increasingRoot } from './scalar/root.ts';

const oneIterative: Cost = { encode: { how: 'parallel', passes: 0 }, decode: { how: 'iterative', passes: 0 } };

/** Bound of the diagonals: no slope is below 1 − WITHIN². */
const WITHIN = 0.999;

/** Options of {@link sylvester}. */
export interface SylvesterOptions {
  /** M, the ridges: 1 … D. */
  readonly width: number;
  /** Householder reflections that make the M orthonormal directions; default `width`. */
  readonly reflections?: number;
}

/** The first m columns of a product of Householder reflections along the rows of v `[k, D]`: orthonormal, `[D, m]`. O(k D m). */
const directions = (v: Expr, m: number): Expr => {
  const [k, d] = v.shape;
  const { carry } = o.scan({
    length: k,
    init: [o.sliceAxis(o.eye(d), 1, 0, m)],
    xs: [v],
    body: ([q], [row]) => {
      const twice = o.div(2, o.dot(row, row));
      const along = o.matmul(o.reshape(row, [1, d]), q);
      return { carry: [o.sub(q, o.mul(twice, o.matmul(o.reshape(row, [d, 1]), along)))] };
    },
  });
  return carry[0];
};

/** The strict upper triangle of a matrix with another diagonal. */
const upper = (a: Expr, diagonal: Expr): Expr =>
  o.add(o.triangle(a, false, true), o.mul(o.eye(diagonal.shape[0]), o.expandDims(diagonal, 0)));

interface Ridges {
  /** `[D, M]` orthonormal. */
  readonly q: Expr;
  /** `[M, M]` upper triangular, both. */
  readonly outer: Expr;
  readonly inner: Expr;
  readonly outerDiagonal: Expr;
  readonly innerDiagonal: Expr;
  readonly bias: Expr;
}

const ridges = (d: number, m: number, k: number): Sc.Scoped<Ridges> => {
  const square = (name: string): Sc.Scoped<Expr> => Sc.parameter(name, [m, m], { init: zeros, kind: 'weight' });
  const within = (name: string, start: number): Sc.Scoped<Expr> =>
    Sc.map((raw: Expr) => o.mul(WITHIN, o.tanh(raw)))(
      Sc.parameter(name, [m], { init: constantly(start), kind: 'scale' }),
    );
  return (scope) => {
    const outerDiagonal = within('outerDiagonal', 0)(scope);
    const innerDiagonal = within('innerDiagonal', 1)(scope);
    return {
      q: directions(Sc.parameter('reflections', [k, d], { init: normalInit(1), kind: 'weight' })(scope), m),
      outer: upper(square('outer')(scope), outerDiagonal),
      inner: upper(square('inner')(scope), innerDiagonal),
      outerDiagonal,
      innerDiagonal,
      bias: Sc.parameter('bias', [m], { init: zeros, kind: 'bias' })(scope),
    };
  };
};

const slopeOf = (a: Expr): Expr => o.exp(o.logOneMinusTanhSquared(a));

/** y `[M]` with y + R tanh(R̃ y + b) = target, from the last coordinate up, each the root of an increasing function of one number. */
const solve = (target: Expr, { outer, inner, outerDiagonal, innerDiagonal, bias }: Ridges): Expr => {
  const m = target.shape[0];
  const fixed = (e: Expr): Expr => o.stopGradient(e);
  const backwards = (e: Expr): Expr => fixed(o.reverse(e, 0));
  const { carry } = o.scan({
    length: m,
    init: [o.broadcastTo(0, [m]), o.broadcastTo(0, [m])],
    xs: [o.reverse(o.iota(m), 0), ...[target, outer, inner, outerDiagonal, innerDiagonal, bias].map(backwards)],
    body: ([y, t], [i, v, outerRow, innerRow, r, s, b]) => {
      // Coordinates not found yet are 0 in y and in t = tanh(R̃ y + b).
      const rest = o.sub(v, o.dot(outerRow, t));
      const shift = o.add(o.dot(innerRow, y), b);
      const f = (x: Expr) => {
        const a = o.add(o.mul(s, x), shift);
        return { value: o.add(x, o.mul(r, o.tanh(a))), slope: o.add(1, o.mul(o.mul(r, s), slopeOf(a))) };
      };
      const x = increasingRoot(f, rest, { low: o.sub(rest, o.abs(r)), high: o.add(rest, o.abs(r)) });
      const here = o.equal(o.iota(m), o.broadcastTo(i, [m]));
      return { carry: [o.where(here, x, y), o.where(here, o.tanh(o.add(o.mul(s, x), shift)), t)] };
    },
  });
  // One differentiable Newton step at the root held fixed: the gradient of the implicit function.
  const root = fixed(carry[0]);
  const a = o.add(o.matvec(inner, root), bias);
  const missed = o.sub(o.add(root, o.matvec(outer, o.tanh(a))), target);
  const jacobian = o.add(o.eye(m), o.matmul(outer, o.mul(o.expandDims(slopeOf(a), 1), inner)));
  return o.sub(root, o.reshape(o.triangularSolve(jacobian, o.expandDims(missed, 1), { lower: false }), [m]));
};

/**
 * Sylvester flow (van den Berg et al. 2018, arXiv:1803.05649): M ridges at once, for the price of an M × M triangle,
 *
 *     z = x + Q R tanh(a),  a = R̃ Qᵀx + b      log |det ∂z/∂x| = Σᵢ log(1 + Rᵢᵢ R̃ᵢᵢ tanh′(aᵢ))
 *
 * with Q `[D, M]` orthonormal (a product of Householder reflections) and R, R̃ upper triangular with diagonals in (−0.999, 0.999), so that it is a bijection. It starts as
 * the identity (R = 0). Encoding is closed, O(D M). Decoding is iterative: Qᵀz = y + R tanh(R̃ y + b) is triangular, so y = Qᵀx is found from its last
 * coordinate up, each the root of an increasing function in a known bracket; then x = z − Q R tanh(a). Vectors `[D]` only. Throws
 * `ArgumentError` where width or reflections is not 1, 2, …, and, in use, `ShapeError` where the event is no vector of `width` or more.
 *
 * @example
 * repeat(4, sylvester({ width: 2 }))
 */
export const sylvester = define(
  layerKind,
  {
    type: 'sylvester',
    about: 'Several orthogonal ridges at once.',
    required: { width: positiveInteger },
    optional: { reflections: positiveInteger },
    shapes: 'vectors',
    examples: [{ width: 2 }, { width: 2, reflections: 3 }],
  },
  ({ width, reflections = width }: SylvesterOptions): Endo<'bijective'> => {
    for (const n of [width, reflections])
      if (!(Number.isInteger(n) && n >= 1))
        return raise('ArgumentError', 'sylvester', 'needs a ridge and a reflection', {
          expected: '1, 2, …',
          got: `${n}`,
        });
    const at = (shape: Shape): Sc.Scoped<Ridges> =>
      shape.length === 1 && shape[0] >= width
        ? ridges(shape[0], width, reflections)
        : raise('ShapeError', 'sylvester', 'the event does not fit', {
            expected: `[D] with D ≥ ${width}`,
            got: showShape(shape),
          });
    const contribution = (a: Expr, { outerDiagonal, innerDiagonal }: Ridges): Expr =>
      o.sum(o.log1p(o.mul(o.mul(outerDiagonal, innerDiagonal), slopeOf(a))));
    const moved = (a: Expr, { q, outer }: Ridges): Expr => o.matvec(q, o.matvec(outer, o.tanh(a)));
    return bijection({
      spec: { type: 'sylvester', width, reflections },
      cost: oneIterative,
      encode: (x) =>
        pipe(
          at(x.shape),
          Sc.map((p) => {
            const a = o.add(o.matvec(p.inner, o.vecmat(x, p.q)), p.bias);
            return { value: o.add(x, moved(a, p)), contribution: contribution(a, p) };
          }),
        ),
      decode: (z) =>
        pipe(
          at(z.shape),
          Sc.map((p) => {
            const a = o.add(o.matvec(p.inner, solve(o.vecmat(z, p.q), p)), p.bias);
            return { value: o.sub(z, moved(a, p)), contribution: contribution(a, p) };
          }),
        ),
    });
  },
);
