/** Distributions: one family a file. */
export { type Dist, dist, type Law, pushforward, type Scored } from '../algebra/dist.ts';
export * from './conditional-normal.ts';
export * from './normal.ts';
export * from './uniform.ts';
