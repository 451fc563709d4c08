/** Kinds of networks. */
import type { Spec } from '../algebra/spec.ts';
import { kind } from '../core/definition.ts';
import type { Network } from './network.ts';
import type { NoiseConditioned } from './noise-conditioned.ts';
import type { SequentialPart } from './sequential.ts';
import type { Embedding } from './time-embedding.ts';

/**
 * The kind of declaration that networks are, for `define`; messages call one a "network".
 *
 * @example
 * mlp.definitions[0].kind === networkKind;   // true
 */
export const networkKind = kind<Network>('network');

/** A part of `sequential` that has a specification. */
export type NetworkPart = SequentialPart & { readonly spec: Spec };

/**
 * The kind of declaration of the layers that `sequential` is made of, for `define`; networks are such parts too. Messages call one a "network part".
 *
 * @example
 * dense.definitions[0].kind === networkPartKind;   // true
 */
export const networkPartKind = kind<NetworkPart>('network part', { also: [networkKind] });

/**
 * The kind of declaration of networks that read a noise level beside their input, for `define`; messages call one a "noise network".
 *
 * @example
 * resMlp.definitions[0].kind === noiseNetworkKind;   // true
 */
export const noiseNetworkKind = kind<NoiseConditioned>('noise network');

/**
 * The kind of declaration of embeddings of a noise level, for `define`; messages call one an "embedding".
 *
 * @example
 * sinusoidal.definitions[0].kind === embeddingKind;   // true
 */
export const embeddingKind = kind<Embedding>('embedding');
