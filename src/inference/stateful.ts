/**
 * Objectives that carry arrays from step to step: the chains of persistent contrastive divergence, the moving average that a score-function
 * estimator subtracts. What is carried is part of the training state: it is saved, read and resumed with the parameters.
 */
import type { Evidence } from '../algebra/evidence.ts';
import type { Spec } from '../algebra/spec.ts';
import type * as D from '../core/draw.ts';
import { raise } from '../core/errors.ts';
import type { ElementType, Expr } from '../core/expr.ts';
import { evaluateProgram } from '../core/interpreters/reference/index.ts';
import * as o from '../core/ops/index.ts';
import { type Feeds, hostType, noiseFeeds, program } from '../core/program.ts';
import { type Random, runRandom, start } from '../core/random.ts';
import { type Shape, sameShape, showShape } from '../core/shape.ts';
import { castTensor, type Tensor } from '../core/tensor.ts';
import type { Objective } from './objective.ts';

/** An array kept from step to step. */
export interface Carried {
  readonly name: string;
  /** Its value before the first step, over constants and noise (which is keyed by `name` and the seed). */
  readonly initial: Random<Expr>;
}

/** What one step gives: a loss for each event of the batch, `[B]`, and the next value of every carried array. */
export interface StatefulStep {
  readonly losses: Expr;
  readonly carried: readonly Expr[];
}

/**
 * An objective whose loss reads arrays that earlier steps left behind. It sees the whole batch `[B, …shape]`; what it does for each event is
 * `draw.vmapDraw`. The mean of `losses` is minimised with the carried arrays as constants; their next values are not differentiated.
 * Validation reads the carried arrays and leaves them as they are.
 *
 * @example
 * // The loss minus a moving average of itself: the same gradient, a centred number.
 * const plain = maximumLikelihood(law);
 * const centred: StatefulObjective<readonly [2]> = {
 *   shape: law.shape,
 *   spec: opaque('centred', 'an example'),
 *   evidence: 'none',
 *   carried: [{ name: 'average', initial: random.of(ops.scalar(0)) }],
 *   step: (batch, [average]) =>
 *     draw.map(([losses]) => ({
 *       losses: ops.sub(losses, average),
 *       carried: [ops.add(ops.mul(0.9, average), ops.mul(0.1, ops.mean(losses)))],
 *     }))(draw.vmapDraw((x) => draw.map((l) => [l])(plain.loss(x)))(batch)),
 * };
 */
export interface StatefulObjective<in out S extends Shape> {
  readonly shape: S;
  readonly spec: Spec;
  readonly evidence: Evidence;
  readonly carried: readonly Carried[];
  readonly step: (batch: Expr, carried: readonly Expr[]) => D.Draw<StatefulStep>;
}

/** What `fit` minimises. */
export type AnyObjective<S extends Shape> = Objective<S> | StatefulObjective<S>;

/** Whether an objective carries arrays. */
export const isStateful = <S extends Shape>(objective: AnyObjective<S>): objective is StatefulObjective<S> =>
  'carried' in objective;

/** The name an array is fed under. */
export const carriedSlot = (name: string): string => `carried:${name}`;

const startOf = ({ name, initial }: Carried): Expr => runRandom(initial, start(`carried:${name}`));

/** The names, shapes and types of what an objective carries. */
const declared = <S extends Shape>(
  objective: AnyObjective<S>,
): readonly { readonly name: string; readonly initial: Expr; readonly shape: Shape; readonly type: ElementType }[] => {
  const all = isStateful(objective) ? objective.carried.map((c) => ({ name: c.name, initial: startOf(c) })) : [];
  const twice = all.find((c, i) => all.findIndex((d) => d.name === c.name) !== i);
  if (twice !== undefined)
    raise('ArgumentError', twice.name, 'two carried arrays have this name', { got: objective.spec.type });
  return all.map((c) => ({ ...c, shape: c.initial.shape, type: c.initial.type }));
};

/** Leaves that stand for the carried arrays. */
export const carriedLeaves = <S extends Shape>(objective: AnyObjective<S>): Expr[] =>
  declared(objective).map(({ name, shape, type }) => o.input(carriedSlot(name), shape, type));

/** Refuses a step that changes what is carried, or whose losses are not one for each event. */
export const checkStep = <S extends Shape>(
  objective: StatefulObjective<S>,
  batch: Expr,
  step: StatefulStep,
): StatefulStep => {
  if (!sameShape(step.losses.shape, [batch.shape[0]]))
    raise('ShapeError', objective.spec.type, 'a step needs one loss for each event', {
      expected: showShape([batch.shape[0]]),
      got: showShape(step.losses.shape),
    });
  const all = declared(objective);
  if (step.carried.length !== all.length)
    raise('ArgumentError', objective.spec.type, 'a step gives the next value of every carried array', {
      expected: `${all.length}: ${all.map((c) => c.name).join(', ')}`,
      got: `${step.carried.length}`,
    });
  step.carried.forEach((next, i) => {
    const { name, shape, type } = all[i];
    if (!sameShape(next.shape, shape) || next.type !== type)
      raise('ShapeError', `${objective.spec.type}/${name}`, 'a step changes the shape or type of a carried array', {
        expected: `${type} ${showShape(shape)}`,
        got: `${next.type} ${showShape(next.shape)}`,
      });
  });
  return step;
};

/**
 * The carried arrays before the first step, by slot, or those of a state that is resumed. They come from the `reference` interpreter, so that
 * every backend starts from the same numbers. Throws where an initial value needs more than noise, or a resumed array does not fit.
 */
export const startingCarried = <S extends Shape>(
  objective: AnyObjective<S>,
  seed: number,
  resumed: Feeds = {},
): Record<string, Tensor> => {
  const all = declared(objective);
  const p = program(all.map((c) => c.initial), 'float64'); // biome-ignore format: one idea
  const free = p.slots.find((s) => s.noise === undefined);
  if (free !== undefined)
    raise('ArgumentError', free.name, 'a carried array starts from noise and constants alone', { got: free.name });
  const values = all.every((c) => resumed[c.name] !== undefined) ? [] : evaluateProgram(p, noiseFeeds(p, { seed }));
  return Object.fromEntries(
    all.map(({ name, shape, type }, i) => {
      const value = resumed[name] ?? values[i];
      if (!sameShape(value.shape, shape))
        raise('ShapeError', name, 'the carried array has another shape', {
          expected: showShape(shape),
          got: showShape(value.shape),
        });
      return [carriedSlot(name), castTensor(value, hostType(type, 'float32'))];
    }),
  );
};

/** The carried arrays among named vectors, by their own names; nothing where nothing is carried. */
export const carriedOf = <S extends Shape>(
  objective: AnyObjective<S>,
  vectors: Feeds,
): { readonly carried?: Readonly<Record<string, Tensor>> } =>
  isStateful(objective)
    ? { carried: Object.fromEntries(objective.carried.map(({ name }) => [name, vectors[carriedSlot(name)]])) }
    : {};
