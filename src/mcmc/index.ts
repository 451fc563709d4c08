/** Markov chain Monte Carlo: kernels and what combines, runs and diagnoses them. */
export * from './kernel.ts';
