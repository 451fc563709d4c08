/** Diffusion models as compositions. */
export * from './ddpm.ts';
export * from './network.ts';
export * from './score-sde.ts';
