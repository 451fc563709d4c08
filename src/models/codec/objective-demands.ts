/** What an estimator of single events demands of an objective that was read: what types say when a program is compiled. */
import { raise } from '../../core/errors.ts';
import type { Shape } from '../../core/shape.ts';
import { type AnyObjective, isBatchObjective, type Objective } from '../../inference/objective.ts';

/** The objective where its loss is one of single events; else throws `ArgumentError`. */
export const ofEvents = (owner: string, objective: AnyObjective<Shape>): Objective<Shape> =>
  isBatchObjective(objective)
    ? raise('ArgumentError', '', `${owner}: the objective is a loss of whole batches`, {
        expected: 'an objective of one event',
        got: objective.spec.type,
      })
    : objective;
