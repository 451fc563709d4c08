/** Networks as parametrised functions. */
export * from './conv-net.ts';
export * from './dense.ts';
export * from './made.ts';
export * from './mlp.ts';
export * from './network.ts';
