import { describe, expect, test } from 'vitest';
import { divergence, grad, jvp, vjp } from '../../src/core/differentiate/index.ts';
import { PushforwardError } from '../../src/core/errors.ts';
import { type Expr, variable } from '../../src/core/expr.ts';
import { evaluateProgram, reference } from '../../src/core/interpreters/reference/index.ts';
import * as o from '../../src/core/ops/index.ts';
import { program } from '../../src/core/program.ts';
import { tensorOf } from '../../src/core/tensor.ts';
import { vmap } from '../../src/core/vectorize.ts';

const a = o.input('a', [2, 3]);
const b = o.input('b', [4, 3]);
const i = o.input('i', [2], 'int32');
const t = o.input('t', [2, 3], 'bool');
const image = o.input('image', [1, 2, 5, 5]);

/** What is built, and what its message must name: the operation, what was expected, what came. */
const wrong: readonly (readonly [op: string, make: () => unknown, expected: string, got: string])[] = [
  ['add', () => o.add(a, b), '[2, 3]', '[4, 3]'],
  ['div', () => o.div(i, i), 'real', 'int32'],
  ['mul', () => o.mul(a, i), '', ''],
  ['pow', () => o.pow(i, i), 'real', 'int32'],
  ['exp', () => o.exp(i), 'real', 'int32'],
  ['neg', () => o.neg(t), 'real', 'bool'],
  ['not', () => o.not(a), 'bool', 'real'],
  ['and', () => o.and(t, a), 'bool', 'real'],
  ['where', () => o.where(a, a, a), 'bool', 'real'],
  ['where', () => o.where(t, b, 0), '[4, 3]', '[2, 3]'],
  ['less', () => o.less(a, b), '[2, 3]', '[4, 3]'],
  ['sum', () => o.sum(a, 2), 'an axis in [-2, 2)', '2'],
  ['sum', () => o.sum(t), 'real or int32', 'bool'],
  ['reduceMax', () => o.reduceMax(a, -3), 'an axis in [-2, 2)', '-3'],
  ['argMax', () => o.argMax(a, 5), 'an axis in [-2, 2)', '5'],
  ['cumsum', () => o.cumsum(a, 2), 'an axis in [-2, 2)', '2'],
  ['argSort', () => o.argSort(a, 2), 'an axis in [-2, 2)', '2'],
  ['reshape', () => o.reshape(a, [4]), '6 elements', '[4]'],
  ['reshape', () => o.reshape(a, [4, -1]), '6 elements', '[4, -1]'],
  ['transpose', () => o.transpose(a, [0, 0]), 'a permutation of [0, 1]', '[0, 0]'],
  ['broadcast', () => o.broadcastTo(a, [2, 4]), '[2, 4]', '[2, 3]'],
  ['broadcast', () => o.broadcastTo(a, [3]), '[3]', '[2, 3]'],
  ['slice', () => o.slice(a, [0, 0], [2, 4]), 'within [2, 3]', '[2, 4]'],
  ['slice', () => o.slice(a, [0, 0], [2, 3], [0, 1]), 'within [2, 3]', ''],
  ['slice', () => o.sliceAxis(a, 2, 0, 1), 'an axis in [-2, 2)', '2'],
  ['pad', () => o.pad(a, [0, -1], [0, 0]), '2 counts', '[0, -1]'],
  ['concat', () => o.concat([a, o.input('c', [2, 4])]), '[2, 3]', '[2, 4]'],
  ['concat', () => o.concat([]), 'one part', 'none'],
  ['gather', () => o.gather(a, a), 'int32', 'real'],
  ['gather', () => o.gather(a, i, 2), 'an axis in [-2, 2)', '2'],
  ['scatterAdd', () => o.scatterAdd(i, b, 5), '[2, ', '[4, 3]'],
  ['scatterAdd', () => o.scatterAdd(a, b, 5), 'int32', 'real'],
  ['scatterAdd', () => o.scatterAdd(i, a, 5, 2), 'an axis', '2'],
  ['matmul', () => o.matmul(a, b), '[…, m, k] × […, k, n]', '[2, 3] × [4, 3]'],
  ['matmul', () => o.matmul(a, o.input('v', [3])), '[…, m, k] × […, k, n]', '[2, 3] × [3]'],
  ['triangularSolve', () => o.triangularSolve(a, b), '[…, n, n]', '[2, 3] and [4, 3]'],
  ['conv2d', () => o.conv2d(image, o.input('w', [2, 3, 3, 3])), '[N, C, H, W]', '[2, 3, 3, 3]'],
  ['conv2d', () => o.conv2d(image, o.input('w', [2, 2, 7, 7])), '', '[2, 2, 7, 7]'],
  ['convTranspose2d', () => o.convTranspose2d(image, o.input('w', [3, 1, 2, 2])), '[N, O, H, W]', '[3, 1, 2, 2]'],
  ['averagePool', () => o.averagePool(image, 2), 'multiples of 2', '[1, 2, 5, 5]'],
  ['oneHot', () => o.oneHot(a, 3), 'int32', 'real'],
  ['constant', () => o.constant([1, 2, 3], [2]), '2 values for [2]', '3'],
  ['scan', () => o.scan({ length: 2, init: [a], body: () => ({ carry: [b] }) }), '[2, 3]', '[4, 3]'],
  ['scan', () => o.scan({ length: 2, init: [a], body: () => ({ carry: [] }) }), '1', '0'],
  ['scan', () => o.scan({ length: 3, init: [], xs: [a], body: () => ({ carry: [] }) }), '3', '[2, 3]'],
  ['vmap', () => vmap((x: Expr, y: Expr) => o.add(x, y))(a, b), 'one number of examples', '[2, 3], [4, 3]'],
  ['grad', () => grad(a, [a]), '[]', '[2, 3]'],
  ['vjp', () => vjp([a], [a], [b]), '[2, 3]', '[4, 3]'],
  ['jvp', () => jvp([a], [a], [o.scalar(1)]), '[2, 3]', '[]'],
  ['divergence', () => divergence(o.sum(a, 0), a), '[2, 3]', '[3]'],
]; // biome-ignore format: a table

describe('a mistake in shapes is said in one sentence', () => {
  test.each(wrong)('%s %#', (op, make, expected, got) => {
    let caught: unknown;
    try {
      make();
    } catch (e) {
      caught = e;
    }
    expect(caught, `${op} accepted it`).toBeInstanceOf(PushforwardError);
    const error = caught as PushforwardError;
    expect(error._tag).toBe('ShapeError');
    expect(error.message).toContain(op);
    expect(error.message).toContain(expected);
    expect(error.message).toContain(got);
    expect(error.message).not.toContain('\n');
  });
});

describe('programs', () => {
  test('one name cannot stand for two arrays', () => {
    const outputs = [o.sum(o.input('x', [2])), o.sum(o.input('x', [3]))];
    expect(() => program(outputs)).toThrow(/x: one name stands for two different arrays.*\[2\].*\[3\]/);
  });
  test('a bound variable cannot escape', () => {
    expect(() => program([o.sin(variable([2]))])).toThrow(/bound variable/);
  });
  test('a missing feed and one of another shape are named', async () => {
    const p = program([o.exp(a)], 'float64');
    expect(() => evaluateProgram(p, {})).toThrow(/a: nothing was fed.*\[2, 3\]/);
    const e = await reference.compile(p);
    await expect(e.run({ a: tensorOf([1, 2]) })).rejects.toThrow(/a: the array fed has another shape.*\[2, 3\].*\[2\]/);
  });
});
