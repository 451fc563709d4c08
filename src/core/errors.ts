/**
 * Expected failures are values with a tag, the path of the offending part, what was expected and what was got.
 *
 * Borders (files, JSON, CLI, training) return them inside `Either`/`TaskEither`; smart constructors throw them, because a
 * declaration that does not fit together is a mistake in a program. `message` is always one sentence a person can act on.
 */

/** What went wrong, as a closed set of tags. */
export type ErrorTag =
  /** shapes or element types do not fit together */
  | 'ShapeError'
  /** an argument is outside its allowed values */
  | 'ArgumentError'
  /** a JSON document does not follow its codec */
  | 'SpecError'
  /** a file is missing, truncated, malformed or cannot be written */
  | 'FileError'
  /** data do not fit the model (wrong dimension, NaN, text in a numeric column) */
  | 'DataError'
  /** a backend is unknown, not installed, or failed */
  | 'BackendError'
  /** training produced a number that is not finite */
  | 'NonFiniteError'
  /** a name is not registered (model, backend, data set, layer) */
  | 'UnknownName';

/** A failure as plain data. `path` names where: a layer (`repeat/3/coupling`), a JSON path, `file.csv:17`, a flag. */
export interface Failure {
  readonly _tag: ErrorTag;
  readonly message: string;
  readonly path: string;
  readonly expected?: string;
  readonly got?: string;
}

/** The `Error` that carries a {@link Failure}: thrown by smart constructors, caught at the borders. */
export class PushforwardError extends Error implements Failure {
  readonly _tag: ErrorTag;
  readonly detail: string;
  readonly path: string;
  readonly expected?: string;
  readonly got?: string;
  constructor(failure: Omit<Failure, 'message'> & { readonly message: string }) {
    super(sentence(failure));
    this.name = failure._tag;
    this._tag = failure._tag;
    this.detail = failure.message;
    this.path = failure.path;
    if (failure.expected !== undefined) this.expected = failure.expected;
    if (failure.got !== undefined) this.got = failure.got;
  }
}

/**
 * A failure in one sentence: `path: message (expected …, got …)`.
 *
 * @example
 * sentence(failure('ArgumentError', 'steps', 'must be positive', { got: '0' }));   // 'steps: must be positive (got 0)'
 */
export const sentence = (f: Failure): string => {
  const wanted =
    f.expected === undefined && f.got === undefined
      ? ''
      : ` (${[f.expected && `expected ${f.expected}`, f.got && `got ${f.got}`].filter(Boolean).join(', ')})`;
  return `${f.path ? `${f.path}: ` : ''}${f.message}${wanted}`;
};

/**
 * A {@link Failure} as plain data: a tag, the path of the offending part, a sentence, and what was expected and got.
 *
 * @example
 * failure('FileError', 'points.csv', 'no such file')._tag;   // 'FileError'
 */
export const failure = (
  _tag: ErrorTag,
  path: string,
  message: string,
  details: { readonly expected?: string; readonly got?: string } = {},
): Failure => ({ _tag, path, message, ...details });

/**
 * Throws a {@link PushforwardError} with the given tag, path and sentence; for smart constructors.
 *
 * @example
 * const positive = (n) => (n > 0 ? n : raise('ArgumentError', 'n', 'must be positive', { got: `${n}` }));
 */
export const raise = (
  _tag: ErrorTag,
  path: string,
  message: string,
  details: { readonly expected?: string; readonly got?: string } = {},
): never => {
  throw new PushforwardError({ _tag, path, message, ...details });
};

/**
 * A thrown value as a {@link Failure}: that of a {@link PushforwardError}; any other error gets the tag `fallback` and its own message.
 *
 * @example
 * toFailure('FileError', 'points.csv')(new Error('disk full'))._tag;   // 'FileError'
 */
export const toFailure =
  (fallback: ErrorTag, path = '') =>
  (e: unknown): Failure =>
    e instanceof PushforwardError
      ? failure(e._tag, e.path, e.detail, {
          ...(e.expected === undefined ? {} : { expected: e.expected }),
          ...(e.got === undefined ? {} : { got: e.got }),
        })
      : failure(fallback, path, e instanceof Error ? e.message : String(e));

/**
 * The result of `f`; a {@link PushforwardError} thrown inside is thrown again with `segment` in front of its path.
 *
 * @example
 * within('coupling', () => 2);   // 2
 */
export const within = <A>(segment: string, f: () => A): A => {
  try {
    return f();
  } catch (e) {
    if (e instanceof PushforwardError && segment !== '')
      throw new PushforwardError({
        ...toFailure(e._tag)(e),
        path: e.path === '' ? segment : `${segment}/${e.path}`,
      });
    throw e;
  }
};
