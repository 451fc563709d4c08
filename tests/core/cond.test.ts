/** `cond`: the values and derivatives of a selection, the work of one branch. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ahead } from '../../src/core/ahead.ts';
import { bodiesOf } from '../../src/core/bodies.ts';
import { withoutBranches } from '../../src/core/branches.ts';
import { grad, jvp, vjp } from '../../src/core/differentiate/index.ts';
import { withoutExits } from '../../src/core/early-exit.ts';
import { type Expr, type Node, substitute, topological, variable } from '../../src/core/expr.ts';
import { structuralHash } from '../../src/core/hash.ts';
import { onnx, reference, tfjs } from '../../src/core/interpreters/index.ts';
import { emitGraph } from '../../src/core/interpreters/onnx/emit.ts';
import { prepareProgram } from '../../src/core/interpreters/onnx/index.ts';
import type { Graph } from '../../src/core/interpreters/onnx/schema.ts';
import { unrolled } from '../../src/core/interpreters/onnx/unroll.ts';
import { lower } from '../../src/core/lower/index.ts';
import * as o from '../../src/core/ops/index.ts';
import { type Feeds, program } from '../../src/core/program.ts';
import { simplify } from '../../src/core/simplify/index.ts';
import { tensor, tensorOf, toNumbers } from '../../src/core/tensor.ts';
import { vmapAll } from '../../src/core/vectorize.ts';
import { build, distance, feedsFor, inputsOf, recipe, run } from './programs.ts';

const b = o.input('b', [], 'bool');
const x = o.input('x', [3]);
const flagged = (value: number, feeds: Feeds = { x: tensorOf([0.5, -1, 2]) }): Feeds => ({
  ...feeds,
  b: tensor(Uint8Array.of(value), []),
});
const condsOf = (es: readonly Expr[]): (Node<'cond'> & Expr)[] =>
  topological(es).flatMap((e) => (e.op === 'cond' ? [e] : []));
/** How often a primitive stands in expressions, in their loops and branches as well. */
const count = (es: readonly Expr[], op: Expr['op']): number =>
  topological(es).reduce(
    (n, e) => bodiesOf(e).reduce((m, { results }) => m + count(results, op), n + (e.op === op ? 1 : 0)),
    0,
  );
const backends = [reference, onnx('cpu'), tfjs('cpu')];

describe('cond is a selection', () => {
  const property = (check: (f: (...xs: Expr[]) => Expr, g: (...xs: Expr[]) => Expr, xs: Expr[]) => void): void =>
    fc.assert(
      fc.property(recipe, recipe, (r, s) => {
        const scalar = (y: Expr): Expr => o.sum(o.sin(y));
        const other = { ...s, shapes: r.shapes };
        check((...xs) => scalar(build(r)(...xs)), (...xs) => scalar(build(other)(...xs)), inputsOf(r)); // biome-ignore format: one idea
      }),
      { numRuns: 40 },
    );
  const both = (outputs: readonly Expr[], expected: readonly Expr[], tolerance = 1e-9): void => {
    const feeds = feedsFor([...outputs, ...expected, b]);
    for (const value of [0, 1]) {
      const got = run(outputs, flagged(value, feeds));
      expect(distance(run(expected, flagged(value, feeds)), got)).toBeLessThan(tolerance);
    }
  };
  /** Value, gradients, tangents, and second derivatives of each mode over the other. */
  const derived = (y: Expr, xs: readonly Expr[]): Expr[] => {
    const ones = xs.map((v) => o.broadcastTo(1, v.shape));
    const slopes = grad(y, xs);
    const [dot] = jvp([y], xs, ones);
    const steep = o.addAll(slopes.map((g) => o.sum(o.square(g))));
    return [y, ...slopes, dot, ...grad(steep, xs), ...grad(dot, xs), ...jvp([steep], xs, ones)];
  };

  test('in value and all derivatives, simplified or not', () => {
    property((f, g, xs) => {
      const all = derived(o.cond(b, () => [f(...xs)], () => [g(...xs)])[0], xs); // biome-ignore format: one idea
      const expected = derived(o.where(b, f(...xs), g(...xs)), xs);
      both(all, expected);
      both(simplify(all), expected);
      both(withoutBranches(all), expected);
    });
  });

  test('under vmap, whether examples share the flag or not', () => {
    property((f, g, xs) => {
      const each = (choose: (flag: Expr, a: Expr, c: Expr) => Expr) => (flag: Expr, ...vs: Expr[]): Expr[] => {
        const y = choose(flag, f(...vs), g(...vs));
        return [y, ...grad(y, vs)];
      }; // biome-ignore format: one idea
      const lazily = (flag: Expr, ...vs: Expr[]): Expr[] => {
        const [y] = o.cond(flag, () => [f(...vs)], () => [g(...vs)]); // biome-ignore format: one idea
        return [y, ...grad(y, vs)];
      };
      const many = xs.map((v, i) => o.input(`many${i}`, [3, ...v.shape]));
      for (const [flag, isMapped] of [[b, false], [o.input('bs', [3], 'bool'), true]] as const) {
        const options = { mapped: [isMapped, ...xs.map(() => true)] };
        const got = vmapAll(lazily, options)(flag, ...many);
        const expected = vmapAll(each((c, u, v) => o.where(c, u, v)), options)(flag, ...many);
        const feeds = { ...feedsFor([...got, ...expected, b]), bs: tensor(Uint8Array.of(1, 0, 1), [3]) };
        for (const value of [0, 1]) expect(distance(run(expected, flagged(value, feeds)), run(got, flagged(value, feeds)))).toBeLessThan(1e-9); // biome-ignore format: one idea
        expect(condsOf(got).length > 0).toBe(!isMapped);
      } // biome-ignore format: one idea
    });
  });

  test('what was built outside, by which one differentiates', () => {
    const h = o.sin(x);
    const [y] = o.cond(b, () => [o.sum(o.mul(h, h))], () => [o.sum(x)]); // biome-ignore format: one idea
    both(vjp([y], [h, x], [o.scalar(1)]), vjp([o.where(b, o.sum(o.mul(h, h)), o.sum(x))], [h, x], [o.scalar(1)]));
    const moved = substitute([y], new Map([[h, o.exp(x)]]));
    both(moved, [o.where(b, o.sum(o.square(o.exp(x))), o.sum(x))]);
  });
});

test.each(backends)('the branch not taken has no part in a derivative ($name)', async (backend) => {
  const s = o.input('s', []);
  const [y] = o.cond(o.less(0, s), () => [o.log(s)], () => [o.scalar(0)]); // biome-ignore format: one idea
  const [first] = grad(y, [s]);
  const outputs = [y, first, ...grad(first, [s]), ...jvp([y], [s], [o.scalar(1)])];
  const precision = backend.precisions[0];
  const executable = await backend.compile(program(outputs, precision));
  for (const v of [-1, 0]) expect((await executable.run({ s: tensorOf([v], []) })).map(toNumbers)).toEqual([[0], [0], [0], [0]]); // biome-ignore format: one idea
  expect((await executable.run({ s: tensorOf([2], []) })).map((t) => toNumbers(t)[0])).toEqual([
    expect.closeTo(Math.log(2), 5),
    0.5,
    -0.25,
    0.5,
  ]);
  await executable.dispose();
});

describe('work is skipped', () => {
  /** A loop that nobody lives to see the end of. */
  const endless = (v: Expr): Expr =>
    o.scan({ length: 2 ** 40, init: [v], body: ([c]) => ({ carry: [o.sin(o.add(c, x))] }) }).carry[0];

  test.each(backends)('by $name, of the value and of its derivatives', async (backend) => {
    const [y] = o.cond(b, () => [endless(x)], () => [o.square(x)]); // biome-ignore format: one idea
    const outputs = [y, ...jvp([y], [x], [x])];
    const executable = await backend.compile(program(outputs, backend.precisions[0]));
    expect((await executable.run(flagged(0))).map(toNumbers)).toEqual([[0.25, 1, 4], [0.5, 2, 8]]); // biome-ignore format: one idea
    await executable.dispose();
  });

  test.each(backends)('in the iterations of a loop ($name)', async (backend) => {
    const { carry } = o.scan({
      length: 5,
      init: [x, o.scalar(0, 'int32')],
      body: ([c, i]) => ({
        carry: [o.cond(o.less(i, 5), () => [o.mul(2, c)], () => [endless(c)])[0], o.add(i, 1)], // biome-ignore format: one idea
      }),
    });
    const executable = await backend.compile(program([carry[0]], backend.precisions[0]));
    expect((await executable.run(flagged(0))).map(toNumbers)).toEqual([[16, -32, 64]]);
    await executable.dispose();
  });

  test('onnx: the work stands inside an If, not beside it', () => {
    const w = o.input('w', [3, 3]);
    const [y] = o.cond(b, () => [o.sum(o.tanh(o.vecmat(x, w)))], () => [o.scalar(0)]); // biome-ignore format: one idea
    const { graph } = emitGraph(prepareProgram(program([y, ...grad(y, [w])])));
    const opsOf = (g: Graph): string[] => g.node.map((n) => n.opType);
    const branches = graph.node.filter((n) => n.opType === 'If');
    expect(branches).toHaveLength(1);
    expect(opsOf(graph)).not.toContain('Tanh');
    expect(opsOf(graph)).not.toContain('Gemm');
    const [then, otherwise] = branches[0].attribute.map((a) => opsOf(a.g!));
    // Once for the value and its derivative together.
    expect(then.filter((op) => op === 'Tanh')).toHaveLength(1);
    expect(otherwise.filter((op) => op === 'Tanh' || op === 'Gemm')).toEqual([]);
  });
});

describe('simplify', () => {
  const two = (flag: Expr): Expr[] =>
    o.cond(flag, () => [o.sin(x), o.exp(x), o.square(x)], () => [o.cos(x), o.exp(x), x]); // biome-ignore format: one idea

  test('takes the branch of a known flag', () => {
    for (const [flag, expected] of [[true, o.sin(x)], [false, o.cos(x)]] as const) {
      const [y] = simplify([two(o.scalar(flag ? 1 : 0, 'bool'))[0]]);
      expect(structuralHash([y])).toBe(structuralHash([expected]));
    } // biome-ignore format: one table
  });

  test('computes what both branches give outside', () => {
    expect(structuralHash(simplify([two(b)[1]]))).toBe(structuralHash([o.exp(x)]));
  });

  test('drops results that nobody asks for, and what only they read', () => {
    const w = o.input('w', [3]);
    const [y] = o.cond(b, () => [o.sin(x), o.exp(w)], () => [x, w]); // biome-ignore format: one idea
    const [c] = condsOf(simplify([y]));
    expect(c.inputs).toEqual([b, x]);
    expect(bodiesOf(c).map((f) => f.results.length)).toEqual([1, 1]);
  });

  test('goes into branches: common subexpressions, constants, loops', () => {
    const k = o.broadcastTo(2, [3]);
    const loop = (): Expr[] => {
      const { carry } = o.scan({ length: 3, init: [x, x], body: ([p, q]) => ({ carry: [o.sin(p), o.exp(q)] }) });
      return [o.add(o.mul(o.sin(carry[0]), k), o.sin(carry[0]))];
    };
    const simple = simplify(o.cond(b, loop, () => [x]));
    expect(condsOf(simple)[0].inputs).toEqual([b, x]);
    expect([count(simple, 'sin'), count(simple, 'exp')]).toEqual([2, 0]);
  });

  test('makes one of conds of one flag, unless the second reads the first', () => {
    const [y] = o.cond(b, () => [o.sin(x)], () => [x]); // biome-ignore format: one idea
    const [z] = o.cond(b, () => [o.mul(o.sin(x), 2)], () => [o.exp(x)]); // biome-ignore format: one idea
    const [after] = o.cond(b, () => [o.exp(y)], () => [y]); // biome-ignore format: one idea
    const simple = simplify([y, z, after]);
    expect(condsOf(simple)).toHaveLength(2);
    expect(count(simple, 'sin')).toBe(1);
    for (const value of [0, 1]) expect(run(simple, flagged(value))).toEqual(run([y, z, after], flagged(value)));
  });
});

test('a hash tells branches apart, whatever variables and objects they are made of', () => {
  const made = (swap: boolean): string => {
    const [f, g] = [(): Expr[] => [o.sin(x)], (): Expr[] => [o.cos(x)]];
    return structuralHash(swap ? o.cond(b, g, f) : o.cond(b, f, g));
  };
  expect(made(false)).toBe(made(false));
  expect(made(true)).not.toBe(made(false));
});

test('parameters, noise and inputs inside a branch are slots; what was built before is closed over', () => {
  const before = o.exp(x);
  const w = (): Expr => o.parameterLeaf('w', o.scalar(0));
  const inner = (): Expr[] => o.cond(o.less(0, o.sum(x)), () => [o.mul(before, w())], () => [o.input('z', [3])]); // biome-ignore format: one idea
  const [y] = o.cond(b, inner, () => [o.neg(before)]);
  expect(
    program([y])
      .slots.map((s) => s.name)
      .sort(),
  ).toEqual(['b', 'w', 'x', 'z']);
  const [c] = condsOf([y]);
  expect(c.inputs).toContain(before);
  expect(count([y], 'exp')).toBe(1);
});

describe('passes go into branches', () => {
  const stops = (): Expr[] =>
    o.scan({
      length: 6,
      init: [x],
      xs: [o.input('us', [6, 3])],
      body: ([c], [u]) => {
        const [next] = o.cond(o.less(o.sum(c), 0), () => [o.add(c, 1)], () => [o.mul(o.sin(c), u)]); // biome-ignore format: one idea
        return { carry: [next], done: o.less(o.sum(next), -4) };
      },
    }).carry;
  const [y] = o.cond(b, stops, () => [o.sin(x)]);
  const outputs = [y, ...grad(o.sum(y), [x])];
  const feeds = { x: tensorOf([0.5, -1, 2]), us: tensorOf(Array.from({ length: 18 }, (_, i) => Math.sin(i)), [6, 3]) }; // biome-ignore format: two arrays

  test.each<readonly [string, (es: readonly Expr[]) => Expr[]]>([
    ['selection', withoutBranches],
    ['loops to their full length', withoutExits],
    ['loops copied out', (es) => unrolled(withoutExits(es), 1000)],
    ['a lowering', (es) => lower(es, { sin: (_, v) => o.cos(o.sub(v, Math.PI / 2)) })],
  ])('%s', (name, pass) => {
    const after = pass(outputs);
    for (const value of [0, 1]) expect(distance(run(outputs, flagged(value, feeds)), run(after, flagged(value, feeds)))).toBeLessThan(1e-12); // biome-ignore format: one idea
    if (name === 'selection') expect(count(after, 'cond')).toBe(0);
    else expect(count(after, 'cond')).toBeGreaterThan(0);
    if (name === 'a lowering') expect(count(after, 'sin')).toBe(0);
    if (name === 'loops copied out') expect(count(after, 'scan')).toBe(0);
  });

  test('branches are not computed ahead of a loop', () => {
    const row = variable([3], 'real');
    const [z] = o.cond(o.less(0, o.sum(row)), () => [o.exp(row)], () => [row]); // biome-ignore format: one idea
    const early = ahead({ xs: [o.input('us', [6, 3])], xVars: [row], results: [o.mul(z, o.sin(row))] }, 6);
    expect(count(early.results, 'cond')).toBe(1);
    expect(count(early.xs, 'exp')).toBe(0);
    expect(count(early.xs, 'sin')).toBe(1);
  });
});

describe('cond refuses', () => {
  const tag = (f: () => unknown): unknown => {
    try {
      return f();
    } catch (e) {
      return e;
    }
  };
  test.each<readonly [string, () => unknown]>([
    ['the flag is not one truth value', () => o.cond(o.less(x, 0), () => [], () => [])],
    ['the flag is not one truth value', () => o.cond(o.scalar(1), () => [], () => [])],
    ['different numbers of results', () => o.cond(b, () => [x], () => [])],
    ['disagree about result 1', () => o.cond(b, () => [x, x], () => [x, o.sum(x)])],
    ['disagree about result 0', () => o.cond(b, () => [o.less(x, 0)], () => [x])],
  ])('%s', (detail, f) => {
    expect(tag(f)).toMatchObject({ _tag: 'ShapeError', detail: expect.stringContaining(detail) });
  }); // biome-ignore format: a table
});
