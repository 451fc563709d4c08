/** Estimators of denoising diffusion as a latent-variable model, and of critically-damped Langevin diffusion. */
import type { Law } from '../../algebra/dist.ts';
import { runDraw } from '../../core/draw.ts';
import { input } from '../../core/ops/leaves.ts';
import type { Shape } from '../../core/shape.ts';
import { ddpmHybrid, ddpmSimple } from '../../inference/ddpm-losses.ts';
import { hybridScoreMatching } from '../../inference/hybrid-score-matching.ts';
import type { Objective } from '../../inference/objective.ts';
import { estimator, type ObjectiveEntry, type ObjectiveTable } from './entry.ts';

/** An entry whose loss says itself what a law lacks, where it is built. */
const built = (
  name: string,
  make: (law: Law) => Objective<Shape>,
  rest: Pick<ObjectiveEntry, 'description' | 'paper'>,
): ObjectiveEntry =>
  estimator(
    name,
    (law: Law) => {
      const objective = make(law);
      runDraw(objective.loss(input('x', law.shape)));
      return objective;
    },
    rest,
  );

/** Estimators of denoising diffusion by name. */
export const ddpmObjectives: ObjectiveTable = {
  ddpmSimple: built('ddpmSimple', (law) => ddpmSimple(law), {
    description: 'L_simple: the squared error of the noise at a random step of a denoising diffusion.',
    paper: 'Ho, Jain & Abbeel 2020, arXiv:2006.11239',
  }),
  ddpmHybrid: built('ddpmHybrid', (law) => ddpmHybrid(law), {
    description: 'L_simple and a thousandth of the bound, which trains learned variances alone.',
    paper: 'Nichol & Dhariwal 2021, arXiv:2102.09672',
  }),
  hybridScoreMatching: built('hybridScoreMatching', (law) => hybridScoreMatching(law), {
    description: 'The score of velocities, those at the start integrated out: of critically-damped Langevin diffusion.',
    paper: 'Dockhorn, Vahdat & Kreis 2022, arXiv:2112.07068',
  }),
};
