import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { grad, jvp, vjp } from '../../src/core/differentiate/index.ts';
import { type Expr, makeNode, withInputs } from '../../src/core/expr.ts';
import { structuralHash } from '../../src/core/hash.ts';
import * as o from '../../src/core/ops/index.ts';
import { simplify } from '../../src/core/simplify/index.ts';
import { vmapAll } from '../../src/core/vectorize.ts';
import { build, distance, feedsFor, inputsOf, randomTensor, recipe, run } from './programs.ts';

const options: fc.Parameters<unknown> = {
  seed: Number(process.env.LAW_SEED ?? 1),
  numRuns: Number(process.env.LAW_RUNS ?? 150),
};
const dist = (name: string, check: (r: Parameters<typeof build>[0]) => void): void =>
  test(name, () => fc.assert(fc.property(recipe, check), options as fc.Parameters<[Parameters<typeof build>[0]]>));

const dot = (a: readonly (readonly number[])[], b: readonly (readonly number[])[]): number =>
  a.flat().reduce((s, v, i) => s + v * b.flat()[i], 0);

describe('random programs', () => {
  dist('simplify changes neither value nor gradient', (r) => {
    const xs = inputsOf(r);
    const y = build(r)(...xs);
    const outputs = [y, ...vjp([y], xs, [o.input('c', y.shape)])];
    const feeds = feedsFor([...outputs, ...xs]);
    const want = run(outputs, feeds);
    expect(distance(want, run(simplify(outputs), feeds))).toBeLessThan(1e-9);
    expect(distance(want, run(simplify(outputs, { keepStops: false }), feeds))).toBeLessThan(1e-9);
  });

  dist('simplify, then differentiate', (r) => {
    const xs = inputsOf(r);
    const y = build(r)(...xs);
    const c = o.input('c', y.shape);
    const feeds = feedsFor([y, c, ...xs]);
    const [z] = simplify([y]);
    expect(distance(run(vjp([y], xs, [c]), feeds), run(vjp([z], xs, [c]), feeds))).toBeLessThan(1e-9);
  });

  dist('simplify is idempotent', (r) => {
    const once = simplify([build(r)(...inputsOf(r))]);
    expect(structuralHash(simplify(once))).toBe(structuralHash(once));
  });

  dist('adjointness: c · jvp(t) = vjp(c) · t', (r) => {
    const xs = inputsOf(r);
    const y = build(r)(...xs);
    const c = o.input('c', y.shape);
    const ts = inputsOf(r, 't');
    const all = [...jvp([y], xs, ts), ...vjp([y], xs, [c])];
    const feeds = feedsFor([...all, c, ...ts]);
    const [forward, ...backward] = run(all, feeds);
    const left = dot([forward], [Array.from(feeds.c.data)]);
    const right = dot(backward, ts.map((_, i) => Array.from(feeds[`t${i}`].data))); // biome-ignore format: one idea
    expect(Math.abs(left - right)).toBeLessThan(1e-9 * Math.max(1, Math.abs(left)));
  });

  dist('second derivatives are symmetric: vᵀ H u = uᵀ H v, whichever mode comes first', (r) => {
    const xs = inputsOf(r);
    const y = o.sum(build(r)(...xs));
    const [us, vs] = [inputsOf(r, 'u'), inputsOf(r, 'v')];
    const slope = grad(y, xs);
    const along = (d: readonly Expr[]): Expr[] => jvp(slope, xs, d);
    const paired = (a: readonly Expr[], b: readonly Expr[]): Expr => o.addAll(a.map((x, i) => o.dot(x, b[i])));
    const reverseOfForward = vjp(jvp([y], xs, us), xs, [o.scalar(1)]);
    const values = run([paired(along(us), vs), paired(along(vs), us), paired(reverseOfForward, vs)]).flat();
    for (const v of values) expect(Math.abs(v - values[0])).toBeLessThan(1e-8 * Math.max(1, Math.abs(values[0])));
  });

  dist('vmap = map, for every choice of mapped inputs', (r) => {
    const xs = inputsOf(r);
    const f = (...args: Expr[]): Expr[] => {
      const y = build(r)(...args);
      return [y, ...vjp([y], args, [o.broadcastTo(1, y.shape)])];
    };
    const es = xs.map((x, i) => o.input(`e${i}`, [3, ...x.shape]));
    const feeds = feedsFor([...xs, ...es]);
    const single = f(...xs);
    for (const mask of [
      [true, true],
      [true, false],
      [false, true],
    ]) {
      const got = run(vmapAll(f, { mapped: mask })(...xs.map((x, i) => (mask[i] ? es[i] : x))), feeds);
      const want = [0, 1, 2].map((k) => {
        const picked = xs.map((x, i) => [`x${i}`, mask[i] ? run([o.reshape(o.sliceAxis(es[i], 0, k, k + 1), x.shape)], feeds)[0] : Array.from(feeds[`x${i}`].data)] as const); // biome-ignore format: one idea
        const own = Object.fromEntries(picked.map(([n, v], i) => [n, { shape: xs[i].shape, type: 'float64' as const, data: Float64Array.from(v) }])); // biome-ignore format: one idea
        return run(single, { ...feeds, ...own });
      });
      expect(distance(got, single.map((_, j) => want.flatMap((w) => w[j])))).toBeLessThan(1e-10); // biome-ignore format: one idea
    }
  });

  dist('the structural hash sees neither sharing nor names of bound variables', (r) => {
    const xs = inputsOf(r);
    const y = build(r)(...xs);
    const again = build(r)(...inputsOf(r));
    expect(structuralHash([again])).toBe(structuralHash([y]));
    let budget = 3000;
    const unshared = (e: Expr): Expr =>
      budget-- <= 0 ? e : makeNode(e.op, e.inputs.map(unshared), e.attributes as never, e.shape, e.type);
    expect(structuralHash([unshared(y)])).toBe(structuralHash([y]));
  });

  dist('the structural hash sees every constant', (r) => {
    const y = build(r)(...inputsOf(r));
    const key = structuralHash([o.add(o.sum(y), 1)]);
    expect(structuralHash([o.add(o.sum(y), 1 + 2 ** -52)])).not.toBe(key);
    expect(structuralHash([o.sub(o.sum(y), 1)])).not.toBe(key);
    expect(structuralHash([o.add(1, o.sum(y))])).not.toBe(key);
  });
});

describe('structural hash', () => {
  const h = (...e: Expr[]): string => structuralHash(e);
  const x = o.input('x', [4]);

  test('tells attributes, constants, types, shapes and names apart', () => {
    const all = [
      o.constant([0]),
      o.constant([-0]),
      o.constant([0], [1], 'int32'),
      o.constant([0], [1, 1]),
      o.scalar(0),
      x,
      o.input('y', [4]),
      o.parameterLeaf('x', x),
      o.sum(x, 0),
      o.cumsum(x),
      o.cumsum(x, 0, true),
      o.slice(x, [0], [3]),
      o.slice(x, [1], [4]),
      o.slice(x, [0], [4], [2]),
      o.polygamma(0, x),
      o.polygamma(1, x),
      o.sub(x, o.sin(x)),
      o.sub(o.sin(x), x),
      o.label('a', x),
      o.label('b', x),
    ];
    expect(new Set(all.map((e) => h(e))).size).toBe(all.length);
    expect(h(x, o.sin(x))).not.toBe(h(o.sin(x), x));
  });

  test('sees every element of a long constant, whatever its type', () => {
    for (const type of ['real', 'int32', 'bool'] as const)
      for (let n = 9; n < 24; n++) {
        const zeros = new Array<number>(n).fill(0);
        const keys = [zeros, ...zeros.map((_, i) => zeros.map((__, j) => (i === j ? 1 : 0)))].map((v) =>
          h(o.constant(v, [n], type)),
        );
        expect(new Set(keys).size, `${type} ${n}`).toBe(n + 1);
      }
    const many = Array.from({ length: 40 }, (_, i) => i);
    expect(h(o.constant(many.map((v) => (v === 0 ? -0 : v))))).not.toBe(h(o.constant(many)));
  });

  test('renames the variables of loops, and nothing else', () => {
    const loop = (f: (c: Expr, k: Expr) => Expr, k = x): Expr =>
      o.scan({ length: 3, init: [x], body: ([c]) => ({ carry: [f(c, k)] }) }).carry[0];
    const product = (c: Expr, k: Expr): Expr => o.sin(o.mul(c, k));
    expect(h(loop(product))).toBe(h(loop(product)));
    expect(h(loop(product))).not.toBe(h(loop((c, k) => o.sin(o.mul(k, c)))));
    const nested = (): Expr => loop((c) => o.scan({ length: 2, init: [c], body: ([d]) => ({ carry: [o.mul(d, c)] }) }).carry[0]); // biome-ignore format: one idea
    expect(h(nested())).toBe(h(nested()));
  });
});

describe('marks', () => {
  const x = o.input('x', [3]);

  test('stopGradient is a constant to both modes', () => {
    const y = o.sum(o.mul(o.stopGradient(o.exp(x)), x));
    const feeds = feedsFor([x]);
    const want = run([o.exp(x)], feeds);
    expect(distance(run(grad(y, [x]), feeds), want)).toBe(0);
    const e = [0, 1, 2].map(
      (i) => run(jvp([y], [x], [o.constant([0, 1, 2].map((j) => (i === j ? 1 : 0)))]), feeds)[0][0],
    );
    expect(distance([e], want)).toBeLessThan(1e-15);
  });

  test('batchMean inside vmap is the mean over examples, of its own axis alone', () => {
    const xs = o.input('xs', [4, 2]);
    const feeds = feedsFor([xs]);
    const f = (v: Expr): Expr[] => [o.sub(v, o.batchMean(v, 'rows'))];
    const want = run([o.sub(xs, o.broadcastTo(o.mean(xs, 0), [4, 2]))], feeds);
    expect(distance(run(vmapAll(f, { axis: 'rows' })(xs), feeds), want)).toBeLessThan(1e-15);
    const inner = vmapAll((row) => vmapAll((v) => [o.sub(v, o.batchMean(v, 'rows'))], { axis: 'columns' })(row), { axis: 'rows' })(xs); // biome-ignore format: one idea
    expect(distance(run(inner, feeds), want)).toBeLessThan(1e-15);
  });
});

test('withInputs keeps a node whose inputs did not change', () => {
  const x = o.input('x', [2]);
  const y = o.sin(x);
  expect(withInputs(y, [x])).toBe(y);
  expect(randomTensor('a', [2]).data).toEqual(randomTensor('a', [2]).data);
});
