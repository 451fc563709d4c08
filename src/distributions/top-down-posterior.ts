import { type Conditional, conditional } from '../algebra/conditional.ts';
import type { Dist } from '../algebra/dist.ts';
import type { Exact, Samples } from '../algebra/evidence.ts';
import { conditionalKind } from '../algebra/kinds.ts';
import { shapeCodec } from '../core/codec.ts';
import { define } from '../core/definition.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import type { Scope, Scoped } from '../core/scope.ts';
import { range, type Shape } from '../core/shape.ts';
import { featuresOf, ladderFields, ladderOf, residual, stateAfter, type TopDownOptions } from '../nn/top-down.ts';
import { unconditional } from './conditional-flow.ts';
import { type Hierarchical, hierarchical } from './hierarchical.ts';
import { normal, standardNormal } from './normal.ts';

type Vectors = Dist<readonly [number], Exact & Samples>;

/**
 * The prior of a ladder's white noise: standard normal, in groups, so that what each group costs can be told.
 *
 * @example
 * whiteGroups({ data: [4, 4, 1], groups: 2, latent: 1 });
 */
export const whiteGroups = (options: TopDownOptions): Vectors & Hierarchical => {
  const { groups, size } = ladderOf(options);
  const one = standardNormal([size] as readonly [number]) as Vectors;
  return hierarchical(one, ...range(groups - 1).map((g) => unconditional([(g + 1) * size] as readonly [number], one)));
};

/**
 * The residual normal posterior of NVAE (Vahdat & Kautz 2020, arXiv:2007.03898, eq. 3) over a ladder's white noise, group after group:
 *
 *     q(ε_g | x, ε_<g) = N(Δμ_g, Δσ_g²),   so that   z_g ~ N(μ_g + σ_g Δμ_g, (σ_g Δσ_g)²) where the prior is N(μ_g, σ_g²)
 *
 * with Δμ and Δσ from the state that the groups above leave (the very state of the generative side, with its parameters) and features of the data. At the
 * start it is the prior. KL of a group is ½ (Δμ² + Δσ² − log Δσ² − 1) nats, whatever the prior has become.
 *
 * @example
 * const q = topDownPosterior({ data: [28, 28], groups: 4, latent: 2 });   // events [392]
 */
export const topDownPosterior = define(
  conditionalKind,
  {
    type: 'topDownPosterior',
    about: 'The residual posterior of NVAE.',
    required: { data: shapeCodec },
    optional: ladderFields,
    examples: [{ data: [4, 4, 1], groups: 2, latent: 1, channels: 4, expansion: 1, kernel: 3, name: 'walk' }],
  },
  (options: TopDownOptions): Conditional<Shape, readonly [number], Exact & Samples> => {
    const l = ladderOf(options);
    const { data, groups, latent, channels, expansion, kernel, name, size } = l;
    const unit = Math.log(Math.expm1(1));
    const group =
      (x: Expr, g: number, before?: Expr): Scoped<Vectors> =>
      (scope) => {
        const raw = residual(l, g, stateAfter(l, g, before)(scope), featuresOf(l, x)(scope))(scope);
        const part = (i: number): Expr => o.reshape(o.sliceAxis(raw, 0, i, i + 1), [size]);
        return normal([size] as readonly [number], {
          loc: part(0),
          scale: o.softplus(o.add(part(1), unit)),
        }) as Vectors;
      };
    const spec = { type: 'topDownPosterior', data, groups, latent, channels, expansion, kernel, name };
    return conditional(
      data,
      (x: Expr) => (scope: Scope) =>
        hierarchical(
          group(x, 0)(scope),
          ...range(groups - 1).map((i) =>
            conditional([(i + 1) * size] as readonly [number], (before) => group(x, i + 1, before), {
              spec: { ...spec, opaque: `group ${i + 1} alone` },
              event: [size],
              evidence: 'exact',
            }),
          ),
        ),
      { spec, event: [groups * size] as readonly [number], evidence: 'exact' },
    );
  },
);
