/** Flows on vectors, each the composition of its paper. `overEvents` makes distributions of them. */
import { compose, type Endo, repeat } from '../algebra/transport.ts';
import { additiveCoupling, affine, iaf, maf, reverse } from '../bijectors/index.ts';
import { made, mlp } from '../nn/index.ts';
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
