/** Options in plain JavaScript: what no compiler reads is read here. */

import { raise } from './errors.ts';
import { kindOf } from './kind-of.ts';
import { nearestName } from './names.ts';

/** The names of all options of a type: one that is missing or too many does not compile. */
export type OptionNames<O> = { readonly [K in keyof O]-?: true };

/**
 * The options, where all their names are known; `names` are a list, or a record that the compiler holds against the type of the options. Throws `ArgumentError`
 * where there is another name (`adam: unknown option 'lr'; did you mean 'learningRate'?`), or no record at all. Cost: one look-up for each name.
 *
 * @example
 * const f = (options = {}) => knownOptions('f', options, ['learningRate', 'steps']);
 * f({ steps: 3 });
 */
export const knownOptions = <O extends object>(
  owner: string,
  options: O,
  names: OptionNames<NoInfer<O>> | readonly string[],
): O => {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    const got = kindOf(options);
    return raise('ArgumentError', owner, 'options are a record', { expected: `{ ${listOf(names).join(', ')} }`, got });
  }
  const known = (key: string): boolean => (Array.isArray(names) ? names.includes(key) : Object.hasOwn(names, key));
  for (const key of Object.keys(options)) if (!known(key)) refuse(owner, key, listOf(names));
  return options;
};

const listOf = (names: object): readonly string[] => (Array.isArray(names) ? names : Object.keys(names));

const refuse = (owner: string, key: string, names: readonly string[]): never => {
  const near = byInitials(key, names) ?? nearestName(key, names);
  const known = names.length === 0 ? 'there are none' : `known are ${names.join(', ')}`;
  return raise(
    'ArgumentError',
    owner,
    `unknown option '${key}'; ${near === undefined ? known : `did you mean '${near}'?`}`,
  );
};

/** The one name whose words begin with these letters: `lr` of `learningRate`. */
const byInitials = (key: string, names: readonly string[]): string | undefined => {
  const initials = (name: string): string => (name[0] + name.slice(1).replace(/[^A-Z]/g, '')).toLowerCase();
  const found = names.filter((name) => key.length > 1 && initials(name) === key.toLowerCase());
  return found.length === 1 ? found[0] : undefined;
};
