import { pipe } from 'fp-ts/lib/function.js';
import { type Dist, pushforward } from '../algebra/dist.ts';
import type { Exact, Samples, Through } from '../algebra/evidence.ts';
import { compose, type Endo } from '../algebra/transport.ts';
import { logit, reshape } from '../bijectors/index.ts';
import { type Shape, sizeOf } from '../core/shape.ts';
import { standardNormal } from '../distributions/index.ts';
import { dequantise } from '../transports/index.ts';

/** The events to be modelled: the shape of an event, and the number of levels where data are integers. */
export interface Events {
  readonly shape: Shape;
  readonly levels?: number;
}

/** The type of a model over events: evidence E where events are real, what dequantisation leaves of it where they are levels, and no more than that where nobody knows. */
export type Over<V extends Events, E> = Dist<
  V['shape'],
  V extends { readonly shape: Shape; readonly levels?: undefined } ? E : Through<'bound', E>
>;

/**
 * A distribution of real events as one of the data to be modelled: behind logit (α = 10⁻⁶) and dequantisation for integer levels, unchanged otherwise.
 *
 * @example
 * overLevelsOf({ shape: [4], levels: 256 })(standardNormal([4])).shape;   // [4]
 */
export const overLevelsOf =
  <V extends Events>({ levels }: V) =>
  <E>(dist: Dist<V['shape'], E>): Over<V, E> =>
    (levels === undefined
      ? dist
      : pipe(dist, pushforward(compose(dequantise({ levels }), logit({ alpha: 1e-6 }))))) as Over<V, E>;

/**
 * A flow on vectors as a distribution over any events: standard normal → flow → the event's shape, and for integer levels → logit (α = 1e-6) →
 * dequantisation (Dinh et al. 2017, §4.1), whose log-density bounds the log-probability of the levels.
 *
 * @example
 * overEvents({ shape: [28, 28], levels: 256 }, repeat(5, compose(maf(), reverse())))
 */
export const overEvents = <const V extends Events>(events: V, flow: Endo<'bijective'>): Over<V, Exact & Samples> =>
  shapedAs(events, pipe(standardNormal([sizeOf(events.shape)]), pushforward(flow)));

/**
 * A distribution of vectors as one of events of any kind: reshaped, and for integer levels behind logit (α = 10⁻⁶) and dequantisation.
 *
 * @example
 * shapedAs({ shape: [2, 2], levels: 256 }, standardNormal([4])).shape;   // [2, 2]
 */
export const shapedAs = <const V extends Events, E>(events: V, vectors: Dist<readonly [number], E>): Over<V, E> => {
  const shape: V['shape'] = events.shape;
  return overLevelsOf(events)(
    shape.length === 1
      ? (vectors as Dist<V['shape'], E>)
      : pipe(vectors, pushforward(reshape(shape, [sizeOf(shape)] as readonly [number]))),
  );
};
