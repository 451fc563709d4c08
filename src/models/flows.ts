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
 * NICE (Dinh, Krueger & Bengio 2014, arXiv:1410.8516): additive couplings, which keep volume, halves exchanged in between, and one learned
 * scaling of every coordinate next to the base.
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
 * Inverse autoregressive flow (Kingma et al. 2016, arXiv:1606.04934): {@link mafFlow} with its layers turned round, so that samples take one pass
 * a layer and densities one coordinate after another.
 */
export const iafFlow = ({ layers = 5, hidden = [64, 64], given }: FlowOptions = {}): Endo<'bijective'> =>
  repeat(layers, compose(iaf({ conditioner: reads(given)(made(hidden)) }), reverse()));
