/** Initial values of parameters given from outside: from a file, or from another place of the model. */
import { raise } from './errors.ts';
import type { Expr } from './expr.ts';
import { constant } from './ops/leaves.ts';
import { initialOf } from './parameters.ts';
import type { Feeds } from './program.ts';
import type { Scoped } from './scope.ts';
import { sameShape, showShape } from './shape.ts';

/** A parameter's name here to the name it starts from. */
export type Renaming = (name: string) => string;

/** The places around say theirs where it is read. */
const lastOf = (name: string): string => name.slice(name.lastIndexOf('/') + 1);

const starting =
  (definitionOf: (name: string, own: Expr) => Expr) =>
  <A>(part: Scoped<A>): Scoped<A> =>
  (scope) =>
    part({ ...scope, starts: definitionOf });

/**
 * A part whose parameters start from arrays, those of a checkpoint or of another run, instead of their own initial values. Names, noise and what is
 * trained stay the same; arrays that nothing asks for are left alone. The arrays hold free values (those before a constraint), as
 * `fitted.parameters` and checkpoints do. Throws `ArgumentError` where an array is missing and `ShapeError` where one does not fit.
 *
 * @example
 * const pretrained = { 'teacher/w': tensorOf([1, 2]) };
 * const w = startingFrom(pretrained, (name) => `teacher/${name}`)(parameter('w', [2], { init: parameters.zeros }));
 */
export const startingFrom = (arrays: Feeds, rename: Renaming = (name) => name): (<A>(part: Scoped<A>) => Scoped<A>) =>
  starting((name, own) => {
    const from = rename(name);
    const found = arrays[from];
    if (found === undefined)
      return raise('ArgumentError', lastOf(name), 'there is no array to start from', {
        expected: `'${from}' ${showShape(own.shape)}`,
        got: `${Object.keys(arrays).slice(0, 8).join(', ')}${Object.keys(arrays).length > 8 ? ', …' : ''}`,
      });
    return sameShape(found.shape, own.shape)
      ? constant(found.data as ArrayLike<number>, own.shape)
      : raise('ShapeError', lastOf(name), 'the array to start from has another shape', {
          expected: showShape(own.shape),
          got: showShape(found.shape),
        });
  });

/**
 * A part whose parameters start where those of another place of the same model start: a student at its teacher, a generator at a denoiser. The other place
 * must be read by the same game. Throws `ArgumentError`, when training begins, where it is not.
 *
 * @example
 * const student = startingAt((name) => name.replace('student', 'teacher'))(parameter('w', [2], { init: parameters.zeros }));
 */
export const startingAt = (rename: Renaming): (<A>(part: Scoped<A>) => Scoped<A>) =>
  starting((name, own) => initialOf(rename(name), own.shape));
