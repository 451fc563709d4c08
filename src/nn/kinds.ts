/** Kinds of networks. */
import type { Spec } from '../algebra/spec.ts';
import { kind } from '../core/definition.ts';
import type { Network } from './network.ts';
import type { NoiseConditioned } from './noise-conditioned.ts';
import type { SequentialPart } from './sequential.ts';
import type { Embedding } from './time-embedding.ts';

/** Networks. */
export const networkKind = kind<Network>('network');

/** A part of `sequential` that says what it is. */
export type NetworkPart = SequentialPart & { readonly spec: Spec };

/** What `sequential` is made of; networks are such parts too. */
export const networkPartKind = kind<NetworkPart>('network part', { also: [networkKind] });

/** Networks that read a noise level beside their input. */
export const noiseNetworkKind = kind<NoiseConditioned>('noise network');

/** Embeddings of a noise level. */
export const embeddingKind = kind<Embedding>('embedding');
