/** Checkpoint files of the old formats, and the twenty steps after each. */
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Either, isLeft } from 'fp-ts/lib/Either.js';
import { type Failure, PushforwardError } from '../../src/core/errors.ts';
import type { Checkpoint } from '../../src/inference/index.ts';
import { loadCheckpoint, saveCheckpoint } from '../../src/inference/index.ts';
import { readDist } from '../../src/models/index.ts';
import { type Task, train, withStatistics } from './adapter.ts';
import { type CheckpointCase, checkpointCases } from './checkpoint-cases.ts';
import { BATCH, eventData } from './events.ts';
import { folder } from './records.ts';
import { kept, type Value } from './rule.ts';
import { runtime, STEPS, stateHashes } from './steps.ts';

const orThrow = <A>(r: Either<Failure, A>): A => {
  if (isLeft(r)) throw new PushforwardError(r.left);
  return r.right;
};

const pathOf = ({ name }: CheckpointCase): string => join(folder, 'checkpoints', `${name}.safetensors`);

const taskOf = ({ make, event, optimizer, ema }: CheckpointCase, seed: number): Task => ({
  objective: make().objective,
  data: eventData(event),
  optimizer,
  batchSize: BATCH,
  seed,
  ...(ema === undefined ? {} : { ema }),
});

/** Seeds differ from file to file. */
const seedOf = (c: CheckpointCase): number => 5 + checkpointCases.indexOf(c);

/**
 * Trains twenty steps and saves, for each case without a file. A file that is there is never written again: it stands for the version that wrote it.
 */
export const writeMissing = async (): Promise<void> => {
  mkdirSync(join(folder, 'checkpoints'), { recursive: true });
  for (const c of checkpointCases)
    if (!existsSync(pathOf(c))) {
      const { state } = await train(taskOf(c, seedOf(c)), runtime, { steps: STEPS, stepsPerRun: 20 });
      const training = { optimizer: c.optimizer.spec, batchSize: BATCH };
      orThrow(await saveCheckpoint(pathOf(c), { state, spec: c.make().dist.spec, training })());
    }
};

const load = async (c: CheckpointCase): Promise<Checkpoint> => orThrow(await loadCheckpoint(pathOf(c))());

/** What is in a file: its format and place, the names of parameters in order, the bits of every array; whether its declaration reads back. */
export const fileContent = async (c: CheckpointCase): Promise<Value> => {
  const { state, format, spec, training } = await load(c);
  const dist = readDist(spec);
  const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
  // A declaration that is said otherwise today is one whose translation reads back.
  const twice = isLeft(dist) ? dist : readDist(JSON.parse(JSON.stringify(dist.right.spec)));
  const stable = !isLeft(dist) && !isLeft(twice) && same(twice.right.spec, dist.right.spec);
  const again = isLeft(dist) ? 'is refused' : same(dist.right.spec, spec) || stable ? 'reads back' : 'differs';
  return {
    format,
    step: state.step,
    seed: state.seed,
    parameters: Object.keys(state.parameters),
    state: stateHashes(state),
    declaration: again,
    training: JSON.stringify(training),
  };
};

/** Steps 21 to 40 from a file: their losses, or their mean where they are one run, and the bits of what they leave. */
export const resumedSteps = async (c: CheckpointCase, stepsPerRun: 1 | 20): Promise<Value> => {
  const { state: resume } = await load(c);
  const task = taskOf(c, resume.seed);
  const { losses, state } = await train(task, runtime, { steps: 2 * STEPS, stepsPerRun, resume });
  return { step: state.step, losses: losses.map(kept), state: stateHashes(withStatistics(state, task)) };
};
