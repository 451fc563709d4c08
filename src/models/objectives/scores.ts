/** Estimators that match scores: of distributions that denoise, and of distributions known up to a constant. */
import type { Dist } from '../../algebra/dist.ts';
import type { Denoises, Unnormalised } from '../../algebra/evidence.ts';
import { raise } from '../../core/errors.ts';
import type { Shape } from '../../core/shape.ts';
import type { Objective } from '../../inference/objective.ts';
import {
  denoiserOf,
  denoisingScoreMatching,
  denoisingScoreMatchingAt,
  hasDenoiser,
  scoreMatching,
  slicedScoreMatching,
  varianceReducedSlicedScoreMatching,
} from '../../inference/scores/index.ts';
import { edmWeighting, importanceTime, likelihoodWeighting, logNormalTime, minSnrWeighting } from '../../sde/index.ts';
import { estimator, type ObjectiveEntry, type ObjectiveTable } from './entry.ts';

type Rest = Pick<ObjectiveEntry, 'description' | 'paper' | 'number'>;

/** An entry for distributions that have a denoiser. */
const ofDenoising = (
  name: string,
  make: (dist: Dist<Shape, Denoises>, n: number) => Objective<Shape>,
  rest: Rest,
): ObjectiveEntry =>
  estimator(
    name,
    (dist, n) => {
      denoiserOf(dist);
      return make(dist, n);
    },
    rest,
  );

/** An entry for distributions with a score of their own: a smooth density, perhaps up to a constant. A denoiser's distribution is trained by denoising. */
const ofScored = (
  name: string,
  make: (n: number) => (dist: Dist<Shape, Unnormalised>) => Objective<Shape>,
  rest: Rest,
): ObjectiveEntry =>
  estimator(
    name,
    (dist, n) =>
      hasDenoiser(dist)
        ? raise('ArgumentError', name, 'the distribution denoises: denoisingScoreMatching trains it')
        : make(n)(dist),
    rest,
  );

const directions = { means: 'directions', default: 1, integer: true };

/** Score-matching estimators by name. */
export const scoreObjectives: ObjectiveTable = {
  denoisingScoreMatching: ofDenoising('denoisingScoreMatching', (dist) => denoisingScoreMatching(dist), {
    description: 'Denoising at all noise levels, weighed as noise prediction is (L_simple of DDPM).',
    paper: 'Vincent 2011; Ho, Jain & Abbeel 2020, arXiv:2006.11239',
  }),
  likelihoodWeighted: ofDenoising(
    'likelihoodWeighted',
    (dist) => denoisingScoreMatching(dist, { weighting: likelihoodWeighting, drawnBy: importanceTime }),
    {
      description: 'Denoising weighed by g², which bounds the likelihood; times drawn by importance.',
      paper: 'Song, Durkan, Murray & Ermon 2021, arXiv:2101.09258',
    },
  ),
  edmWeighted: ofDenoising(
    'edmWeighted',
    (dist, sigmaData) =>
      denoisingScoreMatching(dist, { weighting: edmWeighting({ sigmaData }), time: logNormalTime() }),
    {
      description: 'Denoising with the weighting and the log-normal noise levels of EDM.',
      paper: 'Karras, Aittala, Aila & Laine 2022, arXiv:2206.00364',
      number: { means: 'σ_data', default: 1, integer: false },
    },
  ),
  minSnrWeighted: ofDenoising(
    'minSnrWeighted',
    (dist, gamma) => denoisingScoreMatching(dist, { weighting: minSnrWeighting({ gamma }) }),
    {
      description: 'Denoising whose weight of the data’s error is at most γ.',
      paper: 'Hang et al. 2023, arXiv:2303.09556',
      number: { means: 'γ', default: 5, integer: false },
    },
  ),
  denoisingAt: ofScored('denoisingAt', denoisingScoreMatchingAt, {
    description: 'Denoising score matching at one noise scale, of any distribution with a score.',
    paper: 'Vincent 2011',
    number: { means: 'the noise scale σ', default: 0.1, integer: false },
  }),
  scoreMatching: ofScored('scoreMatching', () => scoreMatching, {
    description: 'Score matching by the exact trace of the score’s Jacobian: for few dimensions.',
    paper: 'Hyvärinen 2005',
  }),
  slicedScoreMatching: ofScored('slicedScoreMatching', (n) => slicedScoreMatching({ projections: n }), {
    description: 'Score matching along random directions.',
    paper: 'Song, Garg, Shi & Ermon 2019, arXiv:1905.07088',
    number: directions,
  }),
  varianceReducedSlicedScoreMatching: ofScored(
    'varianceReducedSlicedScoreMatching',
    (n) => varianceReducedSlicedScoreMatching({ projections: n }),
    {
      description: 'Score matching along random directions, the square of the score exactly.',
      paper: 'Song, Garg, Shi & Ermon 2019, arXiv:1905.07088, equation 8',
      number: directions,
    },
  ),
};
