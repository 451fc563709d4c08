/** Dreams: ancestral samples of the model, scored by its posteriors. The walk of `sample` with the ledger of a trace. */
import { pipe } from 'fp-ts/lib/function.js';
import * as D from '../core/draw.ts';
import type { Expr } from '../core/expr.ts';
import { stopGradient } from '../core/ops/control.ts';
import { addAll } from '../core/ops/elementwise.ts';
import { scalar } from '../core/ops/leaves.ts';
import type { AnyDist } from './dist.ts';
import { withPosterior } from './inferring.ts';
import { onBase, placeOf, withinDist } from './pushed.ts';
import { infers } from './trace.ts';
import type { Layer } from './transport.ts';

/** An event dreamt by the model, and log q(u | x) of all that was drawn on the way, summed, in nats. */
export interface Dream {
  readonly value: Expr;
  readonly logPosterior: Expr;
}

interface Night {
  readonly value: Expr;
  readonly logs: readonly Expr[];
}

const downLayer =
  (layer: Layer) =>
  (night: Night): D.Draw<Night> => {
    const { inference } = layer;
    if (inference !== undefined)
      return pipe(
        D.detached(inference.generate(night.value)),
        D.chain((x) => {
          const value = stopGradient(x.value);
          return pipe(
            withPosterior(inference, value, (q) => q.logDensity(stopGradient(x.inferred))),
            D.map((l) => ({ value, logs: [...night.logs, l] })),
          );
        }),
      );
    if (layer.parts.length > 0 && infers(layer))
      return D.owned(
        layer.declaration,
        layer.parts.reduceRight<D.Draw<Night>>(
          (sofar, { segment, layer: part }) =>
            pipe(
              sofar,
              D.chain((n) => D.at(segment, downLayer(part)(n))),
            ),
          D.of(night),
        ),
      );
    return D.map((step: { value: Expr }) => ({ ...night, value: step.value }))(D.detached(layer.decode(night.value)));
  };

const downDist = (dist: AnyDist): D.Draw<Night> => {
  const { pushed } = dist;
  if (pushed === undefined)
    return D.map((value: Expr): Night => ({ value: stopGradient(value), logs: [] }))(D.detached(dist.sample));
  return withinDist(dist, () =>
    pipe(
      onBase(pushed.base, downDist(pushed.base)),
      D.chain((night) => D.at(placeOf(pushed), downLayer(pushed.transport)(night))),
    ),
  );
};

/**
 * A dream: (x, u) ~ p, its values and the model's parameters constants to every derivative; log q(u | x) is differentiated in q's parameters. Its value is
 * what `sample` gives under the same noise. Cost: a sample, and a pass of every encoder.
 *
 * @example
 * const asleep = draw.map((d) => ops.neg(d.logPosterior))(dream(vae([2])));   // what the sleep phase minimises
 */
export const dream = (dist: AnyDist): D.Draw<Dream> =>
  D.map(({ value, logs }: Night) => ({ value, logPosterior: addAll([scalar(0), ...logs]) }))(downDist(dist));
