/** Scoped: lawful, parameters named by place; constraints, initialisers and initialisation from data. */
import fc from 'fast-check';
import { pipe } from 'fp-ts/lib/function.js';
import { describe, expect, test } from 'vitest';
import { pushforward } from '../../src/algebra/dist.ts';
import { rewrite } from '../../src/algebra/rewrite.ts';
import { bijection, compose, type Endo, repeat, type Step } from '../../src/algebra/transport.ts';
import { affine } from '../../src/bijectors/index.ts';
import { grad } from '../../src/core/differentiate/index.ts';
import * as D from '../../src/core/draw.ts';
import { type Expr, topological } from '../../src/core/expr.ts';
import { structuralHash } from '../../src/core/hash.ts';
import { evaluateProgram } from '../../src/core/interpreters/reference/index.ts';
import * as o from '../../src/core/ops/index.ts';
import * as P from '../../src/core/parameters.ts';
import { noiseFeeds, parametersOf, program } from '../../src/core/program.ts';
import { normal, runRandom, start } from '../../src/core/random.ts';
import * as Sc from '../../src/core/scope.ts';
import type { Shape } from '../../src/core/shape.ts';
import { type Tensor, tensorOf } from '../../src/core/tensor.ts';
import { vmapAll } from '../../src/core/vectorize.ts';
import { standardNormal } from '../../src/distributions/index.ts';
import { logAbsDet, pointsIn, transportLaws, violations } from '../../src/laws/index.ts';
import { monadLaws } from './monad-laws.ts';

declare module 'fp-ts/HKT' {
  interface URItoKind<A> {
    readonly ScopedUnderTest: Sc.Scoped<A>;
  }
}

type Effect = (x: Expr) => Sc.Scoped<Expr>;

const named = (name: string): Sc.Scoped<Expr> => Sc.parameter(name, [], { init: P.normalInit(1) });

const effects: fc.Arbitrary<Effect> = fc.letrec<{ effect: Effect; leaf: Effect; later: Effect; inside: Effect }>(
  (tie) => ({
    effect: fc.oneof({ maxDepth: 3 }, tie('leaf'), tie('later'), tie('inside')),
    leaf: fc.constantFrom<Effect>(
      Sc.of,
      () => Sc.again(named('a')),
      (x) => Sc.again(Sc.map((p: Expr) => o.mul(p, x))(named('b'))),
      (x) => Sc.map((path: string) => o.add(x, path.length))(Sc.path),
    ),
    later: fc.tuple(tie('effect'), tie('effect')).map(
      ([a, b]): Effect =>
        (x) =>
          Sc.chain(b)(a(x)),
    ),
    inside: fc.tuple(fc.constantFrom('p', 'q'), tie('effect')).map(
      ([at, a]): Effect =>
        (x) =>
          Sc.at(at, a(x)),
    ),
  }),
).effect;

const namesOf = (e: Expr): string[] => parametersOf([e]).map((p) => p.attributes.name);

const observe = (part: Sc.Scoped<Expr>): string => {
  const value = part({ path: 'here' });
  const initial = P.initialValues(parametersOf([value]));
  return JSON.stringify([structuralHash([value]), namesOf(value), structuralHash(initial)]);
};

describe('Scoped is a lawful monad', () => {
  const monad = {
    URI: 'ScopedUnderTest' as const,
    of: Sc.of as <A>(a: A) => Sc.Scoped<A>,
    map: <A, B>(fa: Sc.Scoped<A>, f: (a: A) => B): Sc.Scoped<B> => Sc.map(f)(fa),
    ap: <A, B>(fab: Sc.Scoped<(a: A) => B>, fa: Sc.Scoped<A>): Sc.Scoped<B> => Sc.ap(fa)(fab) as Sc.Scoped<B>,
    chain: <A, B>(fa: Sc.Scoped<A>, f: (a: A) => Sc.Scoped<B>): Sc.Scoped<B> => Sc.chain(f)(fa),
  };
  monadLaws({ monad, effects, observe });
});

describe('names of parameters', () => {
  const encoded = (layer: Endo<'bijective'>): Expr => {
    const { value, contribution } = D.runDraw(layer.encode(o.input('x', [2])));
    return o.add(o.sum(value), contribution);
  };

  test('say where a parameter stands', () => {
    expect(namesOf(Sc.at('block', Sc.at('net', named('kernel')))(Sc.root))).toEqual(['block/net/kernel']);
    expect(namesOf(named('kernel')(Sc.root))).toEqual(['kernel']);
    expect(namesOf(Sc.at('', named('kernel'))(Sc.root))).toEqual(['kernel']);
  });

  test('the same layer at several places has several sets', () => {
    expect(namesOf(encoded(repeat(3, affine())))).toHaveLength(6);
    expect(new Set(namesOf(encoded(compose(affine(), affine())))).size).toBe(4);
  });

  test('shared: one set however often and wherever it stands', () => {
    const block = Sc.shared('net', named('kernel'));
    const [a, b] = ['p', 'q'].map((at) => Sc.at(at, block)(Sc.root));
    expect(namesOf(o.add(a, b))).toEqual(['shared/net/kernel']);
    expect(structuralHash([a])).toBe(structuralHash([b]));
    expect(program([a, b]).slots).toHaveLength(1);
  });

  test('two parameters of one name and different shapes are refused, by name', () => {
    const clash = (shape: Shape) => Sc.at('block', Sc.parameter('w', shape, { init: P.zeros }))(Sc.root);
    expect(() => program([o.sum(clash([2])), o.sum(clash([3]))])).toThrow(
      /block\/w: one name stands for two different arrays \(expected real \[2\], got real \[3\]\)/,
    );
  });

  test('an initial value of another shape is refused, by place', () => {
    const bad = Sc.at('block', Sc.parameter('w', [3], { init: P.from(o.constant([1, 2])) }));
    expect(() => bad(Sc.root)).toThrow(/block\/w.*expected \[3\], got \[2\]/);
  });

  test('noise of initialisers is keyed by name: adding a parameter changes no other', () => {
    const initialOf = (part: Sc.Scoped<Expr>, name: string): number => {
      const p = parametersOf([part(Sc.root)]).filter((e) => e.attributes.name === name);
      const closed = program(P.initialValues(p), 'float64');
      return evaluateProgram(closed, noiseFeeds(closed, { seed: 4 }))[0].data[0];
    };
    const two = pipe(named('c'), Sc.chain((c) => Sc.map((a: Expr) => o.mul(a, c))(named('a')))); // biome-ignore format: one idea
    expect(initialOf(two, 'a')).toBe(initialOf(named('a'), 'a'));
    expect(initialOf(two, 'a')).not.toBe(initialOf(two, 'c'));
  });
});

describe('detached', () => {
  const part = (name: string): Sc.Scoped<Expr> => Sc.map((p: Expr) => o.exp(p))(named(name));
  const inside = Sc.at('a', Sc.chain((u: Expr) => Sc.map((v: Expr) => o.mul(u, v))(Sc.shared('s', part('w'))))(Sc.at('b', part('w')))); // biome-ignore format: one idea

  test('no derivative, at any depth; names, values and initial values as they were', () => {
    const [free, held] = [inside, Sc.detached(inside)].map((p) => p(Sc.root));
    expect(namesOf(held)).toEqual(namesOf(free));
    const parameters = parametersOf([held]);
    expect(structuralHash(P.initialValues(parameters))).toBe(structuralHash(P.initialValues(parametersOf([free]))));
    const values = Object.fromEntries(namesOf(free).map((n, i) => [n, tensorOf([0.3 + i], [])]));
    const run = (es: readonly Expr[]): number[] =>
      evaluateProgram(program(es, 'float64'), values).map((t) => t.data[0]);
    const gradient = (e: Expr): number[] => run(grad(e, parametersOf([e])));
    expect(run([held])).toEqual(run([free]));
    expect(gradient(held)).toEqual([0, 0]);
    expect(gradient(free).map((g) => g !== 0)).toEqual([true, true]);
  });

  test('what stands outside still trains: d/dw (w · detached w) = w', () => {
    const both = Sc.chain((u: Expr) => Sc.map((v: Expr) => o.mul(u, v))(Sc.detached(named('w'))))(named('w'))(Sc.root);
    const [w] = parametersOf([both]);
    const attached = topological([both]).filter((e) => e.op === 'parameter');
    const total = grad(both, attached).reduce((a, b) => o.add(a, b));
    expect(w.attributes.name).toBe('w');
    expect(evaluateProgram(program([total], 'float64'), { w: tensorOf([1.7], []) })[0].data[0]).toBe(1.7);
  });

  test('of a draw: noise and names unchanged, places inside keep the mark', () => {
    const draw = D.at('x', D.chain((w: Expr) => D.map((e: Expr) => o.mul(w, e))(D.fromRandom(normal([]))))(D.at('y', D.fromScoped(named('w'))))); // biome-ignore format: one idea
    const [free, held] = [draw, D.detached(draw)].map((d) => D.runDraw(d));
    const paths = (e: Expr): unknown[] => topological([e]).flatMap((n) => (n.op === 'noise' ? [n.attributes] : []));
    expect(paths(held)).toEqual(paths(free));
    expect(namesOf(held)).toEqual(['x/y/w']);
    expect(grad(held, parametersOf([held])).every((g) => topological([g]).every((n) => n.op !== 'noise'))).toBe(true);
  });

  test('of a layer, rewritten or not', () => {
    const dist = pipe(standardNormal([2]), pushforward(compose(affine(), compose(affine(), affine()))));
    for (const l of [dist, rewrite(dist)]) {
      const held = D.runDraw(D.detached(l.logDensity(o.input('x', [2]))));
      const slopes = grad(held, parametersOf([held]));
      expect(slopes.length).toBeGreaterThan(1);
      expect(slopes.every((g) => topological([g]).every((n) => n.op !== 'input'))).toBe(true);
    }
  });
});

const numbers = (es: readonly Expr[], feeds: Record<string, Tensor> = {}, seed = 0): number[][] => {
  const p = program(es, 'float64');
  return evaluateProgram(p, { ...noiseFeeds(p, { seed }), ...feeds }).map((t) => Array.from(t.data));
};

describe('constraints', () => {
  const scalars: readonly (readonly [string, P.Constraint, readonly number[]])[] = [
    ['real', P.real, [-3, 0, 2]],
    ['positive', P.positive, [1e-6, 1e-3, 0.5, 1, 20, 700]],
    ['positiveExp', P.positiveExp, [1e-6, 0.5, 1, 700]],
    ['unitInterval', P.unitInterval, [1e-6, 0.25, 0.5, 0.999]],
  ];
  test.each(scalars)('%s: constrain ∘ unconstrain = id', (_name, c, values) => {
    const [back] = numbers([c.constrain(c.unconstrain(o.constant(values)))]);
    back.forEach((v, i) => {
      expect(Math.abs(v - values[i])).toBeLessThanOrEqual(1e-13 * Math.max(1e-3, Math.abs(values[i])));
    });
  });

  test.each(scalars.slice(1))('%s: every real number is mapped into the set', (_name, c) => {
    const free = [-30, -2, 0, 2, 30];
    const [inside] = numbers([c.constrain(o.constant(free))]);
    for (const v of inside) expect(v).toBeGreaterThan(0);
    if (c === P.unitInterval) for (const v of inside) expect(v).toBeLessThan(1);
    const [free2] = numbers([c.unconstrain(c.constrain(o.constant(free.slice(1, 4))))]);
    free2.forEach((v, i) => {
      expect(v).toBeCloseTo(free[i + 1], 12);
    });
  });

  test('unitLowerTriangular: ones on the diagonal, zeros above, inverse of its inverse', () => {
    const c = P.unitLowerTriangular;
    const [l] = numbers([c.constrain(o.constant([5, 6, 7, 0.5, 8, 9, -1, 2, 4], [3, 3]))]);
    expect(l).toEqual([1, 0, 0, 0.5, 1, 0, -1, 2, 1]);
    expect(numbers([c.constrain(c.unconstrain(o.constant(l, [3, 3])))])[0]).toEqual(l);
    expect(Math.abs(logAbsDet(l, 3))).toBeLessThan(1e-15);
  });

  test('a constrained parameter starts at its initial value', () => {
    for (const [constraint, value] of [
      [P.positive, 0.3],
      [P.positiveExp, 2],
      [P.unitInterval, 0.2],
    ] as const) {
      const scale = Sc.parameter('scale', [2], { init: P.constantly(value), constraint })(Sc.root);
      const [free] = parametersOf([scale]);
      const [initial] = P.initialValues([free]);
      const start = evaluateProgram(program([initial], 'float64'), {})[0];
      for (const v of numbers([scale], { scale: start })[0]) expect(v).toBeCloseTo(value, 12);
    }
  });
});

describe('initialisers', () => {
  const drawn = (init: P.Initializer, shape: Shape): number[] => numbers([runRandom(init(shape), start('init:w'))])[0];
  const moments = (v: readonly number[]): readonly [number, number] => {
    const mean = v.reduce((a, b) => a + b, 0) / v.length;
    return [mean, v.reduce((a, b) => a + (b - mean) ** 2, 0) / v.length];
  };

  test('constants', () => {
    expect(drawn(P.zeros, [2])).toEqual([0, 0]);
    expect(drawn(P.ones, [2])).toEqual([1, 1]);
    expect(drawn(P.constantly(3), [1, 2])).toEqual([3, 3]);
    expect(drawn(P.from(o.constant([1, 2])), [2])).toEqual([1, 2]);
  });

  test.each<readonly [string, P.Initializer, Shape, number]>([
    ['normalInit', P.normalInit(0.5), [80, 50], 0.25],
    ['uniformInit', P.uniformInit(2), [80, 50], 4 / 3],
    ['glorot', P.glorot, [80, 50], 2 / 130],
    ['he', P.he, [80, 50], 2 / 80],
    ['he of a convolution', P.he, [50, 16, 3, 3], 2 / 144],
    ['fanIn', P.fanIn(80), [80, 50], 1 / 240],
  ])('%s: mean 0 and its variance', (_name, init, shape, variance) => {
    const [mean, spread] = moments(drawn(init, shape));
    expect(Math.abs(mean)).toBeLessThan(5 * Math.sqrt(variance / 4000));
    expect(Math.abs(spread / variance - 1)).toBeLessThan(0.12);
  });

  test('uniform initialisers keep their limits', () => {
    for (const [init, limit] of [
      [P.uniformInit(2), 2],
      [P.glorot, Math.sqrt(6 / 130)],
      [P.fanIn(80), 1 / Math.sqrt(80)],
    ] as const) {
      const values = drawn(init, [80, 50]).map(Math.abs);
      expect(Math.max(...values)).toBeLessThan(limit);
      expect(Math.max(...values)).toBeGreaterThan(0.99 * limit);
    }
  });

  test('orthogonal: Qᵀ Q = I to 1e-10', () => {
    for (const n of [1, 2, 7, 20]) {
      const q = runRandom(P.orthogonal([n, n]), start('init:q'));
      const [gram, values] = numbers([o.matmul(o.transpose(q), q), q]);
      gram.forEach((v, k) => {
        expect(Math.abs(v - (k % (n + 1) === 0 ? 1 : 0))).toBeLessThan(1e-10);
      });
      if (n > 1) expect(values.filter((v) => Math.abs(v) > 1e-6).length).toBeGreaterThan(n);
    }
    expect(() => P.orthogonal([2, 3])).toThrow(/not a square matrix/);
  });
});

/** z = (x − mean) / deviation with both measured on the first batch (Kingma & Dhariwal 2018), in a few lines. */
const actNorm = (reduce = o.batchMean): Endo<'bijective'> => {
  const maps = (x: Expr): Sc.Scoped<{ readonly m: Expr; readonly s: Expr }> => {
    const mean = reduce(x);
    const logDeviation = o.mul(0.5, o.log(reduce(o.square(o.sub(x, mean)))));
    return pipe(
      Sc.parameter('mean', x.shape, { init: P.from(mean) }),
      Sc.chain((m) => Sc.map((s: Expr) => ({ m, s }))(Sc.parameter('logDeviation', x.shape, { init: P.from(logDeviation) }))), // biome-ignore format: one idea
    );
  };
  const step = (x: Expr, move: (m: Expr, s: Expr) => Expr): Sc.Scoped<Step> =>
    Sc.map(({ m, s }: { readonly m: Expr; readonly s: Expr }) => ({ value: move(m, s), contribution: o.neg(o.sum(s)) }))(maps(x)); // biome-ignore format: one idea
  return bijection({
    spec: { type: 'actNorm' },
    encode: (x) => step(x, (m, s) => o.mul(o.sub(x, m), o.exp(o.neg(s)))),
    decode: (z) => step(z, (m, s) => o.add(o.mul(z, o.exp(s)), m)),
  });
};

describe('initialisation from data', () => {
  const n = 50;
  const batch: Tensor = (() => {
    const { data } = pointsIn('reals', [n, 2], 1, 3);
    return tensorOf(Array.from(data, (v, i) => (i % 2 === 0 ? 5 + 3 * v : Math.exp(v))), [n, 2]); // biome-ignore format: one idea
  })();
  const x = o.input('examples', [2]);
  // A shear between the two: the second layer's data are not the first's, and depend on the first's parameters.
  const shear: Endo<'bijective'> = bijection({
    spec: { type: 'shear' },
    encode: (v) => () => ({ value: o.add(v, o.reverse(o.mul(v, o.constant([0, 0.7])))), contribution: o.scalar(0) }),
    decode: (v) => () => ({ value: o.sub(v, o.reverse(o.mul(v, o.constant([0, 0.7])))), contribution: o.scalar(0) }),
  });

  const initialised = (layer: Endo<'bijective'>): Record<string, Tensor> => {
    const { value, contribution } = D.runDraw(layer.encode(x));
    const parameters = parametersOf([value, contribution]);
    const p = program(P.initialValues(parameters, [{ input: x, batch: o.input('examples', [n, 2]) }]), 'float64');
    const values = evaluateProgram(p, { ...noiseFeeds(p, { seed: 0 }), examples: batch });
    return Object.fromEntries(parameters.map((e, i) => [e.attributes.name, values[i]]));
  };

  const columns = (values: readonly number[]): number[][] => [0, 1].map((d) => values.filter((_, i) => i % 2 === d));

  const codes = (layer: Endo<'bijective'>, feeds: Record<string, Tensor>): number[][] => {
    const run = vmapAll((v) => [D.runDraw(layer.encode(v)).value])(o.input('batch', [n, 2]));
    return columns(numbers(run, { ...feeds, batch })[0]);
  };

  const standardised = (c: readonly number[]): void => {
    const mean = c.reduce((a, b) => a + b, 0) / n;
    expect(Math.abs(mean)).toBeLessThan(1e-10);
    expect(Math.abs(c.reduce((a, b) => a + (b - mean) ** 2, 0) / n - 1)).toBeLessThan(1e-10);
  };

  test('one layer: zero mean and unit variance on the batch', () => {
    codes(actNorm(), initialised(actNorm())).forEach(standardised);
  });

  test('two stacked layers: each sees what the one before makes of the batch', () => {
    const two = compose(actNorm(), shear, actNorm());
    const feeds = initialised(two);
    expect(Object.keys(feeds)).toHaveLength(4);
    codes(two, feeds).forEach(standardised);
    const first = Object.fromEntries(Object.entries(feeds).filter(([name]) => name.startsWith('0.')));
    codes(compose(actNorm()), first).forEach(standardised);
    // The second layer has something to do: coordinates are correlated by the shear, so its deviations are not 1.
    const second = Object.entries(feeds).find(([name]) => name.startsWith('2.') && name.endsWith('logDeviation'))![1];
    expect(Math.max(...Array.from(second.data, Math.abs))).toBeGreaterThan(0.05);
  });

  test('three of them, repeated', () => {
    codes(repeat(3, compose(actNorm(), shear)), initialised(repeat(3, compose(actNorm(), shear)))).forEach((c) => {
      expect(Number.isFinite(c[0])).toBe(true);
    });
    const stacked = compose(repeat(2, compose(actNorm(), shear)), actNorm());
    codes(stacked, initialised(stacked)).forEach(standardised);
  });

  test('it is a pure pass: again gives the same, and the declaration is unchanged', () => {
    const layer = compose(actNorm(), shear, actNorm());
    const before = structuralHash(Object.values(D.runDraw(layer.encode(x))));
    expect(initialised(layer)).toEqual(initialised(layer));
    expect(structuralHash(Object.values(D.runDraw(layer.encode(x))))).toBe(before);
  });

  test('a definition that is not reduced over the batch is refused, by name', () => {
    expect(() =>
      initialised(
        compose(
          affine(),
          actNorm((v) => v),
        ),
      ),
    ).toThrow(/1\.actNorm\/mean: the initial value depends on single examples: reduce them with batchMean/);
  });

  test('the distributions of layers hold for it', () => {
    expect(violations(transportLaws(actNorm(), { shape: [3], count: 6 }))).toEqual([]);
  });
});
