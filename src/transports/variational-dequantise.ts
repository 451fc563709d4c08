import { having } from '../algebra/capability.ts';
import { arrayConditional, type Conditional, givenAny } from '../algebra/conditional.ts';
import { parallel } from '../algebra/cost.ts';
import { inferring } from '../algebra/inferring.ts';
import { conditionalKind, layerKind } from '../algebra/kinds.ts';
import { counting } from '../algebra/levels.ts';
import { type Layer, type Transport, transport } from '../algebra/transport.ts';
import { positiveInteger } from '../core/codec.ts';
import { define } from '../core/definition.ts';
import * as D from '../core/draw.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { type Shape, sameShape, showShape, sizeOf } from '../core/shape.ts';
import { nested } from '../core/specification.ts';

/** Options of {@link variationalDequantise}. */
export interface VariationalDequantiseOptions<S extends Shape> {
  /** Number of grey levels of the data, which are the integers 0 … levels − 1. */
  readonly levels?: number;
  /** q(u | k/levels), a distribution on (0, 1)^D for each image: what fills a level. */
  readonly noise: Conditional<S, NoInfer<S>>;
}

/**
 * Rounding with variational dequantisation (Flow++, Ho et al. 2019, arXiv:1902.00275, §3.1): levels k become y = (k + u)/L with u ~ q(u | k), and
 *
 *     log P(k) ≥ log p(y) − D log L − log q(u | k)
 *
 * in nats; `dequantise` is the case q = 1. The bound is tight where q(u | k) is p's own distribution of y in the cell of k, so that p need not be flat there.
 * q reads k/L, and is usually a flow onto (0, 1): `conditionalFlow(…, (k) => compose(logit({ alpha: 0 }), …))`. Decoding rounds down. Throws
 * `ArgumentError` for fewer than two levels, `ShapeError` where q's context and events differ in shape. Cost: q's.
 *
 * @example
 * const noise = conditionalFlow(unconditional([4], standardNormal([4])), (k) => compose(logit({ alpha: 0 }), affineCoupling({ conditioner: mlp([16]).given(k) })));
 * variationalDequantise({ levels: 8, noise });
 */
export const variationalDequantise = define(
  layerKind,
  {
    type: 'variationalDequantise',
    about: 'Learned noise under integer levels: a tighter bound.',
    required: { levels: positiveInteger, noise: nested(conditionalKind) },
    takes: [],
    build: ({ levels, noise }): Layer =>
      variationalDequantise({ levels, noise: arrayConditional('variationalDequantise', noise) }),
    regions: 'own',
    shapes: [[2]],
    examples: [
      {
        levels: 4,
        noise: {
          type: 'conditional',
          context: [2],
          dist: {
            type: 'pushforward',
            transport: { type: 'inverse', of: { type: 'logit', alpha: 0 } },
            base: { type: 'normal', shape: [2], loc: 0.5 },
          },
        },
      },
    ],
  },
  <const S extends Shape>({ levels = 256, noise }: VariationalDequantiseOptions<S>): Transport<S, S, 'bound'> => {
    if (!Number.isInteger(levels) || levels < 2)
      return raise('ArgumentError', 'variationalDequantise', 'needs two or more levels', { got: `${levels}` });
    if (!sameShape(noise.context, noise.event))
      return raise('ShapeError', 'variationalDequantise', 'the noise has another shape than the data', {
        expected: showShape(noise.context),
        got: showShape(noise.event),
      });
    const volume = sizeOf(noise.event) * Math.log(levels);
    const floorOf = (y: Expr): Expr => o.max(0, o.min(levels - 1, o.floor(o.mul(levels, y))));
    const layer = transport<S, S, 'bound'>(
      'bound',
      { data: noise.context, latent: noise.event },
      {
        spec: { type: 'variationalDequantise', levels, noise: noise.spec },
        cost: parallel,
        ...inferring({
          place: 'noise',
          posterior: (k) => givenAny(noise, o.mul(1 / levels, k)),
          join: (k, u) => D.of({ value: o.mul(1 / levels, o.add(k, u)), contribution: o.scalar(-volume) }),
          generate: (y) => {
            const k = floorOf(y);
            return D.of({ value: k, inferred: o.sub(o.mul(levels, y), k), contribution: o.scalar(-volume) });
          },
        }),
      },
    );
    return having(counting, levels)(layer);
  },
);
