/** Twenty training steps of a case on ONNX Runtime. */
import { isRight } from 'fp-ts/lib/Either.js';
import { onnx } from '../../src/core/interpreters/index.ts';
import type { Backend } from '../../src/core/program.ts';
import { adam, type TrainingState } from '../../src/inference/index.ts';
import { flatOf, type Task, train } from './adapter.ts';
import { hashOf } from './bits.ts';
import type { Case } from './cases.ts';
import { objectiveOf } from './declare.ts';
import { BATCH, eventData } from './events.ts';
import { kept, type Value } from './rule.ts';

/** The interpreter of the records. One thread: how a product is cut up among several may not depend on the machine. */
export const runtime: Backend = onnx('cpu', { threads: 1 });

/** Steps that are recorded. */
export const STEPS = 20;

/** The hash of each array of a state. */
export const stateHashes = (state: TrainingState): Value =>
  Object.fromEntries(Object.entries(flatOf(state)).map(([name, data]) => [name, hashOf(data)]));

/** Adam as it trains, but for an ε of 1: with 1e-8 a gradient that is 0 but for rounding moves its parameter by a whole step, one way or the other. */
const smooth = adam({ learningRate: 1e-2, epsilon: 1 });

/** What a case is trained by: Adam on small batches, seed 0. */
export const taskOf = (c: Case): Task | undefined => {
  const made = objectiveOf(c);
  if (!isRight(made)) return undefined;
  const { objective } = made.right;
  return { objective, data: eventData(c.event), optimizer: smooth, batchSize: BATCH, seed: 0 };
};

/** The losses of twenty steps, or their mean where they are one run, and the hashes of what they leave. */
export const twentySteps = async (c: Case, stepsPerRun: 1 | 20): Promise<Value | undefined> => {
  const task = taskOf(c);
  if (task === undefined) return undefined;
  const { losses, state } = await train(task, runtime, { steps: STEPS, stepsPerRun });
  return { losses: losses.map(kept), state: stateHashes(state) };
};
