/** `advance`: the identity for values and derivatives; what a buffer becomes is carried along, collected once, computed by nobody. */
import { describe, expect, test } from 'vitest';
import { collectAdvances, withoutAdvances } from '../../src/core/advances.ts';
import { grad, jvp } from '../../src/core/differentiate/index.ts';
import { type Expr, topological } from '../../src/core/expr.ts';
import { structuralHash } from '../../src/core/hash.ts';
import { evaluateProgram } from '../../src/core/interpreters/reference/index.ts';
import { lower } from '../../src/core/lower/index.ts';
import * as o from '../../src/core/ops/index.ts';
import { program } from '../../src/core/program.ts';
import { simplify } from '../../src/core/simplify/index.ts';
import { tensorOf, toNumbers } from '../../src/core/tensor.ts';
import { vmap } from '../../src/core/vectorize.ts';

const x = o.input('x', [3]);
const m = o.input('m', [3]);
const feeds = { x: tensorOf([0.5, -1, 2]) };
const values = (es: readonly Expr[]): number[][] => evaluateProgram(program(es, 'float64'), feeds).map(toNumbers);
const advancesOf = (es: readonly Expr[]): Expr[] => topological(es).filter((e) => e.op === 'advance');
const failure = (f: () => unknown): unknown => {
  try {
    f();
  } catch (e) {
    return e;
  }
  throw new Error('nothing was thrown');
};

describe('advance', () => {
  // Were the next value computed, `m` would have to be fed.
  const y = o.square(o.advance('m', o.sin(x), o.mul(m, x)));
  const plain = o.square(o.sin(x));

  test('is the identity for values and for derivatives of either mode; nothing it carries is computed', () => {
    const derived = (e: Expr): Expr[] => [
      e,
      ...grad(o.sum(e), [x]),
      ...grad(o.sum(grad(o.sum(e), [x])[0]), [x]),
      ...jvp([e], [x], [o.constant([1, 2, 3])]),
    ];
    expect(values(derived(y))).toEqual(values(derived(plain)));
    expect(program([y]).slots.map((s) => s.name)).toEqual(['x']);
    expect(values(grad(o.sum(y), [m]))).toEqual([[0, 0, 0]]);
  });

  test('is dropped in loops', () => {
    const loop = (mark: (e: Expr) => Expr): Expr =>
      o.scan({ length: 3, init: [x], body: ([c]) => ({ carry: [mark(o.sin(c))] }) }).carry[0];
    const marked = loop((c) => o.advance('m', c, o.mul(m, c)));
    expect(values([marked])).toEqual(values([loop((c) => c)]));
    expect(failure(() => collectAdvances([marked]))).toMatchObject({
      _tag: 'ArgumentError',
      path: 'm',
      detail: 'a buffer moves outside loops and branches only',
    });
  });

  test('is dropped in branches', () => {
    const choice = (mark: (e: Expr) => Expr): Expr[] =>
      o.cond(
        o.less(0, o.sum(x)),
        () => [mark(o.sin(x))],
        () => [x],
      );
    const marked = choice((c) => o.advance('m', c, o.mul(m, c)));
    expect(program(marked).slots.map((s) => s.name)).toEqual(['x']);
    expect(values(marked)).toEqual(values(choice((c) => c)));
    expect(failure(() => collectAdvances(marked))).toMatchObject({ _tag: 'ArgumentError', path: 'm' });
  });

  test('survives simplify and lower, with both inputs, and is never merged with another', () => {
    const two = [o.advance('a', x, m), o.advance('b', x, m), o.advance('a', x, m, 'critic'), o.advance('a', x, x)];
    const kept = simplify([...two, o.advance('a', x, o.add(m, 0))]);
    expect(new Set(kept).size).toBe(4);
    expect(kept[4]).toBe(kept[0]);
    expect(kept[0].inputs).toEqual([x, m]);
    expect(new Set(two.map((e) => structuralHash([e]))).size).toBe(4);
    expect(advancesOf(lower([y], { sin: (_, v) => o.cos(v) }))).toHaveLength(1);
  });

  test('nothing is rebuilt where there is none', () => {
    const outputs = [plain, x];
    expect(withoutAdvances(outputs)).toBe(outputs);
  });
});

describe('advance under vmap', () => {
  const xs = o.input('xs', [4, 3]);
  const next = (row: Expr): Expr => o.add(o.mul(0.9, m), o.mul(0.1, o.batchMean(row)));

  test('the value is mapped, the next value is one for all examples', () => {
    const y = vmap((row) => o.exp(o.advance('m', o.sub(row, m), next(row))))(xs);
    const { outputs, advances } = collectAdvances([y]);
    expect(structuralHash(outputs)).toBe(structuralHash([vmap((row) => o.exp(o.sub(row, m)))(xs)]));
    expect(advances.map((a) => [a.name, a.next.shape])).toEqual([['m', [3]]]);
    const expected = o.add(o.mul(0.9, m), o.mul(0.1, o.mean(xs, 0)));
    expect(structuralHash([advances[0].next])).toBe(structuralHash([expected]));
  });

  test('a value that no example changes keeps its advance', () => {
    const y = vmap((row) => o.mul(row, o.advance('m', m, next(row))))(xs);
    expect(collectAdvances([y]).advances).toHaveLength(1);
  });

  test('a next value of single examples is refused at the name of the buffer', () => {
    for (const value of [(row: Expr): Expr => row, (): Expr => m])
      expect(failure(() => vmap((row) => o.advance('layer/mean', value(row), row))(xs))).toMatchObject({
        _tag: 'ArgumentError',
        path: 'layer/mean',
        detail: 'the next value of a buffer depends on single examples: reduce it with batchMean',
      });
  });
});

describe('collectAdvances', () => {
  test('strips outputs and next values, and lists each buffer once, in order', () => {
    const first = o.advance('first', o.sin(x), o.add(m, 1));
    const second = o.advance('second', o.mul(first, 2), o.mul(first, m), 'generator');
    const { outputs, advances } = collectAdvances([second, o.neg(first), x]);
    expect(advancesOf([...outputs, ...advances.map((a) => a.next)])).toEqual([]);
    expect(outputs[2]).toBe(x);
    expect(structuralHash(outputs)).toBe(structuralHash([o.mul(o.sin(x), 2), o.neg(o.sin(x)), x]));
    expect(advances.map(({ name, after }) => [name, after])).toEqual([['first', undefined], ['second', 'generator']]); // biome-ignore format: one table
    expect(structuralHash([advances[1].next])).toBe(structuralHash([o.mul(o.sin(x), m)]));
  });

  test('two readings that agree are one; two that do not are refused', () => {
    const reading = (rate: number, after?: string): Expr => o.advance('m', o.sub(x, m), o.mul(rate, m), after);
    expect(collectAdvances([reading(0.9), o.exp(reading(0.9))]).advances).toHaveLength(1);
    for (const other of [reading(0.8), reading(0.9, 'critic')])
      expect(failure(() => collectAdvances([reading(0.9), other]))).toMatchObject({
        _tag: 'ArgumentError',
        path: 'm',
        detail: expect.stringContaining('two readings move one buffer in one move: '),
      });
  });
});
