/**
 * Flows on more dimensions than the data have. What is added is noise, which a bound pays for; what is gained is that the flow need not be a homeomorphism
 * of the data's space: pieces can be torn apart and folded over.
 */

import { pipe } from 'fp-ts/lib/function.js';
import { type Dist, pushforward } from '../../algebra/dist.ts';
import type { Bound, Samples } from '../../algebra/evidence.ts';
import { compose, type Endo, repeat } from '../../algebra/transport.ts';
import { affine, affineCoupling, invertible1x1, reverse } from '../../bijectors/index.ts';
import { list, positiveInteger } from '../../core/codec.ts';
import { range, sizeOf } from '../../core/shape.ts';
import { conditionalNormal, standardNormal, unconditional } from '../../distributions/index.ts';
import { mlp, type Network } from '../../nn/index.ts';
import { augment, slice } from '../../transports/index.ts';
import { defineModel } from '../model.ts';
import { shapedAs } from '../over-events.ts';

/** Options of the augmented flows. */
export interface AugmentedOptions {
  /** Layers of the flow; for {@link cif} each with noise of its own. */
  readonly layers?: number;
  /** Hidden widths of every network. */
  readonly hidden?: readonly number[];
  /** Dimensions added; default as many as the data have. */
  readonly noise?: number;
  /** The bijection of one layer. */
  readonly block?: Endo<'bijective'>;
}

/** Options of {@link cif}. */
export interface CifOptions extends AugmentedOptions {
  /** Hidden widths of the networks of the indices: s and t, q, and r. */
  readonly indexHidden?: readonly number[];
}

/** A distribution of vectors `[D]` with a bound. */
type VectorDist = Dist<readonly [number], Bound & Samples>;

const couplings = (conditioner: Network): Endo<'bijective'> => compose(affineCoupling({ conditioner }), reverse());

/**
 * VFlow (Chen, Lu, Chenli, Zhu & Tian 2020, arXiv:2002.09741): x joined with u ~ q(u | x), then a flow on all of them. Its bound is at least as good as the
 * plain flow's: q and the flow can leave u alone. Rotations mix data and noise between couplings: with halves that are one the data and the other the
 * noise, the identity, where training starts, is a saddle point that 8,000 steps do not leave.
 *
 * @example
 * const model = vflow(2, { noise: 2, layers: 8 });
 */
export const vflow = (
  dimensions: number,
  {
    layers = 8,
    hidden = [64, 64],
    noise = dimensions,
    block = compose(invertible1x1(), couplings(mlp(hidden))),
  }: AugmentedOptions = {},
): VectorDist =>
  pipe(
    standardNormal([dimensions + noise]),
    pushforward(repeat(layers, block)),
    pushforward(augment([dimensions + noise], conditionalNormal([dimensions], [noise], { network: mlp(hidden) }))),
  ) as VectorDist;

/**
 * Augmented normalizing flow (Huang, Dinh & Courville 2020, arXiv:2002.07101): x joined with independent standard normal noise of the same dimension, then
 * couplings that move one given the other in turn. A pair is an encoding and a decoding step; one pair is a VAE. The networks do not start at zero,
 * where neither half would have a reason to read the other.
 *
 * @example
 * const model = augmentedFlow(2, { layers: 6 });
 */
export const augmentedFlow = (
  dimensions: number,
  {
    layers = 8,
    hidden = [64, 64],
    block = couplings(mlp(hidden, { zeroLast: false })),
  }: Omit<AugmentedOptions, 'noise'> = {},
): VectorDist =>
  pipe(
    standardNormal([2 * dimensions]),
    pushforward(repeat(layers, block)),
    pushforward(augment([2 * dimensions], unconditional([dimensions], standardNormal([dimensions])))),
  ) as VectorDist;

/**
 * Continuously indexed flow (Cornish, Caterini, Deligiannidis & Doucet 2020, arXiv:1909.13833): each layer is a bijection with a continuous index u, noise
 * added and taken away again:
 *
 *     z = e^{s(u)} ∘ f(x) + t(u),   u ~ q(u | f(x)),   and on the way back u ~ r(u | z)
 *
 * so log p(x) ≥ log p(z) + log |det| + log r(u | z) − log q(u | x), in nats, layer after layer. The networks of
 * the index do not start at zero, where no layer would have a reason to read it.
 *
 * @example
 * const model = cif(2, { layers: 6, noise: 1 });
 */
export const cif = (
  dimensions: number,
  {
    layers = 6,
    hidden = [64, 64],
    indexHidden = [16, 16],
    noise = dimensions,
    block = dimensions < 2 ? affine() : couplings(mlp(hidden)),
  }: CifOptions = {},
): VectorDist => {
  const conditioner = mlp(indexHidden, { zeroLast: false });
  const index = conditionalNormal([dimensions], [noise], { network: conditioner });
  const layer = compose(
    block,
    augment([dimensions + noise], index),
    reverse(),
    affineCoupling({ conditioner, split: noise }),
    reverse(),
    slice([dimensions + noise], index),
  );
  return pipe(standardNormal([dimensions]), pushforward(compose(...range(layers).map(() => layer)))) as VectorDist;
};

/**
 * The registry's entry of `vflow`: its name, paper, options and learning settings.
 *
 * @example
 * vflowModel.build({ shape: [4] });
 */
export const vflowModel = defineModel({
  name: 'vflow',
  description:
    'Couplings on the data and as many added dimensions, drawn by a learned distribution: a bound on the density.',
  paper: 'Chen, Lu, Chenli, Zhu & Tian 2020, arXiv:2002.09741',
  options: {
    layers: positiveInteger,
    hidden: list(positiveInteger, 'positive integers with commas'),
    noise: positiveInteger,
  },
  build: (event, { given: _, ...options }) => shapedAs(event, vflow(sizeOf(event.shape), options)),
  training: { learningRate: 2e-3, batchSize: 256, clip: 10 },
});

/**
 * The registry's entry of `augmentedFlow`: its name, paper, options and learning settings.
 *
 * @example
 * augmentedFlowModel.build({ shape: [4] });
 */
export const augmentedFlowModel = defineModel({
  name: 'augmentedFlow',
  description: 'Couplings between the data and independent noise of the same size, in turn: a bound on the density.',
  paper: 'Huang, Dinh & Courville 2020, arXiv:2002.07101',
  options: {
    layers: positiveInteger,
    hidden: list(positiveInteger, 'positive integers with commas'),
    noise: positiveInteger,
  },
  build: (event, { given: _, ...options }) => shapedAs(event, augmentedFlow(sizeOf(event.shape), options)),
  training: { learningRate: 2e-3, batchSize: 256, clip: 10 },
});

/**
 * The registry's entry of `cif`: its name, paper, options and learning settings.
 *
 * @example
 * cifModel.build({ shape: [4] });
 */
export const cifModel = defineModel({
  name: 'cif',
  description: 'A flow whose every layer has a continuous index, noise added and taken away: it can tear and fold.',
  paper: 'Cornish, Caterini, Deligiannidis & Doucet 2020, arXiv:1909.13833',
  options: {
    layers: positiveInteger,
    hidden: list(positiveInteger, 'positive integers with commas'),
    noise: positiveInteger,
    indexHidden: list(positiveInteger, 'positive integers with commas'),
  },
  build: (event, { given: _, ...options }) => shapedAs(event, cif(sizeOf(event.shape), options)),
  training: { learningRate: 2e-3, batchSize: 256, clip: 10 },
});
