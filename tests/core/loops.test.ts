/** What `simplify` does with loops, and derivatives by what they close over. Values never change; work does. */
import { describe, expect, test } from 'vitest';
import { grad, jvp } from '../../src/core/differentiate/index.ts';
import { type Expr, type Node, topological } from '../../src/core/expr.ts';
import { evaluateProgram } from '../../src/core/interpreters/reference/index.ts';
import * as o from '../../src/core/ops/index.ts';
import { program } from '../../src/core/program.ts';
import { sizeOf } from '../../src/core/shape.ts';
import { simplify } from '../../src/core/simplify/index.ts';
import { type Tensor, tensorOf, toNumbers } from '../../src/core/tensor.ts';
import { vmapAll } from '../../src/core/vectorize.ts';

const values = (es: readonly Expr[], feeds: Readonly<Record<string, Tensor>> = {}): number[][] =>
  evaluateProgram(program(es, 'float64'), feeds).map(toNumbers);
const loopsOf = (es: readonly Expr[]): (Node<'scan'> & Expr)[] =>
  topological(es).flatMap((e) => (e.op === 'scan' ? [e] : []));
const same = (es: readonly Expr[], feeds: Readonly<Record<string, Tensor>>): Expr[] => {
  const simple = simplify(es);
  const [before, after] = [values(es, feeds), values(simple, feeds)];
  before.forEach((v, i) => {
    v.forEach((a, k) => {
      expect(after[i][k]).toBeCloseTo(a, 12);
    });
  });
  return simple;
};
/** Σ over three iterations of Σ x². */
const thrice = (x: Expr): Expr =>
  o.scan({ length: 3, init: [o.scalar(0)], body: ([c]) => ({ carry: [o.add(c, o.sum(o.square(x)))] }) }).carry[0];

describe('derivatives by what a loop closes over', () => {
  test.each<readonly [string, Expr, readonly number[]]>([
    ['a constant', o.constant([1, 2]), [6, 12]],
    ['a repeated constant', o.broadcastTo(0.5, [3]), [3, 3, 3]],
    ['an expression of constants', o.neg(o.constant([1, 2])), [-6, -12]],
  ])('%s', (_, x, slope) => {
    expect(values(grad(thrice(x), [x]))[0]).toEqual(slope);
    expect(values(jvp([thrice(x)], [x], [o.broadcastTo(1, x.shape)]))[0][0]).toBe(slope.reduce((a, b) => a + b, 0));
  });

  test('a repetition, and what is repeated', () => {
    const k = o.input('k', []);
    const x = o.broadcastTo(k, [4]);
    const feeds = { k: tensorOf([0.5], []) };
    const [dx, dk] = values(grad(thrice(x), [x, k]), feeds);
    expect([dx, dk]).toEqual([[3, 3, 3, 3], [12]]);
    expect(values(grad(thrice(x), [k]), feeds)).toEqual([[12]]);
  });
});

describe('loops, simplified', () => {
  const x = o.input('x', [3]);
  const us = o.input('us', [5, 3]);
  const feeds = {
    x: tensorOf([0.3, -0.2, 1]),
    us: tensorOf(
      Array.from({ length: 15 }, (_, i) => Math.sin(i)),
      [5, 3],
    ),
  };

  test('lose outputs, carries and sequences that nothing asks for', () => {
    const { carry } = o.scan({
      length: 5,
      init: [x, o.scalar(0), x, o.scalar(2)],
      xs: [us, o.mul(us, 2)],
      body: ([a, count, b, unread], [u, v]) => ({
        carry: [o.sin(o.add(a, u)), o.add(count, 1), o.mul(b, count), o.mul(unread, o.sum(v))],
        ys: [o.exp(a), o.add(v, unread)],
      }),
    });
    const [onlyA] = loopsOf(same([carry[0]], feeds));
    expect(onlyA.attributes).toMatchObject({ carries: 1, sequences: 1 });
    expect(onlyA.attributes.body.results).toHaveLength(1);
    // b needs the count; neither needs a sequence.
    const [b] = loopsOf(same([carry[2]], feeds));
    expect(b.attributes).toMatchObject({ carries: 2, sequences: 0 });
    expect(b.inputs).toHaveLength(2);
  });

  test('keep the flag that ends them, with what it needs', () => {
    const { carry, ys } = o.scan({
      length: 5,
      init: [x, o.scalar(0)],
      body: ([a, i]) => ({ carry: [o.sin(a), o.add(i, 1)], ys: [i, a], done: o.less(2, i) }),
    });
    for (const asked of [[carry[0]], [ys[1]], [ys[0], carry[0]]]) {
      const [loop] = loopsOf(same(asked, feeds));
      expect(loop.attributes.carries).toBe(2);
      expect(loop.attributes.body.results).toHaveLength(3 + asked.length - (asked.includes(carry[0]) ? 1 : 0));
    }
  });

  test('read constants, repetitions and equal inputs for nothing', () => {
    const k = o.input('k', []);
    const { carry } = o.scan({
      length: 5,
      init: [x],
      xs: [us, o.add(us, 0), o.broadcastTo(2, [5])],
      body: ([c], [u, v, two]) => ({
        carry: [o.add(o.mul(o.mul(c, o.broadcastTo(k, [3])), o.constant([1, 2, 3])), o.mul(two, o.add(u, v)))],
      }),
    });
    const [loop] = loopsOf(same(carry, { ...feeds, k: tensorOf([0.1], []) }));
    expect(loop.inputs.map((e) => sizeOf(e.shape))).toEqual([3, 15, 1]);
  });

  test('run once where a derivative runs them again', () => {
    const { carry, ys } = o.scan({
      length: 5,
      init: [x],
      xs: [us],
      body: ([c], [u]) => ({ carry: [o.sin(o.add(o.mul(1.3, c), u))], ys: [o.exp(u)] }),
    });
    const loss = o.add(o.sum(o.square(carry[0])), o.sum(ys[0]));
    const all = [loss, ...grad(loss, [x, us])];
    expect(loopsOf(all)).toHaveLength(3);
    expect(loopsOf(same(all, feeds))).toHaveLength(2);
  });

  test('run twice where the second needs what the first gives', () => {
    const step = (init: Expr, read: Expr) =>
      o.scan({ length: 5, init: [init], xs: [read], body: ([c], [u]) => ({ carry: [o.sin(c)], ys: [o.mul(c, u)] }) });
    const first = step(x, us);
    const second = step(x, o.add(us, first.ys[0]));
    expect(loopsOf(same([...first.ys, ...second.ys, ...second.carry], feeds))).toHaveLength(2);
    const other = step(x, o.square(us));
    const both = loopsOf(same([...first.ys, ...other.ys, ...first.carry, ...other.carry], feeds));
    expect(both.map((l) => l.attributes.body.results.length)).toEqual([3]);
  });

  test('in loops and under vmap', () => {
    const f = (a: Expr): Expr => {
      const inner = (c: Expr): Expr[] => {
        const { carry, ys } = o.scan({
          length: 4,
          init: [c, o.scalar(1)],
          body: ([d, dead]) => ({ carry: [o.tanh(o.add(d, a)), o.mul(dead, 2)], ys: [o.exp(d), d] }),
        });
        return [carry[0], o.sum(ys[1], 0)];
      };
      const { carry } = o.scan({
        length: 3,
        init: [a],
        body: ([c]) => ({ carry: [o.add(...(inner(c) as [Expr, Expr]))] }),
      });
      return o.sum(carry[0]);
    };
    const many = o.input('many', [4, 3]);
    const gradients = vmapAll((a) => [f(a), ...grad(f(a), [a])])(many);
    const simple = same(gradients, {
      many: tensorOf(
        Array.from({ length: 12 }, (_, i) => Math.cos(i)),
        [4, 3],
      ),
    });
    for (const outer of loopsOf(simple))
      for (const inner of loopsOf(outer.attributes.body.results))
        expect(inner.attributes.body.results.length - inner.attributes.carries).toBeLessThan(2);
  });
});
