/** The entries of objectives; an estimator that needs evidence demands it here too, in a sentence. */
import { finite, positiveInteger } from '../../core/codec.ts';
import { raise } from '../../core/errors.ts';
import type { Shape } from '../../core/shape.ts';
import { dynamicallyBinarised } from '../../inference/binarise.ts';
import { ddpmHybrid, ddpmSimple } from '../../inference/ddpm-losses.ts';
import { importanceWeighted } from '../../inference/importance-weighted.ts';
import { elbo, maximumLikelihood, type Objective, weighted } from '../../inference/objective.ts';
import { type Tables, variant } from './variant.ts';

const evidenceOf = (
  estimator: string,
  law: Objective<Shape>,
  wanted: readonly string[],
  advice: string,
): Objective<Shape> =>
  wanted.includes(law.evidence)
    ? law
    : raise('ArgumentError', '', `${estimator}: ${advice}`, {
        expected: `a log-density that is ${wanted.join(' or a ')}`,
        got: `evidence '${law.evidence}'`,
      });

/** Objectives by type. */
export const objectivesTable: Tables['objectives'] = {
  maximumLikelihood: (read) =>
    variant({ law: read.law }, {}, ({ law }) =>
      evidenceOf(
        'maximumLikelihood',
        maximumLikelihood(law as never) as Objective<Shape>,
        ['exact'],
        'the law has no exact log-density; elbo takes one that is bounded',
      ),
    ),
  elbo: (read) =>
    variant({ law: read.law }, {}, ({ law }) =>
      evidenceOf('elbo', elbo(law as never) as Objective<Shape>, ['exact', 'bound'], 'the law has no bound'),
    ),
  importanceWeighted: (read) =>
    variant({ samples: positiveInteger, law: read.law }, {}, ({ samples, law }) =>
      evidenceOf(
        'importanceWeighted',
        importanceWeighted(samples)(law as never) as Objective<Shape>,
        ['exact', 'bound'],
        'the law has no bound',
      ),
    ),
  dynamicallyBinarised: (read) =>
    variant({ levels: positiveInteger, objective: read.objective }, {}, ({ levels, objective }) =>
      dynamicallyBinarised(levels)(objective),
    ),
  weighted: (read) =>
    variant({ weight: finite, objective: read.objective }, {}, ({ weight, objective }) => weighted(weight, objective)),
  ddpmSimple: (read) => variant({ law: read.law }, {}, ({ law }) => ddpmSimple(law)),
  ddpmHybrid: (read) =>
    variant({ law: read.law }, { weight: finite }, ({ law, ...options }) => ddpmHybrid(law, options)),
};
