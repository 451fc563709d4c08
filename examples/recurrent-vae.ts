/**
 * A recurrent VAE of sequences: waves of unknown phase and frequency.   npm run example recurrent-vae
 *
 * Encoder and decoder are networks with loops in them; nothing else changes. A code walks through the waves.
 */
import { isLeft } from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import {
  adam,
  conditionalNormal,
  elbo,
  fit,
  onnx,
  pushforward,
  recurrent,
  run,
  standardNormal,
  stochastic,
  unrolled,
} from 'pushforward';
import { fromRows } from 'pushforward/data';

const [size, length] = [4000, 16];
const rows = Float32Array.from({ length: size * length }, (_, k) => {
  const [i, t] = [Math.floor(k / length), k % length];
  const [frequency, phase] = [0.4 + 0.3 * ((i * 0.618) % 1), 2 * Math.PI * ((i * 0.755) % 1)];
  return Math.sin(frequency * t + phase) + 0.05 * Math.sin(997 * k);
});
const model = pipe(
  standardNormal([3]),
  pushforward(
    stochastic({
      encoder: conditionalNormal([length, 1], [3], { network: recurrent(32) }),
      decoder: conditionalNormal([3], [length, 1], { network: unrolled(32) }),
    }),
  ),
);
const fitted = await fit({
  objective: elbo(model),
  data: fromRows('waves', rows, [length, 1]),
  optimizer: adam({ learningRate: 5e-3 }),
  steps: 1500,
  batchSize: 100,
})();
if (isLeft(fitted)) throw new Error(fitted.left.message);
const { history, parameters } = fitted.right;
console.log(`−ELBO from ${history[0].loss.toFixed(2)} to ${history.at(-1)?.loss.toFixed(2)} nats a sequence`);
const { data } = await run(model, parameters, onnx('cpu')).sample(2, 0);
for (const i of [0, 1]) console.log(Array.from(data.subarray(i * length, (i + 1) * length), (v) => v.toFixed(2)).join(' ')); // biome-ignore format: one line
