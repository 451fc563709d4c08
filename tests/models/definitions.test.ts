/** Every definition: its examples are read, come back from JSON as they were, and mention every option that JSON can hold. */
import * as E from 'fp-ts/lib/Either.js';
import { describe, expect, test } from 'vitest';
import type { Spec } from '../../src/algebra/spec.ts';
import { decode, positiveNumber } from '../../src/core/codec.ts';
import { type Definition, define, definitionsOf, kind } from '../../src/core/definition.ts';
import { sentence } from '../../src/core/errors.ts';
import { knownOptions } from '../../src/core/known-options.ts';
import { specOfFamily } from '../../src/inference/energies/dist-kernel.ts';
import { codecOf, definitions } from '../../src/models/index.ts';

const read = (d: Definition, json: unknown): { readonly spec: Spec } => {
  const value = decode(codecOf(d.kind), json);
  if (E.isLeft(value)) throw new Error(`${d.kind.name} ${d.type}: ${sentence(value.left)}`);
  // A family of kernels says what it is by its kernel on any target.
  return typeof value.right === 'function' && !('spec' in value.right)
    ? { spec: specOfFamily(value.right as never) }
    : (value.right as { readonly spec: Spec });
};

const exemplified = definitions.filter((d) => d.examples.length > 0);

describe('definitions', () => {
  test.each(exemplified.map((d) => [`${d.kind.name} ${d.type}`, d] as const))('%s comes back from JSON', (_, d) => {
    for (const example of d.examples) {
      const made = read(d, { type: d.type, ...example });
      const text = JSON.stringify(made.spec);
      expect(JSON.stringify(read(d, JSON.parse(text)).spec)).toBe(text);
      // What was asked for is what is written, defaults beside it.
      expect(made.spec).toMatchObject(example);
    }
    const mentioned = new Set(d.examples.flatMap((e) => Object.keys(e)));
    expect(Object.keys({ ...d.required, ...d.optional }).filter((k) => !mentioned.has(k))).toEqual([]);
  });

  test('an unknown option is refused, with the nearest', () => {
    const numbers = kind<number>('number');
    const twice = define(numbers, { type: 'twice', takes: ['of'], required: { of: positiveNumber }, optional: { factor: positiveNumber } }, (of: number, { factor = 2 }: { readonly factor?: number } = {}) => of * factor); // biome-ignore format: one line
    expect(twice(3, { factor: 4 })).toBe(12);
    expect(() => twice(3, { facto: 4 } as never)).toThrow("twice: unknown option 'facto'; did you mean 'factor'?");
    expect(() => knownOptions('f', { a: 1 }, [])).toThrow("f: unknown option 'a'; there are none");
    expect(() => definitionsOf({ twice }, { again: define(numbers, { type: 'twice' }, () => 2) })).toThrow("two definitions of the number 'twice'"); // biome-ignore format: one line
  });
});
