/**
 * Conditioning is application, with the public API alone.   npm run example conditional
 *
 * A heteroscedastic regression, whose distribution is known: y | x ~ N(2x, (0.2 + 0.3x²)²). The same three lines train a flow of a class, a VAE of an image, a diffusion of both.
 */
import { isLeft } from 'fp-ts/lib/Either.js';
import { adam, conditionalLikelihood, cosine, fit, mlp, normal, onnx, parametrised, run, toNumbers } from 'pushforward';
import { fromRows, pairs } from 'pushforward/data';

const uniform = Float32Array.from({ length: 20_000 }, () => 2 * Math.random() - 1);
const gauss = (): number => Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
const outcome = Float32Array.from(uniform, (x) => 2 * x + (0.2 + 0.3 * x * x) * gauss());
const [x, y] = [fromRows('x', uniform, [1]), fromRows('y', outcome, [1])];

const p = parametrised(normal, { context: [1], event: [1], network: mlp([32]) });
const fitted = await fit({
  objective: conditionalLikelihood(p),
  data: pairs(x, y),
  steps: 3000,
  optimizer: adam({ learningRate: cosine(1e-2, 3000) }),
})();
if (isLeft(fitted)) throw new Error(fitted.left.message);

const running = run(p, fitted.right.parameters, onnx('cpu'));
for (const at of [-1, 0, 1]) {
  const drawn = toNumbers(await running.given([at]).sample(5000, 0));
  const mean = drawn.reduce((a, b) => a + b, 0) / drawn.length;
  const deviation = Math.sqrt(drawn.reduce((a, b) => a + (b - mean) ** 2, 0) / drawn.length);
  console.log(`x = ${at}: mean ${mean.toFixed(2)} (${2 * at}), deviation ${deviation.toFixed(2)} (${(0.2 + 0.3 * at * at).toFixed(2)})`); // biome-ignore format: one line
}
