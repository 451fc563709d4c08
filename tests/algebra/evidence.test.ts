/** Evidence: the table of uses, grades as a semilattice, and approximations that say how far off they are. */
import { pipe } from 'fp-ts/lib/function.js';
import { describe, expect, test } from 'vitest';
import { errorFrom } from '../../src/algebra/approximation.ts';
import { demand, gives } from '../../src/algebra/demand.ts';
import { type AnyDist, distribution, named, pushforward } from '../../src/algebra/dist.ts';
import {
  evidences,
  type Grade,
  grants,
  type PlainGrade,
  signOf,
  through,
  together,
  type Use,
  weaker,
} from '../../src/algebra/evidence.ts';
import { compose, inverse } from '../../src/algebra/transport.ts';
import { affine, shift } from '../../src/bijectors/index.ts';
import * as D from '../../src/core/draw.ts';
import { onnx } from '../../src/core/interpreters/index.ts';
import * as o from '../../src/core/ops/index.ts';
import { fromRows } from '../../src/data/index.ts';
import { independent, normal, product, standardNormal } from '../../src/distributions/index.ts';
import { dormandPrince, euler, heun, rk4 } from '../../src/dynamics/index.ts';
import { evaluate, run, showEvaluation } from '../../src/inference/index.ts';
import { describe as describeDist, describeText } from '../../src/models/index.ts';
import { exactDenoiser, probabilityFlow, uniformGrid, vp } from '../../src/sde/index.ts';
import { dequantise } from '../../src/transports/index.ts';

const plain: readonly PlainGrade[] = ['bijective', 'exact', 'unbiased', 'bound', 'mean bound'];
const grades: readonly Grade[] = plain.flatMap((g): Grade[] => [g, `≈${g}`]);

describe('grades', () => {
  test('are a semilattice with bijective as unit', () => {
    for (const a of grades) {
      expect(weaker(a, a)).toBe(a);
      expect(weaker('bijective', a)).toBe(a);
      for (const b of grades) {
        expect(weaker(a, b)).toBe(weaker(b, a));
        for (const c of grades) expect(weaker(a, weaker(b, c))).toBe(weaker(weaker(a, b), c));
      }
    }
  });

  test('a distribution seen through two layers is seen through their composition', () => {
    for (const f of grades)
      for (const g of grades)
        for (const e of evidences) expect(through(weaker(f, g), e), `${f}, ${g}, ${e}`).toBe(through(f, through(g, e)));
  });

  test('no layer makes more of a distribution than it was', () => {
    for (const g of grades)
      for (const e of evidences) {
        const before: readonly Use[] = grants[e];
        // An exact density seen through a stochastic layer is a bound: every use that is left was there before.
        for (const use of grants[through(g, e)]) expect(before, `${g}, ${e}`).toContain(use);
      }
  });
});

describe('the evidence of distributions side by side', () => {
  test('grants what all of them grant, and nothing else', () => {
    for (const a of evidences)
      for (const b of evidences) {
        const both: readonly Use[] = grants[together([a, b])];
        for (const use of both) expect([grants[a], grants[b]].every((g: readonly Use[]) => g.includes(use))).toBe(true);
        expect(together([a, b])).toBe(together([b, a]));
        expect(together([a, a])).toBe(a);
        expect(together([a, 'exact'])).toBe(a);
      }
    expect(together(['bound', 'unbiased'])).toBe('mean bound');
    expect(together(['bound', 'unnormalised'])).toBe('none');
  });
});

describe('the gate', () => {
  test('lets through what is granted, and says what is missing', () => {
    const bound = pipe(standardNormal([2]), pushforward(dequantise({ levels: 4 })));
    expect(gives(bound, 'meanBound')).toBe(true);
    expect(gives(bound, 'exactLogDensity')).toBe(false);
    expect(demand('mine', bound, 'lowerBound')).toBe(bound);
    expect(() => demand('mine', bound, 'exactLogDensity')).toThrow(
      'mine: the distribution has no exact log-density; elbo takes one that is bounded (expected a log-density that is exact, got pushforward, whose log-density is bound)',
    );
  });

  test('a distribution without a sampler has none under layers, at places and beside others', () => {
    const dist = distribution({
      shape: [1],
      spec: { type: 'mine' },
      evidence: 'exact',
      logDensity: (x) => D.of(o.sum(x)),
    });
    for (const l of [
      dist,
      pipe(dist, pushforward(affine())),
      named('it')(dist),
      product([dist, normal([1])]),
      independent([2])(dist),
    ])
      expect(() => demand('kl', l as AnyDist, 'samples'), (l as AnyDist).spec.type).toThrow('has no sampler');
    expect(() => demand('kl', product([normal([1]), normal([1])]), 'samples')).not.toThrow();
  });
});

describe('approximations', () => {
  const truth = normal([2], { loc: 1, scale: 0.5 });
  const data = fromRows('rows', Float32Array.of(1, 1, 1.5, 0.7, 0.2, 1.1, 0.9, 0.4), [2]);
  const flow = (solver: Parameters<typeof probabilityFlow>[1] & object) =>
    pipe(vp().prior([2]), pushforward(probabilityFlow(exactDenoiser(vp(), truth), { divergence: 'exact', ...solver })));
  const measured = async (dist: AnyDist) => evaluate(run(dist, {}, onnx('cpu')), data);

  test('are marked through layers, places, products and inverses', () => {
    const dist = flow({ solver: rk4(), grid: uniformGrid(10) });
    const layer = probabilityFlow(exactDenoiser(vp(), truth), { divergence: 'exact', grid: uniformGrid(10) });
    const all: readonly AnyDist[] = [
      dist,
      pipe(dist, pushforward(shift(1))),
      named('it')(dist),
      product([dist, normal([1])]),
      independent([2])(dist),
      pipe(standardNormal([2]), pushforward(compose(shift(1), layer))),
      pipe(standardNormal([2]), pushforward(inverse(layer))),
    ];
    for (const l of all) {
      expect(l.approximation?.because, l.spec.type).toBe('10 steps of rk4');
      expect(l.approximation?.order).toBe(4);
      expect(l.approximation?.refined().approximation?.because).toBe('20 steps of rk4');
    }
    expect(standardNormal([2]).approximation).toBeUndefined();
    expect(compose(shift(1), layer).grade).toBe('≈bijective');
  });

  test('five steps of Euler do not pass for the truth: the number is ≈, with an error that covers it', async () => {
    const e = await measured(flow({ solver: euler(), grid: uniformGrid(5) }));
    const t = await measured(truth);
    expect(t.approximation).toBeUndefined();
    expect(showEvaluation(t)).toContain('−log p = ');
    expect(showEvaluation(e)).toMatch(/−log p ≈ .*5 steps of euler: off by about 0\.\d/);
    expect(describeText(describeDist(flow({ solver: euler(), grid: uniformGrid(5) })))).toContain(
      '≈ (exact, up to the error of 5 steps of euler)',
    );
  });

  test('the error that is said is near the error that is made', async () => {
    const exact = (await measured(flow({ solver: dormandPrince({ rtol: 1e-7, atol: 1e-7 }), grid: uniformGrid(1) })))
      .nats;
    for (const [solver, n] of [
      [heun(), 40],
      [heun(), 80],
      [rk4(), 20],
    ] as const) {
      const e = await measured(flow({ solver, grid: uniformGrid(n) }));
      const made = Math.abs(e.nats - exact);
      // Errors of rows may cancel in the mean: what is said is the mean of their sizes.
      expect(e.approximation?.error, `${solver.spec.type} ${n}`).toBeGreaterThan(0.5 * made);
      expect(e.approximation?.error).toBeLessThan(20 * made + 1e-5);
    }
    expect(errorFrom(1.04, 1.01, 1)).toBeCloseTo(0.06, 12);
    expect(errorFrom(1.04, 1.01)).toBeCloseTo(0.03, 12);
  });

  test('bounds are ≳, of −log p ≲', () => {
    expect(signOf('bound', { approximate: true })).toBe('≳');
    expect(signOf('mean bound', { approximate: true, negative: true })).toBe('≲');
    expect(signOf('exact', { approximate: true })).toBe('≈');
    expect(signOf('summed')).toBe('=');
  });
});
