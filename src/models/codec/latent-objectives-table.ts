/** The entries of estimators of latent variables, and of what they do to divergences. */
import * as E from 'fp-ts/lib/Either.js';
import { isRecord, list, nonNegative, oneOf, positiveInteger, positiveNumber, strict, t } from '../../core/codec.ts';
import type { Shape } from '../../core/shape.ts';
import {
  balanceKl,
  dreg,
  freeBits,
  fullVariationalBayes,
  monteCarloEm,
  reweightedWakeSleep,
  scaleKl,
  scoreFunction,
  scoreFunctionWithAverage,
  sgvb,
  stickingTheLanding,
  type Weighing,
  wakeSleep,
} from '../../inference/latent/index.ts';
import type { AnyObjective } from '../../inference/objective.ts';
import { ofEvents } from './objective-demands.ts';
import { type Entry, type Tables, type Variant, variant } from './variant.ts';

const warmUp = strict({ warmUp: positiveNumber });
const weight = new t.Type<number | t.TypeOf<typeof warmUp>>(
  'a number from 0, or { warmUp: steps }',
  (u): u is number | t.TypeOf<typeof warmUp> => nonNegative.is(u) || warmUp.is(u),
  (u, c) => (nonNegative.is(u) ? t.success(u) : isRecord(u) ? warmUp.validate(u, c) : t.failure(u, c)),
  t.identity,
);

const weighings: { readonly [type: string]: Variant<Weighing> } = {
  scaleKl: variant({ weight }, {}, (f) => scaleKl(f.weight)),
  freeBits: variant({ nats: nonNegative }, {}, (f) => freeBits(f.nats)),
  balanceKl: variant({}, { warmUp: positiveNumber }, balanceKl),
};

const weighing = new t.Type<Weighing, Weighing['spec']>(
  `a weighing: an object with a type (${Object.keys(weighings).join(', ')})`,
  (u): u is Weighing => isRecord(u) && 'apply' in u,
  (u, c) =>
    isRecord(u) && typeof u.type === 'string' && Object.hasOwn(weighings, u.type)
      ? E.map((w: Weighing) => w)(weighings[u.type].validate(u, c))
      : t.failure(u, c),
  (w) => w.spec,
);

type Estimator = (dist: never) => AnyObjective<Shape>;

/** An estimator that takes its number of samples and a distribution with a bound. */
const ofSamples =
  (make: (k: number) => Estimator): Entry<AnyObjective<Shape>> =>
  (read) =>
    variant({ dist: read.dist }, { samples: positiveInteger }, ({ dist, samples = 1 }) => make(samples)(dist as never));

/** Estimators of latent variables by type. */
export const latentObjectivesTable: Tables['objectives'] = {
  sgvb: (read) =>
    variant({ dist: read.dist }, { samples: positiveInteger, kl: list(weighing) }, ({ dist, ...options }) =>
      sgvb(options)(dist as never),
    ),
  stickingTheLanding: ofSamples(stickingTheLanding),
  dreg: ofSamples(dreg),
  reweightedWakeSleep: ofSamples(reweightedWakeSleep),
  wakeSleep: (read) => variant({ dist: read.dist }, {}, ({ dist }) => wakeSleep(dist as never)),
  scoreFunction: (read) =>
    variant(
      { dist: read.dist },
      { samples: positiveInteger, baseline: oneOf(['none', 'leaveOneOut']) },
      ({ dist, ...options }) => scoreFunction(options)(dist as never),
    ),
  scoreFunctionWithAverage: (read) =>
    variant({ dist: read.dist }, { samples: positiveInteger, decay: nonNegative }, ({ dist, ...options }) =>
      scoreFunctionWithAverage(options)(dist as never),
    ),
  monteCarloEm: (read) =>
    variant(
      { dist: read.dist, stepSize: positiveNumber },
      { leapfrogSteps: positiveInteger, transitions: positiveInteger },
      ({ dist, ...options }) => monteCarloEm(options)(dist as never),
    ),
  fullVariationalBayes: (read) =>
    variant(
      { objective: read.objective, events: positiveInteger },
      { priorScale: positiveNumber, initialScale: positiveNumber },
      ({ objective, ...options }) => fullVariationalBayes(options)(ofEvents('fullVariationalBayes', objective)),
    ),
};
