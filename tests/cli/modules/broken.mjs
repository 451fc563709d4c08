// A layer whose contribution has the wrong sign.
import { define, ops } from '../../../src/core/index.ts';
import { bijection, layerKind } from '../../../src/index.ts';

export const wrong = define(layerKind, { type: 'wrong', examples: [{}] }, () =>
  bijection({
    spec: { type: 'wrong' },
    encode: (x) => () => ({
      value: ops.mul(x, 2),
      contribution: ops.scalar(-x.shape.reduce((a, b) => a * b, 1) * Math.log(2)),
    }),
    decode: (z) => () => ({
      value: ops.div(z, 2),
      contribution: ops.scalar(-z.shape.reduce((a, b) => a * b, 1) * Math.log(2)),
    }),
  }),
);
