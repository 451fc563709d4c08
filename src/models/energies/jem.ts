/** A classifier read as a distribution of event and class: JEM. */

import { pipe } from 'fp-ts/lib/function.js';
import { capability, type Having, has, having } from '../../algebra/capability.ts';
import { type AnyDist, type Dist, distribution } from '../../algebra/dist.ts';
import type { Samples, Unnormalised } from '../../algebra/evidence.ts';
import { distributionKind } from '../../algebra/kinds.ts';
import { counting } from '../../algebra/levels.ts';
import type { Spec } from '../../algebra/spec.ts';
import { list, positiveInteger, positiveNumber, shapeCodec } from '../../core/codec.ts';
import { type Defined, define } from '../../core/definition.ts';
import * as D from '../../core/draw.ts';
import { raise } from '../../core/errors.ts';
import type { Expr } from '../../core/expr.ts';
import * as o from '../../core/ops/index.ts';
import { declare } from '../../core/reading.ts';
import type { Scoped } from '../../core/scope.ts';
import * as Sc from '../../core/scope.ts';
import { type Shape, sizeOf } from '../../core/shape.ts';
import { nested } from '../../core/specification.ts';
import { categorical, normal } from '../../distributions/index.ts';
import {
  type ChainSampled,
  type PersistentOptions,
  persistentContrastiveDivergence,
  sampledBy,
} from '../../inference/energies/index.ts';
import { persistentFields } from '../../inference/energies/persistent.ts';
import { anyKernelKind, objectiveKind } from '../../inference/kinds.ts';
import type { AnyObjective, BatchObjective } from '../../inference/objective.ts';
import { hmc } from '../../mcmc/index.ts';
import type { Network } from '../../nn/index.ts';
import { networkKind } from '../../nn/kinds.ts';
import { defineModel } from '../model.ts';
import type { Events } from '../over-events.ts';
import { energyNetwork, energyOverEvents } from './energy-model.ts';
import { neuralChains, persistentlyTrained } from './trained-by.ts';

/** Options of {@link jem}. */
export interface JemOptions {
  readonly hidden?: readonly number[];
  /** From an event to one logit for each class; default as for `energyModel`. */
  readonly network?: Network;
  /** Standard deviation of the normal distribution that events are tilted from, where events are real; default 3. Levels are read as numbers from −1 to 1, deviation 1. */
  readonly scale?: number;
  readonly stepSize?: number;
  /** Steps of the chain behind a sample; default 200. */
  readonly steps?: number;
}

/** The classifier and the marginal of a joint distribution of event and class. */
export interface Classifier {
  readonly event: Shape;
  readonly classes: number;
  /** The distribution of the event alone: log Σ_c f(x, c), at the same place. */
  readonly marginal: Dist<Shape, Unnormalised & Samples> & ChainSampled;
  /** log p(c | x), `[K]`. */
  readonly classify: (x: Expr) => Scoped<Expr>;
}

/**
 * The capability of a joint distribution of event and class: its classifier p(c | x) and its marginal p(x).
 *
 * @example
 * has(classifying, jem({ shape: [2] }, 2));   // true
 */
export const classifying = capability<Classifier>()('classifier');

/** A distribution of (event, one-hot class), flattened to `[D + K]`, that knows its marginal and its classifier. */
export type JointEnergy = Dist<readonly [number], Unnormalised & Samples> & Classifier & Having<typeof classifying>;

/**
 * A classifier as an energy (JEM, Grathwohl et al. 2020, arXiv:1912.03263): with logits g(x) of K classes, log f(x, c) = log N(x; m, s²) + g(x)_c, so
 * log f(x) = log N + log Σ_c exp g(x)_c and p(c | x) = softmax(g(x))_c: the very classifier. Events are vectors (x, one-hot c), as `labelled` makes them;
 * −∞ where c is no class. Parameters at `energy`. A sample is the end of a chain of the marginal, and a class given it. {@link jemObjective} trains it.
 * Throws `ArgumentError` for fewer than one class.
 *
 * @example
 * const model = jem({ shape: [2] }, 2);
 * const task = { objective: jemObjective({ buffer: 1000, steps: 5 })(model) };
 */
export const jem = define(
  distributionKind,
  {
    type: 'jem',
    about: 'A classifier read as a distribution.',
    required: { shape: shapeCodec, classes: positiveInteger },
    optional: {
      levels: positiveInteger,
      network: nested(networkKind),
      scale: positiveNumber,
      stepSize: positiveNumber,
      steps: positiveInteger,
    },
    unreadable: { hidden: 'written as the network that it stands for' },
    takes: ['shape', 'classes'],
    build: ({ shape, levels, classes, ...options }): AnyDist =>
      jem({ shape, ...(levels === undefined ? {} : { levels }) }, classes, options) as AnyDist,
    examples: [
      { shape: [2], classes: 3, network: { type: 'mlp', hidden: [4] }, scale: 2, stepSize: 0.2, steps: 5 },
      { shape: [4], levels: 4, classes: 2 },
    ],
  },
  (
    { shape, levels }: Events,
    classes: number,
    {
      hidden,
      network = energyNetwork(shape, hidden),
      scale = levels === undefined ? 3 : 1,
      stepSize = 0.1,
      steps = 200,
    }: JemOptions = {},
  ): JointEnergy => {
    if (!Number.isInteger(classes) || classes < 1)
      return raise('ArgumentError', 'jem', 'there is one class or more', { got: `${classes}` });
    const size = sizeOf(shape);
    const half = levels === undefined ? 1 : (levels - 1) / 2;
    const middle = levels === undefined ? 0 : half;
    const base = normal(shape, { loc: middle, scale: scale * half });
    const declaration = declare('dist', 'jem');
    const logits = (x: Expr): Scoped<Expr> =>
      Sc.owned(declaration, Sc.at('energy', network.apply(o.div(o.sub(x, middle), half), [classes])));
    const spec: Spec = { type: 'jem', shape, ...(levels === undefined ? {} : { levels }), classes, network: network.spec, scale, stepSize, steps }; // biome-ignore format: one record
    const tilted = (x: Expr, tilt: (g: Expr) => Expr): D.Draw<Expr> =>
      D.chain((l: Expr) => D.map((g: Expr) => o.add(l, tilt(g)))(D.fromScoped(logits(x))))(base.logDensity(x));
    const chained = sampledBy({ kernel: hmc({ stepSize: stepSize * half, steps: 3 }), steps, start: base })(
      distribution<Shape, Unnormalised>({
        shape,
        spec: { type: 'jemMarginal', of: spec },
        evidence: 'unnormalised',
        declaration,
        logDensity: (x) => tilted(x, (g) => o.logSumExp(g)),
      }),
    );
    // Said in one word: what it is sampled by belongs to the model.
    const marginal = { ...chained, spec: { type: 'jemMarginal', of: spec } };
    const classify = (x: Expr): Scoped<Expr> =>
      Sc.map((g: Expr) => o.sub(g, o.broadcastTo(o.logSumExp(g), [classes])))(logits(x));
    const joint = distribution<readonly [number], Unnormalised & Samples>({
      shape: [size + classes],
      spec,
      evidence: 'unnormalised',
      declaration,
      logDensity: (event) => {
        const { x, c } = parts(event, shape, classes);
        const isClass = o.and(o.equal(o.sum(c), 1), o.equal(o.sum(o.abs(o.mul(c, o.sub(c, 1)))), 0));
        return D.map((l: Expr) => o.where(isClass, l, Number.NEGATIVE_INFINITY))(tilted(x, (g) => o.dot(g, c)));
      },
      sample: pipe(
        (marginal as AnyDist).sample,
        D.chain(
          (x) => (scope) =>
            D.map((c: Expr) => o.concat([o.reshape(x, [size]), o.oneHot(o.cast(c, 'int32'), classes)]))(
              D.forked(categorical({ logits: classify(x)(scope) }).sample),
            )(scope),
        ),
      ),
    });
    const classifier: Classifier = { event: shape, classes, marginal, classify };
    const whole = having(classifying, classifier)({ ...joint, ...classifier });
    return levels === undefined ? whole : having(counting, levels)(whole);
  },
);

const parts = (event: Expr, shape: Shape, classes: number): { readonly x: Expr; readonly c: Expr } => {
  const size = sizeOf(shape);
  return {
    x: o.reshape(o.sliceAxis(event, 0, 0, size), shape),
    c: o.sliceAxis(event, 0, size, size + classes),
  };
};

/** The classifier of a distribution whose type was lost. Throws `ArgumentError` where it has none. */
const joint = (dist: AnyDist): JointEnergy =>
  has(classifying, dist)
    ? (dist as AnyDist & JointEnergy)
    : raise('ArgumentError', '', 'the distribution has no classifier', { expected: 'jem', got: dist.spec.type });

/**
 * The definition of the marginal p(x) of a {@link jem}, which reads it from JSON; a program calls `jem(…).marginal`.
 *
 * @example
 * definitions.some((d) => d.type === 'jemMarginal');   // true
 */
export const jemMarginal: Defined = define(
  distributionKind,
  {
    type: 'jemMarginal',
    about: 'The events of a classifier that is read as a distribution.',
    required: { of: nested(distributionKind) },
    build: ({ of }): AnyDist => joint(of).marginal as AnyDist,
    examples: [{ of: { type: 'jem', shape: [2], classes: 3, network: { type: 'mlp', hidden: [4] } } }],
  },
  {},
);

/**
 * The objective of JEM: −log p(c | x) of the classifier, exactly, plus persistent contrastive divergence of the marginal (Grathwohl et al. 2020, equation 5). The
 * chains' kernel and start are the model's unless given. Its value is a cross-entropy plus a difference of energies, in nats: no likelihood.
 *
 * @example
 * jemObjective({ buffer: 10_000, steps: 20, reinitialise: 0.05 })(jem({ shape: [2] }, 2))
 */
export const jemObjective = define(
  objectiveKind,
  {
    type: 'jemObjective',
    about: 'The classifier by its cross-entropy, its events by persistent chains.',
    required: { buffer: positiveInteger, dist: nested(distributionKind) },
    optional: { kernel: nested(anyKernelKind), ...persistentFields },
    takes: [],
    build: ({ dist, start, ...options }): AnyObjective<Shape> =>
      jemObjective({ ...options, ...(start === undefined ? {} : { start: start as never }) })(joint(dist)) as never,
    examples: [
      {
        buffer: 8,
        kernel: { type: 'langevin', stepSize: 0.1 },
        steps: 2,
        energyPenalty: 0.1,
        chains: 4,
        reinitialise: 0.05,
        start: { type: 'standardNormal', shape: [2] },
        dist: { type: 'jem', shape: [2], classes: 3, network: { type: 'mlp', hidden: [4] } },
      },
    ],
  },
  (options: Omit<PersistentOptions, 'kernel'> & Partial<Pick<PersistentOptions, 'kernel'>>) =>
    (model: JointEnergy): BatchObjective<readonly [number]> => {
      const { event, classes, marginal, classify } = model.classifier;
      const { kernel, start } = marginal.chain;
      const chains = persistentContrastiveDivergence({ kernel, start, ...options })(marginal);
      const { dist: _, ...told } = chains.spec;
      return {
        shape: (model as AnyDist).shape as readonly [number],
        spec: { ...told, type: 'jemObjective', dist: (model as AnyDist).spec },
        evidence: 'none',
        batchLoss: (batch) => (scope) => (cursor) => {
          const n = batch.shape[0];
          const size = sizeOf(event);
          const xs = o.reshape(o.sliceAxis(batch, 1, 0, size), [n, ...event]);
          const [energies, next] = chains.batchLoss(xs)(scope)(cursor);
          const [[errors], last] = D.vmapDraw((row) => (s) => {
            const { x, c } = parts(row, event, classes);
            return D.of<readonly Expr[]>([o.neg(o.dot(classify(x)(s), c))])(s);
          })(batch)(scope)(next);
          return [o.add(energies, errors), last];
        },
      };
    },
);

/** An objective of rows whose shape was lost. */
const asObjective = (objective: object): AnyObjective<Shape> => objective as AnyObjective<Shape>;

/**
 * The registry's entry of `jem`: its name, paper, options and learning settings.
 *
 * @example
 * jemRegistered.build({ shape: [4] });
 */
export const jemRegistered = defineModel({
  name: 'jem',
  description: 'A classifier read as a distribution of event and class, or of the event where there is one class.',
  paper: 'Grathwohl, Wang, Jacobsen, Duvenaud, Norouzi & Swersky 2020, arXiv:1912.03263',
  options: {
    hidden: list(positiveInteger, 'positive integers with commas'),
    scale: positiveNumber,
    stepSize: positiveNumber,
    steps: positiveInteger,
  },
  build: ({ classes = 1, ...event }, { given: _, ...options }) =>
    classes === 1 ? energyOverEvents(event, options) : (jem(event, classes, options) as AnyDist),
  training: { learningRate: 1e-3, batchSize: 256, clip: 10 },
  objective: (dist) =>
    has(classifying, dist)
      ? asObjective(jemObjective(neuralChains)(joint(dist)))
      : persistentlyTrained(neuralChains)(dist),
});
