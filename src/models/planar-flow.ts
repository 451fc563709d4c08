import { type Endo, repeat } from '../algebra/transport.ts';
import { planar } from '../bijectors/index.ts';
import { positiveInteger } from '../core/codec.ts';
import { defineModel } from './model.ts';
import { overEvents } from './over-events.ts';

/**
 * Planar flow (Rezende & Mohamed 2015, arXiv:1505.05770): ridges one after the other, in the direction that makes densities closed and samples a
 * root-finding in one dimension; as a variational posterior take its `inverse`. Hidden widths mean nothing here.
 *
 * @example
 * overEvents({ shape: [2] }, planarFlow({ layers: 32 }))
 */
export const planarFlow = ({ layers = 16 }: { readonly layers?: number } = {}): Endo<'bijective'> =>
  repeat(layers, planar());

/**
 * The registry's entry of `planarFlow`: its name, paper, options and learning settings.
 *
 * @example
 * planarFlowModel.build({ shape: [4] });
 */
export const planarFlowModel = defineModel({
  name: 'planarFlow',
  description: 'Ridges along learned directions: few parameters, closed density, samples by root-finding.',
  paper: 'Rezende & Mohamed 2015, arXiv:1505.05770',
  options: { layers: positiveInteger },
  build: (event, options) => overEvents(event, planarFlow(options)),
  training: { learningRate: 5e-3, batchSize: 256, clip: 10 },
});
