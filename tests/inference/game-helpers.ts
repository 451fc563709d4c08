/** Small games over scalar parameters, and what to compare of their outcomes. */
import * as E from 'fp-ts/lib/Either.js';
import * as D from '../../src/core/draw.ts';
import { type Failure, sentence } from '../../src/core/errors.ts';
import type { Expr } from '../../src/core/expr.ts';
import * as P from '../../src/core/parameters.ts';
import type { Feeds } from '../../src/core/program.ts';
import * as Sc from '../../src/core/scope.ts';
import { type Fitted, lossOf, type Objective, type TrainingState } from '../../src/inference/index.ts';

export const right = <A>(r: E.Either<Failure, A>): A => {
  if (E.isLeft(r)) throw new Error(sentence(r.left));
  return r.right;
};
export const said = <A>(r: E.Either<Failure, A>): string => (E.isLeft(r) ? sentence(r.left) : 'it was not refused');

/** Scalar parameters by name, with where they start. */
export type Starts = Readonly<Record<string, number>>;

/** A scalar parameter at the root. */
export const scalar = (name: string, start: number): Sc.Scoped<Expr> =>
  Sc.parameter(name, [], { init: P.constantly(start) });

/** A loss of one event `[1]` over scalar parameters, each of which is read once. */
export const over = <P extends Starts>(
  starts: P,
  loss: (p: { readonly [K in keyof P]: Expr }, x: Expr) => Expr | D.Draw<Expr>,
): Objective<readonly [1]> =>
  lossOf('a loss of scalars', [1] as const, (x) => (scope) => {
    const read = Object.fromEntries(Object.entries(starts).map(([name, s]) => [name, scalar(name, s)(scope)]));
    const l = loss(read as { readonly [K in keyof P]: Expr }, x);
    return (typeof l === 'function' ? l : D.of(l))(scope);
  });

/** The numbers of scalar parameters. */
export const numbers = (parameters: Feeds, names: readonly string[]): number[] =>
  names.map((n) => parameters[n].data[0]);

/** Arrays, comparable bit by bit. */
export const bits = (arrays: Feeds = {}) =>
  Object.fromEntries(
    Object.entries(arrays).map(([name, { shape, type, data }]) => [
      name,
      [shape.join(), type, Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('hex')],
    ]),
  );

/** A state, comparable bit by bit. */
export const stateBits = ({ parameters, slots, average, buffers, best, stage, ...rest }: TrainingState) => ({
  ...rest,
  parameters: bits(parameters),
  slots: Object.fromEntries(Object.entries(slots).map(([slot, of]) => [slot, bits(of)])),
  average: bits(average),
  buffers: bits(buffers),
  best: best === undefined ? undefined : { ...best, parameters: bits(best.parameters), buffers: bits(best.buffers) },
  stage: stage === undefined ? undefined : { ...stage, previous: bits(stage.previous) },
});

/** A state and what is used of it. */
export const outcome = ({ last, parameters }: Fitted) => ({ last: stateBits(last), used: bits(parameters) });
