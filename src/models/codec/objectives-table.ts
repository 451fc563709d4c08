/** The entries of objectives; estimators demand the evidence that they need themselves. */
import type { Dist } from '../../algebra/dist.ts';
import { finite, nonNegative, oneOf, positiveInteger } from '../../core/codec.ts';
import type { Shape } from '../../core/shape.ts';
import { dynamicallyBinarised } from '../../inference/binarise.ts';
import { conditionally } from '../../inference/conditionally.ts';
import { ddpmHybrid, ddpmSimple } from '../../inference/ddpm-losses.ts';
import { hybridScoreMatching } from '../../inference/hybrid-score-matching.ts';
import { importanceWeighted } from '../../inference/importance-weighted.ts';
import { elbo, maximumLikelihood, type Objective, weighted } from '../../inference/objective.ts';
import { variationalPosterior } from '../../inference/posterior.ts';
import { spectralPenalty } from '../../inference/spectral-penalty.ts';
import { forDist, ofContext } from './inside.ts';
import { latentObjectivesTable } from './latent-objectives-table.ts';
import { ofEvents } from './objective-demands.ts';
import { scoreObjectivesTable } from './score-objectives-table.ts';
import { type Tables, variant } from './variant.ts';

/** Objectives by type. */
export const objectivesTable: Tables['objectives'] = {
  ...latentObjectivesTable,
  ...scoreObjectivesTable,
  conditionally: (read) =>
    ofContext('estimator', { dist: read.conditional }, { drop: nonNegative }, ({ dist, drop }, json, c) => {
      const estimator = forDist(read.objective, json, 'estimator', c);
      return conditionally((of: Dist<Shape, unknown>) => ofEvents('conditionally', estimator(of)), drop === undefined ? {} : { drop })(dist) as unknown as Objective<Shape>; // biome-ignore format: one idea
    }),
  maximumLikelihood: (read) => variant({ dist: read.dist }, {}, ({ dist }) => maximumLikelihood(dist as never)),
  elbo: (read) => variant({ dist: read.dist }, {}, ({ dist }) => elbo(dist as never)),
  importanceWeighted: (read) =>
    variant({ samples: positiveInteger, dist: read.dist }, {}, ({ samples, dist }) =>
      importanceWeighted(samples)(dist as never),
    ),
  variationalPosterior: (read) =>
    variant(
      { guide: read.dist, target: read.dist },
      {},
      ({ guide, target }) => variationalPosterior(guide as never, target as never) as unknown as Objective<Shape>,
    ),
  dynamicallyBinarised: (read) =>
    variant({ levels: positiveInteger, objective: read.objective }, {}, ({ levels, objective }) =>
      dynamicallyBinarised(levels)(objective),
    ),
  weighted: (read) =>
    variant({ weight: finite, objective: read.objective }, {}, ({ weight, objective }) =>
      weighted(weight, ofEvents('weighted', objective)),
    ),
  spectralPenalty: (read) =>
    variant(
      { weight: nonNegative, objective: read.objective },
      { iterations: positiveInteger },
      ({ objective, ...options }) => spectralPenalty(options)(ofEvents('spectralPenalty', objective)),
    ),
  ddpmSimple: (read) =>
    variant({ dist: read.dist }, { of: oneOf(['noise', 'velocity']) }, ({ dist, of }) =>
      ddpmSimple(dist, of === undefined ? {} : { of: of as 'noise' | 'velocity' }),
    ),
  hybridScoreMatching: (read) => variant({ dist: read.dist }, {}, ({ dist }) => hybridScoreMatching(dist)),
  ddpmHybrid: (read) =>
    variant({ dist: read.dist }, { weight: finite }, ({ dist, ...options }) => ddpmHybrid(dist, options)),
};
