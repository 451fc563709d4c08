/** Markov chain Monte Carlo: kernels and what combines, runs and diagnoses them. */
export { geometricPath, iterate, manyChains, temper } from './combinators.ts';
export {
  bulkSize,
  type Draws,
  effectiveSize,
  energyMixing,
  ranksOf,
  rHat,
  type Summary,
  showSummaries,
  standardError,
  summarise,
  tailSize,
} from './diagnostics.ts';
export { type Block, gibbs, type Silent } from './gibbs.ts';
export { type HmcInfo, type HmcOptions, hmc, leapfrog, type Phase } from './hamiltonian.ts';
export {
  type AnyKernel,
  type AnyLogDensity,
  type DiscreteLogDensity,
  type Evaluated,
  evaluated,
  type Kernel,
  type KernelOf,
  type LogDensity,
  type LogDensityOf,
  logDensityOf,
  type Position,
  type Score,
  scoreOf,
  type Transition,
} from './kernel.ts';
export {
  type Gradients,
  type LangevinOptions,
  langevin,
  type MalaInfo,
  type Moving,
  mala,
  type Tuning,
  ula,
  underdamped,
} from './langevin.ts';
export { type Acceptance, metropolisHastings, type Proposal, randomWalk, type Weighed } from './metropolis.ts';
export { type NutsInfo, type NutsOptions, nuts } from './nuts.ts';
export {
  type PersistentChains,
  persistent,
  type Replayed,
  type ReplayOptions,
} from './persistent.ts';
export { type ChainProgress, type Chains, type RunChainsOptions, runChains } from './run-chains.ts';
export { showChains } from './run-words.ts';
export { type Exchanges, parallelTempering, type Replicas, type TemperingOptions } from './tempering.ts';
export {
  alternate,
  type InfoOf,
  type Infos,
  kernelMixture,
  type Mixed,
  type StateOf,
  type Together,
} from './together.ts';
export { type AdaptedOptions, type Adapting, adapted, type Learned, type Tuned } from './warm-up.ts';
