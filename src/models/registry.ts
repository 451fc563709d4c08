/** The registry of surveyed models: one table that drives the CLI, tests, docs, gallery and benchmarks. A family of models is a file. */
import { diffusionModels } from './registry/diffusion.ts';
import { energyModels } from './registry/energies.ts';
import type { ModelTable } from './registry/entry.ts';
import { flowModels } from './registry/flows.ts';
import { latentModels } from './registry/latent.ts';

export type { EventInfo, ModelEntry, ModelOptions, ModelTable } from './registry/entry.ts';

/** Every registered model by name. */
export const models: ModelTable = { ...flowModels, ...latentModels, ...diffusionModels, ...energyModels };
