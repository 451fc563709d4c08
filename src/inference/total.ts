/** Several objectives of one event as one. */

import { finite, list } from '../core/codec.ts';
import { define } from '../core/definition.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import { knownOptions } from '../core/known-options.ts';
import * as o from '../core/ops/index.ts';
import type { Random } from '../core/random.ts';
import { type Shape, sameShape, showShape } from '../core/shape.ts';
import { nested } from '../core/specification.ts';
import { objectiveKind } from './kinds.ts';
import { type AnyObjective, type Objective, ofEvents } from './objective.ts';

/** Options of {@link total}. */
export interface TotalOptions {
  /** A factor for each objective (default 1 each): any finite numbers. */
  readonly weights?: readonly number[];
}

const showParts = (of: { readonly shape: Shape; readonly parts?: readonly Shape[] }): string =>
  (of.parts ?? [of.shape]).map(showShape).join(' and ');

/** Random values in order, each with a stream of noise of its own, so that what one draws never moves the noise of another. */
const apart =
  (all: readonly Random<Expr>[]): Random<readonly Expr[]> =>
  (c) => [
    all.map((ra, k) => ra({ path: `${c.path}/${c.next + k}`, next: 0 })[0]),
    { path: c.path, next: c.next + all.length },
  ];

/**
 * The sum of objectives of one event: loss(x) = Σₖ wₖ · lossₖ(x), in nats where they are. Parameters keep their names, so objectives of one distribution share
 * them (two distributions stand apart by `named`); each has noise of its own. It says nothing about log p(x): its evidence is `none`. Its specification holds
 * those of the objectives. Throws `ArgumentError` where there is none or the weights are not as many finite numbers, `ShapeError` where their
 * events differ. Cost: that of the objectives; what they have in common is computed once.
 *
 * @example
 * const model = vae([2]);
 * const objective = total([elbo(model), importanceWeighted(5)(model)], { weights: [0.5, 0.5] });
 */
export const total = define(objectiveKind, { type: 'total', about: 'Objectives added up.', takes: ['objectives'], required: { objectives: list(nested(objectiveKind)) }, optional: { weights: list(finite) }, build: ({ objectives, ...options }): AnyObjective<Shape> => total(objectives.map((each) => ofEvents('total', each)), options), examples: [{ objectives: [{ type: 'maximumLikelihood', dist: { type: 'standardNormal', shape: [2] } }, { type: 'maximumLikelihood', dist: { type: 'normal', shape: [2], loc: 1 } }], weights: [0.5, 2] }] },
<S extends Shape>(objectives: readonly Objective<S>[], options: TotalOptions = {}): Objective<S> => {
  const { weights } = knownOptions('total', options, ['weights']);
  const [first] = objectives;
  if (first === undefined) return raise('ArgumentError', 'total', 'there is nothing to sum', { expected: 'one objective or more' });
  for (const other of objectives)
    if (!sameShape(other.shape, first.shape) || showParts(other) !== showParts(first))
      raise('ShapeError', 'total', 'the objectives are of different events', { expected: showParts(first), got: showParts(other) });
  if (weights !== undefined && (weights.length !== objectives.length || !weights.every(Number.isFinite)))
    raise('ArgumentError', 'total', 'weights are finite numbers, one for each objective', { expected: `${objectives.length}`, got: `[${weights.join(', ')}]` });
  return {
    shape: first.shape,
    ...(first.parts === undefined ? {} : { parts: first.parts }),
    spec: {
      type: 'total',
      objectives: objectives.map((each) => each.spec),
      ...(weights === undefined ? {} : { weights }),
    },
    evidence: 'none',
    loss: (x) => (scope) => {
      const losses = apart(objectives.map((each) => each.loss(x)(scope)));
      return (c) => {
        const [all, next] = losses(c);
        return [o.addAll(weights === undefined ? all : all.map((l, k) => o.mul(weights[k], l))), next];
      };
    },
  };
}); // biome-ignore format: one idea
