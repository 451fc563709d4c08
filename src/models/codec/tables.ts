/** What can be read without a registry of one's own; inference's entries are here, those of laws, layers and networks have their rooms. */
import { finite, isRecord, nonNegative, positiveInteger, positiveNumber, t } from '../../core/codec.ts';
import { raise } from '../../core/errors.ts';
import type { Shape } from '../../core/shape.ts';
import { dynamicallyBinarised } from '../../inference/binarise.ts';
import { importanceWeighted } from '../../inference/importance-weighted.ts';
import { elbo, maximumLikelihood, type Objective, weighted } from '../../inference/objective.ts';
import { adam, adamW, clipByGlobalNorm, sgd } from '../../inference/optimizer.ts';
import { constant, cosine, type Schedule, warmUp } from '../../inference/schedule.ts';
import { classesTable } from './classes-table.ts';
import { conditionalsTable } from './conditionals-table.ts';
import { lawsTable } from './laws-table.ts';
import { layersTable, mapsTable } from './layers-table.ts';
import { networksTable } from './networks-table.ts';
import { type Readers, type Tables, variant } from './variant.ts';

/** A schedule, or a number for a constant one. */
const rate = (read: Readers): t.Type<Schedule | number> =>
  new t.Type<Schedule | number>(
    'a positive number or a schedule',
    (u): u is Schedule | number => positiveNumber.is(u) || read.schedule.is(u),
    (u, c) => (positiveNumber.is(u) ? t.success(u) : isRecord(u) ? read.schedule.validate(u, c) : t.failure(u, c)),
    t.identity,
  );

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

const adamFields = { beta1: nonNegative, beta2: nonNegative, epsilon: nonNegative };

/** Everything the library can read. */
export const builtIn: Tables = {
  laws: { ...lawsTable, ...classesTable },
  layers: layersTable,
  networks: networksTable,
  maps: mapsTable,
  conditionals: conditionalsTable,
  objectives: {
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
      variant({ weight: finite, objective: read.objective }, {}, ({ weight, objective }) =>
        weighted(weight, objective),
      ),
  },
  optimizers: {
    sgd: (read) => variant({}, { learningRate: rate(read), momentum: nonNegative }, sgd),
    adam: (read) => variant({}, { learningRate: rate(read), ...adamFields }, adam),
    adamW: (read) => variant({}, { learningRate: rate(read), ...adamFields, weightDecay: nonNegative }, adamW),
    clipByGlobalNorm: (read) =>
      variant({ norm: positiveNumber, optimizer: read.optimizer }, {}, ({ norm, optimizer }) =>
        clipByGlobalNorm(norm)(optimizer),
      ),
  },
  schedules: {
    constant: () => variant({ value: positiveNumber }, {}, ({ value }) => constant(value)),
    cosine: () =>
      variant({ from: positiveNumber, steps: positiveInteger }, { to: nonNegative }, ({ from, steps, to }) =>
        cosine(from, steps, to),
      ),
    warmUp: (read) =>
      variant({ steps: positiveInteger, after: read.schedule }, {}, ({ steps, after }) => warmUp(steps, after)),
  },
};
