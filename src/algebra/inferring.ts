/**
 * Layers that infer: encoding draws u ~ q(u | x) and goes on without noise, z = z(x, u). What such a layer contributes is log p(x | z) − log q(u | x);
 * said apart, the two halves serve every estimator: the bound needs their difference, wake–sleep each by itself.
 */
import { pipe } from 'fp-ts/lib/function.js';
import * as D from '../core/draw.ts';
import type { Expr } from '../core/expr.ts';
import { sub } from '../core/ops/elementwise.ts';
import type { Scoped } from '../core/scope.ts';
import type { AnyDist } from './dist.ts';
import type { Step } from './transport.ts';

/** What generating gives: the data side, what encoding it would have had to draw to come back, and log p(x | z) in nats. */
export interface Generated extends Step {
  readonly inferred: Expr;
}

/** What a layer infers, and how. */
export interface Inference {
  /** Where the parameters of the posterior stand inside the layer: everything else belongs to the model. */
  readonly place: string;
  /** q(u | x). */
  readonly posterior: (x: Expr) => Scoped<AnyDist>;
  /** The latent value of (x, u), with log p(x | z) in nats: the layer's contribution without −log q(u | x). */
  readonly join: (x: Expr, u: Expr) => D.Draw<Step>;
  /** The other way: x ~ p(x | z) with the u for which `join` gives z back. */
  readonly generate: (z: Expr) => D.Draw<Generated>;
}

/** Runs something with the posterior of x, at its place. */
export const withPosterior = <A>({ place, posterior }: Inference, x: Expr, f: (q: AnyDist) => D.Draw<A>): D.Draw<A> =>
  D.at(place, (scope) => f(posterior(x)(scope))(scope));

/**
 * Both directions of a layer, from what it infers: spread it into `transport('bound', …)` or `endo('bound', …)`. Encoding draws u and joins it;
 * decoding generates and scores the u that it passed through. Estimators then see the layer's posterior.
 *
 * @example
 * // Noise of a learned scale is appended to nothing: x ↦ x + u, a crude VAE whose decoder is N(z, 1).
 * const jitter = endo('bound', {
 *   spec: opaque('jitter', 'an example'),
 *   ...inferring({
 *     place: 'encoder',
 *     posterior: (x) => () => normal(x.shape, { loc: x, scale: 0.5 }),
 *     join: (x, u) => draw.map((contribution) => ({ value: u, contribution }))(normal(x.shape, { loc: u }).logDensity(x)),
 *     generate: (z) =>
 *       draw.map((s) => ({ value: s.value, contribution: s.logDensity, inferred: z }))(normal(z.shape, { loc: z }).sampleAndLogDensity),
 *   }),
 * });
 */
export const inferring = (
  inference: Inference,
): {
  readonly inference: Inference;
  readonly encode: (x: Expr) => D.Draw<Step>;
  readonly decode: (z: Expr) => D.Draw<Step>;
} => ({
  inference,
  encode: (x) =>
    pipe(
      withPosterior(inference, x, (q) => q.sampleAndLogDensity),
      D.chain((u) =>
        pipe(
          inference.join(x, u.value),
          D.map((step) => ({ value: step.value, contribution: sub(step.contribution, u.logDensity) })),
        ),
      ),
    ),
  decode: (z) =>
    pipe(
      inference.generate(z),
      D.chain((x) =>
        pipe(
          withPosterior(inference, x.value, (q) => q.logDensity(x.inferred)),
          D.map((l) => ({ value: x.value, contribution: sub(x.contribution, l) })),
        ),
      ),
    ),
});
