/** Kinds of what a diffusion model is made of. */
import { kind } from '../core/definition.ts';
import type { Denoiser, DiffusionSampler, Grid, Preconditioning, Process, TimeDist, Weighting } from './index.ts';

/** Noising processes. */
export const processKind = kind<Process>('process');

/** Preconditionings of denoisers. */
export const preconditioningKind = kind<Preconditioning>('preconditioning');

/** Denoisers. */
export const denoiserKind = kind<Denoiser>('denoiser');

/** Grids of times. */
export const gridKind = kind<Grid>('grid');

/** Samplers. */
export const samplerKind = kind<DiffusionSampler<'signal'>>('sampler');

/** Weightings of noise levels in a loss. */
export const weightingKind = kind<Weighting>('weighting');

/** Distributions of the time in a loss. */
export const timeKind = kind<TimeDist>('time distribution');
