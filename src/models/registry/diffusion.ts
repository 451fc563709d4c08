/** The registry's diffusion models: scores and denoisers, with the objective that trains each. `layers` are steps, of noise or of sampling. */
import type { AnyDist, Dist } from '../../algebra/dist.ts';
import type { Denoises } from '../../algebra/evidence.ts';
import type { Shape } from '../../core/shape.ts';
import { ddpmHybrid, ddpmSimple } from '../../inference/ddpm-losses.ts';
import { hybridScoreMatching } from '../../inference/hybrid-score-matching.ts';
import type { Objective } from '../../inference/objective.ts';
import { type DenoisingOptions, denoisingScoreMatching, ladderTime } from '../../inference/scores/index.ts';
import { edmWeighting, logNormalTime } from '../../sde/index.ts';
import { cldModel } from '../diffusion/cld.ts';
import { ddimModel, ddpmModel, improvedDdpm } from '../diffusion/ddpm.ts';
import { edmModel, ncsn, ncsnv2, type ScoreSdeProcess, scoreSde } from '../diffusion/score-sde.ts';
import type { ModelEntry, ModelOptions, ModelTable } from './entry.ts';

const scores =
  (options: DenoisingOptions = {}) =>
  (dist: AnyDist): Objective<Shape> =>
    denoisingScoreMatching(dist as unknown as Dist<Shape, Denoises>, options);

/** `layers` and `hidden` as a diffusion model understands them. */
const told = ({ layers, hidden, given }: ModelOptions = {}) => ({
  ...(given === undefined ? {} : { given }),
  ...(layers === undefined ? {} : { steps: layers }),
  ...(hidden === undefined ? {} : { hidden }),
});

const training = { learningRate: 1e-3, batchSize: 256, clip: 10 };
const song = 'Song, Sohl-Dickstein, Kingma, Kumar, Ermon & Poole 2021, arXiv:2011.13456';

const scoreSdeOn = (name: string, process: ScoreSdeProcess, what: string): ModelEntry => ({
  name,
  description: `A score network on the ${what} SDE; predictor and corrector in turn, likelihoods by the probability flow.`,
  paper: song,
  build: (events, options) => scoreSde(process)(events, told(options)),
  training,
  objective: scores(),
});

/** Diffusion models by name. */
export const diffusionModels: ModelTable = {
  ncsn: {
    name: 'ncsn',
    description: 'A score network over ten noise scales, sampled by annealed Langevin dynamics.',
    paper: 'Song & Ermon 2019, arXiv:1907.05600',
    build: (events, options) => ncsn(events, told(options)),
    training,
    objective: scores({ time: ladderTime(10) }),
  },
  ncsnv2: {
    name: 'ncsnv2',
    description: 'NCSN with hundreds of noise scales, up to the largest distance in the data.',
    paper: 'Song & Ermon 2020, arXiv:2006.09011',
    build: (events, options) => ncsnv2(events, told(options)),
    training,
    objective: scores({ time: ladderTime(232) }),
  },
  ddpm: {
    name: 'ddpm',
    description: 'Denoising diffusion: a fixed chain to noise, a learned one back; the bound splits into steps.',
    paper: 'Ho, Jain & Abbeel 2020, arXiv:2006.11239',
    build: (events, options) => ddpmModel(events, told(options)),
    training,
    objective: (dist) => ddpmSimple(dist),
  },
  improvedDdpm: {
    name: 'improvedDdpm',
    description: 'DDPM on a cosine schedule with learned variances.',
    paper: 'Nichol & Dhariwal 2021, arXiv:2102.09672',
    build: (events, options) => improvedDdpm(events, told(options)),
    training,
    objective: (dist) => ddpmHybrid(dist),
  },
  ddim: {
    name: 'ddim',
    description: 'DDPM, sampled in twenty deterministic steps.',
    paper: 'Song, Meng & Ermon 2021, arXiv:2010.02502',
    build: (events, options) => ddimModel(events, told(options)),
    training,
    objective: (dist) => ddpmSimple(dist),
  },
  scoreSdeVe: scoreSdeOn('scoreSdeVe', 've', 'variance-exploding'),
  scoreSdeVp: scoreSdeOn('scoreSdeVp', 'vp', 'variance-preserving'),
  scoreSdeSubVp: scoreSdeOn('scoreSdeSubVp', 'subVp', 'sub-VP'),
  edm: {
    name: 'edm',
    description: 'A preconditioned denoiser over log-normal noise, sampled by Heun’s method in 35 evaluations.',
    paper: 'Karras, Aittala, Aila & Laine 2022, arXiv:2206.00364',
    build: (events, options) => edmModel(events, told(options)),
    training,
    // Levels are scaled to a deviation of about ½, real data are taken to have 1.
    objective: (dist) =>
      scores({ weighting: edmWeighting({ sigmaData: dist.pushed === undefined ? 1 : 0.5 }), time: logNormalTime() })(
        dist,
      ),
  },
  cld: {
    name: 'cld',
    description: 'Critically-damped Langevin diffusion: velocities are noised, data follow them.',
    paper: 'Dockhorn, Vahdat & Kreis 2022, arXiv:2112.07068',
    build: (events, options) =>
      cldModel(events, {
        ...told(options),
        ...(options?.layers === undefined ? {} : { likelihoodSteps: options.layers }),
      }),
    training,
    objective: hybridScoreMatching,
  },
};
