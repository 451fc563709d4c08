/** Checkpoints, opened: the distribution they hold, its parameters and how it was trained. */
import { join } from 'node:path';
import type { AnyDist } from '../algebra/dist.ts';
import type { Json } from '../algebra/spec.ts';
import { PushforwardError } from '../core/errors.ts';
import type { Feeds } from '../core/program.ts';
import { loadCheckpoint } from '../inference/checkpoint.ts';
import { type TrainingState, usedParameters } from '../inference/training/state.ts';
import { readDist } from '../models/index.ts';
import { settled } from './failures.ts';
import { kindOf } from './files.ts';

/** The checkpoint's name in a run's folder. */
export const CHECKPOINT = 'checkpoint.safetensors';

/** A checkpoint with its declaration read. */
export interface Opened {
  readonly path: string;
  readonly dist: AnyDist;
  readonly state: TrainingState;
  /** What to sample and evaluate with: the best that validation knows, else the last; the average where one was kept; and the buffers. */
  readonly parameters: Feeds;
  readonly training: Json;
}

/** Opens a checkpoint, or the one in a run's folder; what its declaration names beyond the library is in `modules`. Throws what is wrong with it. */
export const openCheckpoint = async (path: string, modules: readonly object[] = []): Promise<Opened> => {
  const file = (await kindOf(path)) === 'folder' ? join(path, CHECKPOINT) : path;
  const { state, spec, training } = await settled(loadCheckpoint(file));
  const read = readDist(spec, modules);
  if (read._tag === 'Left') throw new PushforwardError({ ...read.left, path: `${file}: ${read.left.path}` });
  return { path: file, dist: read.right, state, parameters: usedParameters(state), training };
};
