/** Networks as parametrised functions. */
export * from './attention.ts';
export * from './batch-normalised.ts';
export { type ConvNetOptions, convNet } from './conv-net.ts';
export * from './dense.ts';
export * from './greyscale.ts';
export * from './group-norm.ts';
export * from './made.ts';
export * from './mlp.ts';
export * from './network.ts';
export * from './noise-conditioned.ts';
export * from './recurrent.ts';
export * from './res-mlp.ts';
export { type DecoderCellOptions, decoderCell, depthwise, encoderCell, squeezeExcite } from './residual-cells.ts';
export * from './sequential.ts';
export * from './spectrally-normalised.ts';
export * from './time-embedding.ts';
export { type TopDownOptions, topDown } from './top-down.ts';
export * from './unet.ts';
