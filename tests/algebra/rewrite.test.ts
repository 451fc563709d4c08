/** Rewrites: a shorter program for the same distribution, the same parameters and the same noise. */
import fc from 'fast-check';
import { pipe } from 'fp-ts/lib/function.js';
import { describe, expect, test } from 'vitest';
import type { AnyDist } from '../../src/algebra/dist.ts';
import { rewrite, rewriteLayer } from '../../src/algebra/index.ts';
import { bijection, compose, type Endo, identity, inverse, repeat } from '../../src/algebra/transport.ts';
import {
  affine,
  affineCoupling,
  logit,
  permute,
  reshape,
  reverse,
  scale,
  shift,
  shiftScale,
} from '../../src/bijectors/index.ts';
import * as D from '../../src/core/draw.ts';
import { type Op, topological } from '../../src/core/expr.ts';
import * as o from '../../src/core/ops/index.ts';
import { zeros } from '../../src/core/parameters.ts';
import { parametersOf } from '../../src/core/program.ts';
import * as Sc from '../../src/core/scope.ts';
import { simplify } from '../../src/core/simplify/index.ts';
import { logNormal, pushforward, standardNormal, uniform } from '../../src/distributions/index.ts';
import { arbitraryTransport, distParameters, logDensities, pointsIn, samples } from '../../src/laws/index.ts';
import { describe as described, describeText, readDist } from '../../src/models/index.ts';
import { mlp } from '../../src/nn/index.ts';
import { dequantise } from '../../src/transports/index.ts';

const net = mlp([5], { activation: 'tanh' });
const coupling = affineCoupling({ conditioner: net });
const scaled = shiftScale({ shift: [1, 2, 3, 4], scale: [2, -1, 0.5, 3] });
const other = shiftScale({ shift: [0.5, -2, 1, 0], scale: [1, 2, -4, 0.1] });

const distOf = (...layers: Endo<'bijective'>[]): AnyDist => {
  const all = (compose as (...l: Endo<'bijective'>[]) => Endo<'bijective'>)(...layers);
  return pushforward(all)(standardNormal([4]));
};
const namesOf = (dist: AnyDist): string[] => {
  const x = o.input('x', dist.shape);
  return parametersOf([D.runDraw(dist.logDensity(x))]).map((p) => p.attributes.name).sort(); // biome-ignore format: one idea
};
const layersOf = (dist: AnyDist): string[] => dist.pushed!.transport.parts.map((p) => p.layer.spec.type);

/** Density at the same points, and samples from the same noise, under the same parameters. */
const same = (a: AnyDist, b: AnyDist, region: Parameters<typeof pointsIn>[0] = 'reals', tolerance = 1e-12): void => {
  const parameters = distParameters(a, region, 3, 0.3);
  const points = pointsIn(region, a.shape, 16, 5);
  const close = (x: ArrayLike<number>, y: ArrayLike<number>): void => {
    expect(x.length).toBe(y.length);
    for (let i = 0; i < x.length; i++)
      if (x[i] !== y[i])
        expect(Math.abs(x[i] - y[i]) / Math.max(1, Math.abs(x[i])), `${i}: ${x[i]} and ${y[i]}`).toBeLessThan(
          tolerance,
        );
  };
  close(logDensities(a, points, parameters, 7), logDensities(b, points, parameters, 7));
  close(samples(a, 16, parameters, 7).data, samples(b, 16, parameters, 7).data);
  expect(b.spec).toEqual(a.spec);
};

/** A layer whose parameters are shared by every use of it: what makes f and f⁻¹ the same function at two places. */
const tied = (): Endo<'bijective'> => {
  const s = (shape: readonly number[]) => Sc.shared('tied', Sc.parameter('s', shape, { init: zeros }));
  return bijection({
    spec: { type: 'tied' },
    encode: (x) => pipe(s(x.shape), Sc.map((v) => ({ value: o.mul(x, o.exp(v)), contribution: o.sum(v) }))), // biome-ignore format: one idea
    decode: (z) => pipe(s(z.shape), Sc.map((v) => ({ value: o.mul(z, o.exp(o.neg(v))), contribution: o.sum(v) }))), // biome-ignore format: one idea
  });
};

describe('each rewrite', () => {
  test.each<readonly [string, AnyDist, readonly string[]]>([
    ['compose is flattened, identity removed', distOf(affine(), compose(identity(), compose(coupling, identity())), reverse()), ['affine', 'affineCoupling', 'reverse']], // biome-ignore format: one line a rewrite
    ['repeat(1, f) = f', distOf(repeat(1, repeat(1, affine())), reverse()), ['affine', 'reverse']],
    ['repeat(1, compose(f, g)) is flattened', distOf(repeat(1, compose(coupling, reverse()))), ['affineCoupling', 'reverse']], // biome-ignore format: one line a rewrite
    ['reverse twice', distOf(affine(), reverse(), reverse(), coupling), ['affine', 'affineCoupling']],
    ['reverses across the border of a repetition', distOf(repeat(2, compose(reverse(), affine(), reverse()))), ['reverse', 'affine', 'affine', 'reverse']], // biome-ignore format: one line a rewrite
    ['permutations by seed, by order and reverse', distOf(permute({ seed: 1 }), inverse(permute({ order: [2, 0, 3, 1] })), reverse(), affine()), ['permute', 'affine']], // biome-ignore format: one line a rewrite
    ['a permutation and its inverse', distOf(permute({ seed: 5 }), affine(), permute({ seed: 5 }), inverse(permute({ seed: 5 }))), ['permute', 'affine']], // biome-ignore format: one line a rewrite
    ['fixed affine maps', distOf(affine(), scaled, other, inverse(scaled), reverse()), ['affine', 'shiftScale', 'reverse']], // biome-ignore format: one line a rewrite
    ['a shift, a scale and both by element', distOf(affine(), shift(3), scale(-2), scaled, inverse(scale(4))), ['affine', 'shiftScale']], // biome-ignore format: one line a rewrite
    ['shifts and scales that undo each other', distOf(affine(), shift(3), scale(2), scale(0.5), shift(-3)), ['affine']],
    ['learned ones stay', distOf(shift(), scale(), shift()), ['shift', 'scale', 'shift']],
    ['a fixed affine map and its inverse', distOf(affine(), scaled, inverse(scaled), reverse()), ['affine', 'reverse']],
    ['logit and its inverse, once what is between is gone', distOf(affine(), inverse(logit({ alpha: 0 })), reverse(), reverse(), logit({ alpha: 0 })), ['affine']], // biome-ignore format: one line a rewrite
    ['a layer and its inverse with shared parameters', distOf(affine(), tied(), inverse(tied())), ['affine']],
    ['but not with parameters of their own', distOf(affine(), inverse(affine()), coupling, inverse(coupling)), ['affine', 'inverse', 'affineCoupling', 'inverse']], // biome-ignore format: one line a rewrite
    ['the inverse of a composition', distOf(inverse(compose(affine(), reverse(), reverse(), coupling))), ['inverse', 'inverse']], // biome-ignore format: one line a rewrite
    ['a repetition that nothing touches stays one', distOf(compose(repeat(3, compose(coupling, reverse())), affine())), ['repeat', 'affine']], // biome-ignore format: one line a rewrite
  ])('%s', (name, dist, expected) => {
    const short = rewrite(dist);
    expect(layersOf(short)).toEqual(expected);
    same(dist, short, 'reals', name.startsWith('logit') ? 1e-10 : 1e-12);
    const names = namesOf(short);
    expect(namesOf(dist)).toEqual(expect.arrayContaining(names));
    expect(rewrite(short).pushed!.transport.parts.length).toBe(short.pushed!.transport.parts.length);
  });

  test('a layer that is not a chain, and a repetition with nothing to do, come back as they are', () => {
    const plain = affine();
    expect(rewriteLayer(plain, [3])).toBe(plain);
    const stack = repeat(3, compose(coupling, reverse()));
    expect(rewriteLayer(stack, [4])).toBe(stack);
  });
});

describe('the rewritten distribution', () => {
  test('has the same density, samples and parameters, for random compositions', () => {
    fc.assert(
      fc.property(arbitraryTransport(fc), (t) => {
        const { shape, region } = t.latent;
        const base = { unit: uniform(shape), reals: standardNormal(shape), positive: logNormal(shape) }[region];
        const dist: AnyDist = pushforward(t.layer as Endo<'bijective'>)(base);
        const short = rewrite(dist);
        same(dist, short, t.region, 1e-9);
        expect(namesOf(short)).toEqual(namesOf(dist));
      }),
      { seed: 4, numRuns: 40 },
    );
  });

  test('keeps the noise of a stochastic layer, wherever it stands', () => {
    const layers = compose(identity(), dequantise({ levels: 8 }), repeat(1, logit({ alpha: 0.01 })), reshape([2, 2], [4]), reverse(), reverse(), affine()); // biome-ignore format: one list
    const dist: AnyDist = pipe(standardNormal([4]), pushforward(layers), pushforward(compose(identity(), reverse())));
    const short = rewrite(dist);
    same(dist, short, { levels: 8 });
    expect(short.evidence).toBe('bound');
  });

  test('reads back from JSON as the declaration that was written', () => {
    const dist = distOf(affine(), reverse(), reverse());
    const read = readDist(JSON.parse(JSON.stringify(rewrite(dist).spec)));
    expect(read._tag === 'Right' && namesOf(read.right)).toEqual(namesOf(dist));
  });
});

test('constant contributions are one number in the program', () => {
  const dist = distOf(scaled, affine(), other, reverse(), scaled, affine(), identity());
  const count = (l: AnyDist, op: Op): number =>
    topological(simplify([D.runDraw(l.logDensity(o.input('x', [4])))])).filter((e) => e.op === op).length;
  // Three constants among the contributions: added one after the other as written, once as rewritten.
  expect(count(dist, 'add') - count(rewrite(dist), 'add')).toBe(2);
  expect(count(dist, 'constant')).toBeGreaterThan(count(rewrite(dist), 'constant'));
  same(dist, rewrite(dist));
});

test('describe shows the composition before and after', () => {
  const dist = distOf(repeat(2, compose(reverse(), affine(), reverse())), identity());
  const [before, after] = [describeText(described(dist)), describeText(described(rewrite(dist)))];
  expect(before).toMatch(/2 × compose/);
  expect(after).not.toMatch(/identity|×/);
  expect(described(rewrite(dist)).arrays).toEqual(described(dist).arrays);
  const [chain] = described(rewrite(dist)).layers;
  expect(chain.parts.map((p) => p.place)).toEqual([
    '0.compose/0.repeat/0.compose/0.reverse',
    '0.compose/0.repeat/0.compose/1.affine',
    '0.compose/0.repeat/1.compose/1.affine',
    '0.compose/0.repeat/1.compose/2.reverse',
  ]);
});
