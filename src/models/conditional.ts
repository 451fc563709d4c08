/** Registered models as conditional distributions. */
import { type Conditional, conditional } from '../algebra/conditional.ts';
import { type AnyContext, type Context, contextOfVector, contextSize } from '../algebra/context.ts';
import type { Dist } from '../algebra/dist.ts';
import * as D from '../core/draw.ts';
import { raise } from '../core/errors.ts';
import { topological } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import type { Shape } from '../core/shape.ts';
import { type ConditionallyOptions, conditionally } from '../inference/conditionally.ts';
import { elbo, isBatchObjective, maximumLikelihood, type Objective } from '../inference/objective.ts';
import type { EventInfo, ModelEntry, ModelOptions } from './model.ts';

/**
 * A registered model for every context: its networks read the context, whatever it is made of (a vector, an image, a class, a struct). Parameters stand where those
 * of the model stand. Train it by {@link conditionalObjective}, on `pairs`. Throws `ArgumentError` where the model
 * has no network that reads a context, and what the model throws where it does not fit the event.
 *
 * @example
 * const p = conditionalModel(models.realNVP, classes(10), { shape: [2] }, { layers: 4 });   // Conditional<Classes, Shape>
 * const sharp = conditionalModel(models.scoreSdeVp, [7, 7], { shape: [28, 28] });   // super-resolution
 */
export const conditionalModel = <const C extends Context>(
  entry: Pick<ModelEntry, 'name' | 'build'>,
  context: C,
  event: EventInfo,
  options: Omit<ModelOptions, 'given'> = {},
): Conditional<C, Shape> => {
  const part = conditional(
    context,
    (c) => entry.build(event, { ...options, given: c as AnyContext }) as Dist<Shape, unknown>,
  );
  const given = o.input('context', [contextSize(context)]);
  const loss = D.runDraw((scope) => {
    const dist = part.given(contextOfVector(context, given))(scope);
    return (dist.evidence === 'none' ? dist.sample : dist.logDensity(o.input('x', part.event)))(scope);
  });
  return topological([loss]).includes(given)
    ? part
    : raise('ArgumentError', entry.name, 'the model has no network that reads a context', {
        expected: 'a model of networks: realNVP, maf, nsf, glow, vae, scoreSdeVp, energy, …',
        got: entry.name,
      });
};

/**
 * What trains a conditional model on rows of `pairs`: what trains the registered model, at each context; else maximum likelihood, or the bound. `drop` is the chance that
 * the context is dropped, for guidance. Throws `ArgumentError` where the model is trained by a loss of whole batches (persistent chains).
 *
 * @example
 * const entry = models.scoreSdeVp;
 * const p = conditionalModel(entry, classes(3), { shape: [2] }, { hidden: [8] });
 * const objective = conditionalObjective(entry, p, { drop: 0.1 });
 */
export const conditionalObjective = (
  entry: Pick<ModelEntry, 'name' | 'objective'>,
  part: Conditional<Context, Shape>,
  options: ConditionallyOptions = {},
): Objective<readonly [number]> =>
  conditionally((dist: Dist<Shape, unknown>) => {
    const objective = entry.objective?.(dist) ?? (dist.evidence === 'exact' ? maximumLikelihood : elbo)(dist as never);
    return isBatchObjective(objective)
      ? raise(
          'ArgumentError',
          entry.name,
          'the model is trained by a loss of whole batches, in which contexts differ',
          {
            expected:
              'conditionally(scoreMatching) or conditionally(contrastiveDivergence(…)) of the conditional distribution',
            got: objective.spec.type,
          },
        )
      : (objective as Objective<Shape>);
  }, options)(part);
