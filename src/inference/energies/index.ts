/** Unnormalised distributions: estimators that learn them, and estimates of their normalisers. */

export {
  type Annealed,
  type AnnealingOptions,
  type AnnealingProgress,
  annealedImportanceSampling,
  type Ends,
} from './annealed-importance.ts';
export { betasOf, type Way } from './annealing.ts';
export { type Bridge, geometricBridge } from './bridge.ts';
export { type ContrastOptions, contrastiveDivergence } from './contrastive-divergence.ts';
export { asDistKernel, blockGibbs, type DistKernel, type KernelFamily } from './dist-kernel.ts';
export { LOG_PARTITION, type NoiseContrastiveOptions, noiseContrastive } from './noise-contrastive.ts';
export { enumeratedPartition, normalised } from './normalised.ts';
export { type Partition, type PartitionEstimate, showPartition } from './partition.ts';
export { type PersistentOptions, persistentContrastiveDivergence } from './persistent.ts';
export { type ChainSampled, chaining, type Resampled, type SampledByOptions, sampledBy } from './sampled-by.ts';
export { type Normalised, type NormaliserOptions, withNormaliser } from './with-normaliser.ts';
