/**
 * A Boltzmann machine on bars and stripes, small enough that everything estimated can be checked.   npm run example rbm
 *
 * The same declaration is trained by its exact gradient (a sum over hidden states) and by persistent contrastive divergence; log Z is summed, and estimated by
 * annealed importance sampling between two bounds.
 */
import { isLeft } from 'fp-ts/lib/Either.js';
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import {
  adam,
  annealedImportanceSampling,
  blockGibbs,
  cosine,
  enumerated,
  enumeratedPartition,
  evaluate,
  type Failure,
  fit,
  maximumLikelihood,
  normalised,
  onnx,
  persistentContrastiveDivergence,
  rbm,
  run,
  showEvaluation,
  showPartition,
} from 'pushforward';
import { fromRows } from 'pushforward/data';

const done = async <A>(task: TaskEither<Failure, A>): Promise<A> => {
  const r = await task();
  if (isLeft(r)) throw new Error(r.left.message);
  return r.right;
};

// Bars and stripes, 3 × 3 (MacKay 2003, §43): every row the same, or every column.
const patterns = Array.from({ length: 8 }, (_, k) => [0, 1, 2].map((j) => (k >> j) & 1)).flatMap((b) => [
  [0, 1, 2].flatMap((i) => [0, 1, 2].map(() => b[i])),
  [0, 1, 2].flatMap(() => b),
]);
const copies = Array.from({ length: 16 }, () => patterns.flat()).flat();
const data = fromRows('bars and stripes', Float32Array.from(copies), [9], { levels: 2 });

const machine = rbm([9], { hidden: 8 });
const backend = onnx('cpu');
const steps = 3000;
const training = {
  data,
  steps,
  batchSize: 128,
  ema: 0.99,
  stepsPerRun: 100,
  seed: 0,
  backend,
  optimizer: adam({ learningRate: cosine(3e-2, steps) }),
};

const exact = await done(fit({ ...training, objective: maximumLikelihood(enumerated(machine)) }));
const chains = await done(
  fit({
    ...training,
    objective: persistentContrastiveDivergence({ kernel: blockGibbs(), steps: 5, buffer: 256, reinitialise: 0.01 })(
      machine,
    ),
  }),
);

for (const [name, { parameters }] of Object.entries({
  'exact gradient': exact,
  'persistent chains': chains,
})) {
  const summed = await done(enumeratedPartition(machine, parameters));
  const estimate = await done(
    annealedImportanceSampling({ bridge: machine.bridge(), kernel: blockGibbs(), betas: 300, reverse: { steps: 300 }, parameters, backend }), // biome-ignore format: one call
  );
  console.log(`${name}: ${showPartition(summed)}; ${showPartition(estimate)}`);
  console.log('  ', showEvaluation(await evaluate(run(normalised(summed)(machine), parameters, backend), data)));
  console.log('  ', showEvaluation(await evaluate(run(normalised(estimate)(machine), parameters, backend), data)));
}
