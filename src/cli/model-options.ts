/** Options of a model on the command line, under the names that the model gives them: `--set groups=4`. */
import { unknownKey } from '../core/codec.ts';
import type { ModelEntry, ModelOptions } from '../models/index.ts';
import { misuse } from './failures.ts';

const numbers = (text: string): readonly number[] | undefined => {
  const all = text.split(',').map((s) => (s.trim() === '' ? Number.NaN : Number(s)));
  return all.every(Number.isFinite) ? all : undefined;
};

/** What a text may stand for, likeliest first. */
const readings = (text: string): readonly unknown[] => {
  const list = numbers(text);
  return [
    ...(list === undefined ? [] : list.length === 1 ? [list[0], list] : [list]),
    ...(text === 'true' || text === 'false' ? [text === 'true'] : []),
    text,
  ];
};

/** An option as it was typed: by the flag of its name, or by `--set`. */
export interface Setting {
  readonly flag: string;
  readonly name: string;
  readonly text: string;
}

/** The options of a model from texts. Throws a sentence for a name that the model has not, and for what is no value of an option. */
export const modelOptions = (
  { name: model, options }: Pick<ModelEntry, 'name' | 'options'>,
  settings: readonly Setting[],
): ModelOptions =>
  Object.fromEntries(
    settings.map(({ flag, name, text }) => {
      if (!Object.hasOwn(options, name))
        return misuse(flag, `${model}: ${unknownKey(name, Object.keys(options), 'option')}`);
      const codec = options[name];
      const value = readings(text).find((v) => codec.decode(v)._tag === 'Right');
      return value === undefined
        ? misuse(flag, `${name} of ${model} cannot be this`, { expected: codec.name, got: `"${text}"` })
        : [name, value];
    }),
  );

/** What was typed of a model's options: `--set name=value`, and the flags that are named like the commonest. */
export const settingsOf = (f: {
  readonly set?: readonly string[];
  readonly layers?: string;
  readonly hidden?: string;
  readonly latent?: string;
}): readonly Setting[] => [
  ...(f.set ?? []).map((pair): Setting => {
    const at = pair.indexOf('=');
    return at > 0
      ? { flag: '--set', name: pair.slice(0, at).trim(), text: pair.slice(at + 1).trim() }
      : misuse('--set', 'an option is set as name=value', { expected: 'groups=4', got: `"${pair}"` });
  }),
  ...(['layers', 'hidden', 'latent'] as const).flatMap((name) => {
    const text = f[name];
    return text === undefined ? [] : [{ flag: `--${name}`, name, text }];
  }),
];
