import { pipe } from 'fp-ts/lib/function.js';
import { type Dist, type Law, pushforward } from '../algebra/dist.ts';
import type { Exact, Samples } from '../algebra/evidence.ts';
import { compose, type Endo } from '../algebra/transport.ts';
import { logit, reshape } from '../bijectors/index.ts';
import { type Shape, sizeOf } from '../core/shape.ts';
import { standardNormal } from '../distributions/index.ts';
import { dequantise } from '../transports/index.ts';

/** What a model must fit: the shape of an event, and the number of levels where data are integers. */
export interface Events {
  readonly shape: Shape;
  readonly levels?: number;
}

/**
 * A flow on vectors as a law over any events: standard normal → flow → the event's shape, and for integer levels → logit (α = 1e-6) →
 * dequantisation (Dinh et al. 2017, §4.1), whose log-density bounds the log-probability of the levels.
 *
 * @example
 * overEvents({ shape: [28, 28], levels: 256 }, repeat(5, compose(maf(), reverse())))
 */
export const overEvents = (events: Events, flow: Endo<'bijective'>): Law =>
  shapedAs(events, pipe(standardNormal([sizeOf(events.shape)]), pushforward(flow)));

/** A law of vectors as a law over any events: reshaped, and for integer levels behind logit (α = 1e-6) and dequantisation. */
export const shapedAs = ({ shape, levels }: Events, vectors: Law): Law => {
  const law = vectors as Dist<readonly [number], Exact & Samples>;
  const shaped: Dist<Shape, Exact & Samples> =
    shape.length === 1 ? law : pipe(law, pushforward(reshape(shape, [sizeOf(shape)])));
  return levels === undefined ? shaped : pipe(shaped, pushforward(compose(dequantise({ levels }), logit({ alpha: 1e-6 })))); // biome-ignore format: one idea
};
