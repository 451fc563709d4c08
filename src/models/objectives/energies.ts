/** Estimators of distributions that are known up to a constant, by chains or by noise. */
import { has } from '../../algebra/capability.ts';
import type { AnyDist, Dist } from '../../algebra/dist.ts';
import type { Unnormalised } from '../../algebra/evidence.ts';
import type { Shape } from '../../core/shape.ts';
import { blocking, normal } from '../../distributions/index.ts';
import {
  blockGibbs,
  contrastiveDivergence,
  type KernelFamily,
  noiseContrastive,
  persistentContrastiveDivergence,
} from '../../inference/energies/index.ts';
import type { AnyObjective } from '../../inference/objective.ts';
import { mala } from '../../mcmc/index.ts';
import { estimator, type ObjectiveEntry, type ObjectiveTable } from './entry.ts';

/** The chain that suits a distribution when nobody says: its blocks in turn, or Langevin with acceptance. */
const kernelOf = (dist: AnyDist): KernelFamily => (has(blocking, dist) ? blockGibbs() : mala({ stepSize: 0.05 }));

const ofUnnormalised = (
  name: string,
  make: (dist: Dist<Shape, Unnormalised>, kernel: KernelFamily, n: number) => AnyObjective<Shape>,
  rest: Pick<ObjectiveEntry, 'description' | 'paper' | 'number'>,
): ObjectiveEntry => estimator(name, (dist, n) => make(dist, kernelOf(dist), n), rest);

const steps = (count: number) => ({ means: 'steps of the chain', default: count, integer: true });

/** Estimators of energies by name. */
export const energyObjectives: ObjectiveTable = {
  contrastiveDivergence: ofUnnormalised(
    'contrastiveDivergence',
    (dist, kernel, k) => contrastiveDivergence({ kernel, steps: k })(dist),
    {
      description: 'Energies of data against those of chains of k steps that start at the data (CD-k).',
      paper: 'Hinton 2002',
      number: steps(1),
    },
  ),
  persistentContrastiveDivergence: ofUnnormalised(
    'persistentContrastiveDivergence',
    (dist, kernel, k) =>
      persistentContrastiveDivergence({
        kernel,
        steps: k,
        buffer: 4096,
        ...(has(blocking, dist) ? {} : { reinitialise: 0.05, energyPenalty: 0.01 }),
      })(dist),
    {
      description: 'Energies of data against those of chains that go on from step to step, in a replay buffer.',
      paper: 'Tieleman 2008; Du & Mordatch 2019, arXiv:1903.08689',
      number: steps(10),
    },
  ),
  noiseContrastive: ofUnnormalised(
    'noiseContrastive',
    (dist, _, ratio) => noiseContrastive({ noise: normal(dist.shape, { scale: 2 }), ratio })(dist),
    {
      description: 'Data told apart from normal noise of deviation 2; log Z is learned with the rest.',
      paper: 'Gutmann & Hyvärinen 2012',
      number: { means: 'noise events for each event', default: 5, integer: true },
    },
  ),
};
