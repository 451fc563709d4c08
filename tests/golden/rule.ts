/**
 * The one rule by which numbers are compared with their record.
 *
 * Names, noise and initial values come from the host alone, in integers and double precision: they hold exactly on every machine. Numbers of the `reference`
 * interpreter hold to 1e-12. Numbers of ONNX Runtime hold bit for bit on the processor and runtime of the record; elsewhere its kernels add in another order,
 * so losses and densities hold to 1e-3 and hashes are not compared.
 */
import type { Machine } from './bits.ts';

/** A relative difference, of numbers below 1 in size an absolute one. */
const distance = (a: number, b: number): number =>
  Object.is(a, b) || a === b ? 0 : Math.abs(a - b) / Math.max(1, Math.abs(b));

/** How a record is compared: bit for bit, or to a tolerance with hashes left out. */
export interface Rule {
  readonly says: string;
  readonly hashes: boolean;
  readonly holds: (got: number, expected: number) => boolean;
}

/** Bit for bit. */
export const exactly: Rule = { says: 'bit for bit', hashes: true, holds: (a, b) => Object.is(a, b) };

const within = (tolerance: number): Rule => ({
  says: `to ${tolerance}`,
  hashes: false,
  holds: (a, b) => Object.is(a, b) || distance(a, b) <= tolerance,
});

/** The rule for numbers of the double-precision interpreter. */
export const reference: Rule = within(1e-12);

/** The rule for numbers of ONNX Runtime that were recorded on a machine. */
export const runtimeRule = (recorded: Machine, here: Machine): Rule =>
  recorded.processor === here.processor && recorded.runtime === here.runtime ? exactly : within(1e-3);

/** A part of a record that did not hold. */
export interface Broken {
  readonly what: string;
  readonly expected: string;
  readonly got: string;
}

/** What a record is made of: hashes (texts), numbers, lists and named parts. */
export type Value = string | number | readonly Value[] | { readonly [name: string]: Value };

const shown = (v: Value | undefined): string => (v === undefined ? 'nothing' : typeof v === 'object' ? JSON.stringify(v).slice(0, 120) : `${v}`); // biome-ignore format: one idea

/** Numbers as JSON keeps them: what is not finite is a text. */
export const kept = (v: number): Value => (Number.isFinite(v) ? v : `number ${v}`);

/** Where a value is not what was recorded, by the path to it. A text that is no number counts where the rule compares hashes. */
export const compared = (rule: Rule, expected: Value | undefined, got: Value | undefined, what = ''): Broken[] => {
  const broken = [{ what, expected: shown(expected), got: shown(got) }];
  if (expected === undefined || got === undefined || typeof expected !== typeof got) return broken;
  if (typeof expected === 'number') return rule.holds(got as number, expected) ? [] : broken;
  if (typeof expected === 'string')
    return expected === got || !(rule.hashes || expected.startsWith('number ')) ? [] : broken;
  const [a, b] = [expected, got] as readonly { readonly [name: string]: Value }[];
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].flatMap((k) =>
    compared(rule, a[k], b[k], what === '' ? k : `${what} ${k}`),
  );
};
