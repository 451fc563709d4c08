/** Stochastic differential equations and diffusion: noising processes, denoisers, grids and samplers. */
export * from './ddpm.ts';
export * from './ddpm-analysis.ts';
export * from './ddpm-chain.ts';
export * from './ddpm-layers.ts';
export * from './ddpm-schedule.ts';
export * from './denoiser.ts';
export * from './exact.ts';
export * from './families.ts';
export * from './grid.ts';
export * from './preconditioning.ts';
export * from './process.ts';
export * from './reverse-chain.ts';
export * from './sampler.ts';
export * from './sde-samplers.ts';
