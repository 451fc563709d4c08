/** The entries of Markov kernels, as estimators and samplers of energies take them. */
import { finite, nonNegative, positiveInteger } from '../../core/codec.ts';
import * as o from '../../core/ops/index.ts';
import type { Operand } from '../../core/ops/leaves.ts';
import { asDistKernel, blockGibbs, type KernelFamily } from '../../inference/energies/index.ts';
import { hmc, mala, nuts, randomWalk, ula, underdamped } from '../../mcmc/index.ts';
import { numbers as argument } from './argument.ts';
import { type Tables, variant } from './variant.ts';

/** A number, or one for each coordinate. */
const operand = (a: number | readonly number[]): Operand => (typeof a === 'number' ? a : o.constant(a));
const tuned = { stepSize: argument } as const;
const mass = { inverseMass: argument } as const;

const massOf = (m: number | readonly number[] | undefined): { readonly inverseMass?: Operand } =>
  m === undefined ? {} : { inverseMass: operand(m) };

/** A family that says the options it was read with. */
const family = (f: KernelFamily): ReturnType<typeof asDistKernel> => asDistKernel(f);

/** Kernels by type. */
export const kernelsTable: Tables['kernels'] = {
  blockGibbs: () => variant({}, {}, () => blockGibbs()),
  hmc: () =>
    variant(
      { ...tuned, steps: positiveInteger },
      { ...mass, jitter: nonNegative },
      ({ stepSize, inverseMass, ...rest }) =>
        family(hmc({ stepSize: operand(stepSize), ...massOf(inverseMass), ...rest })),
    ),
  nuts: () =>
    variant(tuned, { ...mass, maxDepth: positiveInteger }, ({ stepSize, inverseMass, ...rest }) =>
      family(nuts({ stepSize: operand(stepSize), ...massOf(inverseMass), ...rest })),
    ),
  mala: () =>
    variant(tuned, mass, ({ stepSize, inverseMass }) =>
      family(mala({ stepSize: operand(stepSize), ...massOf(inverseMass) })),
    ),
  // The unadjusted Langevin kernel says `langevin`: along the score of the distribution it is on.
  langevin: () =>
    variant(tuned, { temperature: nonNegative }, ({ stepSize, ...rest }) => family(ula({ stepSize: operand(stepSize), ...rest }))), // biome-ignore format: one entry
  underdamped: () =>
    variant({ ...tuned, friction: finite }, {}, ({ stepSize, friction }) =>
      family(underdamped({ stepSize: operand(stepSize), friction })),
    ),
  randomWalk: () => variant(tuned, {}, ({ stepSize }) => family(randomWalk({ stepSize: operand(stepSize) }))),
};
