/** Maps onto the simplex and onto Cholesky factors: laws in the coordinates that determine a value, constraints of parameters, types. */
import { pipe } from 'fp-ts/lib/function.js';
import { describe, expect, test } from 'vitest';
import { constraintOf, type Support } from '../../src/algebra/support.ts';
import { bijection, type Layer, type Step, type Transport } from '../../src/algebra/transport.ts';
import { bijectTo, choleskyFactor, correlationFactor, stickBreaking } from '../../src/bijectors/index.ts';
import * as D from '../../src/core/draw.ts';
import type { Expr } from '../../src/core/expr.ts';
import * as o from '../../src/core/ops/index.ts';
import { correlation } from '../../src/core/parameters.ts';
import * as Sc from '../../src/core/scope.ts';
import { type Tensor, tensor } from '../../src/core/tensor.ts';
import { pushforward, standardNormal } from '../../src/distributions/index.ts';
import { showVerdicts, transportLaws, violations } from '../../src/laws/index.ts';
import { pointsIn, valuesOf } from '../../src/laws/region.ts';
import { withContribution } from './scalar-mutants.ts';

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const is = <A, B>(_holds: Equal<A, B>): void => undefined;

const of = (values: readonly number[], shape: readonly number[] = [values.length]): Tensor =>
  tensor(Float64Array.from(values), shape);

/** The layer seen in free coordinates of its data: `fill` makes an event of them, `read` takes them out. A square Jacobian. */
const charted = (layer: Layer, fill: (y: Expr) => Expr, read: (x: Expr) => Expr): Layer => ({
  ...bijection({
    spec: { type: 'charted' },
    encode: (y) => () => D.runDraw(layer.encode(fill(y))),
    decode: () => () => ({ value: o.scalar(0), contribution: o.scalar(0) }),
  }),
  decode: (z) => D.map((s: Step) => ({ ...s, value: read(s.value) }))(layer.decode(z)),
});

const indices = (values: readonly number[]): Expr => o.constant(Int32Array.from(values), [values.length], 'int32');
const below = (n: number, strict: boolean): number[] =>
  Array.from({ length: n * n }, (_, k) => k).filter((k) => Math.floor(k / n) >= (k % n) + (strict ? 1 : 0));
const scattered = (y: Expr, n: number, strict: boolean): Expr =>
  o.reshape(o.scatterAdd(indices(below(n, strict)), y, n * n), [n, n]);
const gathered = (m: Expr, n: number, strict: boolean): Expr =>
  o.gather(o.reshape(m, [n * n]), indices(below(n, strict)));

/** Points by decoding normal latents. */
const decoded = (layer: Layer, latent: number, count: number, seed: number, spread = 1): Tensor => {
  const z = o.input('z', [latent]);
  const { value } = D.runDraw(layer.decode(z));
  const noise = pointsIn('reals', [latent], count, seed);
  const rows = Array.from({ length: count }, (_, i) =>
    Array.from(
      valuesOf([value], { z: of(Array.from(noise.data.subarray(i * latent, (i + 1) * latent), (v) => spread * v)) })[0]
        .data,
    ),
  );
  return of(rows.flat(), [count, rows[0].length]);
};

const holds = (layer: Layer, latent: number, tolerance = 1e-8): void => {
  for (const [seed, spread] of [
    [0, 1],
    [1, 1],
    [2, 2],
  ] as const) {
    const points = decoded(layer, latent, 4, seed, spread);
    expect(showVerdicts(violations(transportLaws(layer, { shape: [latent], points, tolerance })))).toBe('');
  }
};

describe('laws in the coordinates that determine a value', () => {
  test.each([2, 3, 6])('the simplex of %i', (k) => {
    const layer: Layer = stickBreaking(k);
    const fill = (y: Expr): Expr => o.concat([y, o.reshape(o.sub(1, o.sum(y)), [1])], 0);
    holds(
      charted(layer, fill, (x) => o.sliceAxis(x, 0, 0, k - 1)),
      k - 1,
    );
  });
  test.each([1, 2, 4])('lower triangular matrices of %i', (n) => {
    const layer: Layer = choleskyFactor(n);
    holds(charted(layer, (y) => scattered(y, n, false), (x) => gathered(x, n, false)), (n * (n + 1)) / 2); // biome-ignore format: one idea
  });
  test.each([2, 3, 4])('Cholesky factors of correlations of %i', (n) => {
    const layer: Layer = correlationFactor(n);
    const fill = (y: Expr): Expr => {
      const l = scattered(y, n, true);
      const rest = o.sqrt(o.sub(1, o.sum(o.square(l), 1)));
      return o.add(l, o.mul(o.eye(n), o.expandDims(rest, 1)));
    };
    holds(
      charted(layer, fill, (x) => gathered(x, n, true)),
      (n * (n - 1)) / 2,
      1e-7,
    );
  });
});

test('mutants of their log-determinants are noticed', () => {
  const fill = (y: Expr): Expr => o.concat([y, o.reshape(o.sub(1, o.sum(y)), [1])], 0);
  const read = (x: Expr): Expr => o.sliceAxis(x, 0, 0, 3);
  const points = decoded(charted(stickBreaking(4), fill, read), 3, 4, 0);
  const noticed = (wrong: (x: Expr, z: Expr) => Expr): number =>
    violations(transportLaws(charted(withContribution(stickBreaking(4), wrong), fill, read), { shape: [3], points }))
      .length;
  expect(noticed((x) => o.neg(o.sum(o.log(x))))).toBe(0);
  expect(noticed((x) => o.sum(o.log(x)))).toBeGreaterThan(0);
  // The last share forgotten, the last counted twice, the Jacobian of a softmax, log K too much.
  expect(noticed((x) => o.neg(o.sum(o.log(read(x)))))).toBeGreaterThan(0);
  expect(noticed((x) => o.neg(o.add(o.sum(o.log(x)), o.sum(o.log(o.sliceAxis(x, 0, 3, 4))))))).toBeGreaterThan(0);
  expect(noticed((_, z) => o.sum(o.neg(z)))).toBeGreaterThan(0);
  expect(noticed((x) => o.sub(Math.log(4), o.sum(o.log(x))))).toBeGreaterThan(0);
});

describe('what they map onto', () => {
  const value = (layer: Layer, z: readonly number[]) => {
    const at = o.input('z', [z.length]);
    const there = D.runDraw(layer.decode(at));
    const back = D.runDraw(layer.encode(there.value));
    const [x, c, again] = valuesOf([there.value, there.contribution, back.value], { z: of(z) });
    return { x: Array.from(x.data), contribution: c.data[0], again: Array.from(again.data) };
  };
  test('free zeros are equal shares, the identity, and no correlation', () => {
    for (const v of value(stickBreaking(4), [0, 0, 0]).x) expect(v).toBeCloseTo(0.25, 15);
    expect(value(choleskyFactor(2), [0, 0, 0]).x).toEqual([1, 0, 0, 1]);
    expect(value(correlationFactor(3), [0, 0, 0]).x).toEqual([1, 0, 0, 0, 1, 0, 0, 0, 1]);
  });
  test('shares sum to one, rows have unit length, and contributions stay finite far out', () => {
    for (const size of [1, 30, 300]) {
      const z = [1, -0.7, 0.4, -1, 0.9, 0.2].map((v) => size * v);
      const shares = value(stickBreaking(7), z);
      expect(shares.x.reduce((a, v) => a + v, 0)).toBeCloseTo(1, 12);
      const l = value(correlationFactor(4), z);
      for (const i of [0, 1, 2, 3])
        expect(l.x.slice(4 * i, 4 * i + 4).reduce((a, v) => a + v * v, 0)).toBeCloseTo(1, 12);
      expect([shares.contribution, l.contribution].every(Number.isFinite)).toBe(true);
    }
    value(stickBreaking(7), [30, -30, 20, -20, 8, 3]).again.forEach((v, i) => expect(v).toBeCloseTo([30, -30, 20, -20, 8, 3][i], 9)); // biome-ignore format: one idea
    value(correlationFactor(3), [15, -12, 9]).again.forEach((v, i) => expect(v).toBeCloseTo([15, -12, 9][i], 9));
  });
});

test('a constraint is the layer of its support', () => {
  const supports: readonly (readonly [Support, Layer, readonly number[]])[] = [
    [{ kind: 'real' }, bijectTo({ kind: 'real' }), [3]],
    [{ kind: 'positive' }, bijectTo({ kind: 'positive' }), [3]],
    [{ kind: 'nonNegative' }, bijectTo({ kind: 'nonNegative' }), [3]],
    [{ kind: 'interval', low: 0, high: 1 }, bijectTo({ kind: 'interval', low: 0, high: 1 }), [3]],
    [{ kind: 'interval', low: -2, high: 1 }, bijectTo({ kind: 'interval', low: -2, high: 1 }), [3]],
    [{ kind: 'above', low: -1 }, bijectTo({ kind: 'above', low: -1 }), [3]],
    [{ kind: 'simplex' }, bijectTo({ kind: 'simplex' }, { size: 4 }), [4]],
    [{ kind: 'lowerCholesky' }, bijectTo({ kind: 'lowerCholesky' }, { size: 2 }), [2, 2]],
    [{ kind: 'correlationCholesky' }, bijectTo({ kind: 'correlationCholesky' }, { size: 3 }), [3, 3]],
  ];
  for (const [support, layer, shape] of supports) {
    const c = constraintOf(support);
    const free = o.input('z', c.freeShape?.(shape) ?? shape);
    const made = c.constrain(free);
    const layered = D.runDraw(layer.decode(free)).value;
    const [a, b, back] = valuesOf([made, layered, c.unconstrain(made)], { z: of([0.3, -1.2, 0.8]) });
    expect(Array.from(a.data)).toEqual(Array.from(b.data));
    expect(a.shape).toEqual(shape);
    Array.from(back.data).forEach((v, i) => expect(v).toBeCloseTo([0.3, -1.2, 0.8][i], 10));
  }
});

test('parameters under constraints start at their initial value and stay in the set', () => {
  const start = (
    c: Parameters<typeof Sc.parameter>[2]['constraint'],
    shape: readonly number[],
    init: Expr,
  ): number[] => {
    const e = Sc.parameter('p', shape, { init: () => (cursor) => [init, cursor], ...(c === undefined ? {} : { constraint: c }) })(Sc.root); // biome-ignore format: one idea
    const definition = valuesOf([c?.constrain(c.unconstrain(init)) ?? init], {})[0];
    expect(e.shape).toEqual(shape);
    return Array.from(definition.data);
  };
  const simplex = start(constraintOf({ kind: 'simplex' }), [3], o.constant([0.2, 0.5, 0.3]));
  [0.2, 0.5, 0.3].forEach((v, i) => expect(simplex[i]).toBeCloseTo(v, 14));
  const c = [1, 0.4, -0.3, 0.4, 1, 0.2, -0.3, 0.2, 1];
  start(correlation, [3, 3], o.constant(c, [3, 3])).forEach((v, i) => expect(v).toBeCloseTo(c[i], 13));
});

test('shapes are in the types', () => {
  const simplex = bijectTo({ kind: 'simplex' }, { size: 4 });
  is<typeof simplex, Transport<readonly [4], readonly [3], 'bijective'>>(true);
  const factor = bijectTo({ kind: 'lowerCholesky' }, { size: 3 });
  is<typeof factor, Transport<readonly [3, 3], readonly [6], 'bijective'>>(true);
  const correlations = bijectTo({ kind: 'correlationCholesky' }, { size: 4 });
  is<typeof correlations, Transport<readonly [4, 4], readonly [6], 'bijective'>>(true);
  const dist = pipe(standardNormal([3]), pushforward(simplex));
  expect(dist.shape).toEqual([4]);
});
