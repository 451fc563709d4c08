/** Networks that read a noise level and the parts they are made of, against closed forms and their symmetries. */
import * as E from 'fp-ts/lib/Either.js';
import { describe, expect, test } from 'vitest';
import { grad } from '../../src/core/differentiate/index.ts';
import { type Expr, substitute } from '../../src/core/expr.ts';
import { onnx } from '../../src/core/interpreters/onnx/index.ts';
import { evaluateProgram } from '../../src/core/interpreters/reference/index.ts';
import * as o from '../../src/core/ops/index.ts';
import { initialValues } from '../../src/core/parameters.ts';
import { noiseFeeds, noiseKey, noiseTensor, parametersOf, program } from '../../src/core/program.ts';
import { root, type Scoped } from '../../src/core/scope.ts';
import { range } from '../../src/core/shape.ts';
import { vmap } from '../../src/core/vectorize.ts';
import { readNoiseNetwork } from '../../src/models/index.ts';
import {
  gaussianFourier,
  groupNorm,
  type NoiseConditioned,
  resMlp,
  selfAttention,
  sinusoidal,
  unet,
} from '../../src/nn/index.ts';

const drawn = (name: string, shape: readonly number[]) => noiseTensor(shape, 'normal', 0, noiseKey(7, 0, name), 'float64'); // biome-ignore format: one line
const known = (name: string, shape: readonly number[]): Expr => o.constant(drawn(name, shape).data as Float64Array, shape); // biome-ignore format: one line

/** Values with every parameter drawn by name from N(0, 0.3²), in float64. */
const valuesOf = (outputs: readonly Expr[]): number[][] => {
  const p = program([...outputs], 'float64');
  const feeds = Object.fromEntries(
    parametersOf(p.outputs).map((e) => {
      const t = drawn(e.attributes.name, e.shape);
      return [e.attributes.name, { ...t, data: (t.data as Float64Array).map((v) => 0.3 * v) }];
    }),
  );
  return evaluateProgram(p, feeds).map((t) => Array.from(t.data));
};
const inScope = <A>(part: Scoped<A>): A => part(root);
const close = (got: readonly number[], wanted: readonly number[], digits = 10): void => {
  expect(got.length).toBe(wanted.length);
  got.forEach((v, i) => void expect(v).toBeCloseTo(wanted[i], digits));
};

describe('embeddings', () => {
  test('are sines and cosines of their own frequencies: each pair on the unit circle, the fastest turning once in 2π', () => {
    const e = sinusoidal({ size: 8, scale: 1, slowest: 100 });
    const [at, turned] = valuesOf([e.apply(o.scalar(0.7)), e.apply(o.scalar(0.7 + 2 * Math.PI))]);
    range(4).forEach((i) => void expect(at[i] ** 2 + at[4 + i] ** 2).toBeCloseTo(1, 12));
    expect(turned[0]).toBeCloseTo(at[0], 10);
    expect(at[3]).toBeCloseTo(Math.sin(0.007), 12);
  });

  test('of Fourier features have the kernel of their frequencies: E cos 2πw(a−b) = exp(−2π² scale² (a−b)²)', () => {
    const e = gaussianFourier({ size: 8000, scale: 0.4, seed: 3 });
    const [a, b] = valuesOf([e.apply(o.scalar(0.2)), e.apply(o.scalar(0.7))]);
    const kernel = a.reduce((s, v, i) => s + v * b[i], 0) / 4000;
    expect(Math.abs(kernel - Math.exp(-2 * (Math.PI * 0.4 * 0.5) ** 2))).toBeLessThan(4 / Math.sqrt(4000));
  });

  test('of odd size, or slower than nothing, are refused', () => {
    expect(() => sinusoidal({ size: 5 })).toThrow('size must be a positive even integer');
    expect(() => gaussianFourier({ scale: 0 })).toThrow('scale must be a positive number');
  });
});

describe('group norm', () => {
  const x = known('x', [6, 3, 2]);

  test('gives each group mean 0 and variance v/(v + ε), whatever was added or multiplied', () => {
    const starts = startOf(inScope(groupNorm(3)(x)));
    for (const g of range(3)) {
      const group = starts.slice(12 * g, 12 * g + 12);
      const raw = (drawn('x', [6, 3, 2]).data as Float64Array).slice(12 * g, 12 * g + 12);
      const mean = raw.reduce((a, b) => a + b, 0) / 12;
      const variance = raw.reduce((a, b) => a + (b - mean) ** 2, 0) / 12;
      group.forEach((v, i) => void expect(v).toBeCloseTo((raw[i] - mean) / Math.sqrt(variance + 1e-5), 10));
    }
  });

  test('modulated is y (1 + scale) + shift of the plain one', () => {
    const [scale, shift] = [known('s', [6]), known('t', [6])];
    const [plain, both] = valuesOf([inScope(groupNorm(2)(x)), inScope(groupNorm(2)(x, { scale, shift }))]);
    const [s, t] = [drawn('s', [6]).data, drawn('t', [6]).data];
    close(both, plain.map((v, i) => v * (1 + s[Math.floor(i / 6)]) + t[Math.floor(i / 6)])); // biome-ignore format: one line
  });

  test('refuses groups that do not divide the channels', () =>
    expect(() => inScope(groupNorm(4)(x))).toThrow('the groups do not divide the channels'));
});

/** The values with parameters as they are at the start. */
const startOf = (e: Expr): number[] => {
  const parameters = parametersOf([e]);
  const starts = initialValues(parameters);
  const p = program(substitute([e], new Map(parameters.map((q, i) => [q as Expr, starts[i]]))), 'float64');
  return Array.from(evaluateProgram(p, noiseFeeds(p, { seed: 0 }))[0].data);
};

describe('self-attention', () => {
  const rows = [2, 0, 3, 1];
  const x = known('x', [4, 6]);
  const shuffled = o.gather(x, o.constant(rows, [4], 'int32'));

  test('permutes its result as its tokens are permuted', () => {
    const [plain, after] = valuesOf([inScope(selfAttention(2)(x)), inScope(selfAttention(2)(shuffled))]);
    close(
      after,
      rows.flatMap((r) => plain.slice(6 * r, 6 * r + 6)),
    );
  });

  test('of equal tokens is that of one token: the weights sum to 1', () => {
    const one = o.slice(x, [0, 0], [1, 6]);
    const [single, many] = valuesOf([inScope(selfAttention(3)(one)), inScope(selfAttention(3)(o.concat([one, one, one])))]); // biome-ignore format: one line
    close(many, [...single, ...single, ...single]);
  });

  test('refuses heads that do not divide a token', () =>
    expect(() => inScope(selfAttention(4)(x))).toThrow('the heads do not divide'));
});

const networks: readonly (readonly [string, NoiseConditioned, readonly number[]])[] = [
  ['resMlp', resMlp([8, 8, 6], { embedding: gaussianFourier({ size: 4 }) }), [3]],
  ['unet', unet({ channels: 4, multipliers: [1, 2], groups: 2, heads: 2 }), [4, 6, 2]],
  ['unet of patches', unet({ channels: 4, multipliers: [1, 1], groups: 2, heads: 0, patch: 2, blocks: 2 }), [4, 8, 1]],
];

describe.each(networks)('%s', (_, net, shape) => {
  const x = o.input('x', shape);
  const c = o.input('c', []);
  const event = { x: drawn('x', shape), c: drawn('c', []) };
  const at = (outputs: readonly Expr[], more = {}): number[][] => {
    const p = program([...outputs], 'float64');
    const feeds = Object.fromEntries(parametersOf(p.outputs).map((e) => [e.attributes.name, drawn(e.attributes.name, e.shape)])); // biome-ignore format: one line
    return evaluateProgram(p, { ...event, ...feeds, ...more }).map((t) => Array.from(t.data));
  };

  test('gives the asked-for shapes', () => {
    expect(inScope(net.apply(x, c, shape)).shape).toEqual(shape);
    expect(inScope(net.apply(x, c, [2, ...shape])).shape).toEqual([2, ...shape]);
  });

  test('says 0 before training, whatever it reads', () => {
    const y = inScope(net.apply(x, c, shape));
    const out = parametersOf([y]).filter((p) => p.attributes.name.startsWith('out/'));
    expect(out.length).toBe(2);
    const zero = Object.fromEntries(out.map((p) => [p.attributes.name, { shape: p.shape, type: 'float64', data: new Float64Array(p.shape.reduce((a, b) => a * b, 1)) }])); // biome-ignore format: one line
    for (const v of at([y], zero)[0]) expect(v).toBeCloseTo(0, 12);
  });

  test('reads its noise level and every coordinate of its event, and has finite gradients', () => {
    const y = inScope(net.apply(x, c, shape));
    const loss = o.sum(o.square(y));
    const parameters = parametersOf([loss]);
    const [dx, dc, ...dp] = at(grad(loss, [x, c, ...parameters]));
    expect(dx.every((v) => Number.isFinite(v) && v !== 0)).toBe(true);
    expect(dc[0]).not.toBe(0);
    for (const g of dp) expect(g.every(Number.isFinite)).toBe(true);
  });

  test('given a context reads it beside the same parameters; a class is not no class, which is zeros', () => {
    const [hot, none] = [o.constant([0, 1, 0]), o.constant([0, 0, 0])];
    const names = (e: Expr): string[] => parametersOf([e]).map((p) => p.attributes.name);
    const conditional = inScope(net.given(hot).apply(x, c, shape));
    const plain = names(inScope(net.apply(x, c, shape)));
    expect(names(conditional).filter((n) => !plain.includes(n))).toEqual([
      'embed/context/kernel',
      'embed/context/bias',
    ]);
    const [a, b] = at([conditional, inScope(net.given(none).apply(x, c, shape))]);
    expect(Math.max(...a.map((v, i) => Math.abs(v - b[i])))).toBeGreaterThan(1e-6);
  });

  test('is read back from its spec', () => {
    const again = readNoiseNetwork(JSON.parse(JSON.stringify(net.spec)));
    if (E.isLeft(again)) throw new Error(again.left.message);
    expect(again.right.spec).toEqual(net.spec);
    const [a, b] = at([inScope(net.apply(x, c, shape)), inScope(again.right.apply(x, c, shape))]);
    expect(a).toEqual(b);
  });

  test('on onnx-cpu says what the reference says, each example of a batch by itself', async () => {
    const batch = o.input('batch', [3, ...shape]);
    const levels = o.input('levels', [3]);
    const y = vmap((v, l) => inScope(net.apply(v, l, shape)))(batch, levels);
    const p = program([y], 'float32');
    const small = (name: string, s: readonly number[]) => {
      const t = drawn(name, s);
      return { shape: s, type: 'float32' as const, data: Float32Array.from(t.data, (v) => 0.3 * v) };
    };
    const feeds = {
      ...Object.fromEntries(parametersOf(p.outputs).map((e) => [e.attributes.name, small(e.attributes.name, e.shape)])),
      batch: small('batch', [3, ...shape]),
      levels: small('levels', [3]),
    };
    const wide = Object.fromEntries(Object.entries(feeds).map(([k, t]) => [k, { ...t, type: 'float64' as const, data: Float64Array.from(t.data) }])); // biome-ignore format: one line
    const wanted = Array.from(evaluateProgram(program([y], 'float64'), wide)[0].data);
    const [got] = await (await onnx('cpu').compile(p)).run(feeds);
    const scale = Math.max(...wanted.map(Math.abs));
    got.data.forEach((v, i) => void expect(Math.abs(v - wanted[i])).toBeLessThan(1e-4 * scale));
  });
});

describe('networks that cannot be', () => {
  test('say why', () => {
    expect(() => resMlp([])).toThrow('one or more widths');
    expect(() => unet({ channels: 12 })).toThrow('groups must divide the channels');
    expect(() => inScope(unet().apply(o.input('x', [30, 28, 1]), o.scalar(0), [30, 28, 1]))).toThrow('sides the levels can halve'); // biome-ignore format: one line
  });
});
