/**
 * Wake–sleep (Hinton, Dayan, Frey & Neal 1995) with binary codes, which no reparametrised gradient reaches.   npm run example wake-sleep
 *
 * Awake, the model learns from codes that are inferred; asleep, the posterior learns from what the model dreams. Two objectives, one loss.
 */
import { isLeft } from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import { adam, bernoulli, conditionalBernoulli, evaluate, fit, mlp, onnx, pushforward, run, showEvaluation, stochastic, wakeSleep } from 'pushforward'; // biome-ignore format: one list
import { fromRows } from 'pushforward/data';

// 4 × 4, each column black or white: 16 equally frequent pictures, ln 16 = 2.7726 nats.
const bars = Array.from({ length: 16 }, (_, k) => Array.from({ length: 16 }, (_, i) => (k >> (i % 4)) & 1));
const data = fromRows('bars', Float32Array.from(bars.flat()), [16], { levels: 2 });
const network = mlp([32], { activation: 'tanh', zeroLast: false });
const encoder = conditionalBernoulli([16], [6], { network });
const decoder = conditionalBernoulli([6], [16], { network });
const machine = pipe(bernoulli([6]), pushforward(stochastic({ encoder, decoder })));
const fitted = await fit({ objective: wakeSleep(machine), data, batchSize: 16, steps: 5000, optimizer: adam({ learningRate: 3e-3 }) })(); // biome-ignore format: one call

if (isLeft(fitted)) throw new Error(fitted.left.message);
const running = run(machine, fitted.right.parameters, onnx('cpu'));
console.log(`${showEvaluation(await evaluate(running, data))}, ln 16 = ${Math.log(16).toFixed(4)}`);
const dreams = await running.sample(12, 0);
for (let row = 0; row < 4; row++)
  console.log(Array.from({ length: 12 }, (_, c) => [0, 1, 2, 3].map((j) => (Number(dreams.data[16 * c + 4 * row + j]) > 0.5 ? '█' : '·')).join('')).join('  ')); // biome-ignore format: one line
