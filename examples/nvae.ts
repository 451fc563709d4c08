/**
 * A small NVAE on 8×8 images of bars.   npm run example nvae
 *
 * Groups of codes stand at the places of the image; a state goes down through depth-wise cells, and the posterior of each group is told relative to its prior.
 * It trains by SGVB with KL warm-up and balancing, and a penalty on the networks' spectral norms; every group's divergence can be printed.
 */
import { isLeft } from 'fp-ts/lib/Either.js';
import { adam, boundTerms, clipByGlobalNorm, fit, nvae, nvaeObjective, onnx, run } from 'pushforward';
import { draw } from 'pushforward/core';
import { fromRows } from 'pushforward/data';

// Every image has one row and one column lit.
const [size, side] = [2000, 8];
const rows = Float32Array.from({ length: size * side * side }, (_, k) => {
  const [i, p] = [Math.floor(k / (side * side)), k % (side * side)];
  const lit = Math.floor(p / side) === (i * 5) % side || p % side === Math.floor(i / side) % side;
  return lit ? 1 : 0;
});
const data = fromRows('bars', rows, [side, side]);
const model = nvae([8, 8], { groups: 2, latent: 1, channels: 16, decoder: 'bernoulli' });
const fitted = await fit({
  objective: nvaeObjective({ warmUp: 200 })(model),
  data,
  optimizer: clipByGlobalNorm(100)(adam({ learningRate: 3e-3 })),
  steps: 2500,
  batchSize: 50,
})();
if (isLeft(fitted)) throw new Error(fitted.left.message);
const running = run(model, fitted.right.parameters, onnx('cpu'));
const few = { shape: [16, side, side], type: 'float32', data: rows.subarray(0, 16 * side * side) } as const;
const costs = await running.each((x) => draw.map((t: { divergences: readonly { value: typeof x }[] }) => t.divergences.map((d) => d.value))(boundTerms(model)(x)))(few); // biome-ignore format: one line
costs.forEach(
  ({ data }, g) =>
    void console.log(`group ${g}: ${(Array.from(data, Number).reduce((a, b) => a + b, 0) / 16).toFixed(2)} nats`),
);
const { data: image } = await running.sample(1, 0);
for (let y = 0; y < side; y++) console.log(Array.from(image.subarray(y * side, (y + 1) * side), (v) => (v > 0.5 ? '█' : '·')).join('')); // biome-ignore format: one line
