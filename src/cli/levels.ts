/** The grey levels a law is about, as its outermost part declares them. */
import { capabilityOf } from '../algebra/capability.ts';
import type { Law } from '../algebra/dist.ts';
import { counting } from '../algebra/levels.ts';

/** How many integers `0 … n − 1` the events of a law are made of; undefined where they are real numbers. */
export const levelsOf = (law: Law): number | undefined => capabilityOf(counting, law);
