/** Gibbs sampling: blocks drawn in turn from their conditionals. */
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import { fork, type Random } from '../core/random.ts';
import type { Kernel, Position } from './kernel.ts';

/** An info without entries. */
export type Silent = Readonly<Record<never, Expr>>;

/** A conditional as a move: the position with one block redrawn given the rest. */
export type Block = (position: Expr) => Random<Expr>;

/**
 * Systematic-scan Gibbs sampling (Geman & Geman 1984): a step draws every block once, in order; a block is a function from the position to the position with
 * that block drawn from its conditional. It leaves invariant every distribution that each of the conditionals leaves invariant, discrete or continuous. Cost:
 * one draw of each block. Throws `ArgumentError` where there is no block.
 *
 * @example
 * gibbs([(x) => (cursor) => [x, cursor]]);   // one block, left as it was
 */
export const gibbs = (blocks: readonly Block[]): Kernel<Position, Silent> => {
  if (blocks.length === 0) raise('ArgumentError', 'gibbs', 'there is no block to draw', { got: '[]' });
  return {
    spec: { type: 'gibbs', blocks: blocks.map(() => ({ opaque: 'a function' })) },
    init: (position) => ({ position }),
    step: (state) => (cursor) => {
      let position = state.position;
      let at = cursor;
      for (const block of blocks) [position, at] = fork(block(position))(at);
      return [{ state: { position }, info: {} }, at];
    },
  };
};
