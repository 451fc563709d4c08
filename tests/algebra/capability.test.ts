/** Capabilities: declared and not guessed, in the type and at run time alike, and kept by the rule of each. */
import fc from 'fast-check';
import { pipe } from 'fp-ts/lib/function.js';
import { describe, expect, test } from 'vitest';
import { type Capability, capability, capabilityOf, has, having, kept, needs } from '../../src/algebra/capability.ts';
import { type AnyDist, type Dist, named, pushforward } from '../../src/algebra/dist.ts';
import type { Exact, Samples, Unnormalised } from '../../src/algebra/evidence.ts';
import { fixing } from '../../src/algebra/fixed.ts';
import { counting } from '../../src/algebra/levels.ts';
import { compose, inverse, repeat } from '../../src/algebra/transport.ts';
import { affine, permute, reverse, scale, shift, shiftScale } from '../../src/bijectors/index.ts';
import * as D from '../../src/core/draw.ts';
import type { Expr } from '../../src/core/expr.ts';
import { evaluateProgram } from '../../src/core/interpreters/reference/index.ts';
import * as o from '../../src/core/ops/index.ts';
import { parametersOf, program } from '../../src/core/program.ts';
import { grouping, hierarchical, type Level } from '../../src/distributions/hierarchical.ts';
import {
  type Blocked,
  blocking,
  bridging,
  conditionalBernoulli,
  conditionalNormal,
  discretisedLogistic,
  enumerated,
  enumerating,
  logPartition,
  normal,
  rbm,
  standardNormal,
} from '../../src/distributions/index.ts';
import {
  blockGibbs,
  chaining,
  contrastiveDivergence,
  normalised,
  sampledBy,
} from '../../src/inference/energies/index.ts';
import { hasDenoiser } from '../../src/inference/scores/index.ts';
import { distParameters, logDensities, pointsIn } from '../../src/laws/index.ts';
import { mala } from '../../src/mcmc/index.ts';
import { resMlp } from '../../src/nn/index.ts';
import {
  denoising,
  diffusion,
  learnedVariance,
  predict,
  predictWithVariance,
  resampling,
  reverseChain,
  sharedDenoiser,
  vp,
} from '../../src/sde/index.ts';
import { dequantise, stochastic } from '../../src/transports/index.ts';

const namesOf = (d: D.Draw<Expr>): string[] =>
  parametersOf([D.runDraw(d)]).map((p) => p.attributes.name).sort(); // biome-ignore format: one idea

describe('a key', () => {
  const heat = capability<number>()('heat', { named: (t, place) => t + place.length });
  const other = capability<number>()('heat');
  const dist = normal([2]);

  test('is asked for by itself: neither a property nor another key of its name is it', () => {
    const hot = having(heat, 3)(dist);
    expect([capabilityOf(heat, hot), hot.heat]).toEqual([3, 3]);
    expect(capabilityOf(heat, { ...dist, heat: 3 })).toBeUndefined();
    expect(capabilityOf(other, hot)).toBeUndefined();
    expect([has(heat, hot), has(other, hot), has(heat, dist)]).toEqual([true, false, false]);
    expect(capabilityOf(heat, { ...hot })).toBe(3);
  });

  test('that is missing is a sentence', () => {
    expect(() => needs(heat, dist, 'boil', 'the distribution is not hot', 'heated(dist)')).toThrow(
      'boil: the distribution is not hot (expected heated(dist), got normal)',
    );
  });

  test('is kept by its rules, whatever else is declared', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), fc.boolean(), fc.integer()), { maxLength: 6 }), (all) => {
        const keys = all.map(([atPlaces, redrawn], i) =>
          capability<number>()(`k${i}`, {
            ...(atPlaces ? { named: (v: number) => v + 1 } : {}),
            ...(redrawn ? { resampled: (v: number) => v - 1 } : {}),
          } as never),
        ) as readonly Capability<string, number>[];
        const rich = keys.reduce((l: AnyDist, key, i) => having(key, all[i][2])(l), dist);
        const [placed, drawn] = [kept('named', rich, 'a'), kept('resampled', rich, undefined)];
        keys.forEach((key, i) => {
          const [atPlaces, redrawn, v] = all[i];
          expect(capabilityOf(key, placed)).toBe(atPlaces ? v + 1 : undefined);
          expect(capabilityOf(key, drawn)).toBe(redrawn ? v - 1 : undefined);
          expect(capabilityOf(key, kept('inverted', rich, undefined))).toBeUndefined();
        });
        expect(Object.keys(kept('inverted', rich, undefined))).toEqual([]);
      }),
      { seed: 1, numRuns: 50 },
    );
  });

  test('types say what a place keeps', () => {
    const placed = named('there')(pipe(dist, having(heat, 3), having(capability<string>()('lost'), 'x')));
    expect(placed.heat).toBe(8);
    // @ts-expect-error no rule keeps it
    expect(placed.lost).toBeUndefined();
    expect(Object.keys(placed.capabilities)).toEqual(['heat']);
  });
});

describe('distributions at a place of their own', () => {
  const machine = rbm([4], { hidden: 3 });
  const there = named('there')(machine);
  const parameters = distParameters(enumerated(machine), { levels: 2 }, 3, 0.8);
  const moved = Object.fromEntries(Object.entries(parameters).map(([name, v]) => [`there/${name}`, v]));
  const value = (d: D.Draw<Expr>, feeds: typeof parameters): number =>
    evaluateProgram(program([D.runDraw(d)], 'float64'), feeds)[0].data[0];

  test('a machine keeps its states, blocks and bridge, which read its parameters there', () => {
    expect(value(logPartition(there), moved)).toBe(value(logPartition(machine), parameters));
    const points = pointsIn({ levels: 2 }, [4], 8, 5);
    expect(logDensities(enumerated(there), points, moved)).toEqual(logDensities(enumerated(machine), points, parameters)); // biome-ignore format: one idea
    const x = o.constant([1, 0, 1, 1]);
    const asked =
      (dist: Blocked): D.Draw<Expr> =>
      (s) =>
        dist.blocks
          .hiddenGiven(x)(s)
          .logDensity(o.constant([1, 0, 1]))(s);
    expect(value(asked(there), moved)).toBe(value(asked(machine), parameters));
    const half = (dist: typeof there) => (dist.bridge().at(o.scalar(0.5)) as AnyDist).logDensity(x);
    expect(value(half(there), moved)).toBe(value(half(machine), parameters));
    const loss = contrastiveDivergence({ kernel: blockGibbs() })(there).loss(x);
    expect(namesOf(loss)).toEqual(['hiddenBias', 'visibleBias', 'weights'].map((n) => `there/rbm/${n}`));
  });

  test('a distribution of a denoiser keeps it there, and the choice of its sampler', () => {
    const d = predict('noise', vp(), resMlp([4]), { shape: [2] });
    const dist = named('there')(diffusion(d));
    const field = (of: typeof d) => D.fromScoped(of.data(o.constant([1, 2]), o.scalar(0.5)));
    expect(namesOf(field(dist.denoiser as typeof d))).toEqual(namesOf(field(d)).map((n) => `there/${n}`));
    expect(hasDenoiser(dist)).toBe(true);
    const again = capabilityOf(resampling, dist)?.({} as never) as AnyDist;
    expect(namesOf(again.logDensity(o.constant([1, 2])))).toEqual(
      namesOf((dist as AnyDist).logDensity(o.constant([1, 2]))),
    );
    expect(has(denoising, pushforward(affine())(diffusion(d)))).toBe(false);
  });

  test('groups stand there', () => {
    const groups = hierarchical(standardNormal([1]), conditionalNormal([1], [2]));
    const z = o.constant([1, 2, 3]);
    const total = (levels: readonly Level[]): Expr => o.addAll(levels.map((l) => l.logDensity));
    const [here, there] = [groups, named('there')(groups)].map((dist) => namesOf(D.map(total)(dist.levels(z))));
    expect(here.length).toBeGreaterThan(0);
    expect(there).toEqual(here.map((n) => `there/${n}`));
    expect(has(grouping, standardNormal([1]))).toBe(false);
  });
});

describe('a chain, and a constant', () => {
  const machine = rbm([4], { hidden: 3 });
  const chained = sampledBy({ kernel: blockGibbs(), steps: 2 })(machine);

  test('another sampler keeps what is known of the density', () => {
    for (const key of [blocking, bridging, enumerating, chaining]) expect(has(key, chained)).toBe(true);
    expect(chained.enumeration).toBe(machine.enumeration);
    expect(chained.support).toEqual(machine.support);
    const twice = sampledBy({ kernel: blockGibbs(), steps: 9 })(chained);
    expect(twice.chain).not.toBe(chained.chain);
  });

  test('a constant keeps the chain and the blocks, and not the sum over states, which is another', () => {
    const known = normalised({ logZ: 2, evidence: 'estimated' })(chained);
    expect(known.chain).toBe(chained.chain);
    expect(known.blocks).toBe(chained.blocks);
    expect(has(enumerating, known)).toBe(false);
    // @ts-expect-error types say so too
    expect(known.enumeration).toBeUndefined();
  });

  test('an exact distribution that is sampled by a chain is known up to a constant, in its type too', () => {
    const dist = sampledBy({ kernel: mala({ stepSize: 0.1 }), steps: 1, start: normal([2]) })(normal([2]) as Dist<readonly [2], Exact & Samples>); // biome-ignore format: one idea
    const unnormalisedOnly: Dist<readonly [2], Unnormalised & Samples> = dist;
    // @ts-expect-error its density is not said to be exact
    const exact: Dist<readonly [2], Exact> = dist;
    expect([unnormalisedOnly, exact].map((l) => (l as AnyDist).evidence)).toEqual(['unnormalised', 'unnormalised']);
  });
});

test('variances of a shared denoiser are read where it is shared', () => {
  const d = predictWithVariance('noise', vp(), resMlp([4]), { shape: [2] });
  const shared = sharedDenoiser('net', d);
  const r = needs(learnedVariance, shared, 'test', 'none', 'some');
  const names = namesOf(D.fromScoped(r(o.constant([1, 2]), o.scalar(0.5))));
  expect(names.every((n) => n.startsWith('shared/net/'))).toBe(true);
  expect(() => reverseChain(shared as never, { steps: 3, variance: 'learned' } as never)).not.toThrow();
});

describe('fixed maps', () => {
  const orders = fc.shuffledSubarray([0, 1, 2, 3], { minLength: 4 });
  const layers = fc.oneof(
    fc.constant(reverse()),
    orders.map((order) => permute({ order })),
    fc.nat(1000).map((seed) => permute({ seed })),
    fc.integer({ min: -9, max: 9 }).map((by) => shift(by)),
    fc.integer({ min: 1, max: 9 }).map((by) => scale(-by)),
    fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 4, maxLength: 4 }).map((s) => shiftScale({ shift: s, scale: [...s].reverse() })), // biome-ignore format: one idea
  );

  test('what a layer says it does is what it does, inverted too', () => {
    fc.assert(
      fc.property(layers, fc.boolean(), (layer, inverted) => {
        const f = inverted ? inverse(layer) : layer;
        const map = needs(fixing, f, 'test', 'not fixed', 'fixed')([4]);
        const x = [0.3, -1, 2, 5];
        const [got] = evaluateProgram(program([D.runDraw(f.encode(o.constant(x))).value], 'float64'), {});
        const said = map.kind === 'permutation' ? map.order.map((i) => x[i]) : x.map((v, i) => (v - map.shift[i]) / map.scale[i]); // biome-ignore format: one idea
        said.forEach((v, i) => expect(got.data[i]).toBeCloseTo(v, 12));
      }),
      { seed: 2, numRuns: 60 },
    );
  });

  test('learned layers are none', () => {
    for (const layer of [affine(), shift(), scale(), compose(reverse(), reverse())])
      expect(has(fixing, layer)).toBe(false);
  });
});

test('levels are those of what makes events integers, seen from the data side', () => {
  const base = standardNormal([2]);
  const levelsOf = (dist: AnyDist): number | undefined => capabilityOf(counting, dist);
  const of8 = dequantise({ levels: 8 });
  expect(levelsOf(pushforward(of8)(base))).toBe(8);
  expect(levelsOf(pipe(base, pushforward(compose(compose(of8, affine()), affine()))))).toBe(8);
  expect(levelsOf(pipe(base, pushforward(affine()), pushforward(of8), named('a')))).toBe(8);
  expect(levelsOf(pipe(base, pushforward(repeat(1, of8))))).toBe(8);
  expect(levelsOf(pipe(base, pushforward(of8), pushforward(affine())))).toBeUndefined();
  expect(levelsOf(discretisedLogistic([2], { levels: 5 }))).toBe(5);
  const [encoder, coins] = [conditionalNormal([3], [2]), conditionalBernoulli([2], [3])];
  expect(levelsOf(pushforward(stochastic({ encoder, decoder: coins }))(base))).toBe(2);
  expect(levelsOf(pushforward(stochastic({ encoder, decoder: conditionalNormal([2], [3]) }))(base))).toBeUndefined();
});
