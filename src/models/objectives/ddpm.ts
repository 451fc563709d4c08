/** Estimators of denoising diffusion as a latent-variable model, and of critically-damped Langevin diffusion. */
import type { AnyDist } from '../../algebra/dist.ts';
import { runDraw } from '../../core/draw.ts';
import { input } from '../../core/ops/leaves.ts';
import type { Shape } from '../../core/shape.ts';
import { ddpmHybrid, ddpmSimple } from '../../inference/ddpm-losses.ts';
import { hybridScoreMatching } from '../../inference/hybrid-score-matching.ts';
import type { Objective } from '../../inference/objective.ts';
import { estimator, type ObjectiveEntry, type ObjectiveTable } from './entry.ts';

/** An entry whose loss says itself what a distribution lacks, where it is built. */
const built = (
  name: string,
  make: (dist: AnyDist) => Objective<Shape>,
  rest: Pick<ObjectiveEntry, 'description' | 'paper'>,
): ObjectiveEntry =>
  estimator(
    name,
    (dist: AnyDist) => {
      const objective = make(dist);
      runDraw(objective.loss(input('x', dist.shape)));
      return objective;
    },
    rest,
  );

/** Estimators of denoising diffusion by name. */
export const ddpmObjectives: ObjectiveTable = {
  ddpmSimple: built('ddpmSimple', (dist) => ddpmSimple(dist), {
    description: 'L_simple: the squared error of the noise at a random step of a denoising diffusion.',
    paper: 'Ho, Jain & Abbeel 2020, arXiv:2006.11239',
  }),
  ddpmHybrid: built('ddpmHybrid', (dist) => ddpmHybrid(dist), {
    description: 'L_simple and a thousandth of the bound, which trains learned variances alone.',
    paper: 'Nichol & Dhariwal 2021, arXiv:2102.09672',
  }),
  hybridScoreMatching: built('hybridScoreMatching', (dist) => hybridScoreMatching(dist), {
    description: 'The score of velocities, those at the start integrated out: of critically-damped Langevin diffusion.',
    paper: 'Dockhorn, Vahdat & Kreis 2022, arXiv:2112.07068',
  }),
};
