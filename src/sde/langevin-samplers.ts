/**
 * Langevin steps by a denoiser's score. Annealed Langevin dynamics is the kernel `langevin` of the room of Markov chains at every level; the corrector of
 * predictor–corrector sampling is none of its kernels, as its step depends on the noise that it is about to add.
 */

import { pipe } from 'fp-ts/lib/function.js';
import { oneOf, positiveInteger, positiveNumber } from '../core/codec.ts';
import { define } from '../core/definition.ts';
import * as D from '../core/draw.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { map, normal, scanRandom } from '../core/random.ts';
import type { Position } from '../mcmc/kernel.ts';
import { langevin } from '../mcmc/langevin.ts';
import { samplerKind } from './kinds.ts';
import { valueAt } from './process.ts';
import { asked, type DiffusionSampler, memoryless } from './sampler.ts';

/** A step repeated n times in a loop, each with its own noise. */
const times =
  (n: number, step: (x: Expr) => D.Draw<Expr>) =>
  (x: Expr): D.Draw<Expr> =>
    n === 1
      ? step(x)
      : (scope) => (cursor) => {
          const [out, next] = scanRandom({
            length: n,
            init: [x],
            body:
              ([at]) =>
              (c) => {
                const [y, rest] = step(at)(scope)(c);
                return [{ carry: [y] }, rest];
              },
          })(cursor);
          return [out.carry[0], next];
        };

const positive = (owner: string, name: string, value: number): number =>
  value > 0 ? value : raise('ArgumentError', owner, `${name} must be positive`, { got: `${value}` });

/** Options of {@link langevinCorrector}. */
export interface LangevinCorrectorOptions {
  /** The size of the noise over that of the score in one step; default 0.16. */
  readonly snr?: number;
  /** Steps at each time; default 1. */
  readonly steps?: number;
  /** What counts as the size of the score: 1/σ for each coordinate (`level`, the default), or the norm that it has here (`norms`). */
  readonly size?: 'level' | 'norms';
}

/**
 * The Langevin corrector, x ← x + e s + √(2e) z at a fixed time: it stays at `from`, and the predictor next to it moves on.
 *
 * With `size: 'level'` the step is e = 2 (snr σ)², the annealed corrector of score-SDE: a proper Langevin chain, valid in any dimension. With `norms` it is e =
 * 2 (snr ‖z‖/‖s‖)² with the norms of the one event (Song et al. 2021, arXiv:2011.13456, algorithm 4 with α = 1; its code averages over the batch, which makes
 * samples depend on one another): for events of many coordinates, where norms hardly vary. Where the score approaches 0 such a step is unbounded, so it is at
 * most σ², where Langevin steps stop contracting. Cost: `steps` evaluations of the denoiser. Throws `ArgumentError` where `snr` is not positive.
 *
 * @example
 * predictorCorrector({ corrector: langevinCorrector({ snr: 0.16 }), predictor: reverseDiffusion() });
 */
export const langevinCorrector = define(
  samplerKind,
  {
    type: 'langevinCorrector',
    about: 'Langevin steps at one noise level.',
    optional: { snr: positiveNumber, steps: positiveInteger, size: oneOf(['level', 'norms']) },
    examples: [{ snr: 0.2, steps: 2, size: 'norms' }],
  },
  ({ snr = 0.16, steps = 1, size = 'level' }: LangevinCorrectorOptions = {}): DiffusionSampler => {
    positive('langevinCorrector', 'snr', snr);
    return memoryless({ type: 'langevinCorrector', snr, steps, size }, steps, (d) => (x, from) => {
      const most = o.square(d.process.sigma(from));
      const stepFor = (score: Expr, z: Expr): Expr => {
        if (size === 'level') return o.mul(2 * snr * snr, most);
        const ratio = o.div(o.sum(o.square(z)), o.max(o.sum(o.square(score)), 1e-30));
        return o.min(o.mul(2 * snr * snr, ratio), most);
      };
      return times(steps, (y) =>
        pipe(
          asked(d.score, 'score', y, from),
          D.chain((score) =>
            D.map((z: Expr) => {
              const e = stepFor(score, z);
              return o.add(y, o.add(o.mul(e, score), o.mul(o.sqrt(o.mul(2, e)), z)));
            })(D.fromRandom(normal(y.shape))),
          ),
        ),
      )(x);
    });
  },
);

/** Options of {@link annealedLangevin}. */
export interface AnnealedLangevinOptions {
  /** ε: the step at the last level. */
  readonly stepSize: number;
  /** Steps at each level; default 100. */
  readonly steps?: number;
}

/**
 * Annealed Langevin dynamics (Song & Ermon 2019, arXiv:1907.05600, algorithm 1): at each later time of the grid, `steps` steps x ← x + e s + √(2e) z with e = ε
 * (σ/σ_last)², ε = `stepSize`. The convention is that of the code, e rather than the paper's α/2; at fixed σ the stationary distribution is that of ULA with
 * step e. Cost: `steps` evaluations of the denoiser a level. Throws `ArgumentError` where ε is not positive, and, for a denoiser, where ε ≥ 2σ_last²: such
 * steps diverge.
 *
 * @example
 * sampleWith(annealedLangevin({ stepSize: 2e-5 }), uniformGrid(9));   // ten levels of ve, geometric in σ
 */
export const annealedLangevin = define(
  samplerKind,
  {
    type: 'annealedLangevin',
    about: 'Langevin steps at falling noise levels.',
    required: { stepSize: positiveNumber },
    optional: { steps: positiveInteger },
    examples: [{ stepSize: 0.1, steps: 3 }],
  },
  ({ stepSize, steps = 100 }: AnnealedLangevinOptions): DiffusionSampler => {
    positive('annealedLangevin', 'stepSize', stepSize);
    return memoryless({ type: 'annealedLangevin', stepSize, steps }, steps, (d) => {
      const last = valueAt(d.process.sigma, d.process.span.start);
      if (stepSize >= 2 * last * last)
        raise('ArgumentError', 'annealedLangevin', 'Langevin steps of this size diverge', {
          expected: `stepSize below 2σ² = ${2 * last * last} at the last level`,
          got: `${stepSize}`,
        });
      return (x, _from, to) => {
        const e = o.mul(stepSize / (last * last), o.square(d.process.sigma(to)));
        const along = (scope: Parameters<D.Draw<Expr>>[0]) =>
          langevin({ stepSize: e })((y) => o.label('score', d.score(y, to)(scope)));
        return times(
          steps,
          (y) => (scope) =>
            map(({ state }: { readonly state: Position }) => state.position)(along(scope).step({ position: y })),
        )(x);
      };
    });
  },
);
