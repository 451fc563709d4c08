/** Models with latent variables: their densities are bounds. */
export * from './augmented.ts';
export * from './dequantised-flow.ts';
export * from './flow-vae.ts';
export * from './hvae.ts';
export * from './likelihood.ts';
export * from './nvae.ts';
export * from './recurrent-vae.ts';
export * from './vae.ts';
