import { pipe } from 'fp-ts/lib/function.js';
import { type Conditional, conditional, givenAny } from '../algebra/conditional.ts';
import type { AnyContext, Context, ContextValue } from '../algebra/context.ts';
import { type Dist, pushforward } from '../algebra/dist.ts';
import type { Endo } from '../algebra/transport.ts';
import * as Sc from '../core/scope.ts';
import type { Shape } from '../core/shape.ts';

/**
 * A distribution as a conditional distribution that does not read its context.
 *
 * @example
 * augment([4], unconditional([2], standardNormal([2])));   // augmentation by independent noise
 */
export const unconditional = <const C extends Context, S extends Shape, E>(
  context: C,
  dist: Dist<S, E>,
): Conditional<C, S, E> => conditional(context, () => dist);

/**
 * A conditional distribution pushed through a layer that reads the context as well: p(x | c) = p_base(f(x; c) | c) |det ∂f/∂x|. The base's parameters stand at `base`. Its
 * own samples come with their densities, whatever inverting f would cost, which is what a posterior needs: with `iaf` the posterior of Kingma et al.
 * 2016 (arXiv:1606.04934), with couplings the dequantisation of Flow++ (Ho et al. 2019, arXiv:1902.00275). It is
 * `conditional(base.context, (c) => pushforward(layer(c))(distGiven(base, c)))`. Cost: the base's and the layer's.
 *
 * @example
 * const q = conditionalFlow(conditionalNormal([784], [20]), (c) => iaf({ conditioner: made([64]).given(c) }));
 */
export const conditionalFlow = <C extends Context, S extends Shape, E>(
  base: Conditional<C, S, E>,
  layer: (context: ContextValue<C>) => Endo<'bijective'>,
): Conditional<C, S, E> =>
  conditional(base.context, (c) =>
    pipe(
      Sc.at('base', givenAny(base as Conditional<Context, S, E>, c as AnyContext)),
      Sc.map((dist) => pushforward(layer(c))(dist) as Dist<S, E>),
    ),
  );
