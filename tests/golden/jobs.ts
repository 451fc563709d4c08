/** Every golden record as a job: the model it belongs to, where its record is kept, how it is made again. */
import { type Case, fullModels, measuredPairs, objectiveCases, smallModels, trainedPairs } from './cases.ts';
import { checkpointCases } from './checkpoint-cases.ts';
import { fileContent, resumedSteps } from './checkpoints.ts';
import { declaration } from './declare.ts';
import { readings, referenceLoss, referenceReadings } from './readings.ts';
import type { Kind, Listings } from './records.ts';
import type { Value } from './rule.ts';
import { twentySteps } from './steps.ts';

/** One record. */
export interface Job {
  /** Records of one model are reported together. */
  readonly model: string;
  readonly kind: Exclude<Kind, 'listings'>;
  /** The record's key. */
  readonly name: string;
  /** The record as today's code makes it; nothing where an objective refuses the distribution. Lists go into the table. */
  readonly compute: (table: Listings) => Promise<Value | undefined>;
}

/** A job of a case. */
const jobOf = (c: Case, kind: Job['kind'], compute: Job['compute'], more = ''): Job => ({
  model: c.model,
  kind,
  name: `${c.name}${more}`,
  compute,
});

const declared = (cases: readonly Case[], sampling: boolean): readonly Job[] =>
  cases.map((c) => jobOf(c, 'declarations', (table) => declaration(c, table, sampling)));

const stepped = (cases: readonly Case[], stepsPerRun: 1 | 20): readonly Job[] =>
  cases.map((c) => jobOf(c, 'steps', () => twentySteps(c, stepsPerRun), `, K = ${stepsPerRun}`));

/** All of them. */
export const jobs: readonly Job[] = [
  ...declared([...smallModels, ...fullModels], true),
  ...declared(objectiveCases, false),
  ...smallModels.map((c) => jobOf(c, 'reference', () => referenceLoss(c, true), ', loss')),
  ...smallModels.map((c) => jobOf(c, 'reference', () => referenceReadings(c), ', law')),
  ...measuredPairs.map((c) => jobOf(c, 'reference', () => referenceLoss(c, false))),
  ...stepped(smallModels, 1),
  ...stepped([...smallModels, ...trainedPairs], 20),
  ...smallModels.map((c) => jobOf(c, 'readings', () => readings(c))),
  ...checkpointCases.flatMap((c): readonly Job[] => {
    const model = `checkpoint ${c.name}`;
    return [
      { model, kind: 'files', name: c.name, compute: () => fileContent(c) },
      { model, kind: 'resumed', name: `${c.name}, K = 1`, compute: () => resumedSteps(c, 1) },
      { model, kind: 'resumed', name: `${c.name}, K = 20`, compute: () => resumedSteps(c, 20) },
    ];
  }),
];
