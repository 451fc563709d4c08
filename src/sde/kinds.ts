/** The kinds of the parts of a diffusion model. */
import { kind } from '../core/definition.ts';
import type { Denoiser, DiffusionSampler, Grid, Preconditioning, Process, TimeDist, Weighting } from './index.ts';

/**
 * The kind of declaration of noising processes, for `define`; messages call one a "process".
 *
 * @example
 * vp.definitions[0].kind === processKind;   // true
 */
export const processKind = kind<Process>('process');

/**
 * The kind of declaration of preconditionings of denoisers, for `define`; messages call one a "preconditioning".
 *
 * @example
 * standard.definitions[0].kind === preconditioningKind;   // true
 */
export const preconditioningKind = kind<Preconditioning>('preconditioning');

/**
 * The kind of declaration of denoisers, for `define`; messages call one a "denoiser".
 *
 * @example
 * predict.definitions[0].kind === denoiserKind;   // true
 */
export const denoiserKind = kind<Denoiser>('denoiser');

/**
 * The kind of declaration of grids of times, for `define`; messages call one a "grid".
 *
 * @example
 * uniformGrid.definitions[0].kind === gridKind;   // true
 */
export const gridKind = kind<Grid>('grid');

/**
 * The kind of declaration of diffusion samplers, for `define`; messages call one a "sampler".
 *
 * @example
 * ddim.definitions[0].kind === samplerKind;   // true
 */
export const samplerKind = kind<DiffusionSampler<'signal'>>('sampler');

/**
 * The kind of declaration of weightings of noise levels in a loss, for `define`; messages call one a "weighting".
 *
 * @example
 * edmWeighting.definitions[0].kind === weightingKind;   // true
 */
export const weightingKind = kind<Weighting>('weighting');

/**
 * The kind of declaration of distributions of the time in a loss, for `define`; messages call one a "time distribution".
 *
 * @example
 * logNormalTime.definitions[0].kind === timeKind;   // true
 */
export const timeKind = kind<TimeDist>('time distribution');
