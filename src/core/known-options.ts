/** In plain JavaScript nobody checks the names of options; these functions do. */
import { unknownKey } from './codec.ts';
import { raise } from './errors.ts';

const isOptions = (u: unknown): u is Readonly<Record<string, unknown>> => {
  if (typeof u !== 'object' || u === null) return false;
  const prototype: unknown = Object.getPrototypeOf(u);
  // A declaration is an argument, not options.
  return (prototype === Object.prototype || prototype === null) && !('spec' in u);
};

/** Throws `ArgumentError`, with the nearest name, where a record has a key that is no option. */
export const knownOptions = (owner: string, options: unknown, known: readonly string[]): void => {
  if (!isOptions(options)) return;
  const stray = Object.keys(options).find((k) => !known.includes(k));
  if (stray !== undefined)
    raise(
      'ArgumentError',
      owner,
      unknownKey(
        stray,
        known.filter((k) => !Object.hasOwn(options, k)),
        'option',
      ),
    );
};
