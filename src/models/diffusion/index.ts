/** Diffusion models as compositions. */
export * from './cld.ts';
export * from './ddpm.ts';
export * from './network.ts';
export * from './pixels.ts';
export * from './score-sde.ts';
