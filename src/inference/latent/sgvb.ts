import { pipe } from 'fp-ts/lib/function.js';
import type { AnyDist, Dist } from '../../algebra/dist.ts';
import { distributionKind } from '../../algebra/kinds.ts';
import { type InferredGroup, trace, withPlaced } from '../../algebra/trace.ts';
import { list, positiveInteger } from '../../core/codec.ts';
import { define } from '../../core/definition.ts';
import * as D from '../../core/draw.ts';
import type { Expr } from '../../core/expr.ts';
import * as o from '../../core/ops/index.ts';
import { type Shape, sizeOf } from '../../core/shape.ts';
import { nested } from '../../core/specification.ts';
import { type Divergence, klOfLevels, levelsOf } from '../../distributions/hierarchical.ts';
import { objectiveKind } from '../kinds.ts';
import type { AnyObjective, Objective } from '../objective.ts';
import { draws, ofBound, sampleCount } from './samples.ts';
import { weighingCodec } from './weighing-codec.ts';
import type { KlTerm, Weighing } from './weighings.ts';

/** Reconstruction and divergences of one event at one draw of what is inferred, in nats: the bound is the first less the sum of the others. */
export interface BoundTerms {
  readonly reconstruction: Expr;
  /** One for every group; the groups of a hierarchical posterior one by one. Closed forms where there are any, given what was drawn before. */
  readonly divergences: readonly Divergence[];
}

const divergencesOf = ({
  posterior,
  prior,
  value,
  logPosterior,
  logPrior,
}: InferredGroup): D.Draw<readonly Divergence[]> =>
  prior === undefined
    ? D.of([{ value: o.sub(logPosterior, logPrior), evidence: 'unbiased', size: sizeOf(value.shape) }])
    : pipe(
        withPlaced(posterior, (q) => levelsOf(q)(value)),
        D.chain((qs) =>
          pipe(
            withPlaced(prior, (p) => levelsOf(p)(value)),
            D.chain((ps) => klOfLevels({ dist: posterior.dist, levels: qs }, { dist: prior.dist, levels: ps }, value)),
          ),
        ),
      );

/**
 * The terms of the evidence lower bound at one draw: what the report of a latent-variable model shows of every group. A distribution without stochastic layers
 * is all reconstruction.
 *
 * @example
 * const costs = (x: Expr) => draw.map((t) => t.divergences.map((d) => d.value))(boundTerms(vae([2]))(x));
 */
export const boundTerms =
  (dist: AnyDist) =>
  (x: Expr): D.Draw<BoundTerms> =>
    pipe(
      trace(dist)(x),
      D.chain(({ reconstruction, groups }) =>
        pipe(
          groups.reduce<D.Draw<readonly Divergence[]>>(
            (sofar, group) =>
              pipe(
                sofar,
                D.chain((done) => D.map((more: readonly Divergence[]) => [...done, ...more])(divergencesOf(group))),
              ),
            D.of([]),
          ),
          D.map((divergences) => ({ reconstruction, divergences })),
        ),
      ),
    );

/** Options of {@link sgvb}. */
export interface SgvbOptions {
  /** L, draws from the posterior; default 1. */
  readonly samples?: number;
  /** Transformations of the divergences, applied in order: `scaleKl`, `freeBits`, `balanceKl`. */
  readonly kl?: readonly Weighing[];
}

/**
 * The evidence lower bound with divergences in closed form where there is one (SGVB-B, Kingma & Welling 2014, eq. 7), from L draws:
 *
 *     E_q log p(x | z) − Σ_g KL(q_g ‖ p_g)
 *
 * The posterior of the last stochastic layer, and of every group of a `hierarchical` one, is set against its prior by the table of `kl`; what has no
 * closed form is Monte Carlo, as in `elbo` (SGVB-A), which has the same mean and more variance. Divergences can be weighed (`kl`).
 *
 * @example
 * const objective = sgvb({ samples: 2, kl: [scaleKl({ warmUp: 500 }), freeBits(0.1)] })(vae([2]));
 */
export const sgvb = define(
  objectiveKind,
  {
    type: 'sgvb',
    about: 'The bound with divergences in closed form where there is one.',
    required: { dist: nested(distributionKind) },
    optional: { samples: positiveInteger, kl: list(weighingCodec) },
    takes: [],
    build: ({ dist, ...options }): AnyObjective<Shape> => sgvb(options)(dist as never),
    examples: [
      {
        dist: {
          type: 'pushforward',
          transport: {
            type: 'stochastic',
            encoder: { type: 'parametrised', family: 'normal', context: [2], event: [1] },
            decoder: { type: 'parametrised', family: 'normal', context: [1], event: [2] },
          },
          base: { type: 'standardNormal', shape: [1] },
        },
        samples: 2,
        kl: [
          { type: 'balanceKl', warmUp: 5 },
          { type: 'scaleKl', weight: 2 },
          { type: 'freeBits', nats: 0.5 },
        ],
      },
    ],
  },
  ({
    samples = 1,
    kl = [],
  }: SgvbOptions = {}): (<S extends Shape>(dist: Dist<S, { readonly meanBound: true }>) => Objective<S>) => {
    sampleCount('sgvb', samples);
    const spec = { type: 'sgvb', samples, kl: kl.map((w) => w.spec) };
    return (dist) =>
      ofBound(
        dist,
        'meanBound',
        spec,
        (plain, x) => {
          let sizes: readonly number[] = [];
          const terms = draws(
            samples,
            D.map(({ reconstruction, divergences }: BoundTerms): readonly Expr[] => {
              sizes = divergences.map((d) => d.size);
              return [reconstruction, ...divergences.map((d) => d.value)];
            })(boundTerms(plain)(x)),
          );
          return D.map(([reconstruction, ...divergences]: readonly Expr[]) => {
            const means = divergences.map((d, i) => ({ value: o.mean(d), size: sizes[i] }));
            const weighed = kl.reduce((all, w) => w.apply(all), means as readonly KlTerm[]);
            return weighed.reduce((sum, t) => o.sub(sum, t.value), o.mean(reconstruction));
          })(terms);
        },
        kl.every((w) => w.keepsBound) ? undefined : 'none',
      );
  },
);
