/** No tie by chance in random networks, pairs of distributions and loops; no alarm for what is read again. */
import fc from 'fast-check';
import { pipe } from 'fp-ts/lib/function.js';
import { describe, expect, test } from 'vitest';
import { type AnyDist, type Dist, named, pushforward } from '../../src/algebra/dist.ts';
import { dream } from '../../src/algebra/dream.ts';
import { trace } from '../../src/algebra/trace.ts';
import { compose, type Endo, inverse, repeat } from '../../src/algebra/transport.ts';
import { actNorm, affine, affineCoupling, maf, reverse, scaleTril } from '../../src/bijectors/index.ts';
import * as D from '../../src/core/draw.ts';
import { PushforwardError } from '../../src/core/errors.ts';
import type { Expr } from '../../src/core/expr.ts';
import * as o from '../../src/core/ops/index.ts';
import { parametersOf } from '../../src/core/program.ts';
import * as Sc from '../../src/core/scope.ts';
import { conditionalFlow, conditionalNormal, energy, standardNormal } from '../../src/distributions/index.ts'; // biome-ignore format: one line
import { dense, mlp, type SequentialPart, sequential } from '../../src/nn/index.ts';
import { stochastic } from '../../src/transports/index.ts';

const WIDTH = 2;
const x = o.input('x', [WIDTH]);

/** A network that knows where it applies layers. */
interface Random {
  readonly run: (v: Expr) => Sc.Scoped<Expr>;
  /** Full names of the places where layers are applied, in order, under a place. */
  readonly places: (under: string) => readonly string[];
}

const join = (a: string, b: string): string => (a === '' ? b : `${a}/${b}`);

const one: Random = { run: dense(WIDTH), places: (under) => [under] };
const bend: Random = { run: (v) => Sc.of(o.tanh(v)), places: () => [] };

const chained = (parts: readonly Random[]): Random => ({
  run: (v) => (scope) => parts.reduce((h, p) => p.run(h)(scope), v),
  places: (under) => parts.flatMap((p) => p.places(under)),
});

const placed = (name: string, part: Random): Random => ({
  run: (v) => Sc.at(name, part.run(v)),
  places: (under) => part.places(join(under, name)),
});

const numbered = (parts: readonly Random[]): Random => ({
  run: sequential(...parts.map((p): SequentialPart => p.run)),
  places: (under) => parts.flatMap((p, i) => p.places(join(under, p === one ? `${i}.dense` : `${i}.layer`))),
});

const looped = (part: Random, twice: boolean): Random => {
  const body = twice ? chained([part, part]) : part;
  return {
    run: (v) => (scope) => o.scan({ length: 3, init: [v], body: ([h]) => ({ carry: [body.run(h)(scope)] }) }).carry[0],
    places: body.places,
  };
};

const branched = (a: Random, b: Random): Random => ({
  run: (v) => (scope) => o.add(a.run(v)(scope), b.run(v)(scope)),
  places: (under) => [...a.places(under), ...b.places(under)],
});

const networks: fc.Arbitrary<Random> = fc.letrec<{ net: Random }>((tie) => ({
  net: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.constantFrom(one, bend),
    fc.array(tie('net'), { minLength: 1, maxLength: 3 }).map(chained),
    fc.array(tie('net'), { minLength: 1, maxLength: 3 }).map(numbered),
    fc.tuple(fc.constantFrom('p', 'q'), tie('net')).map(([name, part]) => placed(name, part)),
    fc.tuple(tie('net'), fc.boolean()).map(([part, twice]) => looped(part, twice)),
    fc.tuple(tie('net'), tie('net')).map(([a, b]) => branched(a, b)),
    tie('net').map((part) => branched(part, part)),
  ),
})).net;

/** The parameters of some expressions, or undefined where a tie is refused. */
const arrays = (...all: readonly Expr[]): readonly string[] | undefined => {
  try {
    return parametersOf(all).map((p) => p.attributes.name);
  } catch (e) {
    if (e instanceof PushforwardError && /place of its own|shared name/.test(e.message)) return undefined;
    throw e;
  }
};

test('random networks and loops: as many arrays as layers were applied, or a refusal', () => {
  const seen = { tied: 0, free: 0 };
  fc.assert(
    fc.property(networks, (net) => {
      const y = D.runDraw(D.at('net', D.fromScoped(net.run(x))));
      const places = net.places('net');
      const found = arrays(y);
      const distinct = new Set(places).size === places.length;
      seen[distinct ? 'free' : 'tied']++;
      if (distinct) expect(found).toHaveLength(2 * places.length);
      else expect(found).toBeUndefined();
    }),
    { numRuns: 10_000 },
  );
  expect(Math.min(seen.tied, seen.free)).toBeGreaterThan(1000);
});

const small = mlp([2]);
const layers: fc.Arbitrary<Endo<'bijective'>> = fc.letrec<{ layer: Endo<'bijective'> }>((tie) => ({
  layer: fc.oneof(
    { maxDepth: 2 },
    fc.constantFrom(0, 1, 2, 3, 4, 5).map((i) => [affine, reverse, scaleTril, actNorm, () => affineCoupling({ conditioner: small }), maf][i]()),
    fc.tuple(tie('layer'), tie('layer')).map(([f, g]) => compose(f, g)),
    tie('layer').map((f) => repeat(2, f)),
    tie('layer').map((f) => inverse(f)),
  ),
})).layer; // biome-ignore format: a table

type Vectors = Dist<readonly [2], never>;

const dists: fc.Arbitrary<AnyDist> = fc.letrec<{ dist: AnyDist }>((tie) => ({
  dist: fc.oneof(
    { maxDepth: 3 },
    fc.constant(null).map(() => pipe(standardNormal([WIDTH]), pushforward(affine())) as unknown as AnyDist),
    fc.constant(null).map(() => energy([WIDTH], small) as unknown as AnyDist),
    layers.map((f) => pipe(standardNormal([WIDTH]), pushforward(f)) as unknown as AnyDist),
    fc.constant(null).map(() => {
      const net = { network: small };
      const encoder = conditionalFlow(conditionalNormal([WIDTH], [WIDTH], net), (v) => affineCoupling({ conditioner: small.given(v) }));
      return pipe(standardNormal([WIDTH]), pushforward(stochastic({ encoder, decoder: conditionalNormal([WIDTH], [WIDTH], net) }))) as unknown as AnyDist;
    }),
    fc.tuple(tie('dist'), layers).map(([l, f]) => pipe(l as unknown as Vectors, pushforward(f)) as unknown as AnyDist),
    fc.tuple(fc.constantFrom('p', 'q'), tie('dist')).map(([name, l]) => named(name)(l as unknown as Vectors) as unknown as AnyDist),
  ),
})).dist; // biome-ignore format: a table

type Reading = (dist: AnyDist) => D.Draw<Expr>;
const readings: readonly Reading[] = [
  (l) => l.logDensity(x),
  (l) => l.logDensity(o.neg(x)),
  (l) => D.map((t: { readonly logDensity: Expr }) => t.logDensity)(trace(l)(x)),
  (l) => D.chain((v: Expr) => l.logDensity(v))(canSample(l) ? l.sample : D.of(x)),
  (l) => (canSample(l) ? D.map((s: { readonly value: Expr }) => o.sum(s.value))(l.sampleAndLogDensity) : l.logDensity(x)),
  (l) => (canSample(l) ? D.map((d: { readonly value: Expr; readonly logPosterior: Expr }) => o.add(o.sum(d.value), d.logPosterior))(dream(l)) : l.logDensity(x)),
  (l) => D.map(([v]: readonly Expr[]) => o.sum(v))(D.vmapDraw(() => D.map((v: Expr): readonly Expr[] => [v])(l.logDensity(x)), { size: 3 })()),
]; // biome-ignore format: a table

const canSample = (dist: AnyDist): boolean => dist.evidence !== 'unnormalised';

const readingsOf = (l: AnyDist, which: readonly number[]): readonly Expr[] =>
  which.map((i) => D.runDraw(readings[i](l)));

const sequence = fc.array(fc.nat(readings.length - 1), { minLength: 1, maxLength: 4 });

describe('random distributions', () => {
  test('read again in any way: never a refusal, and no new parameters', () => {
    fc.assert(
      fc.property(dists, sequence, (dist, which) => {
        const inOne = D.runDraw(
          which.reduce<D.Draw<Expr>>(
            (sofar, i) => D.chain((a: Expr) => D.map((b: Expr) => o.add(a, o.sum(b)))(readings[i](dist)))(sofar),
            D.of(o.scalar(0)),
          ),
        );
        const all = arrays(inOne, ...readingsOf(dist, which));
        const each = readingsOf(dist, which).flatMap((e) => arrays(e) ?? []);
        expect(new Set(all)).toEqual(new Set(each));
      }),
      { numRuns: 500 },
    );
  });

  test('pairs: every array is one distribution’s, or a refusal', () => {
    // Seeded like every property: the pool is part of the counterexample.
    const seed = fc.sample(fc.integer(), 1)[0];
    const pool = fc.sample(dists, { numRuns: 150, seed }).map((l) =>
      readings.map((read) => {
        const value = D.runDraw(read(l));
        return { value, names: arrays(value) ?? [] };
      }),
    );
    const seen = { tied: 0, free: 0 };
    fc.assert(
      fc.property(fc.nat(149), fc.nat(149), fc.nat(readings.length - 1), fc.nat(readings.length - 1), (i, j, r, s) => {
        fc.pre(i !== j);
        const [p, q] = [pool[i][r], pool[j][s]];
        const found = arrays(p.value, q.value);
        const common = p.names.some((n) => q.names.includes(n));
        seen[common ? 'tied' : 'free']++;
        if (common) expect(found, `pool of seed ${seed}`).toBeUndefined();
        else expect(found, `pool of seed ${seed}`).toHaveLength(p.names.length + q.names.length);
      }),
      { numRuns: 10_000 },
    );
    expect(Math.min(seen.tied, seen.free)).toBeGreaterThan(500);
  });
});
