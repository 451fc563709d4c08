import { pipe } from 'fp-ts/lib/function.js';
import type { Spec } from '../../algebra/spec.ts';
import * as D from '../../core/draw.ts';
import { raise } from '../../core/errors.ts';
import type { Expr } from '../../core/expr.ts';
import * as o from '../../core/ops/index.ts';
import * as R from '../../core/random.ts';
import { type Shape, sizeOf } from '../../core/shape.ts';
import type { Denoiser } from '../../sde/denoiser.ts';
import type { Objective } from '../objective.ts';
import { type DenoisingOptions, denoisingScoreMatching } from './denoising.ts';

/** A denoiser for every context: conditioning is application. All have their parameters at the same places. */
export interface ConditionalDenoiser<out C extends Shape, out S extends Shape> {
  readonly spec: Spec;
  readonly context: C;
  readonly event: S;
  readonly given: (context: Expr) => Denoiser<S>;
}

/** Options of {@link conditionalDenoisingScoreMatching}. */
export interface ConditionalDenoisingOptions extends DenoisingOptions {
  /** The chance that a context is replaced by zeros, which say "no context"; default 0.1, 0 to train the conditional denoiser alone. */
  readonly drop?: number;
}

/**
 * {@link denoisingScoreMatching} of events with a context beside them, as vectors (x, c) of both (`labelled` makes them of data with classes): one
 * network learns p(x | c), and p(x) where the context is dropped, which is what `classifierFreeGuidance` needs (Ho & Salimans 2022, arXiv:2207.12598,
 * algorithm 1). Cost: one pass of the network. Throws `ArgumentError` where the chance is none.
 *
 * @example
 * const net = resMlp([64, 64]);
 * const of = (c) => predict('noise', vp(), net.given(c), { shape: [2] });
 * const ten = { spec: { type: 'mine', opaque: 'a function' }, context: [10], event: [2], given: of };
 * conditionalDenoisingScoreMatching(ten);   // trained on rows of 12 numbers, x and a one-hot class
 * classifierFreeGuidance({ conditional: of(ops.constant([0, 0, 1, 0, 0, 0, 0, 0, 0, 0])), unconditional: of(ops.constant([0, 0, 0, 0, 0, 0, 0, 0, 0, 0])), scale: 2 });
 */
export const conditionalDenoisingScoreMatching = <C extends Shape, S extends Shape>(
  { spec, context, event, given }: ConditionalDenoiser<C, S>,
  { drop = 0.1, ...options }: ConditionalDenoisingOptions = {},
): Objective<readonly [number]> => {
  if (!(drop >= 0 && drop <= 1))
    return raise('ArgumentError', 'conditionalDenoisingScoreMatching', 'drop is a chance', {
      expected: '0 … 1',
      got: `${drop}`,
    });
  const [size, all] = [sizeOf(event), sizeOf(event) + sizeOf(context)];
  const kept: R.Random<Expr> =
    drop === 0 ? R.of(o.scalar(1)) : R.map((u: Expr) => o.cast(o.lessEqual(drop, u), 'real'))(R.uniform([]));
  const { spec: inner } = denoisingScoreMatching(given(o.broadcastTo(0, context)), options);
  return {
    shape: [all],
    spec: { ...inner, type: 'conditionalDenoisingScoreMatching', drop, denoiser: spec },
    evidence: 'none',
    loss: (row) => {
      const x = o.reshape(o.sliceAxis(row, 0, 0, size), event);
      const c = o.reshape(o.sliceAxis(row, 0, size, all), context);
      return pipe(
        D.fromRandom(kept),
        D.chain((keep) => denoisingScoreMatching(given(o.mul(keep, c)), options).loss(x)),
      );
    },
  };
};
