import { closest, distance } from 'fastest-levenshtein';
import { type Failure, failure } from './errors.ts';

/** The known name nearest to `name` when it is near enough to be a slip of the pen. */
export const nearestName = (name: string, known: readonly string[]): string | undefined => {
  if (known.length === 0) return undefined;
  const near = closest(
    name.toLowerCase(),
    known.map((k) => k.toLowerCase()),
  );
  const found = known.find((k) => k.toLowerCase() === near) as string;
  const slips = distance(name.toLowerCase(), near);
  return slips < name.length && slips <= Math.max(2, name.length / 3) ? found : undefined;
};

/** `there is no <what> "nmae"; did you mean "name"?`, with the list of what there is. */
export const unknownName = (path: string, what: string, name: string, known: readonly string[]): Failure => {
  const near = nearestName(name, known);
  return failure(
    'UnknownName',
    path,
    `there is no ${what} "${name}"${near === undefined ? '' : `; did you mean "${near}"?`}`,
    { expected: `one of ${known.join(', ')}` },
  );
};
