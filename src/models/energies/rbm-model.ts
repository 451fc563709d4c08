import type { Dist } from '../../algebra/dist.ts';
import type { Samples, Unnormalised } from '../../algebra/evidence.ts';
import { positiveInteger } from '../../core/codec.ts';
import type { Shape } from '../../core/shape.ts';
import { type Machine, normal, rbm } from '../../distributions/index.ts';
import { blockGibbs, type ChainSampled, sampledBy } from '../../inference/energies/index.ts';
import { defineModel } from '../model.ts';
import type { Events } from '../over-events.ts';
import { persistentlyTrained } from './trained-by.ts';

/** A Boltzmann machine sampled by block Gibbs. */
export type MachineModel = Machine<Shape> & Dist<Shape, Unnormalised & Samples> & ChainSampled;

/** Options of {@link rbmModel}. */
export interface RbmModelOptions {
  /** Hidden units; default 64. */
  readonly hidden?: number;
  /** Block Gibbs steps behind a sample; default 500. */
  readonly steps?: number;
}

/**
 * The restricted Boltzmann machine for any events, sampled by block Gibbs: coin flips for two levels; normal visible units for real numbers, and for more
 * levels with a fixed deviation of a quarter of their range. Train it by `contrastiveDivergence` or `persistentContrastiveDivergence` with
 * `blockGibbs()`.
 *
 * @example
 * const model = rbmModel({ shape: [14, 14], levels: 2 }, { hidden: 64 });
 */
export const rbmModel = (
  { shape, levels }: Events,
  { hidden = 64, steps = 500 }: RbmModelOptions = {},
): MachineModel => {
  const chain = { kernel: blockGibbs(), steps };
  if (levels === 2) return sampledBy(chain)(rbm(shape, { hidden }));
  if (levels === undefined) return sampledBy(chain)(rbm(shape, { hidden, visible: 'normal', scale: 'learned' }));
  const scale = (levels - 1) / 4;
  const start = normal(shape, { loc: (levels - 1) / 2, scale });
  return sampledBy({ ...chain, start })(rbm(shape, { hidden, visible: 'normal', scale }));
};

/**
 * The registry's entry of `rbm`: its name, paper, options and learning settings.
 *
 * @example
 * rbmRegistered.build({ shape: [4] });
 */
export const rbmRegistered = defineModel({
  name: 'rbm',
  description: 'A restricted Boltzmann machine: binary hidden units, block Gibbs both ways, density up to a constant.',
  paper: 'Smolensky 1986; Hinton 2002, doi:10.1162/089976602760128018; Tieleman 2008, doi:10.1145/1390156.1390290',
  options: { hidden: positiveInteger, steps: positiveInteger },
  build: (event, { given: _, ...options }) => rbmModel(event, options),
  training: { learningRate: 5e-3, batchSize: 100 },
  objective: persistentlyTrained({ buffer: 1000, chains: 100, steps: 1 }),
});
