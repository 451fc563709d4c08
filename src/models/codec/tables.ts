/** What can be read without a registry of one's own; each room's entries are in a file of their own. */
import { classesTable } from './classes-table.ts';
import { conditionalsTable, givenLawsTable } from './conditionals-table.ts';
import { cldLawsTable, ddpmLawsTable, ddpmLayersTable, derivedDenoisersTable } from './ddpm-table.ts';
import { energiesTable, energyNetworksTable, energyObjectivesTable } from './energies-table.ts';
import { kernelsTable } from './kernels-table.ts';
import { lawsTable } from './laws-table.ts';
import { layersTable, mapsTable } from './layers-table.ts';
import { networkPartsTable, networksTable } from './networks-table.ts';
import { embeddingsTable, noiseNetworksTable } from './noise-networks-table.ts';
import { objectivesTable } from './objectives-table.ts';
import { optimizersTable, schedulesTable, selectorsTable } from './optimizers-table.ts';
import { ladderTable, scoreModelsTable, variationalDiffusionTable } from './score-objectives-table.ts';
import {
  denoisersTable,
  diffusionLawsTable,
  flowLayersTable,
  gridsTable,
  preconditioningsTable,
  processesTable,
  samplersTable,
  solversTable,
  timeLawsTable,
  weightingsTable,
} from './sde-table.ts';
import type { Tables } from './variant.ts';

/** Everything the library can read. */
export const builtIn: Tables = {
  laws: {
    ...lawsTable,
    ...classesTable,
    ...givenLawsTable,
    ...diffusionLawsTable,
    ...variationalDiffusionTable,
    ...ddpmLawsTable,
    ...cldLawsTable,
    ...energiesTable,
  },
  layers: { ...layersTable, ...flowLayersTable, ...ddpmLayersTable },
  networks: { ...networksTable, ...energyNetworksTable },
  networkParts: networkPartsTable,
  noiseNetworks: noiseNetworksTable,
  embeddings: embeddingsTable,
  processes: processesTable,
  preconditionings: preconditioningsTable,
  denoisers: { ...denoisersTable, ...derivedDenoisersTable },
  grids: gridsTable,
  solvers: solversTable,
  samplers: samplersTable,
  weightings: weightingsTable,
  timeLaws: { ...timeLawsTable, ...ladderTable },
  scoreModels: scoreModelsTable,
  maps: mapsTable,
  conditionals: conditionalsTable,
  objectives: { ...objectivesTable, ...energyObjectivesTable },
  kernels: kernelsTable,
  optimizers: optimizersTable,
  schedules: schedulesTable,
  selectors: selectorsTable,
};
