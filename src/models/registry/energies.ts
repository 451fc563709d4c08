/** The registry's energies: densities known up to a constant, sampled by chains. */
import { has, needs } from '../../algebra/capability.ts';
import type { AnyDist, Dist } from '../../algebra/dist.ts';
import type { Unnormalised } from '../../algebra/evidence.ts';
import type { Shape } from '../../core/shape.ts';
import { chaining, type PersistentOptions, persistentContrastiveDivergence } from '../../inference/energies/index.ts';
import type { BatchObjective } from '../../inference/objective.ts';
import { energyOverEvents } from '../energies/energy-model.ts';
import { classifying, type JointEnergy, jem, jemObjective } from '../energies/jem.ts';
import { studentExperts } from '../energies/networks.ts';
import { rbmModel } from '../energies/rbm-model.ts';
import type { ModelOptions, ModelTable } from './entry.ts';

/** Persistent chains of the model's own kernel. */
const persistent =
  (options: Omit<PersistentOptions, 'kernel' | 'start'>) =>
  (dist: AnyDist): BatchObjective<Shape> => {
    const { kernel, start } = needs(
      chaining,
      dist,
      'persistent',
      'the distribution has no chain of its own',
      'sampledBy({ kernel, steps })(distribution)',
    );
    return persistentContrastiveDivergence({ kernel, start, ...options })(dist as unknown as Dist<Shape, Unnormalised>);
  };

const told = (hidden: readonly number[] | undefined, given: ModelOptions['given']) => ({
  ...(hidden === undefined ? {} : { hidden }),
  ...(given === undefined ? {} : { given }),
});

const neural = { buffer: 1024, chains: 100, steps: 3 };

/** Energies by name. */
export const energyModels: ModelTable = {
  rbm: {
    name: 'rbm',
    description:
      'A restricted Boltzmann machine: binary hidden units, block Gibbs both ways, density up to a constant.',
    paper: 'Smolensky 1986; Hinton 2002, doi:10.1162/089976602760128018; Tieleman 2008, doi:10.1145/1390156.1390290',
    build: (event, { hidden } = {}) => rbmModel(event, hidden === undefined ? {} : { hidden: hidden[0] ?? 64 }),
    training: { learningRate: 5e-3, batchSize: 100 },
    objective: persistent({ buffer: 1000, chains: 100, steps: 1 }),
  },
  energy: {
    name: 'energy',
    description:
      'A network’s energy over a normal distribution, sampled by Hamiltonian Monte Carlo; convolutions for images.',
    paper: 'LeCun, Chopra, Hadsell, Ranzato & Huang 2006; Du & Mordatch 2019, arXiv:1903.08689',
    build: (event, { hidden, given } = {}) => energyOverEvents(event, told(hidden, given)),
    training: { learningRate: 2e-3, batchSize: 256, clip: 10 },
    objective: persistent(neural),
  },
  productOfExperts: {
    name: 'productOfExperts',
    description: 'A normal distribution times Student-t experts along learned directions: events any expert can veto.',
    paper: 'Hinton 2002, doi:10.1162/089976602760128018; Welling, Hinton & Osindero 2003',
    build: (event, { hidden, given } = {}) =>
      energyOverEvents(event, { network: studentExperts(hidden?.[0] ?? 32), ...told(undefined, given) }),
    training: { learningRate: 5e-3, batchSize: 256, clip: 10 },
    objective: persistent(neural),
  },
  jem: {
    name: 'jem',
    description: 'A classifier read as a distribution of event and class, or of the event where there is one class.',
    paper: 'Grathwohl, Wang, Jacobsen, Duvenaud, Norouzi & Swersky 2020, arXiv:1912.03263',
    build: ({ classes = 1, ...event }, { hidden } = {}) =>
      classes === 1
        ? energyOverEvents(event, hidden === undefined ? {} : { hidden })
        : jem(event, classes, hidden === undefined ? {} : { hidden }),
    training: { learningRate: 1e-3, batchSize: 256, clip: 10 },
    objective: (dist) => (has(classifying, dist) ? jemObjective(neural)(dist as unknown as JointEnergy) as unknown as BatchObjective<Shape> : persistent(neural)(dist)), // biome-ignore format: one choice
  },
};
