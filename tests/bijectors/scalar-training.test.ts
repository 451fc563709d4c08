/** Layers train on the default backend in either direction: gradients flow through splines, mixtures and the roots of iterative inverses. */
import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import { expect, test } from 'vitest';
import * as b from '../../src/bijectors/index.ts';
import { onnx } from '../../src/core/interpreters/index.ts';
import { fromRows } from '../../src/data/index.ts';
import { pushforward, standardNormal } from '../../src/distributions/index.ts';
import { adam, fit, maximumLikelihood } from '../../src/inference/index.ts';

const noise = (i: number): number => (Math.sin(i * 12.9898) * 43758.5453) % 1;
/** Pairs whose second number follows the sign of the first. */
const pairs = Float32Array.from({ length: 2048 }, (_, i) => noise(i) + (i % 2 ? Math.sign(noise(i - 1)) : 0));

const mixture = b.coupling(b.mixtureCdfMap({ components: 2 }));
test.each([
  ['spline coupling', b.splineCoupling()],
  ['autoregressive spline', b.splineAutoregressive()],
  ['mixture CDF', mixture],
  ['inverse mixture CDF', b.inverse(mixture)],
  ['planar', b.planar()],
  ['inverse planar', b.inverse(b.planar())],
  ['sylvester', b.sylvester({ width: 2 })],
  ['inverse sylvester', b.inverse(b.sylvester({ width: 2 }))],
] as const)('%s', async (_, layer) => {
  const dist = pipe(standardNormal([2]), pushforward(b.compose(layer, b.reverse(), layer)));
  const result = await fit({
    objective: maximumLikelihood(dist),
    data: fromRows('pairs', pairs, [2]),
    steps: 60,
    batchSize: 128,
    seed: 1,
    backend: onnx('cpu'),
    optimizer: adam({ learningRate: 1e-2 }),
  })();
  if (E.isLeft(result)) throw new Error(result.left.message);
  const losses = result.right.history.map((h) => h.loss);
  expect(losses[losses.length - 1]).toBeLessThan(losses[0]);
});
