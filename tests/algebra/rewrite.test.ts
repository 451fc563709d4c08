/** Rewrites: a shorter program for the same law, the same parameters and the same noise. */
import fc from 'fast-check';
import { pipe } from 'fp-ts/lib/function.js';
import { describe, expect, test } from 'vitest';
import type { Law } from '../../src/algebra/dist.ts';
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
import { pushforward, standardNormal, uniform } from '../../src/distributions/index.ts';
import { arbitraryTransport, lawParameters, logDensities, pointsIn, samples } from '../../src/laws/index.ts';
import { describe as described, describeText, readLaw } from '../../src/models/index.ts';
import { mlp } from '../../src/nn/index.ts';
import { dequantise } from '../../src/transports/index.ts';

const net = mlp([5], { activation: 'tanh' });
const coupling = affineCoupling({ conditioner: net });
const scaled = shiftScale({ shift: [1, 2, 3, 4], scale: [2, -1, 0.5, 3] });
const other = shiftScale({ shift: [0.5, -2, 1, 0], scale: [1, 2, -4, 0.1] });

const lawOf = (...layers: Endo<'bijective'>[]): Law => {
  const all = (compose as (...l: Endo<'bijective'>[]) => Endo<'bijective'>)(...layers);
  return pushforward(all)(standardNormal([4]));
};
const namesOf = (law: Law): string[] => {
  const x = o.input('x', law.shape);
  return parametersOf([D.runDraw(law.logDensity(x))]).map((p) => p.attributes.name).sort(); // biome-ignore format: one idea
};
const layersOf = (law: Law): string[] => law.pushed!.transport.parts.map((p) => p.layer.spec.type);

/** Density at the same points, and samples from the same noise, under the same parameters. */
const same = (a: Law, b: Law, region: Parameters<typeof pointsIn>[0] = 'reals', tolerance = 1e-12): void => {
  const parameters = lawParameters(a, region, 3, 0.3);
  const points = pointsIn(region, a.shape, 16, 5);
  const close = (x: ArrayLike<number>, y: ArrayLike<number>): void => {
    expect(x.length).toBe(y.length);
    for (let i = 0; i < x.length; i++)
      expect(Math.abs(x[i] - y[i]) / Math.max(1, Math.abs(x[i])), `${i}: ${x[i]} and ${y[i]}`).toBeLessThan(tolerance);
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
  test.each<readonly [string, Law, readonly string[]]>([
    ['compose is flattened, identity removed', lawOf(affine(), compose(identity(), compose(coupling, identity())), reverse()), ['affine', 'affineCoupling', 'reverse']], // biome-ignore format: one line a rewrite
    ['repeat(1, f) = f', lawOf(repeat(1, repeat(1, affine())), reverse()), ['affine', 'reverse']],
    ['repeat(1, compose(f, g)) is flattened', lawOf(repeat(1, compose(coupling, reverse()))), ['affineCoupling', 'reverse']], // biome-ignore format: one line a rewrite
    ['reverse twice', lawOf(affine(), reverse(), reverse(), coupling), ['affine', 'affineCoupling']],
    ['reverses across the border of a repetition', lawOf(repeat(2, compose(reverse(), affine(), reverse()))), ['reverse', 'affine', 'affine', 'reverse']], // biome-ignore format: one line a rewrite
    ['permutations by seed, by order and reverse', lawOf(permute({ seed: 1 }), inverse(permute({ order: [2, 0, 3, 1] })), reverse(), affine()), ['permute', 'affine']], // biome-ignore format: one line a rewrite
    ['a permutation and its inverse', lawOf(permute({ seed: 5 }), affine(), permute({ seed: 5 }), inverse(permute({ seed: 5 }))), ['permute', 'affine']], // biome-ignore format: one line a rewrite
    ['fixed affine maps', lawOf(affine(), scaled, other, inverse(scaled), reverse()), ['affine', 'shiftScale', 'reverse']], // biome-ignore format: one line a rewrite
    ['a shift, a scale and both by element', lawOf(affine(), shift(3), scale(-2), scaled, inverse(scale(4))), ['affine', 'shiftScale']], // biome-ignore format: one line a rewrite
    ['shifts and scales that undo each other', lawOf(affine(), shift(3), scale(2), scale(0.5), shift(-3)), ['affine']],
    ['learned ones stay', lawOf(shift(), scale(), shift()), ['shift', 'scale', 'shift']],
    ['a fixed affine map and its inverse', lawOf(affine(), scaled, inverse(scaled), reverse()), ['affine', 'reverse']],
    ['logit and its inverse, once what is between is gone', lawOf(affine(), inverse(logit({ alpha: 0 })), reverse(), reverse(), logit({ alpha: 0 })), ['affine']], // biome-ignore format: one line a rewrite
    ['a layer and its inverse with shared parameters', lawOf(affine(), tied(), inverse(tied())), ['affine']],
    ['but not with parameters of their own', lawOf(affine(), inverse(affine()), coupling, inverse(coupling)), ['affine', 'inverse', 'affineCoupling', 'inverse']], // biome-ignore format: one line a rewrite
    ['the inverse of a composition', lawOf(inverse(compose(affine(), reverse(), reverse(), coupling))), ['inverse', 'inverse']], // biome-ignore format: one line a rewrite
    ['a repetition that nothing touches stays one', lawOf(compose(repeat(3, compose(coupling, reverse())), affine())), ['repeat', 'affine']], // biome-ignore format: one line a rewrite
  ])('%s', (name, law, expected) => {
    const short = rewrite(law);
    expect(layersOf(short)).toEqual(expected);
    same(law, short, 'reals', name.startsWith('logit') ? 1e-10 : 1e-12);
    const names = namesOf(short);
    expect(namesOf(law)).toEqual(expect.arrayContaining(names));
    expect(rewrite(short).pushed!.transport.parts.length).toBe(short.pushed!.transport.parts.length);
  });

  test('a layer that is not a chain, and a repetition with nothing to do, come back as they are', () => {
    const plain = affine();
    expect(rewriteLayer(plain, [3])).toBe(plain);
    const stack = repeat(3, compose(coupling, reverse()));
    expect(rewriteLayer(stack, [4])).toBe(stack);
  });
});

describe('the rewritten law', () => {
  test('has the same density, samples and parameters, for random compositions', () => {
    fc.assert(
      fc.property(arbitraryTransport(fc), (t) => {
        const base = t.latent.region === 'unit' ? uniform(t.latent.shape) : standardNormal(t.latent.shape);
        const law: Law = pushforward(t.layer as Endo<'bijective'>)(base);
        const short = rewrite(law);
        same(law, short, t.region, 1e-9);
        expect(namesOf(short)).toEqual(namesOf(law));
      }),
      { seed: 4, numRuns: 40 },
    );
  });

  test('keeps the noise of a stochastic layer, wherever it stands', () => {
    const layers = compose(identity(), dequantise({ levels: 8 }), repeat(1, logit({ alpha: 0.01 })), reshape([2, 2], [4]), reverse(), reverse(), affine()); // biome-ignore format: one list
    const law: Law = pipe(standardNormal([4]), pushforward(layers), pushforward(compose(identity(), reverse())));
    const short = rewrite(law);
    same(law, short, { levels: 8 });
    expect(short.evidence).toBe('bound');
  });

  test('reads back from JSON as the declaration that was written', () => {
    const law = lawOf(affine(), reverse(), reverse());
    const read = readLaw(JSON.parse(JSON.stringify(rewrite(law).spec)));
    expect(read._tag === 'Right' && namesOf(read.right)).toEqual(namesOf(law));
  });
});

test('constant contributions are one number in the program', () => {
  const law = lawOf(scaled, affine(), other, reverse(), scaled, affine(), identity());
  const count = (l: Law, op: Op): number =>
    topological(simplify([D.runDraw(l.logDensity(o.input('x', [4])))])).filter((e) => e.op === op).length;
  // Three constants among the contributions: added one after the other as written, once as rewritten.
  expect(count(law, 'add') - count(rewrite(law), 'add')).toBe(2);
  expect(count(law, 'constant')).toBeGreaterThan(count(rewrite(law), 'constant'));
  same(law, rewrite(law));
});

test('describe shows the composition before and after', () => {
  const law = lawOf(repeat(2, compose(reverse(), affine(), reverse())), identity());
  const [before, after] = [describeText(described(law)), describeText(described(rewrite(law)))];
  expect(before).toMatch(/2 × compose/);
  expect(after).not.toMatch(/identity|×/);
  expect(described(rewrite(law)).arrays).toEqual(described(law).arrays);
  const [chain] = described(rewrite(law)).layers;
  expect(chain.parts.map((p) => p.place)).toEqual([
    '0.compose/0.repeat/0.compose/0.reverse',
    '0.compose/0.repeat/0.compose/1.affine',
    '0.compose/0.repeat/1.compose/1.affine',
    '0.compose/0.repeat/1.compose/2.reverse',
  ]);
});
