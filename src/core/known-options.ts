/** Options in plain JavaScript: what no compiler reads is read here. */
import { raise } from './errors.ts';
import { nearestName } from './names.ts';

/**
 * The options, where all their names are known. Throws `ArgumentError` where there is another name (`unknown option 'lr'; did you mean 'learningRate'?`),
 * or no record at all. Cost: one look-up for each name.
 *
 * @example
 * const f = (options = {}) => knownOptions('f', options, ['learningRate', 'steps']);
 */
export const knownOptions = <O extends object>(
  owner: string,
  options: O,
  names: readonly (keyof O & string)[] | readonly string[],
): O => {
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    return raise('ArgumentError', owner, 'options are a record', {
      expected: `{ ${names.slice(0, 3).join(', ')}${names.length > 3 ? ', …' : ''} }`,
      got: options === null ? 'null' : Array.isArray(options) ? 'an array' : `a ${typeof options}`,
    });
  for (const key of Object.keys(options))
    if (!(names as readonly string[]).includes(key)) {
      const near = nearestName(key, names as readonly string[]) ?? initialsOf(key, names as readonly string[]);
      const advice = near !== undefined ? `did you mean '${near}'?` : `known are ${names.join(', ')}`;
      raise('ArgumentError', owner, `unknown option '${key}'; ${names.length === 0 ? 'there are none' : advice}`);
    }
  return options;
};

/** The one name whose words begin with these letters: `lr` of `learningRate`. */
const initialsOf = (key: string, names: readonly string[]): string | undefined => {
  const of = (name: string): string => (name[0] + name.slice(1).replace(/[^A-Z]/g, '')).toLowerCase();
  const found = names.filter((n) => n.length > 1 && of(n) === key.toLowerCase());
  return found.length === 1 ? found[0] : undefined;
};
