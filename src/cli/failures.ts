/** Failures at the command line: values inside, one sentence and an exit code outside. */
import type { Either } from 'fp-ts/lib/Either.js';
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import { type Failure, PushforwardError, raise } from '../core/errors.ts';
import { unknownName } from '../core/names.ts';

/** Exit codes: 1 for what went wrong with files, data or numbers, 2 for a wrong command line, 130 after Ctrl-C. */
export const EXIT = { ok: 0, failed: 1, usage: 2, interrupted: 130 } as const;

/** The value, or the failure thrown: inside an action, whose border catches it. */
export const orThrow = <A>(e: Either<Failure, A>): A => {
  if (e._tag === 'Left') throw new PushforwardError(e.left);
  return e.right;
};

/** {@link orThrow} for tasks. */
export const settled = async <A>(task: TaskEither<Failure, A>): Promise<A> => orThrow(await task());

/** A mistake in the command line, at a flag. */
export const misuse = (
  flag: string,
  message: string,
  details: { readonly expected?: string; readonly got?: string } = {},
): never => raise('ArgumentError', flag, message, details);

/** Throws `UnknownName` with the nearest name. */
export const unknown = (path: string, what: string, name: string, known: readonly string[]): never => {
  throw new PushforwardError(unknownName(path, what, name, known));
};

const usageTags = new Set<Failure['_tag']>(['ArgumentError', 'UnknownName']);

/** What a thrown value means: its sentence, tag and exit code. An error nobody expected says so. */
export const explain = (e: unknown): { readonly tag: string; readonly text: string; readonly code: number } =>
  e instanceof PushforwardError
    ? { tag: e._tag, text: e.message, code: usageTags.has(e._tag) ? EXIT.usage : EXIT.failed }
    : {
        tag: 'Fault',
        text: `${e instanceof Error ? e.message : String(e)} (a fault of pushforward, not of yours; --debug shows where)`,
        code: EXIT.failed,
      };
