/** What a run leaves in its folder. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as t from 'io-ts';
import type { AnyDist } from '../algebra/dist.ts';
import { encodeNpy } from '../data/index.ts';
import { type TrainingRecord as CheckpointRecord, saveTo } from '../inference/checkpoint.ts';
import type { Evaluation } from '../inference/evaluate.ts';
import type { HistoryPoint } from '../inference/training/fit-options.ts';
import type { TrainingState } from '../inference/training/state.ts';
import type { RunReport } from '../report/run-report.ts';
import { CHECKPOINT } from './checkpoint-source.ts';
import { settled } from './failures.ts';
import { writeWhole } from './files.ts';
import type { TrainingRecord } from './training-record.ts';

/** Names of the files of a run. */
export const FILES = {
  checkpoint: CHECKPOINT,
  spec: 'spec.json',
  history: 'history.json',
  evaluation: 'evaluation.json',
  report: 'report.html',
  samples: 'samples.npy',
} as const;

const History = t.array(
  t.intersection([t.type({ step: t.number, loss: t.number }), t.partial({ validation: t.number })]),
);

/** The losses a run has written, up to a step; none where they cannot be read: they are only drawn. */
export const earlierHistory = async (folder: string, step: number): Promise<readonly HistoryPoint[]> => {
  try {
    const read = History.decode(JSON.parse(await readFile(join(folder, FILES.history), 'utf8')));
    return read._tag === 'Right' ? read.right.filter((p) => p.step <= step) : [];
  } catch {
    return [];
  }
};

/** Saves a state, its declaration and the losses so far. */
export const saveRun = async (
  folder: string,
  dist: AnyDist,
  training: TrainingRecord,
  state: TrainingState,
  history: readonly HistoryPoint[],
): Promise<void> => {
  await saveTo(join(folder, FILES.checkpoint), {
    spec: dist.spec,
    training: training as CheckpointRecord,
  })(state);
  await settled(writeWhole(join(folder, FILES.spec), `${JSON.stringify(dist.spec, null, 2)}\n`));
  await settled(writeWhole(join(folder, FILES.history), `${JSON.stringify(history)}\n`));
};

/** Writes the result of a run. */
export const saveEvaluation = (folder: string, evaluation: Evaluation): Promise<void> =>
  settled(writeWhole(join(folder, FILES.evaluation), `${JSON.stringify(evaluation, null, 2)}\n`));

/** Writes the page, every figure as SVG and PNG, and the samples. */
export const saveReport = async (folder: string, report: RunReport): Promise<void> => {
  await settled(writeWhole(join(folder, FILES.samples), encodeNpy(report.samples)));
  for (const f of report.figures) {
    await settled(writeWhole(join(folder, `${f.name}.svg`), f.svg));
    await settled(writeWhole(join(folder, `${f.name}.png`), f.png));
  }
  await settled(writeWhole(join(folder, FILES.report), report.html));
};
