import { pipe } from 'fp-ts/lib/function.js';
import { type Dist, pushforward } from '../../algebra/dist.ts';
import type { Samples, Unnormalised } from '../../algebra/evidence.ts';
import { shiftScale } from '../../bijectors/index.ts';
import { list, positiveInteger, positiveNumber } from '../../core/codec.ts';
import { type Shape, sizeOf } from '../../core/shape.ts';
import { energy, normal, productOfExperts } from '../../distributions/index.ts';
import { type ChainSampled, sampledBy } from '../../inference/energies/index.ts';
import { hmc } from '../../mcmc/index.ts';
import { convNet, mlp, type Network } from '../../nn/index.ts';
import { defineModel } from '../model.ts';
import type { Events } from '../over-events.ts';
import { type ReadsContext, reads } from '../reads.ts';
import { studentExperts, throughFeatures } from './networks.ts';
import { neuralChains, persistentlyTrained } from './trained-by.ts';

/** A distribution known up to a constant that is sampled by a chain of its own. */
export type EnergyModel<S extends Shape> = Dist<S, Unnormalised & Samples> & ChainSampled;

/** Options of {@link energyModel}. */
export interface EnergyModelOptions extends ReadsContext {
  /** Hidden widths of the energy's network. */
  readonly hidden?: readonly number[];
  /** The energy's network; default a perceptron, for images `[H, W, C]` behind convolutions. */
  readonly network?: Network;
  /** The standard deviation of the normal distribution that is tilted; default 3, about what covers the toys and data of order one. */
  readonly scale?: number;
  /** Its mean; default 0. */
  readonly loc?: number | readonly number[];
  /** The step of the chain, in units of the data; default 0.1. */
  readonly stepSize?: number;
  /** Steps of the chain behind a sample; default 200. */
  readonly steps?: number;
}

const isImage = (shape: Shape): boolean => shape.length === 3 && shape[0] >= 4 && shape[1] >= 4;

/**
 * The default network of an energy over events of a shape: convolutions and a head for images, a perceptron otherwise.
 *
 * @example
 * const network = energyNetwork([2]);
 */
export const energyNetwork = (shape: Shape, hidden: readonly number[] = [128, 128]): Network => {
  const head = mlp(hidden, { activation: 'silu', zeroLast: false });
  return isImage(shape)
    ? throughFeatures({ features: convNet({ channels: 16, activation: 'silu', zeroLast: false }), channels: 4, head })
    : head;
};

/**
 * A neural energy over a normal distribution: f(x) = N(x; m, s²) e^{−E(x)} (a product of two experts, integrable wherever E is bounded below), sampled by chains of
 * Hamiltonian Monte Carlo from the normal distribution (LeCun et al. 2006; Du & Mordatch 2019, arXiv:1903.08689). Train it by `persistentContrastiveDivergence`,
 * `denoisingScoreMatchingAt`, `slicedScoreMatching` or `noiseContrastive`; `annealedImportanceSampling` from the same normal distribution finds log Z.
 *
 * @example
 * const model = energyModel([2], { scale: 2 });
 */
export const energyModel = <const S extends Shape>(
  shape: S,
  {
    hidden,
    network = energyNetwork(shape, hidden),
    scale = 3,
    loc = 0,
    stepSize = 0.1,
    steps = 200,
    given,
  }: EnergyModelOptions = {},
): EnergyModel<S> => {
  const base = normal(shape as Shape, { loc, scale });
  return pipe(
    productOfExperts<Shape>([base, energy<Shape>(shape, reads(given)(network))]),
    sampledBy({ kernel: hmc({ stepSize, steps: 3 }), steps, start: base }),
  ) as EnergyModel<S>;
};

/**
 * {@link energyModel} for events of any kind: integer levels are mapped linearly onto [−1, 1].
 *
 * @example
 * energyOverEvents({ shape: [2] }, { hidden: [8] }).shape;   // [2]
 */
export const energyOverEvents = ({ shape, levels }: Events, options: EnergyModelOptions = {}): EnergyModel<Shape> => {
  if (levels === undefined) return energyModel(shape, options);
  const { scale = 1, stepSize = 0.1, steps = 200, hidden, network = energyNetwork(shape, hidden), given } = options;
  const half = (levels - 1) / 2;
  const all = (v: number): readonly number[] => Array.from({ length: sizeOf(shape) }, () => v);
  return pipe(
    productOfExperts<Shape>([normal(shape, { scale }), energy<Shape>(shape, reads(given)(network))]),
    pushforward(shiftScale({ shift: all(half), scale: all(half) })),
    sampledBy({
      kernel: hmc({ stepSize: stepSize * half, steps: 3 }),
      steps,
      start: normal(shape, { loc: half, scale: scale * half }),
    }),
  );
};

/**
 * The registry's entry of `energy`: its name, paper, options and learning settings.
 *
 * @example
 * energyRegistered.build({ shape: [4] });
 */
export const energyRegistered = defineModel({
  name: 'energy',
  description:
    'A network’s energy over a normal distribution, sampled by Hamiltonian Monte Carlo; convolutions for images.',
  paper: 'LeCun, Chopra, Hadsell, Ranzato & Huang 2006; Du & Mordatch 2019, arXiv:1903.08689',
  options: {
    hidden: list(positiveInteger, 'positive integers with commas'),
    scale: positiveNumber,
    stepSize: positiveNumber,
    steps: positiveInteger,
  },
  build: (event, options) => energyOverEvents(event, options),
  training: { learningRate: 2e-3, batchSize: 256, clip: 10 },
  objective: persistentlyTrained(neuralChains),
});

/**
 * The registry's entry of `productOfExperts`: its name, paper, options and learning settings.
 *
 * @example
 * productOfExpertsModel.build({ shape: [4] });
 */
export const productOfExpertsModel = defineModel({
  name: 'productOfExperts',
  description: 'A normal distribution times Student-t experts along learned directions: events any expert can veto.',
  paper: 'Hinton 2002, doi:10.1162/089976602760128018; Welling, Hinton & Osindero 2003',
  options: { experts: positiveInteger, scale: positiveNumber, stepSize: positiveNumber, steps: positiveInteger },
  build: (event, { experts = 32, ...options }) =>
    energyOverEvents(event, { network: studentExperts(experts), ...options }),
  training: { learningRate: 5e-3, batchSize: 256, clip: 10 },
  objective: persistentlyTrained(neuralChains),
});
