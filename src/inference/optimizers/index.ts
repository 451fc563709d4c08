/** Optimisers, and the transformations that compose with them. */
export * from './accumulated.ts';
export * from './adagrad.ts';
export * from './adam.ts';
export * from './clip.ts';
export * from './decayed.ts';
export * from './frozen.ts';
export * from './lion.ts';
export * from './optimizer.ts';
export * from './rate-scaled.ts';
export * from './rmsprop.ts';
export * from './sgd.ts';
