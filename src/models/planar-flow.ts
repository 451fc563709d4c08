import { type Endo, repeat } from '../algebra/transport.ts';
import { planar } from '../bijectors/index.ts';

/**
 * Planar flow (Rezende & Mohamed 2015, arXiv:1505.05770): ridges one after the other, in the direction that makes densities closed and samples a
 * root-finding in one dimension; as a variational posterior take its `inverse`. Hidden widths mean nothing here.
 *
 * @example
 * overEvents({ shape: [2] }, planarFlow({ layers: 32 }))
 */
export const planarFlow = ({ layers = 16 }: { readonly layers?: number } = {}): Endo<'bijective'> =>
  repeat(layers, planar());
