import { pipe } from 'fp-ts/lib/function.js';
import { capabilityOf } from '../algebra/capability.ts';
import type { AnyDist } from '../algebra/dist.ts';
import { distributionKind } from '../algebra/kinds.ts';
import { onInnermost } from '../algebra/pushed.ts';
import { define } from '../core/definition.ts';
import * as D from '../core/draw.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import * as R from '../core/random.ts';
import type { Shape } from '../core/shape.ts';
import { nested } from '../core/specification.ts';
import { smallResMlp } from '../nn/small.ts';
import { phaseDenoising } from '../sde/cld-diffusion.ts';
import type { PhaseDenoiser } from '../sde/phase-denoiser.ts';
import { objectiveKind } from './kinds.ts';
import type { AnyObjective, Objective } from './objective.ts';

/** ‖ε̂ − ε_v‖² at a random time, velocities at the start integrated out. */
const loss = ({ shape, process, noise }: PhaseDenoiser, x0: Expr): D.Draw<Expr> =>
  pipe(
    D.fromRandom(R.both(R.uniform([]), R.both(R.normal(shape), R.normal(shape)))),
    D.chain(([u, [a, b]]) => {
      const t = o.add(process.start, o.mul(process.end - process.start, u));
      const mean = process.mean(t, { x: x0, v: o.broadcastTo(0, shape) });
      const { factor } = process.covariance(t);
      const at = {
        x: o.add(mean.x, o.mul(factor.xx, a)),
        v: o.add(mean.v, o.add(o.mul(factor.vx, a), o.mul(factor.vv, b))),
      };
      return pipe(
        D.fromScoped(noise(at, t)),
        D.map((said) => o.mean(o.square(o.sub(said, b)))),
      );
    }),
  );

/**
 * Hybrid score matching (Dockhorn, Vahdat & Kreis 2022, arXiv:2112.07068, §3.1) of a distribution of `cldDiffusion`: E ‖ε̂(x_t, v_t, t) − ε_v‖²/D over uniform times, where
 * (x_t, v_t) is drawn given x₀ alone: v₀ is integrated out, so its score is bounded at the start. Noise is weighted alike at all times. Cost: one
 * evaluation. Throws `ArgumentError` for other distributions.
 *
 * @example
 * hybridScoreMatching(cldDiffusion(phaseDenoiser(cld(), resMlp([64, 64]), { shape: [2] })));
 */
export const hybridScoreMatching = define(
  objectiveKind,
  {
    type: 'hybridScoreMatching',
    about: 'Score matching of velocities, positions integrated out.',
    takes: ['dist'],
    required: { dist: nested(distributionKind) },
    build: ({ dist }): AnyObjective<Shape> => hybridScoreMatching(dist),
    examples: [{ dist: { type: 'cldDiffusion', denoiser: { shape: [2], process: {}, network: smallResMlp } } }],
  },
  <S extends Shape>(dist: AnyDist & { readonly shape: S }): Objective<S> => ({
    shape: dist.shape,
    spec: { type: 'hybridScoreMatching', dist: dist.spec },
    evidence: 'none',
    loss: (x) =>
      onInnermost(dist, x, (base, x0) => {
        const d = capabilityOf(phaseDenoising, base);
        return d === undefined
          ? raise('ArgumentError', 'hybridScoreMatching', 'the distribution has no denoiser of velocities', {
              expected: 'cldDiffusion',
              got: base.spec.type,
            })
          : loss(d, x0);
      }),
  }),
);
