/** What can be read without definitions of one's own. */
import * as algebra from '../../algebra/index.ts';
import * as bijectors from '../../bijectors/index.ts';
import { type Definition, definitionsOf } from '../../core/definition.ts';
import * as nn from '../../nn/index.ts';
import * as transports from '../../transports/index.ts';
import { classesTable } from './classes-table.ts';
import { conditionalsTable, givenDistsTable } from './conditionals-table.ts';
import { cldDistsTable, ddpmDistsTable, ddpmLayersTable, derivedDenoisersTable } from './ddpm-table.ts';
import { distsTable } from './dists-table.ts';
import { energiesTable, energyNetworksTable, energyObjectivesTable } from './energies-table.ts';
import { kernelsTable } from './kernels-table.ts';
import { networksTable } from './networks-table.ts';
import { objectivesTable } from './objectives-table.ts';
import { optimizersTable, schedulesTable, selectorsTable } from './optimizers-table.ts';
import { ladderTable, scoreModelsTable, variationalDiffusionTable } from './score-objectives-table.ts';
import {
  denoisersTable,
  diffusionDistsTable,
  flowLayersTable,
  gridsTable,
  preconditioningsTable,
  processesTable,
  samplersTable,
  solversTable,
  timeDistsTable,
  weightingsTable,
} from './sde-table.ts';
import { definitionsIn } from './variant.ts';

/** Everything the library can read. */
export const builtIn: readonly Definition[] = [
  ...definitionsOf(algebra, nn, bijectors, transports),
  ...definitionsIn('dist', {
    ...distsTable,
    ...classesTable,
    ...givenDistsTable,
    ...diffusionDistsTable,
    ...variationalDiffusionTable,
    ...ddpmDistsTable,
    ...cldDistsTable,
    ...energiesTable,
  }),
  ...definitionsIn('layer', { ...flowLayersTable, ...ddpmLayersTable }),
  ...definitionsIn('network', { ...networksTable, ...energyNetworksTable }),
  ...definitionsIn('process', processesTable),
  ...definitionsIn('preconditioning', preconditioningsTable),
  ...definitionsIn('denoiser', { ...denoisersTable, ...derivedDenoisersTable }),
  ...definitionsIn('grid', gridsTable),
  ...definitionsIn('solver', solversTable),
  ...definitionsIn('sampler', samplersTable),
  ...definitionsIn('weighting', weightingsTable),
  ...definitionsIn('timeDist', { ...timeDistsTable, ...ladderTable }),
  ...definitionsIn('scoreModel', scoreModelsTable),
  ...definitionsIn('conditional', conditionalsTable),
  ...definitionsIn('objective', { ...objectivesTable, ...energyObjectivesTable }),
  ...definitionsIn('kernel', kernelsTable),
  ...definitionsIn('optimizer', optimizersTable),
  ...definitionsIn('schedule', schedulesTable),
  ...definitionsIn('selector', selectorsTable),
];
