/** The registry of surveyed models: one table that drives the command line, tests, documentation and benchmarks. */
import * as all from './all.ts';
import { type ModelEntry, modelsOf } from './model.ts';

/** Registered models by name. */
export interface ModelTable {
  readonly [name: string]: ModelEntry;
}

/**
 * Every registered model by name.
 *
 * @example
 * models.realNVP.build({ shape: [2] }, { layers: 4 });
 */
export const models: ModelTable = modelsOf(all);
