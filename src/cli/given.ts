/** What a conditional model is given on the command line. */
import { capabilityOf } from '../algebra/capability.ts';
import { showContext } from '../algebra/context.ts';
import type { AnyDist } from '../algebra/dist.ts';
import type { Json } from '../algebra/spec.ts';
import { atContext, conditioned } from '../models/index.ts';
import { misuse } from './failures.ts';

/** Names of what was given in training, as far as they are known. */
export const namesGiven = (training: Json): readonly string[] => {
  const data = (training as { readonly data?: { readonly given?: readonly string[] } } | null)?.data;
  return data?.given ?? [];
};

/** `0.5,1.2` or `area=120,rooms=3`, in the order of the names. */
const numbersOf = (text: string, names: readonly string[]): readonly number[] => {
  const cells = text.split(',').map((s) => s.trim());
  const number = (s: string): number => {
    const v = Number(s);
    return s !== '' && Number.isFinite(v) ? v : misuse('--given', 'this is no number', { got: `"${s}"` });
  };
  if (!cells.some((c) => c.includes('='))) return cells.map(number);
  const said = new Map(cells.map((c) => [c.split('=')[0].trim(), c.split('=').slice(1).join('=').trim()]));
  const strange = [...said.keys()].find((name) => !names.includes(name));
  if (strange !== undefined)
    misuse('--given', `"${strange}" was not given in training`, { expected: names.join(', '), got: `"${strange}"` });
  return names.map((name) =>
    number(said.get(name) ?? misuse('--given', `"${name}" is missing`, { expected: names.join(', ') })),
  );
};

/** The distribution at what is given; the distribution itself where it reads nothing. Throws a sentence where something is missing or too much. */
export const atGiven = (
  dist: AnyDist,
  { given, class: k }: { readonly given?: string | undefined; readonly class?: number | undefined },
  names: readonly string[],
): AnyDist => {
  const part = capabilityOf(conditioned, dist);
  if (part === undefined) {
    if (given !== undefined) return misuse('--given', 'the model reads nothing beside its events', { got: given });
    return k === undefined ? dist : misuse('--class', 'the model is no model of one class', { got: `${k}` });
  }
  if (k !== undefined)
    return given === undefined ? atContext(part, { class: k }) : misuse('--class', 'what is given is said already, by --given'); // biome-ignore format: one choice
  return given === undefined
    ? misuse('--given', `the model is of events given ${showContext(part.context)}`, {
        expected:
          'classes' in part.context
            ? '--class 0'
            : `--given ${names.length > 0 ? names.map((n) => `${n}=…`).join(',') : '…'}`,
      })
    : atContext(part, numbersOf(given, names));
};
