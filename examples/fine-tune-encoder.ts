/**
 * A VAE is trained and saved; then its encoder goes on alone, under the decoder of the file.   npm run example fine-tune-encoder
 *
 * `startingFrom` says where a part's arrays start, `detached` that a part is held constant: words about a part of the model, not about training. The decoder keeps
 * its bits, and the bound gets closer to the likelihood it bounds.
 */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isLeft } from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import { adam, type Conditional, conditionalNormal, elbo, evaluate, type Failure, fit, loadCheckpoint, mlp, onnx, pushforward, run, saveTo, showEvaluation, standardNormal, stochastic, usedParameters } from 'pushforward'; // biome-ignore format: one list
import { scope, startingFrom } from 'pushforward/core';
import { drawn, eightGaussians, toyDatasetOf } from 'pushforward/data';

const done = async <A>(task: TaskEither<Failure, A>): Promise<A> => {
  const r = await task();
  if (isLeft(r)) throw new Error(r.left.message);
  return r.right;
};
const file = join(mkdtempSync(join(tmpdir(), 'vae-')), 'vae.safetensors');
const data = drawn(eightGaussians());

const network = mlp([64, 64], { activation: 'tanh', zeroLast: false });
const encoder = conditionalNormal([2], [2], { network });
const decoder = conditionalNormal([2], [2], { network });
type Part = Conditional<readonly [2], readonly [2]>;
const vaeOf = (encoder: Part, decoder: Part) =>
  pipe(standardNormal([2]), pushforward(stochastic({ encoder, decoder })));
const first = vaeOf(encoder, decoder);
await done(fit({ objective: elbo(first), data, steps: 1000, checkpoint: { every: 1000, save: saveTo(file, { spec: first.spec }) } })); // biome-ignore format: one call

const saved = usedParameters((await done(loadCheckpoint(file))).state);
const fromFile = startingFrom(saved);
const second = vaeOf(
  { ...encoder, given: (x) => fromFile(encoder.given(x)) },
  { ...decoder, given: (z) => scope.detached(fromFile(decoder.given(z))) },
);
const tuned = await done(fit({ objective: elbo(second), data, steps: 1000, optimizer: adam({ learningRate: 3e-4 }) }));

const held = toyDatasetOf(eightGaussians(), { size: 5000, seed: 1 });
for (const [name, parameters] of Object.entries({ saved, tuned: tuned.parameters }))
  console.log(`${name}: ${showEvaluation(await evaluate(run(first, parameters, onnx('cpu')), held))}`);
const moved = Object.keys(saved).filter((n) => saved[n].data.some((v, i) => v !== tuned.parameters[n].data[i]));
console.log(`moved: ${moved.join(', ')}`);
