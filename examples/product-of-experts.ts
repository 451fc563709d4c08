/**
 * Products of experts: an event any expert can veto.   npm run example product-of-experts
 *
 * Two normal experts make a normal distribution again, up to a constant that annealing finds; a learned energy beside them makes one that no family has.
 */
import { isLeft } from 'fp-ts/lib/Either.js';
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import {
  adam,
  annealedImportanceSampling,
  energy,
  type Failure,
  fit,
  hmc,
  noiseContrastive,
  normal,
  normalised,
  onnx,
  productOfExperts,
  run,
  showPartition,
  studentExperts,
} from 'pushforward';
import { toyDataset } from 'pushforward/data';

const done = async <A>(task: TaskEither<Failure, A>): Promise<A> => {
  const r = await task();
  if (isLeft(r)) throw new Error(r.left.message);
  return r.right;
};

const [a, b] = [normal([2], { loc: [1, 0], scale: 0.5 }), normal([2], { loc: [-1, 1], scale: 2 })];
const both = productOfExperts([a, b]);
// ∫ N(x; m, s²) N(x; n, t²) dx = N(m; n, s² + t²), coordinate by coordinate.
const truth = -Math.log(2 * Math.PI * 4.25) - (4 + 1) / (2 * 4.25);
const kernel = hmc({ stepSize: 0.3, steps: 3 });
const z = await done(annealedImportanceSampling({ from: b, to: both, kernel, betas: 200, reverse: { steps: 100 } }));
console.log(`${showPartition(z)}; in closed form ${truth.toFixed(3)}`);

// Thirty-two Student-t experts along learned directions, over a normal distribution, told apart from noise: log Z is learned beside them.
const data = toyDataset('pinwheel', { size: 20_000, seed: 0 });
if (isLeft(data)) throw new Error('no such toy');
const noise = normal([2], { scale: 2.5 });
const learned = productOfExperts([noise, energy([2], studentExperts(32))]);
const fitted = await done(
  fit({
    objective: noiseContrastive({ noise, ratio: 5 })(learned),
    data: data.right,
    optimizer: adam({ learningRate: 5e-3 }),
    steps: 2000,
    stepsPerRun: 50,
  }),
);
const { 'noiseContrastive/logPartition': c, ...parameters } = fitted.parameters;
const backend = onnx('cpu');
const again = await done(
  annealedImportanceSampling({ from: noise, to: learned, kernel, betas: 300, parameters, backend }),
);
console.log(`learned log Z ${c.data[0].toFixed(3)}; ${showPartition(again)}`);
const at = { shape: [2, 2], type: 'float32', data: Float32Array.of(2, 0, 0, 4) } as const;
console.log('log p at (2, 0) and (0, 4):', Array.from((await run(normalised(again)(learned), parameters, backend).logDensity(at)).data)); // biome-ignore format: one line
