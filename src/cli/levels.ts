/** The grey levels a law is about, read off its declaration: those that its outermost part declares; two where it flips coins. */
import type { Law } from '../algebra/dist.ts';
import type { Json } from '../algebra/spec.ts';
import { isRecord } from '../core/codec.ts';

const found = (spec: Json): number | undefined => {
  if (Array.isArray(spec)) return found(spec[0] ?? null);
  if (!isRecord(spec)) return undefined;
  if (spec.type === 'stochastic')
    return isRecord(spec.decoder) && spec.decoder.type === 'conditionalBernoulli' ? 2 : undefined;
  if (typeof spec.levels === 'number') return spec.levels;
  const inner = spec.type === 'pushforward' ? spec.transport : spec.type === 'compose' ? spec.layers : spec.layer;
  return inner === undefined ? undefined : found(inner as Json);
};

/** How many integers `0 … n − 1` the events of a law are made of; undefined where they are real numbers. */
export const levelsOf = (law: Law): number | undefined => found(law.spec);
