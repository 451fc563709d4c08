/** Samplers that step a reverse-time SDE by its coefficients. */
import { pipe } from 'fp-ts/lib/function.js';
import * as D from '../core/draw.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { normal } from '../core/random.ts';
import { asked, type DiffusionSampler, memoryless, withSignal } from './sampler.ts';

/** mean + scale · z with fresh z; no noise is drawn where the scale is 0 for good. */
export const spread = (mean: Expr, scale: Expr): D.Draw<Expr> =>
  D.map((z: Expr) => o.add(mean, o.mul(scale, z)))(D.fromRandom(normal(mean.shape)));

/** Options of {@link eulerMaruyama}. */
export interface EulerMaruyamaOptions {
  /** How much noise the reverse process draws: 1 (default) the reverse SDE, 0 the probability flow, anything between or beyond keeps the marginals. */
  readonly churn?: number;
}

/**
 * Euler–Maruyama for the generalised reverse process dx = [a x − ½ (1 + λ²) g² s] dt + λ g dw̄, λ = `churn`: all have the marginals of the forward
 * process (Anderson 1982; Zhang & Chen 2021, arXiv:2107.07394). Weak order 1; one evaluation a step. Steps are those of the grid.
 *
 * @example
 * sampleWith(eulerMaruyama(), uniformGrid(1000));
 */
export const eulerMaruyama = ({ churn = 1 }: EulerMaruyamaOptions = {}): DiffusionSampler<'signal'> =>
  churn >= 0
    ? memoryless<'signal'>(
        { type: 'eulerMaruyama', churn },
        1,
        (of) => {
          const d = withSignal('eulerMaruyama', of);
          return (x, from, to) =>
            pipe(
              asked(d.score, 'score', x, from),
              D.chain((score) => {
                const dt = o.sub(to, from);
                const g2 = d.process.diffusion2(from);
                const drift = o.sub(
                  o.mul(d.process.drift(from), x),
                  o.mul(o.mul(0.5 * (1 + churn * churn), g2), score),
                );
                const mean = o.add(x, o.mul(dt, drift));
                return churn === 0 ? D.of(mean) : spread(mean, o.mul(churn, o.sqrt(o.mul(g2, o.neg(dt)))));
              }),
            );
        },
        { reversible: churn === 0 },
      )
    : raise('ArgumentError', 'eulerMaruyama', 'churn is not negative', { expected: '0 or more', got: `${churn}` });
