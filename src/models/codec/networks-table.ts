/** The entries of networks. */
import {
  boolean,
  list,
  natural,
  nonNegative,
  oneOf,
  positiveInteger,
  positiveNumber,
  shapeCodec,
  type t,
  text,
} from '../../core/codec.ts';
import { raise } from '../../core/errors.ts';
import {
  type Activation,
  activation as activationLayer,
  activations,
  batchNormalised,
  convNet,
  dense,
  denseZero,
  groupNorm,
  made,
  mlp,
  type Network,
  type NetworkLayer,
  recurrent,
  selfAttention,
  sequential,
  spectrallyNormalised,
  type TopDownOptions,
  topDown,
  unrolled,
} from '../../nn/index.ts';
import { contextsAround, contextValueCodec } from './contexts.ts';
import { type Tables, variant } from './variant.ts';

const hidden = list(positiveInteger, 'a list of positive integers');
const activation = oneOf(Object.keys(activations) as Activation[]);

/** A ladder's options, for its network and for its posterior. */
export const ladder = <A>(build: (options: TopDownOptions) => A) =>
  variant(
    { data: shapeCodec },
    {
      groups: positiveInteger,
      latent: positiveInteger,
      channels: positiveInteger,
      expansion: positiveInteger,
      kernel: positiveInteger,
      name: text,
    },
    build,
  );

/** Spectral normalisation of a network, or of any part of a chain. */
const spectral = <L extends Network | NetworkLayer>(layer: t.Type<L, unknown, unknown>) =>
  variant(
    { layer },
    { iterations: positiveInteger, coefficient: positiveNumber, ceiling: boolean },
    ({ layer, ...options }) => spectrallyNormalised(layer as L, options),
  );

/** Networks by type. */
export const networksTable: Tables['networks'] = {
  mlp: () => variant({ hidden }, { activation, zeroLast: boolean }, ({ hidden, ...options }) => mlp(hidden, options)),
  convNet: () => variant({}, { channels: positiveInteger, activation, zeroLast: boolean, blocks: natural }, convNet),
  given: (read) =>
    variant({ network: read.network, context: contextValueCodec }, {}, ({ network, context }) =>
      network.given(context),
    ),
  // What older files say: the context of the conditional flow around.
  contextual: (read) =>
    variant({ network: read.network }, {}, ({ network }) =>
      network.given(
        contextsAround()[0] ??
          raise('SpecError', '', 'there is no context here: a contextual network stands inside a conditional flow'),
      ),
    ),
  spectrallyNormalised: (read) => spectral(read.network),
  topDown: () => ladder(topDown),
  recurrent: () => variant({ hidden: positiveInteger }, {}, ({ hidden }) => recurrent(hidden)),
  unrolled: () => variant({ hidden: positiveInteger }, {}, ({ hidden }) => unrolled(hidden)),
  made: () => variant({ hidden }, { activation, zeroLast: boolean }, ({ hidden, ...options }) => made(hidden, options)),
  sequential: (read) => variant({ parts: list(read.networkPart) }, {}, ({ parts }) => sequential(...parts)),
};

/** Layers of `sequential` by type. */
export const networkPartsTable: Tables['networkParts'] = {
  dense: () => variant({ outputs: positiveInteger }, {}, ({ outputs }) => dense(outputs)),
  denseZero: () => variant({ outputs: positiveInteger }, {}, ({ outputs }) => denseZero(outputs)),
  batchNormalised: () => variant({}, { rate: nonNegative, epsilon: positiveNumber }, batchNormalised),
  // A function without parameters has nothing to normalise and comes back as it is.
  spectrallyNormalised: (read) => spectral(read.networkPart as never),
  groupNorm: () => variant({ groups: positiveInteger }, {}, ({ groups }) => groupNorm(groups)),
  selfAttention: () => variant({ heads: positiveInteger }, {}, ({ heads }) => selfAttention(heads)),
  ...Object.fromEntries(
    (Object.keys(activations) as Activation[]).map((name) => [
      name,
      () => variant({}, {}, () => activationLayer(name)),
    ]),
  ),
};
