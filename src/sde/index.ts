/** Stochastic differential equations and diffusion: noising processes, denoisers, grids and samplers. */
export * from './denoiser.ts';
export * from './exact.ts';
export * from './families.ts';
export * from './grid.ts';
export * from './preconditioning.ts';
export * from './process.ts';
export * from './sampler.ts';
export * from './sde-samplers.ts';
