/** Families of Markov kernels, by the word that messages use. */
import { kind } from '../core/definition.ts';
import type { AnyKernel, LogDensity } from './kernel.ts';

/** Families of Markov kernels: what `hmc({ … })` and its kind give. */
export const kernelKind = kind<(target: LogDensity) => AnyKernel>('kernel');
