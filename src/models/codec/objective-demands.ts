/** What an estimator demands of a law or an objective that was read: what types say when a program is compiled. */
import type { Law } from '../../algebra/dist.ts';
import type { Evidence } from '../../algebra/evidence.ts';
import { raise } from '../../core/errors.ts';
import type { Shape } from '../../core/shape.ts';
import { type AnyObjective, isBatchObjective, type Objective } from '../../inference/objective.ts';

/** The law where its evidence is one of those wanted; else throws `ArgumentError` with the advice. */
export const withEvidence = (estimator: string, law: Law, wanted: readonly Evidence[], advice: string): Law =>
  wanted.includes(law.evidence)
    ? law
    : raise('ArgumentError', '', `${estimator}: ${advice}`, {
        expected: `a log-density that is ${wanted.join(' or a ')}`,
        got: `evidence '${law.evidence}'`,
      });

/** The law where its log-density is exact or a bound. */
export const bounded = (estimator: string, law: Law): Law =>
  withEvidence(estimator, law, ['exact', 'bound'], 'the law has no bound');

/** The objective where its loss is one of single events; else throws `ArgumentError`. */
export const ofEvents = (owner: string, objective: AnyObjective<Shape>): Objective<Shape> =>
  isBatchObjective(objective)
    ? raise('ArgumentError', '', `${owner}: the objective is a loss of whole batches`, {
        expected: 'an objective of one event',
        got: objective.spec.type,
      })
    : objective;
