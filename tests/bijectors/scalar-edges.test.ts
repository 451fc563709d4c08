/** Elementwise layers, splines and mixtures at the edges: tails, tiny numbers, off the support, extreme parameters; values in both precisions. */
import { describe, expect, test } from 'vitest';
import type { Layer } from '../../src/algebra/transport.ts';
import * as b from '../../src/bijectors/index.ts';
import { grad } from '../../src/core/differentiate/index.ts';
import * as D from '../../src/core/draw.ts';
import { type Expr, substitute, topological } from '../../src/core/expr.ts';
import { onnx } from '../../src/core/interpreters/index.ts';
import * as o from '../../src/core/ops/index.ts';
import { program } from '../../src/core/program.ts';
import { root } from '../../src/core/scope.ts';
import { type Tensor, tensor } from '../../src/core/tensor.ts';
import { vmapAll } from '../../src/core/vectorize.ts';
import { valuesOf } from '../../src/laws/region.ts';

const of = (values: readonly number[], shape: readonly number[] = [values.length]): Tensor =>
  tensor(Float64Array.from(values), shape);

/** Value, contribution, and gradient of the contribution by x, for one number. */
const one = (layer: Layer, direction: 'encode' | 'decode', x: number): readonly [number, number, number] => {
  const at = o.input('x', [1]);
  const { value, contribution } = D.runDraw(layer[direction](at));
  const [v, c, g] = valuesOf([value, contribution, ...grad(contribution, [at])], { x: of([x]) });
  return [v.data[0], c.data[0], g.data[0]];
};

const close = (got: number, want: number, tolerance = 1e-12): void =>
  expect(Math.abs(got - want) / Math.max(1, Math.abs(want)), `${got} for ${want}`).toBeLessThanOrEqual(tolerance);

const tails = [-700, -300, -30, -1, -1e-8, -1e-30, 0, 1e-300, 1e-30, 1e-8, 1, 30, 300, 700];

describe('contributions in closed form, far out', () => {
  const log1pe = (x: number): number => (x > 0 ? x + Math.log1p(Math.exp(-x)) : Math.log1p(Math.exp(x)));
  const forms: readonly (readonly [string, Layer, (x: number) => number])[] = [
    ['exp', b.exp(), (x) => x],
    ['softplus', b.softplus(), (x) => -log1pe(-x)],
    ['sigmoid', b.sigmoid(), (x) => -log1pe(x) - log1pe(-x)],
    ['sigmoid onto (−2, 5)', b.sigmoid({ low: -2, high: 5 }), (x) => Math.log(7) - log1pe(x) - log1pe(-x)],
    ['tanh', b.tanh(), (x) => 2 * (Math.LN2 - Math.abs(x) - Math.log1p(Math.exp(-2 * Math.abs(x))))],
    ['softsign', b.softsign(), (x) => -2 * Math.log1p(Math.abs(x))],
    ['sinhArcsinh', b.sinhArcsinh({ skewness: 0.5, tailweight: 2 }), (x) => Math.log(Math.cosh(Math.asinh(x) / 2 - 0.5)) - Math.log(2) - 0.5 * Math.log1p(x * x)], // biome-ignore format: one line a layer
    ['leakyRelu', b.leakyRelu({ slope: 0.1 }), (x) => (x < 0 ? Math.log(0.1) : 0)],
  ];
  test.each(forms)('%s', (_, layer, want) => {
    for (const x of tails) {
      const [value, contribution, slope] = one(layer, 'encode', x);
      expect([x, value, slope].every(Number.isFinite), `${x}: ${value}, ${slope}`).toBe(true);
      close(contribution, want(x));
    }
  });
  test('from positive numbers', () => {
    for (const x of [1e-300, 1e-30, 1e-8, 0.5, 1, 30, 700, 1e30, 1e300]) {
      close(one(b.log(), 'encode', x)[1], -Math.log(x));
      close(one(b.softplusInverse(), 'encode', x)[1], -Math.log(-Math.expm1(-x)));
      close(one(b.power({ exponent: 0.5 }), 'encode', x)[1], Math.log(0.5) - 0.5 * Math.log(x));
      close(one(b.power({ exponent: 0.5, signed: true }), 'encode', -x)[1], Math.log(0.5) - 0.5 * Math.log(x));
    }
  });
  test('sinhArcsinh where the square overflows', () => {
    for (const x of [-1e300, -1e200, 1e160, 1e300]) {
      const [value, contribution, slope] = one(b.sinhArcsinh({ tailweight: 2 }), 'encode', x);
      close(contribution, 0.5 * Math.log(2 * Math.abs(x)) - Math.LN2 - Math.log(2) - Math.log(Math.abs(x)), 1e-10);
      expect([value, slope].every(Number.isFinite)).toBe(true);
      close(one(b.sinhArcsinh({ tailweight: 2 }), 'decode', value)[0] / x, 1, 1e-12);
    }
  });
});

describe('round trips, far out', () => {
  const trips: readonly (readonly [string, Layer, readonly number[]])[] = [
    ['exp', b.exp(), [-700, -30, 0, 30, 700]],
    ['log', b.log(), [1e-300, 1e-30, 1, 30, 1e300]],
    ['softplus', b.softplus(), [-700, -30, 0, 30, 700]],
    ['softplusInverse', b.softplusInverse(), [1e-300, 1e-30, 1, 40, 41, 1e300]],
    ['inverse sigmoid', b.inverse(b.sigmoid()), [1e-300, 1e-30, 0.5, 1 - 2 ** -53]],
    ['inverse tanh', b.inverse(b.tanh()), [-1 + 2 ** -53, -1e-30, 1e-300, 0.5, 1 - 2 ** -53]],
    ['softsign', b.softsign(), [-1e8, -1e-30, 0, 1e-300, 1e8]],
    ['cube', b.power({ exponent: 3, signed: true }), [-1e90, -1e-90, 0, 1e-90, 30]],
    ['sinhArcsinh', b.sinhArcsinh({ tailweight: 1.5 }), [-1e30, -30, -1e-30, 0, 1e-30, 30, 1e30]],
  ];
  test.each(trips)('%s', (_, layer, xs) => {
    for (const x of xs) {
      const back = one(layer, 'decode', one(layer, 'encode', x)[0])[0];
      // Near 1, sigmoid and softsign have as many digits as the spacing of numbers there leaves.
      expect(Math.abs(back - x) <= 1e-8 * Math.abs(x), `${x} came back as ${back}`).toBe(true);
    }
  });
  test('tanh of a large number is 1, and 1 is decoded to the largest number that is not', () => {
    const [z] = one(b.tanh(), 'encode', 40);
    expect(z).toBe(1);
    const [x, contribution, slope] = one(b.tanh(), 'decode', 1);
    expect(x).toBeGreaterThan(19);
    expect([contribution, slope].every(Number.isFinite)).toBe(true);
  });
});

test('off the support: density 0, gradient 0, no NaN', () => {
  const off: readonly (readonly [Layer, readonly number[]])[] = [
    [b.log(), [0, -1, -1e300]],
    [b.inverse(b.exp()), [0, -1]],
    [b.softplusInverse(), [0, -1, -1e300]],
    [b.inverse(b.sigmoid({ low: 2, high: 3 })), [2, 3, -1, 1e300]],
    [b.inverse(b.tanh()), [1.5, -1e300]],
    [b.inverse(b.softsign()), [1, -1, 7]],
    [b.power({ exponent: 2 }), [0, -1]],
    [b.power({ exponent: 3, signed: true }), [0]],
    [b.bijectTo({ kind: 'positive' }), [0, -1]],
    [b.bijectTo({ kind: 'positive' }, { by: 'exp' }), [0, -1]],
    [b.bijectTo({ kind: 'interval', low: -1, high: 1 }), [-1, 1, 5]],
    [b.bijectTo({ kind: 'above', low: 3 }), [3, -1]],
  ];
  for (const [layer, xs] of off)
    for (const x of xs) expect(one(layer, 'encode', x), `${layer.spec.type} at ${x}`).toEqual([0, -Infinity, 0]);
});

/** A scalar map at some numbers, raw parameters being given: values and log-slopes. */
const mapped = (map: b.ScalarMap, direction: 'encode' | 'decode', xs: readonly number[], raw: readonly number[]) => {
  const [x, r] = [o.input('x', [xs.length]), o.input('raw', [map.width, xs.length])];
  const { value, logSlope } = map[direction](x, r)(root);
  const all = raw.flatMap((v) => xs.map(() => v));
  const [v, s] = valuesOf([value, logSlope], { x: of(xs), raw: of(all, [map.width, xs.length]) });
  return { values: Array.from(v.data), logSlopes: Array.from(s.data) };
};

const grid = (low: number, high: number, n: number): number[] =>
  Array.from({ length: n }, (_, i) => low + ((high - low) * i) / (n - 1));

describe('splines', () => {
  const map = b.splineMap({ bins: 6, bound: 3 });
  const zero = new Array<number>(map.width).fill(0);
  const wild = (seed: number, size: number): number[] =>
    zero.map((_, i) => size * Math.sin(12.9898 * (i + 1) * (seed + 1)));

  test('raw = 0 is the identity', () => {
    const xs = grid(-4, 4, 81);
    for (const direction of ['encode', 'decode'] as const) {
      const { values, logSlopes } = mapped(map, direction, xs, zero);
      values.forEach((v, i) => close(v, xs[i], 1e-14));
      logSlopes.forEach((s) => close(s, 0, 1e-14));
    }
  });

  test('is increasing, the identity outside, smooth at the ends of the box, with the slope it says', () => {
    for (const seed of [0, 1, 2, 3]) {
      const raw = wild(seed, 3);
      const xs = grid(-3.5, 3.5, 2001);
      const { values, logSlopes } = mapped(map, 'encode', xs, raw);
      values.forEach((v, i) => i > 0 && expect(v).toBeGreaterThan(values[i - 1]));
      xs.forEach((x, i) => {
        if (Math.abs(x) >= 3) expect([values[i], logSlopes[i]]).toEqual([x, 0]);
      });
      const edge = mapped(map, 'encode', [-3 + 1e-9, 3 - 1e-9], raw);
      close(edge.values[0], -3, 1e-8);
      close(edge.values[1], 3, 1e-8);
      edge.logSlopes.forEach((s) => close(s, 0, 1e-5));
      const [at, before, after] = [0.3, 0.3 - 1e-6, 0.3 + 1e-6];
      const near = mapped(map, 'encode', [at, before, after], raw);
      close(Math.exp(near.logSlopes[0]), (near.values[2] - near.values[1]) / 2e-6, 1e-6);
    }
  });

  test('takes raw parameters of any size', () => {
    for (const size of [10, 100, 1e4])
      for (const seed of [0, 1, 2]) {
        const raw = wild(seed, size);
        const xs = grid(-2.999, 2.999, 301);
        const { values, logSlopes } = mapped(map, 'encode', xs, raw);
        expect(values.every((v) => Number.isFinite(v) && Math.abs(v) <= 3)).toBe(true);
        expect(logSlopes.every(Number.isFinite)).toBe(true);
        const back = mapped(map, 'decode', values, raw);
        back.values.forEach((v, i) => {
          // As many digits as the steepness leaves.
          expect(Math.abs(v - xs[i]) * Math.min(1, Math.exp(logSlopes[i]))).toBeLessThan(1e-9);
        });
        expect(back.logSlopes.every(Number.isFinite)).toBe(true);
      }
  });

  test('far away and at infinity nothing is NaN', () => {
    const { values, logSlopes } = mapped(map, 'encode', [-1e300, -3, 3, 1e300], wild(1, 2));
    expect([values, logSlopes]).toEqual([
      [-1e300, -3, 3, 1e300],
      [0, 0, 0, 0],
    ]);
    const x = o.input('x', [2]);
    const raw = o.input('raw', [map.width, 2]);
    for (const direction of ['encode', 'decode'] as const) {
      const { value, logSlope } = map[direction](x, raw)(root);
      const gradients = grad(o.sum(o.add(value, logSlope)), [x, raw]);
      const got = valuesOf(gradients, {
        x: of([-1e300, 7]),
        raw: of([...wild(0, 50), ...wild(2, 50)], [map.width, 2]),
      });
      expect(got.every((t) => Array.from(t.data).every(Number.isFinite))).toBe(true);
      expect(Array.from(got[0].data)).toEqual([1, 1]);
    }
  });
});

describe('mixtures of logistics', () => {
  const map = b.mixtureCdfMap({ components: 3 });
  const raw = [0.4, -1, 0.7, 5, -6, 0.2, 1.5, -4, -0.5];

  test('near the identity at raw = 0, and exactly where there is one component', () => {
    const xs = grid(-5, 5, 41);
    mapped(b.mixtureCdfMap({ components: 1 }), 'encode', xs, [0, 0, 0]).values.forEach((v, i) =>
      close(v, xs[i], 1e-13),
    );
    mapped(map, 'encode', xs, new Array<number>(9).fill(0)).values.forEach((v, i) => expect(Math.abs(v - xs[i])).toBeLessThan(0.5)); // biome-ignore format: one idea
  });

  test('round trips and finite slopes, narrow components and far tails', () => {
    const xs = [-1e6, -300, -30, ...grid(-8, 8, 65), 30, 300, 1e6];
    for (const scale of [0.3, 1, 3]) {
      const parameters = raw.map((v) => scale * v);
      const { values, logSlopes } = mapped(map, 'encode', xs, parameters);
      expect([...values, ...logSlopes].every(Number.isFinite)).toBe(true);
      const back = mapped(map, 'decode', values, parameters);
      back.values.forEach((v, i) => {
        const error = Math.abs(v - xs[i]) / Math.max(1, Math.abs(xs[i]));
        expect(error * Math.min(1, Math.exp(logSlopes[i])), `${xs[i]} came back as ${v}`).toBeLessThan(1e-14);
      });
    }
  });
});

describe('gradients through roots are those of the implicit function', () => {
  /** ∂ Σ c·decode(z; p) / ∂p by `grad` against central differences. */
  const agrees = (build: (p: Expr, z: Expr) => Expr, p: readonly number[], z: readonly number[]): void => {
    const [pe, ze] = [o.input('p', [p.length]), o.input('z', [z.length])];
    const value = build(pe, ze);
    const weighted = o.sum(o.mul(value, o.constant(z.map((_, i) => 1 + 0.3 * i))));
    const at = (q: readonly number[], y: readonly number[]) => valuesOf([weighted], { p: of(q), z: of(y) })[0].data[0];
    const [gp, gz] = valuesOf(grad(weighted, [pe, ze]), { p: of(p), z: of(z) });
    const h = 1e-5;
    const moved = (v: readonly number[], i: number, d: number) => v.map((a, k) => (k === i ? a + d : a));
    p.forEach((_, i) => close(gp.data[i], (at(moved(p, i, h), z) - at(moved(p, i, -h), z)) / (2 * h), 1e-7));
    z.forEach((_, i) => close(gz.data[i], (at(p, moved(z, i, h)) - at(p, moved(z, i, -h))) / (2 * h), 1e-7));
  };
  const layerOf =
    (layer: Layer, read: (p: Expr, name: string, shape: readonly number[]) => Expr) =>
    (p: Expr, z: Expr): Expr => {
      const { value, contribution } = D.runDraw(layer.decode(z));
      return o.add(substituted(value, p, read), o.mul(0.1, substituted(contribution, p, read)));
    };

  test('mixture', () => {
    const map = b.mixtureCdfMap({ components: 2 });
    agrees(
      (p, z) => {
        const { value, logSlope } = map.decode(z, o.reshape(p, [6, 2]))(root);
        return o.add(value, o.mul(0.2, logSlope));
      },
      [0.3, -0.2, 0.8, 1.1, 1, -1, -0.4, 0.6, 0.2, -0.5, 0.9, 0.1],
      [0.7, -1.2],
    );
  });

  test('planar and Sylvester', () => {
    const take = (sizes: { readonly [name: string]: readonly [number, number] }) => (p: Expr, name: string, shape: readonly number[]) => o.reshape(o.sliceAxis(p, 0, ...sizes[name]), shape); // biome-ignore format: one idea
    agrees(
      layerOf(b.planar(), take({ w: [0, 3], u: [3, 6], bias: [6, 7] })),
      [0.8, -0.5, 1.2, -0.9, 0.7, 0.4, 0.3],
      [0.5, -0.4, 1.1],
    );
    const places = { outerDiagonal: [0, 2], innerDiagonal: [2, 4], reflections: [4, 10], outer: [10, 14], inner: [14, 18], bias: [18, 20] } as const; // biome-ignore format: one idea
    agrees(
      layerOf(b.sylvester({ width: 2 }), take(places)),
      [0.7, -0.9, 0.8, 1.1, 0.5, 1, -0.3, 0.2, -0.6, 0.9, 0, 0.7, 0, 0, 0, -0.8, 0, 0, 0.2, -0.1],
      [0.5, -0.4, 1.1],
    );
  });
});

/** Parameters replaced by parts of one vector. */
const substituted = (e: Expr, p: Expr, read: (p: Expr, name: string, shape: readonly number[]) => Expr): Expr => {
  const found = new Map<Expr, Expr>();
  for (const x of topological([e])) if (x.op === 'parameter') found.set(x, read(p, x.attributes.name, x.shape));
  return substitute([e], found)[0];
};

describe('in single precision, on onnx-cpu', () => {
  const cpu = onnx('cpu');
  const single = async (outputs: readonly Expr[], feeds: Record<string, Tensor>): Promise<number[][]> => {
    const feed32 = Object.fromEntries(
      Object.entries(feeds).map(([k, t]): [string, Tensor] => [
        k,
        { shape: t.shape, type: 'float32', data: Float32Array.from(t.data) },
      ]),
    );
    const run = await cpu.compile(program(outputs, 'float32'));
    return (await run.run(feed32)).map((t) => Array.from(t.data));
  };

  test('elementwise layers agree with double precision from −80 to 80', async () => {
    const xs = [-80, -30, -10, -1, -1e-6, -1e-30, 0, 1e-30, 1e-6, 0.3, 1, 10, 30, 80].map(Math.fround);
    const layers = [b.exp(), b.softplus(), b.sigmoid({ low: -1, high: 3 }), b.tanh(), b.softsign(), b.sinhArcsinh({ skewness: 0.3, tailweight: 1.4 }), b.leakyRelu()]; // biome-ignore format: one list
    for (const layer of layers) {
      const x = o.input('x', [xs.length]);
      const { value, contribution } = D.runDraw(layer.encode(x));
      const outputs = [value, ...grad(contribution, [x])];
      const want = valuesOf(outputs, { x: of(xs) });
      const got = await single(outputs, { x: of(xs) });
      got.forEach((row, k) => row.forEach((v, i) => close(v, want[k].data[i], 2e-6)));
    }
  });

  test('a mixture whose components lie far apart is decoded to finite numbers with finite gradients', async () => {
    const map = b.mixtureCdfMap({ components: 2 });
    const [z, raw] = [o.input('z', [5]), o.input('raw', [6, 5])];
    const { value, logSlope } = map.decode(z, raw)(root);
    const feeds = {
      z: of([-40, -1, 0, 1, 40]),
      raw: of(
        [0, 0, -4, 4, -30, -30].flatMap((v) => [v, v, v, v, v]),
        [6, 5],
      ),
    };
    const rows = await single([value, logSlope, ...grad(o.sum(value), [z])], feeds);
    expect(rows.flat().every(Number.isFinite)).toBe(true);
    rows[0].forEach((v, i) => i > 0 && expect(v).toBeGreaterThanOrEqual(rows[0][i - 1]));
  });

  test('ridges at the limit of their constraint stay regular', async () => {
    for (const layer of [b.planar(), b.radial(), b.sylvester({ width: 1 })]) {
      const x = o.input('x', [2]);
      const there = D.runDraw(layer.encode(x));
      const back = D.runDraw(layer.decode(there.value));
      const outputs = [there.value, there.contribution, back.value, back.contribution];
      for (const size of [-200, 200]) {
        const replaced = outputs.map((e) => substituted(e, o.scalar(size), (p, _, shape) => o.broadcastTo(p, shape)));
        const [z, c, again, d] = await single(replaced, { x: of([0.3, -0.2]) });
        expect([...z, ...c, ...again, ...d].every(Number.isFinite), `${layer.spec.type} ${size}`).toBe(true);
      }
    }
  });

  test('splines and mixtures, in batches', async () => {
    const [n, d] = [64, 3];
    for (const map of [b.splineMap(), b.mixtureCdfMap()]) {
      const [x, raw] = [o.input('x', [d]), o.input('raw', [map.width, d])];
      const there = map.encode(x, raw)(root);
      const back = map.decode(there.value, raw)(root);
      const lanes = vmapAll((a: Expr, r: Expr) => {
        const at = new Map([[x, a], [raw, r]]); // biome-ignore format: one idea
        return substitute([there.value, there.logSlope, back.value, back.logSlope], at);
      })(o.input('x', [n, d]), o.input('raw', [n, map.width, d]));
      const feeds = {
        x: of(
          Array.from({ length: n * d }, (_, i) => 5 * Math.sin(i * 1.7)),
          [n, d],
        ),
        raw: of(
          Array.from({ length: n * d * map.width }, (_, i) => 1.5 * Math.sin(i * 12.9898)),
          [n, map.width, d],
        ),
      };
      const want = valuesOf(lanes, feeds);
      const got = await single(lanes, feeds);
      const worst = got.map((row, k) => Math.max(...row.map((v, i) => Math.abs(v - want[k].data[i]))));
      expect(worst[0]).toBeLessThan(1e-5);
      expect(worst[1]).toBeLessThan(1e-4);
      expect(worst[2]).toBeLessThan(1e-3);
      expect(worst[3]).toBeLessThan(1e-2);
    }
  });
});
