/** Estimators that match scores: of laws that denoise, and of laws known up to a constant. */
import { type Either, left, map, tryCatch } from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import { has } from '../../algebra/capability.ts';
import type { Dist, Law } from '../../algebra/dist.ts';
import type { Denoises, Unnormalised } from '../../algebra/evidence.ts';
import { type Failure, failure, toFailure } from '../../core/errors.ts';
import type { Shape } from '../../core/shape.ts';
import type { Objective } from '../../inference/objective.ts';
import {
  denoiserOf,
  denoisingScoreMatching,
  denoisingScoreMatchingAt,
  scoreMatching,
  slicedScoreMatching,
  varianceReducedSlicedScoreMatching,
} from '../../inference/scores/index.ts';
import {
  denoising,
  edmWeighting,
  importanceTime,
  likelihoodWeighting,
  logNormalTime,
  minSnrWeighting,
} from '../../sde/index.ts';
import { demand, type ObjectiveEntry, type ObjectiveTable } from './entry.ts';

type Rest = Pick<ObjectiveEntry, 'description' | 'paper' | 'number'>;

/** An entry for laws that have a denoiser. */
const ofDenoising = (
  make: (law: Dist<Shape, Denoises>, n: number) => Objective<Shape>,
  rest: Rest,
): ObjectiveEntry => ({
  ...rest,
  of: (law, n) =>
    tryCatch(
      () => {
        denoiserOf(law);
        return make(law as unknown as Dist<Shape, Denoises>, n);
      },
      toFailure('ArgumentError', law.spec.type),
    ),
});

/** The law where it has a score of its own: a smooth density, perhaps up to a constant. */
const withScore = (name: string, law: Law): Either<Failure, Law> =>
  has(denoising, law)
    ? left(failure('ArgumentError', name, 'the law denoises: denoisingScoreMatching trains it', { got: law.spec.type }))
    : demand(name, law, ['exact', 'unnormalised', 'estimated'], 'the law has no log-density to take the score of');

const ofScored = (
  name: string,
  make: (n: number) => (law: Dist<Shape, Unnormalised>) => Objective<Shape>,
  rest: Rest,
): ObjectiveEntry => ({
  ...rest,
  of: (law, n) =>
    pipe(
      withScore(name, law),
      map((l) => make(n)(l as unknown as Dist<Shape, Unnormalised>)),
    ),
});

const directions = { means: 'directions', default: 1, integer: true };

/** Score-matching estimators by name. */
export const scoreObjectives: ObjectiveTable = {
  denoisingScoreMatching: ofDenoising((law) => denoisingScoreMatching(law), {
    description: 'Denoising at all noise levels, weighed as noise prediction is (L_simple of DDPM).',
    paper: 'Vincent 2011; Ho, Jain & Abbeel 2020, arXiv:2006.11239',
  }),
  likelihoodWeighted: ofDenoising(
    (law) => denoisingScoreMatching(law, { weighting: likelihoodWeighting, drawnBy: importanceTime }),
    {
      description: 'Denoising weighed by g², which bounds the likelihood; times drawn by importance.',
      paper: 'Song, Durkan, Murray & Ermon 2021, arXiv:2101.09258',
    },
  ),
  edmWeighted: ofDenoising(
    (law, sigmaData) => denoisingScoreMatching(law, { weighting: edmWeighting({ sigmaData }), time: logNormalTime() }),
    {
      description: 'Denoising with the weighting and the log-normal noise levels of EDM.',
      paper: 'Karras, Aittala, Aila & Laine 2022, arXiv:2206.00364',
      number: { means: 'σ_data', default: 1, integer: false },
    },
  ),
  minSnrWeighted: ofDenoising((law, gamma) => denoisingScoreMatching(law, { weighting: minSnrWeighting({ gamma }) }), {
    description: 'Denoising whose weight of the data’s error is at most γ.',
    paper: 'Hang et al. 2023, arXiv:2303.09556',
    number: { means: 'γ', default: 5, integer: false },
  }),
  denoisingAt: ofScored('denoisingAt', denoisingScoreMatchingAt, {
    description: 'Denoising score matching at one noise scale, of any law with a score.',
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
