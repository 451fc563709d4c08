import { pipe } from 'fp-ts/lib/function.js';
import { type Conditional, conditional } from '../algebra/conditional.ts';
import { type Dist, type Law, pushforward } from '../algebra/dist.ts';
import type { Endo, Layer } from '../algebra/transport.ts';
import type * as D from '../core/draw.ts';
import type { Expr } from '../core/expr.ts';
import * as Sc from '../core/scope.ts';
import type { Shape } from '../core/shape.ts';

/**
 * A law as a conditional law that does not read its context.
 *
 * @example
 * augment([4], unconditional([2], standardNormal([2])));   // augmentation by independent noise
 */
export const unconditional = <const C extends Shape, S extends Shape, E>(
  context: C,
  law: Dist<S, E>,
): Conditional<C, S> => {
  const plain: Law & { readonly shape: S } = law as never;
  return conditional({
    spec: { type: 'unconditional', context, law: plain.spec },
    context,
    event: plain.shape,
    given: () => () => law,
  });
};

/** The layer where its contextual networks read c; its place follows the base's, so that both have names of their own. */
const reading = (layer: Layer, c: Expr): Endo<'bijective'> => {
  const within = <A>(part: D.Draw<A>): D.Draw<A> => Sc.inContext(c, part);
  return {
    ...layer,
    encode: (x: Expr) => within(layer.encode(x)),
    decode: (z: Expr) => within(layer.decode(z)),
  } as unknown as Endo<'bijective'>;
};

/**
 * A conditional law pushed through a layer whose networks may read the context as well (`contextual`):
 * p(x | c) = p_base(f(x; c) | c) |det ∂f/∂x|. Its own samples come with their densities, whatever inverting f would cost, which is what a posterior
 * needs: with `iaf` the posterior of Kingma et al. 2016 (arXiv:1606.04934), with couplings the dequantisation of Flow++ (Ho et al. 2019,
 * arXiv:1902.00275). Cost: the base's and the layer's.
 *
 * @example
 * const q = conditionalFlow(conditionalNormal([784], [20]), iaf({ conditioner: contextual(made([64])) }));
 */
export const conditionalFlow = <C extends Shape, S extends Shape>(
  base: Conditional<C, S>,
  layer: Endo<'bijective'>,
): Conditional<C, S> =>
  conditional({
    spec: { type: 'conditionalFlow', base: base.spec, layer: layer.spec },
    context: base.context,
    event: base.event,
    given: (c) =>
      pipe(
        Sc.at('base', base.given(c)),
        Sc.map((law) => pushforward(reading(layer, c))(law as Dist<Shape, never>)),
      ),
  });
