/** Class-conditional distributions. */

import { type Conditional, conditional, contextShape, logDensityGiven, sampleGiven } from '../algebra/conditional.ts';
import { type Classes, type Context, classes } from '../algebra/context.ts';
import { type AnyDist, type Dist, distFrom, distribution } from '../algebra/dist.ts';
import type { Bound, Exact, Samples } from '../algebra/evidence.ts';
import { conditionalKind, distributionKind } from '../algebra/kinds.ts';
import { compose, type Endo, repeat } from '../algebra/transport.ts';
import { affineCoupling, reverse } from '../bijectors/index.ts';
import { list, natural, positiveInteger } from '../core/codec.ts';
import { define } from '../core/definition.ts';
import * as D from '../core/draw.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { uniform } from '../core/random.ts';
import { type Shape, showShape } from '../core/shape.ts';
import { nested } from '../core/specification.ts';
import { type Dataset, labelsOf, pairs } from '../data/index.ts';
import { GIVEN, type Joined, jointlyAs } from '../distributions/jointly.ts';
import { mlp } from '../nn/index.ts';
import type { FlowOptions } from './flows.ts';
import { defineModel } from './model.ts';
import { type Events, overEvents } from './over-events.ts';

/**
 * RealNVP whose couplings read the class: (a, b) ↦ (a, b · e^{s(a, c)} + t(a, c)) (Dinh et al. 2017, arXiv:1605.08803; conditioned as in Winkler et
 * al. 2019, arXiv:1912.00042). A distribution over events for every one-hot class `[K]`.
 *
 * @example
 * const sides = fromRows('sides', Float32Array.of(-2, 0, -1, 1, 2, 0, 1, -1), [2], { labels: Int32Array.of(0, 0, 1, 1) });
 * const model = classConditional({ shape: [2] }, 2);
 * const training = fit({ objective: maximumLikelihood(withClass(model)), data: labelled(sides, 2), steps: 2000 });   // a task
 * const right = ofClass(model, 1);   // its distribution, over the parameters that training gives
 */
export function classConditional(
  events: Events & { readonly levels?: undefined },
  classes: number,
  options?: FlowOptions,
): Conditional<Classes, Shape, Exact & Samples>;
export function classConditional(
  events: Events & { readonly levels: number },
  classes: number,
  options?: FlowOptions,
): Conditional<Classes, Shape, Bound & Samples>;
export function classConditional(
  events: Events,
  classes: number,
  options?: FlowOptions,
): Conditional<Classes, Shape, Samples>;
export function classConditional(
  events: Events,
  count: number,
  { layers = 8, hidden = [64, 64] }: FlowOptions = {},
): Conditional<Classes, Shape, unknown> {
  const flow = (c: Expr): Endo<'bijective'> =>
    repeat(layers, compose(affineCoupling({ conditioner: mlp(hidden).given(c) }), reverse()));
  return conditional(classes(count), (c) => overEvents(events, flow(c)) as Dist<Shape, unknown>);
}

/**
 * A conditional distribution as one whose context is a class, with the number of classes. Throws `ShapeError` where the context is not a vector.
 *
 * @example
 * ofClasses(conditionalNormal([3], [2])).count;   // 3
 */
export const ofClasses = <E>(part: Conditional<Context, Shape, E>): Conditional<Context, Shape, E> & { readonly count: number } => {
  const shape = contextShape(part.spec.type, part.context);
  return shape.length === 1
    ? { ...part, count: shape[0] }
    : raise('ShapeError', part.spec.type, 'the context is not a class', { expected: '[K]', got: showShape(shape) });
}; // biome-ignore format: one idea

/** The conditional distribution, where it is one of classes. */
const ofClassesOnly = (of: Conditional<Context, Shape>): Conditional<Classes, Shape> =>
  ofClasses(of) as Conditional<Context, Shape> as Conditional<Classes, Shape>;

/** 0 for a one-hot vector, −∞ for any other. */
const oneHotOnly = (c: Expr): Expr => {
  const off = o.add(o.abs(o.sub(o.sum(c), 1)), o.sum(o.abs(o.mul(c, o.sub(c, 1)))));
  return o.where(o.less(0, off), Number.NEGATIVE_INFINITY, 0);
};

const oneHot = (k: Expr | number, classes: number): Expr =>
  o.where(o.equal(o.cast(o.iota(classes), 'real'), o.broadcastTo(k, [classes])), o.broadcastTo(1, [classes]), 0);

/**
 * One of K classes with equal chances, as a one-hot vector `[K]`: log P = −log K nats, −∞ for any other vector.
 *
 * @example
 * jointly(anyClass(2), conditionalNormal([2], [1]));   // p(x, c)
 */
export const anyClass = define(
  distributionKind,
  {
    type: 'anyClass',
    about: 'One of K classes with equal chances.',
    takes: ['classes'],
    required: { classes: positiveInteger },
    examples: [{ classes: 3 }],
  },
  (count: number): Dist<readonly [number], Exact & Samples> =>
    distribution<readonly [number], Exact & Samples>({
      shape: [count],
      spec: { type: 'anyClass', classes: count },
      evidence: 'exact',
      logDensity: (c) => D.of(o.sub(oneHotOnly(c), Math.log(count))),
      sample: D.map((u: Expr) => oneHot(o.min(o.floor(o.mul(count, u)), count - 1), count))(D.fromRandom(uniform([]))),
    }),
);

/**
 * The joint distribution of event and class with equal class probabilities: log p(x, c) = log p(x | c) − log K in nats, over vectors (x, one-hot c) of D + K numbers; equal to
 * {@link jointly} with {@link anyClass}. Its evidence is that of p(x | c).
 *
 * @example
 * withClass(conditionalNormal([3], [2])).shape;   // [5]
 */
export const withClass = define(distributionKind, { type: 'withClass', about: 'Event and class together.', takes: ['of'], required: { of: nested(conditionalKind) }, build: ({ of }): AnyDist => withClass(ofClassesOnly(of)), examples: [{ of: { type: 'parametrised', family: 'normal', context: { classes: 3 }, event: [1] } }] },
<E>(part: Conditional<Classes, Shape, E> | Conditional<readonly [number], Shape, E>): Dist<readonly [number], Joined<E>> => {
  const of = ofClasses(part as Conditional<Context, Shape, E>);
  return jointlyAs({ type: 'withClass', of: of.spec }, anyClass(of.count), of, (d) => d);
}); // biome-ignore format: one idea

/**
 * The distribution p(x | c) of one class, with the parameters of {@link withClass}. Throws `ArgumentError` where there is no such class.
 *
 * @example
 * ofClass(conditionalNormal([3], [2]), 1).shape;   // [2]
 */
export const ofClass = define(distributionKind, { type: 'ofClass', about: 'The distribution of one class.', takes: ['of', 'class'], required: { of: nested(conditionalKind), class: natural }, build: ({ of, class: k }): AnyDist => ofClass(ofClassesOnly(of), k), examples: [{ of: { type: 'parametrised', family: 'normal', context: { classes: 3 }, event: [1] }, class: 1 }] },
<E>(part: Conditional<Classes, Shape, E> | Conditional<readonly [number], Shape, E>, k: number): Dist<Shape, E> => {
  const of = ofClasses(part as Conditional<Context, Shape, E>);
  const { count } = of;
  if (!(Number.isInteger(k) && k >= 0 && k < count))
    return raise('ArgumentError', 'ofClass', 'there is no such class', { expected: `0 … ${count - 1}`, got: `${k}` });
  const c = oneHot(k, count);
  const scored = D.at(GIVEN, sampleGiven(of, c));
  return distFrom<Shape, E>({
    shape: of.event,
    spec: { type: 'ofClass', class: k, of: of.spec },
    evidence: of.evidence,
    logDensity: (x) => D.at(GIVEN, logDensityGiven(of, c, x)),
    sample: D.map((s: { readonly value: Expr }) => s.value)(scored),
    sampleAndLogDensity: scored,
  });
}); // biome-ignore format: one idea

/**
 * Data with class labels as data for {@link withClass} and for objectives of `conditionally`: rows (x, one-hot c), composed when they are read; the same as
 * `pairs(labelsOf(data, classes), data)`. Throws `DataError` where there are no labels, or a label is not a class.
 *
 * @example
 * const sides = fromRows('sides', Float32Array.of(-2, 0, 1, 1), [2], { labels: Int32Array.of(0, 1) });
 * labelled(sides, 2).shape;   // [4]
 */
export const labelled = (data: Dataset, classes: number): Dataset => pairs(labelsOf(data, classes), data);

/**
 * The registry's entry of `classConditional`: its name, paper, options and learning settings.
 *
 * @example
 * classConditionalModel.build({ shape: [4] });
 */
export const classConditionalModel = defineModel({
  name: 'classConditional',
  description:
    'RealNVP whose couplings read the class; a distribution of event and class, or of the event where there is one class.',
  paper: 'Dinh, Sohl-Dickstein & Bengio 2017, arXiv:1605.08803; Winkler et al. 2019, arXiv:1912.00042',
  options: { layers: positiveInteger, hidden: list(positiveInteger, 'positive integers with commas') },
  build: ({ classes: count = 1, ...events }, options) =>
    count === 1
      ? ofClass(classConditional(events, 1, options), 0)
      : withClass(classConditional(events, count, options)),
  training: { learningRate: 2e-3, batchSize: 256, clip: 100 },
});
