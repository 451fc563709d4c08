// A module of one's own: a layer, a family and a model, through the library's public names.
import { codecs, define, ops } from '../../../src/core/index.ts';
import {
  affine,
  bijection,
  compose,
  defineModel,
  distributionKind,
  layerKind,
  pipe,
  pushforward,
  standardNormal,
} from '../../../src/index.ts';

const size = (x) => x.shape.reduce((a, b) => a * b, 1);

/** z = x · factor. */
export const wobble = define(
  layerKind,
  {
    type: 'wobble',
    about: 'x stretched by a factor.',
    optional: { factor: codecs.positiveNumber },
    examples: [{}, { factor: 3 }],
  },
  ({ factor = 2 } = {}) =>
    bijection({
      spec: { type: 'wobble', factor },
      encode: (x) => () => ({
        value: ops.mul(x, factor),
        contribution: ops.scalar(size(x) * Math.log(factor)),
      }),
      decode: (z) => () => ({
        value: ops.div(z, factor),
        contribution: ops.scalar(size(z) * Math.log(factor)),
      }),
    }),
);

/** A family: normal, with a variance of one's own. */
export const spread = define(
  distributionKind,
  {
    type: 'spread',
    about: 'N(0, v) of each element.',
    takes: ['shape'],
    required: { shape: codecs.shapeCodec, variance: codecs.positiveNumber },
    examples: [{ shape: [2], variance: 4 }],
  },
  (shape, { variance }) => ({
    ...pipe(standardNormal(shape), pushforward(wobble({ factor: 1 / Math.sqrt(variance) }))),
    spec: { type: 'spread', shape, variance },
  }),
);

export const tiny = defineModel({
  name: 'tiny',
  description: 'One layer of one’s own over a family of one’s own.',
  paper: 'none',
  options: { factor: codecs.positiveNumber },
  build: ({ shape }, { factor = 2 }) =>
    pipe(spread(shape, { variance: 1 }), pushforward(compose(wobble({ factor }), affine()))),
  training: { learningRate: 1e-2, batchSize: 64 },
});
