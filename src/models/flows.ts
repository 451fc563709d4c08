/** Flows on vectors, each the composition of its paper. `overEvents` makes distributions of them. */

import { compose, type Endo, repeat } from '../algebra/transport.ts';
import { additiveCoupling, affine, iaf, maf, reverse } from '../bijectors/index.ts';
import { list, positiveInteger } from '../core/codec.ts';
import { made, mlp } from '../nn/index.ts';
import { defineModel } from './model.ts';
import { overEvents } from './over-events.ts';
import { type ReadsContext, reads } from './reads.ts';

/** Options of the flows here. */
export interface FlowOptions extends ReadsContext {
  readonly layers?: number;
  /** Hidden widths of each layer's network. */
  readonly hidden?: readonly number[];
}

/**
 * NICE: additive couplings with the halves exchanged between them, which preserve volume, and one learned scaling of every coordinate next to the base. Cost: one pass of each
 * coupling network in either direction. Source: Dinh, Krueger & Bengio (2014, arXiv:1410.8516).
 *
 * @example
 * const flow = pipe(standardNormal([2]), pushforward(niceFlow({ layers: 4, hidden: [16] })));
 */
export const niceFlow = ({ layers = 8, hidden = [64, 64], given }: FlowOptions = {}): Endo<'bijective'> =>
  compose(repeat(layers, compose(additiveCoupling({ conditioner: reads(given)(mlp(hidden)) }), reverse())), affine());

/**
 * Masked autoregressive flow (Papamakarios, Pavlakou & Murray 2017, arXiv:1705.07057): MADE layers, the order reversed in between. Density in one pass
 * a layer, samples one coordinate after another.
 *
 * @example
 * overEvents({ shape: [2] }, mafFlow({ layers: 5 }))
 */
export const mafFlow = ({ layers = 5, hidden = [64, 64], given }: FlowOptions = {}): Endo<'bijective'> =>
  repeat(layers, compose(maf({ conditioner: reads(given)(made(hidden)) }), reverse()));

/**
 * Inverse autoregressive flow: {@link mafFlow} with inverted layers, so that a sample costs one pass of each layer and a density D passes. Source: Kingma et al. (2016,
 * arXiv:1606.04934).
 *
 * @example
 * const flow = pipe(standardNormal([2]), pushforward(iafFlow({ layers: 2, hidden: [16] })));
 */
export const iafFlow = ({ layers = 5, hidden = [64, 64], given }: FlowOptions = {}): Endo<'bijective'> =>
  repeat(layers, compose(iaf({ conditioner: reads(given)(made(hidden)) }), reverse()));

/**
 * The registry's entry of `nice`: its name, paper, options and learning settings.
 *
 * @example
 * niceModel.build({ shape: [4] });
 */
export const niceModel = defineModel({
  name: 'nice',
  description: 'Additive couplings and one scaling: volume preserving but for that, parallel both ways.',
  paper: 'Dinh, Krueger & Bengio 2014, arXiv:1410.8516',
  options: { layers: positiveInteger, hidden: list(positiveInteger, 'positive integers with commas') },
  build: (event, options) => overEvents(event, niceFlow(options)),
  training: { learningRate: 2e-3, batchSize: 256, clip: 100 },
});

/**
 * The registry's entry of `maf`: its name, paper, options and learning settings.
 *
 * @example
 * mafModel.build({ shape: [4] });
 */
export const mafModel = defineModel({
  name: 'maf',
  description: 'Masked autoregressive layers: exact density in one pass, sequential samples.',
  paper: 'Papamakarios, Pavlakou & Murray 2017, arXiv:1705.07057',
  options: { layers: positiveInteger, hidden: list(positiveInteger, 'positive integers with commas') },
  build: (event, options) => overEvents(event, mafFlow(options)),
  training: { learningRate: 1e-3, batchSize: 256, clip: 100 },
});

/**
 * The registry's entry of `iaf`: its name, paper, options and learning settings.
 *
 * @example
 * iafModel.build({ shape: [4] });
 */
export const iafModel = defineModel({
  name: 'iaf',
  description: 'Inverse autoregressive layers: samples in one pass, exact but sequential density.',
  paper: 'Kingma et al. 2016, arXiv:1606.04934',
  options: { layers: positiveInteger, hidden: list(positiveInteger, 'positive integers with commas') },
  build: (event, options) => overEvents(event, iafFlow(options)),
  training: { learningRate: 1e-3, batchSize: 256, clip: 100 },
});
