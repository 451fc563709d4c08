/** Expressions as text: what is printed, read as arithmetic, has the value of the expression. */
import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Expr } from '../../src/core/expr.ts';
import { value } from '../../src/core/interpreters/value.ts';
import * as o from '../../src/core/ops/index.ts';
import { showExpr } from '../../src/core/show-expr.ts';

const options = { seed: Number(process.env.LAW_SEED ?? 31), numRuns: 300 };

const operations: Readonly<Record<string, (a: Expr, b: Expr) => Expr>> = {
  add: o.add,
  sub: o.sub,
  mul: o.mul,
  div: o.div,
  neg: o.neg,
  exp: o.exp,
  pow: (a: Expr) => o.pow(a, 2),
  powerOfNegative: (a: Expr) => o.pow(2, o.neg(a)),
};

/** Scalars made of a few leaves, some of them read more than once. */
const expression: fc.Arbitrary<Expr> = fc
  .array(fc.tuple(fc.constantFrom(...Object.keys(operations)), fc.nat(), fc.nat()), {
    minLength: 1,
    maxLength: 25,
  })
  .map((steps) => {
    const made: Expr[] = [o.scalar(2), o.scalar(-1), o.scalar(0.5)];
    for (const [op, i, j] of steps) {
      const [a, b] = [made[i % made.length], made[j % made.length]];
      made.push(operations[op](a, b));
    }
    return made[made.length - 1];
  });

/** The printed lines as a program of JavaScript. */
const run = (text: string): number => {
  const lines = text
    .replace(/ : real \[\]$/, '')
    .replaceAll('^', '**')
    .replaceAll('exp(', 'Math.exp(')
    .replaceAll('%', '$')
    .split('\n');
  const body = lines.map((l, i) => (i === lines.length - 1 ? `return ${l};` : `const ${l};`)).join('\n');
  return new Function(body)() as number;
};

describe('showExpr', () => {
  test.each([72, 10])('is arithmetic that has the value of the expression (width %i)', (width) => {
    fc.assert(
      fc.property(expression, (e) => {
        const [got, expected] = [run(showExpr(e, { width, lines: 1000 })), value(e) as unknown as number];
        // Constants are exact here; both sides do the same operations.
        expect(Object.is(got, expected) || Math.abs(got - expected) <= 1e-12 * Math.abs(expected)).toBe(true);
      }),
      options,
    );
  });

  test('is short, and leaves out what broadcasting inserted', () => {
    const x = o.input('x', [3]);
    expect(showExpr(o.add(o.mul(2, x), 1))).toBe('2 * x + 1 : real [3]');
    expect(showExpr(o.sum(o.square(o.sub(x, o.array([1, 2, 3])))))).toBe(
      'sum((x - [1, 2, 3]) * (x - [1, 2, 3]), axes [0]) : real []',
    );
    expect(showExpr(o.slice(x, [1], [3]))).toBe('x[1:3] : real [2]');
    expect(showExpr(o.less(x, 1))).toBe('x < 1 : bool [3]');
  });

  test('names what is read more than once, and counts what it leaves out', () => {
    let e: Expr = o.input('x', []);
    for (let i = 0; i < 200; i++) e = o.mul(o.exp(e), e);
    const lines = showExpr(e).split('\n');
    expect(lines).toHaveLength(41);
    expect(lines[0]).toMatch(/^… \d+ lines more \(401 nodes\)$/);
    expect(lines[40]).toMatch(/ : real \[\]$/);
  });

  test('is what a node prints, and no part of what it is', () => {
    const e = o.add(o.input('x', []), 1);
    expect(`${e}`).toBe('x + 1 : real []');
    expect(inspect({ e })).toContain('x + 1 : real []');
    expect(Object.keys(e)).toEqual(['op', 'inputs', 'attributes', 'shape', 'type']);
  });
});
