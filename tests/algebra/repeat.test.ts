/** A repetition as a loop: the same parameters, numbers, gradients, noise and messages as the unrolled one, by a program that holds the layer once. */
import fc from 'fast-check';
import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import { describe, expect, test } from 'vitest';
import type { AnyDist } from '../../src/algebra/dist.ts';
import { rewrite } from '../../src/algebra/index.ts';
import { compose, type Endo, inverse, type RepeatOptions, repeat } from '../../src/algebra/transport.ts';
import * as b from '../../src/bijectors/index.ts';
import type { Parameter } from '../../src/core/claims.ts';
import { grad } from '../../src/core/differentiate/index.ts';
import * as D from '../../src/core/draw.ts';
import { type Expr, substitute, topological } from '../../src/core/expr.ts';
import { structuralHash } from '../../src/core/hash.ts';
import { onnx } from '../../src/core/interpreters/index.ts';
import * as o from '../../src/core/ops/index.ts';
import { normalInit, ones, zeros } from '../../src/core/parameters.ts';
import { parametersOf, program } from '../../src/core/program.ts';
import * as Sc from '../../src/core/scope.ts';
import { tensor } from '../../src/core/tensor.ts';
import { fromRows } from '../../src/data/index.ts';
import { pushforward, standardNormal } from '../../src/distributions/index.ts';
import { fit, maximumLikelihood } from '../../src/inference/index.ts';
import { distParameters, logDensities, pointsIn, samples } from '../../src/laws/index.ts';
import { valuesOf } from '../../src/laws/region.ts';
import { describe as described, describeText, readDist } from '../../src/models/index.ts';
import { made, mlp } from '../../src/nn/index.ts';
import { dequantise } from '../../src/transports/index.ts';
import { arbitraryBijection } from '../models/arbitrary.ts';

type As = NonNullable<RepeatOptions['as']>;
const net = mlp([5], { activation: 'tanh' });
const block = compose(b.affineCoupling({ conditioner: net }), b.reverse());

const density = (dist: AnyDist): Expr => D.runDraw(dist.logDensity(o.input('x', dist.shape)));
const loops = (outputs: readonly Expr[]): number => topological(outputs).filter((e) => e.op === 'scan').length;
const declared = (ps: readonly Parameter[]) =>
  ps
    .map((p) => [p.attributes.name, p.attributes.kind, p.shape, structuralHash([p.attributes.definition])] as const)
    .sort(([a], [c]) => (a < c ? -1 : 1));

const close = (x: ArrayLike<number>, y: ArrayLike<number>, tolerance = 1e-9): void => {
  expect(x.length).toBe(y.length);
  for (let i = 0; i < x.length; i++)
    expect(Math.abs(x[i] - y[i]) <= tolerance * Math.max(1, Math.abs(x[i])) || Object.is(x[i], y[i]), `${i}: ${x[i]} and ${y[i]}`).toBe(true); // biome-ignore format: one idea
};

/** Parameters, densities, gradients and samples of both programs. */
const agree = (distAs: (as: As) => AnyDist): void => {
  const [loop, unrolled] = [distAs('scan'), distAs('unrolled')];
  const [p, q] = [parametersOf([density(loop)]), parametersOf([density(unrolled)])];
  expect(declared(p)).toEqual(declared(q));
  const values = distParameters(unrolled, 'reals', 3, 0.2);
  const points = pointsIn('reals', loop.shape, 4, 5);
  close(logDensities(loop, points, values, 7), logDensities(unrolled, points, values, 7));
  close(samples(loop, 4, values, 7).data, samples(unrolled, 4, values, 7).data);
  const x = { ...values, x: tensor(Float64Array.from(points.data.subarray(0, points.data.length / 4)), loop.shape) };
  const gradients = (dist: AnyDist): number[] => {
    const value = density(dist);
    const leaves = topological([value]).filter((e) => e.op === 'parameter' || e.op === 'input');
    // One input for each name: leaves of one name are one array.
    const inputs = new Map(leaves.map((e) => [e.attributes.name, o.input(e.attributes.name, e.shape)] as const));
    const merged = substitute([value], new Map(leaves.map((e) => [e, inputs.get(e.attributes.name)!] as const)))[0];
    const sorted = [...inputs.keys()].sort().map((name) => inputs.get(name)!);
    return valuesOf(grad(merged, sorted), x).flatMap((t) => Array.from(t.data));
  };
  close(gradients(loop), gradients(unrolled), 1e-7);
};

describe('is what the unrolled one is', () => {
  const over = (layer: Endo<'bijective'>): AnyDist => pipe(standardNormal([4]), pushforward(layer));
  test('of random blocks', () => {
    fc.assert(
      fc.property(arbitraryBijection, fc.integer({ min: 1, max: 4 }), (layer, n) => {
        // Off the support of a logit, numbers do not compare.
        fc.pre(!JSON.stringify(layer.spec).includes('logit'));
        agree((as) => over(repeat(n, layer, { as })));
        agree((as) => over(inverse(repeat(n, layer, { as }))));
      }),
      { numRuns: 40 },
    );
  });
  test.each<readonly [string, Endo<'bijective'>]>([
    ['autoregressive, with a loop of its own', b.maf({ conditioner: made([6], { activation: 'tanh' }) })],
    ['inverse autoregressive', b.iaf({ conditioner: made([6], { activation: 'tanh' }), passes: 2 })],
    ['chained maps', b.coupling(b.chainMaps(b.sinhArcsinhMap(), b.affineMap({ logScale: 'learned' })), { conditioner: net })], // biome-ignore format: one line a layer
    ['mixture CDF, with a root', b.elementwise(b.mixtureCdfMap({ components: 2 }))],
    ['linear', b.invertible1x1({ seed: 4 })],
    ['a repetition inside', compose(repeat(2, block, { as: 'scan' }), b.affine())],
  ])('of %s', (_, layer) => {
    agree((as) => over(repeat(3, layer, { as })));
    const dist = over(repeat(3, layer, { as: 'scan' }));
    expect(topological([density(dist)]).filter((e) => e.op === 'scan' && e.attributes.length === 3)).toHaveLength(1);
  });
  test('what is shared by all copies is closed over, and what is detached stays constant', () => {
    const drift = (scope: Sc.Scope) => Sc.shared('drift', Sc.parameter('by', [4], { init: normalInit(1) }))(scope);
    const own = (scope: Sc.Scope) => Sc.detached(Sc.parameter('own', [4], { init: normalInit(1) }))(scope);
    const layer = b.bijection({
      spec: { type: 'drift' },
      encode: (x) => (scope) => ({ value: o.add(o.sub(x, drift(scope)), own(scope)), contribution: o.scalar(0) }),
      decode: (z) => (scope) => ({ value: o.sub(o.add(z, drift(scope)), own(scope)), contribution: o.scalar(0) }),
    });
    const distAs = (as: As): AnyDist => over(repeat(3, layer, { as }));
    agree(distAs);
    const value = density(distAs('scan'));
    expect(loops([value])).toBe(1);
    const names = parametersOf([value]).map((p) => p.attributes.name);
    expect(names.filter((name) => name.startsWith('shared/'))).toHaveLength(1);
    expect(names).toHaveLength(4);
  });
});

describe('unrolls', () => {
  const looped = (layer: Endo<'bijective'>, n = 3): number =>
    loops([density(pipe(standardNormal([4]), pushforward(repeat(n, layer, { as: 'scan' }))))]);
  test('what starts from its data, moves buffers, or differs from copy to copy', () => {
    expect(looped(b.actNorm())).toBe(0);
    expect(looped(compose(block, b.actNorm()))).toBe(0);
    expect(looped(b.batchNorm())).toBe(0);
    const made = b.bijection({
      spec: { type: 'differs' },
      encode: (x) => (scope) => ({ value: o.add(x, scope.path.includes('1.') ? 1 : 2), contribution: o.scalar(0) }),
      decode: (z) => (scope) => ({ value: o.sub(z, scope.path.includes('1.') ? 1 : 2), contribution: o.scalar(0) }),
    });
    expect(looped(made)).toBe(0);
    expect(looped(block)).toBe(1);
  });
  test('what draws noise, whose streams stay where they were, after a loop as well', () => {
    const noisy = (as: As): AnyDist =>
      pipe(
        standardNormal([4]),
        pushforward(compose(dequantise({ levels: 4 }), repeat(3, block, { as }), dequantise({ levels: 9 }))), // biome-ignore format: one idea
      );
    const paths = (dist: AnyDist): string[] => topological([density(dist)]).flatMap((e) => (e.op === 'noise' ? [e.attributes.path] : [])); // biome-ignore format: one idea
    expect(paths(noisy('scan'))).toEqual(paths(noisy('unrolled')));
    expect(paths(noisy('scan')).length).toBe(2);
    const many = pipe(standardNormal([4]), pushforward(repeat(3, dequantise({ levels: 4 }), { as: 'scan' })));
    expect(loops([density(many)])).toBe(0);
  });
});

test('64 copies are a loop without being asked, fewer are not; the spec says what was asked alone', () => {
  const of = (n: number, options?: RepeatOptions): AnyDist => pipe(standardNormal([2]), pushforward(repeat(n, b.affine(), options))); // biome-ignore format: one idea
  expect([1, 63, 64].map((n) => loops([density(of(n))]))).toEqual([0, 0, 1]);
  expect(loops([density(of(64, { as: 'unrolled' }))])).toBe(0);
  expect(repeat(64, b.affine()).spec).toEqual({ type: 'repeat', times: 64, layer: { type: 'affine' } });
});

test('the program of a loop grows by the parameters of a copy alone', () => {
  const nodes = (n: number, as: As): number =>
    topological([density(pipe(standardNormal([4]), pushforward(repeat(n, block, { as }))))]).length;
  const slope = (as: As): number => (nodes(12, as) - nodes(4, as)) / 8;
  // A leaf of each of four arrays, and its place in the stack.
  expect(slope('scan')).toBe(8);
  expect(slope('unrolled')).toBeGreaterThan(20);
});

test('is described, rewritten and read back as the unrolled one is', () => {
  const distAs = (as: As): AnyDist =>
    pipe(
      standardNormal([4]),
      pushforward(compose(b.identity(), repeat(3, block, { as }), b.affine(), b.reverse(), b.reverse())),
    );
  const dist = distAs('scan');
  const strip = (text: string): string => text.replace(/ {2}(scan|unrolled)/g, '').replace(/ +/g, ' ');
  expect(strip(describeText(described(dist)))).toBe(strip(describeText(described(distAs('unrolled')))));
  const again = readDist(JSON.parse(JSON.stringify(dist.spec)));
  if (E.isLeft(again)) throw new Error(again.left.message);
  expect(again.right.spec).toEqual(dist.spec);
  expect(loops([density(again.right)])).toBe(1);
  const short = rewrite(dist);
  const values = distParameters(dist, 'reals', 3, 0.3);
  const points = pointsIn('reals', [4], 4, 5);
  close(logDensities(short, points, values, 7), logDensities(dist, points, values, 7));
  expect(loops([density(short)])).toBe(1);
});

describe('on the default backend', () => {
  test('a batch of densities and its gradient are those of the reference', async () => {
    const dist = pipe(standardNormal([4]), pushforward(repeat(64, block)));
    const value = density(dist);
    const leaves = parametersOf([value]).slice(0, 3);
    const outputs = [value, ...grad(value, leaves)];
    const values = { ...distParameters(dist, 'reals', 3, 0.02), x: tensor(Float64Array.of(0.3, -1, 0.5, 2), [4]) };
    const run = await onnx('cpu').compile(program(outputs, 'float32'));
    const got = await run.run(Object.fromEntries(Object.entries(values).map(([k, t]) => [k, tensor(Float32Array.from(t.data), t.shape)]))); // biome-ignore format: one idea
    await run.dispose();
    valuesOf(outputs, values).forEach((t, i) => {
      close(got[i].data, t.data, 1e-4);
    });
  });

  test('a number that stops being finite is found in the copy where it did', async () => {
    // The logarithm of a number that every copy lowers by 1: negative in the third.
    const falling = b.bijection({
      spec: { type: 'falling' },
      encode: (x) => (scope) => {
        const s = Sc.parameter('s', [1], { init: ones })(scope);
        const t = Sc.parameter('t', [1], { init: zeros })(scope);
        return { value: o.add(o.sub(x, s), o.mul(0, o.log(o.add(o.sub(x, 0.5), t)))), contribution: o.scalar(0) };
      },
      decode: (z) => () => ({ value: z, contribution: o.scalar(0) }),
    });
    const placesOf = async (as: As): Promise<unknown> => {
      const dist = pipe(standardNormal([1]), pushforward(repeat(6, compose(falling, b.reverse()), { as })));
      const result = await fit({ objective: maximumLikelihood(dist), data: fromRows('ones', Float32Array.from({ length: 8 }, () => 2.7), [1]), steps: 2, batchSize: 4, seed: 1, backend: onnx('cpu') })(); // biome-ignore format: one idea
      return E.isLeft(result) && [result.left._tag, result.left.path];
    };
    const unrolled = await placesOf('unrolled');
    expect(unrolled).toEqual(['NonFiniteError', '0.repeat/3.compose/0.falling']);
    expect(await placesOf('scan')).toEqual(unrolled);
  });
});
