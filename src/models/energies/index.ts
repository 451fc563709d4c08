/** Models known up to a constant: machines, neural energies, products of experts, classifiers read as distributions. */
export * from './energy-model.ts';
export * from './jem.ts';
export * from './networks.ts';
export * from './rbm-model.ts';
