/** Distributions in groups: each given the ones before it. */
import { describe, expect, test } from 'vitest';
import { conditional } from '../../src/algebra/conditional.ts';
import * as D from '../../src/core/draw.ts';
import { evaluateProgram } from '../../src/core/interpreters/reference/index.ts';
import * as o from '../../src/core/ops/index.ts';
import { noiseFeeds, program } from '../../src/core/program.ts';
import { toNumbers } from '../../src/core/tensor.ts';
import { vmapAll } from '../../src/core/vectorize.ts';
import {
  conditionalNormal,
  hierarchical,
  klByGroup,
  levelsOf,
  normal,
  standardNormal,
} from '../../src/distributions/index.ts';
import { distLaws, showVerdicts, violations } from '../../src/laws/index.ts';

/** z₂ | z₁ ~ N(a z₁ + b, s²). */
const line = (a: number, b: number, scale: number) =>
  conditional([1], (c) => () => normal([1], { loc: o.add(o.mul(a, c), b), scale }));
const [z1, z2] = [0.7, -1.1];
const q = hierarchical(normal([1], { loc: 0.4, scale: 0.8 }), line(0.5, 0.1, 0.6));
const p = hierarchical(standardNormal([1]), line(-0.3, 0.2, 1.1));
const klNormal = (m1: number, s1: number, m2: number, s2: number): number =>
  Math.log(s2 / s1) + (s1 * s1 + (m1 - m2) ** 2) / (2 * s2 * s2) - 0.5;

describe('hierarchical', () => {
  test('obeys the distributions of distributions', () => {
    const learned = hierarchical(standardNormal([1]), conditionalNormal([1], [1]));
    expect(showVerdicts(violations(distLaws(learned, { quadrature: 2e-3 })))).toBe('');
  });

  test('its groups sum to its log-density', () => {
    const z = o.constant([z1, z2]);
    const both = D.chain((all: readonly { logDensity: ReturnType<typeof o.scalar> }[]) =>
      D.map((l: ReturnType<typeof o.scalar>) => [l, ...all.map((g) => g.logDensity)])(q.logDensity(z)),
    )(levelsOf(q)(z));
    const [l, a, b] = evaluateProgram(program(D.runDraw(both), 'float64'), {}).map((t) => toNumbers(t)[0]);
    expect(a + b).toBeCloseTo(l, 12);
  });

  test('the divergence of two is the sum over groups of closed forms given the drawn prefix', () => {
    const groups = D.runDraw(klByGroup(q, p)(o.constant([z1, z2])));
    expect(groups.map((g) => g.evidence)).toEqual(['exact', 'exact']);
    const values = evaluateProgram(
      program(
        groups.map((g) => g.value),
        'float64',
      ),
      {},
    ).map((t) => toNumbers(t)[0]);
    expect(values[0]).toBeCloseTo(klNormal(0.4, 0.8, 0, 1), 12);
    expect(values[1]).toBeCloseTo(klNormal(0.5 * z1 + 0.1, 0.6, -0.3 * z1 + 0.2, 1.1), 12);
  });

  test('… and its mean over draws of q is KL(q ‖ p)', () => {
    const draw = D.chain((z: ReturnType<typeof o.scalar>) =>
      D.map((g: readonly { value: ReturnType<typeof o.scalar> }[]) => o.addAll(g.map((d) => d.value)))(
        klByGroup(q, p)(z),
      ),
    )(q.sample);
    const [all] = vmapAll(() => [D.runDraw(draw)], { size: 20_000, fresh: () => true })();
    const t = program([o.mean(all)], 'float64');
    const found = toNumbers(evaluateProgram(t, noiseFeeds(t, { seed: 1 }))[0])[0];
    // E over z₁ ~ N(0.4, 0.64) of the second group's divergence: its mean gap is 0.8 z₁ − 0.1.
    const gap = (0.8 * 0.4 - 0.1) ** 2 + 0.64 * 0.64;
    const truth = klNormal(0.4, 0.8, 0, 1) + Math.log(1.1 / 0.6) + (0.36 + gap) / (2 * 1.21) - 0.5;
    expect(Math.abs(found - truth)).toBeLessThan(0.02);
  });

  test('a context that is not the groups before it is told with its place', () => {
    expect(() => hierarchical(standardNormal([2]), line(1, 0, 1))).toThrow(
      /hierarchical\/1: the context is not the groups before it/,
    );
  });
});
