/** Nested arrays: writing an array down and reading it are inverse; what is no array says so. Options: a slip of the pen is named. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { knownOptions } from '../../src/core/known-options.ts';
import { asTensor, fromNested, type HostArray, type Nested, shapeOfNested, toNested } from '../../src/core/nested.ts';
import * as o from '../../src/core/ops/index.ts';
import { tensorOf } from '../../src/core/tensor.ts';

const options = { seed: Number(process.env.LAW_SEED ?? 32), numRuns: 200 };

const tensors = fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 3 }).chain((shape) => {
  const size = shape.reduce((a, b) => a * b, 1);
  return fc
    .array(fc.double({ noNaN: true }), { minLength: size, maxLength: size })
    .map((values) => tensorOf(values, shape));
});

describe('nested arrays', () => {
  test('are tensors, and tensors are nested arrays', () => {
    fc.assert(
      fc.property(tensors, (t) => {
        const nested = toNested(t);
        expect(shapeOfNested(nested)).toEqual(t.shape);
        expect(fromNested(nested)).toEqual(t);
        expect(toNested(fromNested(nested))).toEqual(nested);
        expect(o.array(nested).shape).toEqual(t.shape);
      }),
      options,
    );
  });

  test.each<[string, unknown, RegExp]>([
    ['rows that differ', [[1, 2], [3]], /^x: the rows differ in length \(expected \[2\], got \[1\]\)$/],
    ['a word in them', [1, 'two'], /^x: an array holds numbers \(got a string\)$/],
    ['nothing in them', [[null]], /^x: an array holds numbers \(got null\)$/],
    ['a word', 'one', /^x: this is no array of numbers .*got a string\)$/],
    ['a typed array', Float32Array.of(1), /got a typed array without a shape: tensorOf\(array, shape\)\)$/],
    ['nothing', undefined, /got nothing\)$/],
  ])('%s', (_, given, message) => {
    expect(() => asTensor(given as HostArray, 'x')).toThrow(message);
    expect(() => o.array(given as Nested, 'x')).toThrow(message);
  });
});

describe('knownOptions', () => {
  const names = ['learningRate', 'beta1', 'beta2', 'epsilon'];
  test('are given back, whatever is left out', () => {
    fc.assert(
      fc.property(fc.subarray(names), (keys) => {
        const given = Object.fromEntries(keys.map((k) => [k, undefined]));
        expect(knownOptions('adam', given, names)).toBe(given);
      }),
      options,
    );
  });
  test.each<[object, string]>([
    [{ lr: 1 }, "adam: unknown option 'lr'; did you mean 'learningRate'?"],
    [{ learningrate: 1 }, "adam: unknown option 'learningrate'; did you mean 'learningRate'?"],
    [{ learningRates: 1 }, "adam: unknown option 'learningRates'; did you mean 'learningRate'?"],
    [{ momentum: 1 }, "adam: unknown option 'momentum'; known are learningRate, beta1, beta2, epsilon"],
    [[0.1], 'adam: options are a record (expected { learningRate, beta1, beta2, epsilon }, got an array)'],
  ])('%j', (given, message) => {
    expect(() => knownOptions('adam', given, names)).toThrow(message);
  });
  test('no prototype is an option', () => {
    expect(() => knownOptions('f', { toString: 1 } as object, { a: true } as never)).toThrow(
      /unknown option 'toString'/,
    );
  });
});
