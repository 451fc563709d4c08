/**
 * Langevin steps by a denoiser's score. Annealed Langevin dynamics is the kernel `langevin` of the room of Markov chains at every level; the corrector of
 * predictor–corrector sampling is none of its kernels, as its step depends on the noise that it is about to add.
 */
import { pipe } from 'fp-ts/lib/function.js';
import * as D from '../core/draw.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { map, normal, scanRandom } from '../core/random.ts';
import type { Position } from '../mcmc/kernel.ts';
import { langevin } from '../mcmc/langevin.ts';
import { valueAt } from './process.ts';
import { asked, type DiffusionSampler, memoryless } from './sampler.ts';

/** A step done n times as a loop, each with noise of its own. */
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
 * The Langevin corrector: at its time, x ← x + e s + √(2e) z. It stays at `from`; what moves on is the predictor beside it.
 *
 * `level`: e = 2 (snr σ)² (score-SDE's annealed corrector): a Langevin chain proper, right in any dimension. `norms`: e = 2 (snr ‖z‖/‖s‖)², norms of the one event
 * (Song et al. 2021, algorithm 4 with α = 1; its code takes means over the batch, so that samples depend on their mates): for events of many
 * coordinates, where norms hardly vary; where a score comes near 0 such a step has no bound, so it is held to σ², at which Langevin steps stop contracting.
 *
 * @example
 * predictorCorrector({ corrector: langevinCorrector({ snr: 0.16 }), predictor: reverseDiffusion() });
 */
export const langevinCorrector = ({
  snr = 0.16,
  steps = 1,
  size = 'level',
}: LangevinCorrectorOptions = {}): DiffusionSampler => {
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
};

/** Options of {@link annealedLangevin}. */
export interface AnnealedLangevinOptions {
  /** ε: the step at the last level. */
  readonly stepSize: number;
  /** Steps at each level; default 100. */
  readonly steps?: number;
}

/**
 * Annealed Langevin dynamics: at each later time of the grid, `steps` steps x ← x + e s + √(2e) z with e = ε (σ/σ_last)² (Song & Ermon 2019, arXiv:1907.05600,
 * algorithm 1). The convention is the code's, e rather than the paper's α/2: at fixed σ the distribution that stays is that of ULA with step e.
 * Throws `ArgumentError` where ε ≥ 2σ_last²: such steps diverge.
 *
 * @example
 * sampleWith(annealedLangevin({ stepSize: 2e-5 }), uniformGrid(9));   // ten levels of ve, geometric in σ
 */
export const annealedLangevin = ({ stepSize, steps = 100 }: AnnealedLangevinOptions): DiffusionSampler => {
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
};
