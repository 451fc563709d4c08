/** The entries of networks. */
import { boolean, list, natural, oneOf, positiveInteger } from '../../core/codec.ts';
import { type Activation, activations, contextual, convNet, made, mlp, recurrent, unrolled } from '../../nn/index.ts';
import { type Tables, variant } from './variant.ts';

const hidden = list(positiveInteger, 'a list of positive integers');
const activation = oneOf(Object.keys(activations) as Activation[]);

/** Networks by type. */
export const networksTable: Tables['networks'] = {
  mlp: () => variant({ hidden }, { activation, zeroLast: boolean }, ({ hidden, ...options }) => mlp(hidden, options)),
  convNet: () => variant({}, { channels: positiveInteger, activation, zeroLast: boolean, blocks: natural }, convNet),
  contextual: (read) => variant({ network: read.network }, {}, ({ network }) => contextual(network)),
  recurrent: () => variant({ hidden: positiveInteger }, {}, ({ hidden }) => recurrent(hidden)),
  unrolled: () => variant({ hidden: positiveInteger }, {}, ({ hidden }) => unrolled(hidden)),
  made: () => variant({ hidden }, { activation, zeroLast: boolean }, ({ hidden, ...options }) => made(hidden, options)),
};
