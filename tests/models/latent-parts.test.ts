/** The parts that latent-variable models are made of: conditional flows, recurrent networks, couplings of any split, variational rounding. */
import { pipe } from 'fp-ts/lib/function.js';
import { describe, expect, test } from 'vitest';
import { type Conditional, conditional } from '../../src/algebra/conditional.ts';
import { type AnyDist, pushforward } from '../../src/algebra/dist.ts';
import { compose } from '../../src/algebra/transport.ts';
import { affine, affineCoupling, iaf, logit, maf, reverse } from '../../src/bijectors/index.ts';
import { grad } from '../../src/core/differentiate/index.ts';
import type { Expr } from '../../src/core/expr.ts';
import { evaluateProgram } from '../../src/core/interpreters/reference/index.ts';
import * as o from '../../src/core/ops/index.ts';
import { parametersOf, program } from '../../src/core/program.ts';
import { root } from '../../src/core/scope.ts';
import type { Shape } from '../../src/core/shape.ts';
import { tensorOf, toNumbers } from '../../src/core/tensor.ts';
import {
  conditionalFlow,
  conditionalNormal,
  normal,
  standardNormal,
  unconditional,
  uniform,
} from '../../src/distributions/index.ts';
import {
  distLaws,
  distParameters,
  levelBoundLaws,
  showVerdicts,
  transportLaws,
  uniformLevelsDist,
  type Verdict,
  violations,
} from '../../src/laws/index.ts';
import { made, mlp, recurrent, unrolled } from '../../src/nn/index.ts';
import { dequantise, variationalDequantise } from '../../src/transports/index.ts';

const holds = (verdicts: readonly Verdict[]): void => {
  expect(verdicts.length).toBeGreaterThan(0);
  expect(showVerdicts(violations(verdicts))).toBe('');
};
const net = mlp([5], { activation: 'tanh', zeroLast: false });

/** The distribution that a conditional distribution is at one context. */
const at = (part: Conditional<Shape, Shape>, c: readonly number[]): AnyDist =>
  part.given(o.constant(Float64Array.from(c)))(root);

describe('conditional flows', () => {
  const base = conditionalNormal([2], [2], { network: net });
  const shapes = {
    couplings: conditionalFlow(base, (v) => compose(affineCoupling({ conditioner: net.given(v) }), reverse())),
    maf: conditionalFlow(base, (v) =>
      maf({ conditioner: made([6], { activation: 'tanh', zeroLast: false }).given(v) }),
    ),
    iaf: conditionalFlow(base, (v) =>
      iaf({ conditioner: made([6], { activation: 'tanh', zeroLast: false }).given(v) }),
    ),
  };
  test.each(
    Object.entries(shapes),
  )('%s: the distribution at any context obeys the distributions of distributions', (_name, part) => {
    for (const c of [[0.3, -1], [2, 1]]) holds(distLaws(at(part, c), { spread: 0.2 })); // biome-ignore format: one line
  });

  test.each(Object.entries(shapes))('%s: the layer reads the context', (_name, part) => {
    const c = o.input('c', [2]);
    const x = o.input('x', [2]);
    const l = (dist: AnyDist): Expr => dist.logDensity(x)(root)({ path: 'noise', next: 0 })[0];
    const p = program(grad(l(part.given(c)(root)), [c]), 'float64');
    const all = distParameters(at(part, [0, 0]));
    // With the base's network at zero, only the layer is left to read the context.
    const still = Object.fromEntries(
      Object.entries(all).map(([k, v]) => [k, k.startsWith('base/') ? { ...v, data: v.data.map(() => 0) } : v]),
    );
    const [g] = evaluateProgram(p, { ...still, c: tensorOf([0.4, 0.2]), x: tensorOf([0.5, -0.3]) });
    expect(Math.hypot(...toNumbers(g))).toBeGreaterThan(1e-3);
  });

  test('an unconditional distribution forgets its context', () => {
    const part = unconditional([3], normal([1], { loc: 2 }));
    const p = program([at(part, [9, 9, 9]).logDensity(o.constant([2]))(root)({ path: 'n', next: 0 })[0]], 'float64');
    expect(evaluateProgram(p, {})[0].data[0]).toBeCloseTo(-0.5 * Math.log(2 * Math.PI), 12);
  });
});

test('a MADE given a context: coordinate i depends on the context and on coordinates before i', () => {
  const [x, c] = [o.input('x', [3]), o.input('c', [2])];
  const out = made([9, 9], { activation: 'tanh', zeroLast: false }).given(c).apply(x, [1, 3])(root);
  const slopes = [0, 1, 2].flatMap((i) => grad(o.sum(o.sliceAxis(out, 1, i, i + 1)), [x, c]));
  const p = program(slopes, 'float64');
  const parameters = Object.fromEntries(
    parametersOf(p.outputs).map((e, k) => [
      e.attributes.name,
      tensorOf(
        Float64Array.from({ length: e.shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(7 * i + k)),
        e.shape,
      ),
    ]),
  );
  const values = evaluateProgram(p, { ...parameters, x: tensorOf([0.1, 0.2, 0.3]), c: tensorOf([1, -1]) }).map(
    toNumbers,
  );
  for (const i of [0, 1, 2]) {
    values[2 * i].forEach((s, j) => (j < i ? expect(Math.abs(s)).toBeGreaterThan(1e-6) : expect(s).toBe(0)));
    for (const s of values[2 * i + 1]) expect(Math.abs(s)).toBeGreaterThan(1e-6);
  }
});

test('couplings pass any number of coordinates through', () => {
  for (const split of [1, 3]) holds(transportLaws(affineCoupling({ conditioner: net, split }), { shape: [4] }));
  expect(() => affineCoupling({ split: 4 }).encode(o.constant([1, 2, 3, 4]))(root)({ path: 'n', next: 0 })).toThrow(
    /nothing to split/,
  );
});

describe('recurrent networks', () => {
  test('a distribution of sequences obeys the laws of distributions', () => {
    const code = conditionalNormal([3, 2], [2], { network: recurrent(4) });
    const sequence = conditionalNormal([2], [3, 1], { network: unrolled(4) });
    const c = Float64Array.from([0.1, 0.2, -0.4, 0.7, 1, -1]);
    holds(distLaws(code.given(o.constant(c, [3, 2]))(root), { spread: 0.2 }));
    holds(distLaws(at(sequence, [0.3, -0.2]), { spread: 0.2 }));
  });
  test('refuse what is no width and no sequence', () => {
    expect(() => recurrent(0)).toThrow(/positive integer/);
    expect(() => unrolled(2).apply(o.constant([1]), [2])(root)).toThrow(/not a sequence/);
  });
});

describe('variational dequantisation', () => {
  const noise = (alpha = 0) =>
    conditionalFlow(unconditional([1], standardNormal([1])), (v) =>
      compose(logit({ alpha }), maf({ conditioner: made([4], { activation: 'tanh', zeroLast: false }).given(v) })),
    );

  test('bound ≤ exact, E exp(bound) = P, Σ P = 1, whatever q is', () => {
    const base = pushforward(compose(logit({ alpha: 0 }), affine()))(standardNormal([1]));
    const dist = pushforward(variationalDequantise({ levels: 4, noise: noise() }))(base);
    const parameters = distParameters(dist, { levels: 4 }, 0, 0.3);
    holds(levelBoundLaws(dist, 4, parameters, { total: 1e-6 }));
  });

  test('with uniform noise it is uniform dequantisation', () => {
    holds([uniformLevelsDist(variationalDequantise({ levels: 8, noise: unconditional([3], uniform([3])) }) as never, { levels: 8, shape: [3] })]); // biome-ignore format: one line
    expect(dequantise({ levels: 8 }).grade).toBe('bound');
  });

  test('the bound is exact where q is the distribution inside the level', () => {
    // y has density 2y on (0, 1): in level k of 2 the distribution of u is (k + u)/(k + ½), whose distribution function is (2ku + u²)/(2k + 1).
    const exact = conditional([1], (c) => () => {
      const k = o.mul(2, c);
      const total = o.add(o.mul(2, k), 1);
      const draw = (w: Expr): Expr => o.sub(o.sqrt(o.add(o.square(k), o.mul(total, w))), k);
      const dist = uniform([1]);
      const density = (u: Expr): Expr => o.sum(o.log(o.div(o.mul(2, o.add(k, u)), total)));
      return {
        ...dist,
        logDensity: (u: Expr) => () => (n: { path: string; next: number }) => [density(u), n] as never,
        sampleAndLogDensity:
          (scope: Parameters<typeof dist.sample>[0]) => (n: Parameters<ReturnType<typeof dist.sample>>[0]) => {
            const [w, next] = dist.sample(scope)(n);
            return [{ value: draw(w), logDensity: density(draw(w)) }, next];
          },
      } as typeof dist;
    });
    const ramp = {
      ...uniform([1]),
      logDensity: (y: Expr) => () => (n: { path: string; next: number }) => [o.sum(o.log(o.mul(2, y))), n] as never,
    } as ReturnType<typeof uniform<readonly [1]>>;
    const dist = pipe(ramp, pushforward(variationalDequantise({ levels: 2, noise: exact as never })));
    for (const [k, p] of [
      [0, 0.25],
      [1, 0.75],
    ]) {
      // biome-ignore format: one line
      const l = dist.logDensity(o.constant([k]))(root)({ path: 'noise', next: 0 })[0];
      const q = program([l], 'float64');
      for (const u of [0.1, 0.9]) {
        const feeds = Object.fromEntries(
          q.slots.filter((s) => s.noise !== undefined).map((s) => [s.name, tensorOf([u])]),
        );
        expect(Math.exp(evaluateProgram(q, feeds)[0].data[0])).toBeCloseTo(p, 10);
      }
    }
  });

  test('refuses what cannot be', () => {
    expect(() => variationalDequantise({ levels: 1, noise: noise() })).toThrow(/two or more/);
    const wrong = unconditional([2], uniform([1])) as never;
    expect(() => variationalDequantise({ noise: wrong })).toThrow(/another shape/);
  });
});
