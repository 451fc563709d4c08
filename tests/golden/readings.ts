/** What a distribution says at fixed parameters: samples, their log-densities, an evaluation; of its objective the loss and its gradient. */
import { isRight } from 'fp-ts/lib/Either.js';
import type { AnyDist } from '../../src/algebra/dist.ts';
import { reference } from '../../src/core/interpreters/index.ts';
import { evaluateProgram } from '../../src/core/interpreters/reference/index.ts';
import { type Feeds, noiseFeeds, noiseKey, noiseTensor } from '../../src/core/program.ts';
import type { Tensor, TensorData } from '../../src/core/tensor.ts';
import { distPrograms, evaluate, run } from '../../src/inference/index.ts';
import { initialOf, lossAndGradients } from './adapter.ts';
import { hashOf } from './bits.ts';
import type { Case } from './cases.ts';
import { objectiveOf } from './declare.ts';
import { BATCH, eventData, firstRows } from './events.ts';
import { kept, type Value } from './rule.ts';
import { runtime } from './steps.ts';

/** Samples that are drawn. */
const SAMPLES = 8;
const SEED = 3;

/** Initial values moved by a tenth of standard normal noise: many layers start as the identity, which would say little. */
export const moved = (initial: Feeds): Record<string, Tensor> =>
  Object.fromEntries(
    Object.entries(initial).map(([name, { shape, data }]) => {
      const by = noiseTensor(shape, 'normal', 0, noiseKey(0, 0, `golden ${name}`), 'float32').data;
      return [name, { shape, type: 'float32', data: Float32Array.from(data, (v, i) => v + 0.1 * by[i]) }];
    }),
  );

const bits = ({ data }: Tensor): Value => ({ hash: hashOf(data), first: Array.from(data.subarray(0, 4), kept) });

/** Samples, their log-densities and an evaluation on data, from ONNX Runtime. */
export const readings = async (c: Case): Promise<Value | undefined> => {
  const made = objectiveOf(c);
  if (!isRight(made)) return undefined;
  const { dist, objective } = made.right;
  const data = eventData(c.event);
  const running = run(dist, moved(await initialOf(objective, firstRows(data, BATCH))), runtime);
  const x = await running.sample(SAMPLES, SEED);
  const { nats } = await evaluate(running, data, SEED);
  return { samples: bits(x), densities: bits(await running.logDensity(x, SEED)), nats: kept(nats) };
};

const numbers = (data: TensorData): Value => ({
  first: Array.from(data.subarray(0, 4), kept),
  sum: kept(Array.from(data as Float64Array).reduce((a, b) => a + b, 0)),
});

/** The loss of the first batch and the lengths of its gradients (by parameter, or of all together), from the double-precision interpreter. */
export const referenceLoss = async (c: Case, each: boolean): Promise<Value | undefined> => {
  const made = objectiveOf(c);
  if (!isRight(made)) return undefined;
  const batch = firstRows(eventData(c.event), BATCH);
  const parameters = moved(await initialOf(made.right.objective, batch));
  const { loss, gradients } = await lossAndGradients(made.right.objective, batch, parameters);
  const lengths = gradients.map((g) => Math.sqrt(Array.from(g.data).reduce((s, v) => s + v * v, 0)));
  return { loss: kept(loss), gradients: each ? lengths.map(kept) : kept(Math.hypot(...lengths)) };
};

/** Four samples and their log-densities, from the double-precision interpreter. */
export const referenceReadings = async (c: Case): Promise<Value | undefined> => {
  const made = objectiveOf(c);
  if (!isRight(made)) return undefined;
  const { dist, objective } = made.right as { readonly dist: AnyDist; readonly objective: never };
  const parameters = moved(await initialOf(objective, firstRows(eventData(c.event), BATCH)));
  const programs = distPrograms(dist, 4, reference);
  const go = (kind: 'sample' | 'logDensity', x: Feeds): Tensor => {
    const p = programs[kind]();
    return evaluateProgram(p, { ...parameters, ...noiseFeeds(p, { seed: SEED }), ...x })[0];
  };
  const x = go('sample', {});
  return { samples: numbers(x.data), densities: numbers(go('logDensity', { x }).data) };
};
