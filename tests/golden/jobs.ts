/** Every golden record as a job: the model it belongs to, where its record is kept, how it is made again. */

import { fullModels, objectiveCases, smallModels } from './cases.ts';
import { declaration } from './declare.ts';
import type { Kind, Listings } from './records.ts';
import type { Value } from './rule.ts';

/** One record. */
export interface Job {
  /** Records of one model are reported together. */
  readonly model: string;
  readonly kind: Exclude<Kind, 'listings'>;
  /** The record's key. */
  readonly name: string;
  /** The record as today's code makes it; nothing where an objective refuses the law. Lists go into the table. */
  readonly compute: (table: Listings) => Promise<Value | undefined>;
}

const declarations: readonly Job[] = [
  ...[...smallModels, ...fullModels].map((c) => ({ c, sampling: true })),
  ...objectiveCases.map((c) => ({ c, sampling: false })),
].map(({ c, sampling }) => ({
  model: c.model,
  kind: 'declarations',
  name: c.name,
  compute: (table) => declaration(c, table, sampling),
}));

/** All of them. */
export const jobs: readonly Job[] = [...declarations];
