/** The grey levels a distribution is about, as its outermost part declares them. */
import { capabilityOf } from '../algebra/capability.ts';
import type { AnyDist } from '../algebra/dist.ts';
import { counting } from '../algebra/levels.ts';

/** How many integers `0 … n − 1` the events of a distribution are made of; undefined where they are real numbers. */
export const levelsOf = (dist: AnyDist): number | undefined => capabilityOf(counting, dist);
