/** What can be read without a registry of one's own; inference's entries are here, those of laws, layers and networks have their rooms. */
import { isRecord, nonNegative, positiveInteger, positiveNumber, t } from '../../core/codec.ts';
import { adam, adamW, clipByGlobalNorm, sgd } from '../../inference/optimizer.ts';
import { constant, cosine, type Schedule, warmUp } from '../../inference/schedule.ts';
import { classesTable } from './classes-table.ts';
import { conditionalsTable } from './conditionals-table.ts';
import { cldLawsTable, ddpmLawsTable, ddpmLayersTable, derivedDenoisersTable } from './ddpm-table.ts';
import { energiesTable, energyNetworksTable, energyObjectivesTable } from './energies-table.ts';
import { kernelsTable } from './kernels-table.ts';
import { lawsTable } from './laws-table.ts';
import { layersTable, mapsTable } from './layers-table.ts';
import { networkPartsTable, networksTable } from './networks-table.ts';
import { embeddingsTable, noiseNetworksTable } from './noise-networks-table.ts';
import { objectivesTable } from './objectives-table.ts';
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
import { type Readers, type Tables, variant } from './variant.ts';

/** A schedule, or a number for a constant one. */
const rate = (read: Readers): t.Type<Schedule | number> =>
  new t.Type<Schedule | number>(
    'a positive number or a schedule',
    (u): u is Schedule | number => positiveNumber.is(u) || read.schedule.is(u),
    (u, c) => (positiveNumber.is(u) ? t.success(u) : isRecord(u) ? read.schedule.validate(u, c) : t.failure(u, c)),
    t.identity,
  );

const adamFields = { beta1: nonNegative, beta2: nonNegative, epsilon: nonNegative };

/** Everything the library can read. */
export const builtIn: Tables = {
  laws: {
    ...lawsTable,
    ...classesTable,
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
  optimizers: {
    sgd: (read) => variant({}, { learningRate: rate(read), momentum: nonNegative }, sgd),
    adam: (read) => variant({}, { learningRate: rate(read), ...adamFields }, adam),
    adamW: (read) => variant({}, { learningRate: rate(read), ...adamFields, weightDecay: nonNegative }, adamW),
    clipByGlobalNorm: (read) =>
      variant({ norm: positiveNumber, optimizer: read.optimizer }, {}, ({ norm, optimizer }) =>
        clipByGlobalNorm(norm)(optimizer),
      ),
  },
  schedules: {
    constant: () => variant({ value: positiveNumber }, {}, ({ value }) => constant(value)),
    cosine: () =>
      variant({ from: positiveNumber, steps: positiveInteger }, { to: nonNegative }, ({ from, steps, to }) =>
        cosine(from, steps, to),
      ),
    warmUp: (read) =>
      variant({ steps: positiveInteger, after: read.schedule }, {}, ({ steps, after }) => warmUp(steps, after)),
  },
};
