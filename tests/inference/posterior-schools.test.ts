/** Eight schools, non-centred, by NUTS against quadrature. */
import { pipe } from 'fp-ts/lib/function.js';
import { describe, expect, test } from 'vitest';
import * as o from '../../src/core/ops/index.ts';
import { toNumbers } from '../../src/core/tensor.ts';
import { cauchy, normal, truncate } from '../../src/distributions/index.ts';
import { joint, posterior, quantities, site, summaries } from '../../src/inference/index.ts';
import { adapted, nuts } from '../../src/mcmc/index.ts';
import { ran } from '../mcmc/helpers.ts';

/** Rubin 1981: effects of coaching in eight schools, with their standard errors. */
const effects = [28, 8, -3, 7, -1, 1, 18, 12];
const errors = [15, 10, 16, 11, 9, 11, 10, 18];

/** Exact posterior moments under μ ~ N(0, 5²), τ ~ half-Cauchy(5): θ is integrated in closed form, μ and log τ on a grid. */
const exactSchools = () => {
  const logNormal = (x: number, m: number, v: number): number => -0.5 * (Math.log(v) + (x - m) ** 2 / v);
  const sums = new Map<string, readonly [number, number]>();
  let total = 0;
  const add = (name: string, m: number, second: number, w: number): void => {
    const [a, b] = sums.get(name) ?? [0, 0];
    sums.set(name, [a + w * m, b + w * second]);
  };
  for (let i = 0; i < 500; i++) {
    const logTau = -10 + (i * 19) / 500;
    const tau = Math.exp(logTau);
    for (let j = 0; j < 200; j++) {
      const mu = -25 + (j * 60) / 200;
      const w = Math.exp(
        logNormal(mu, 0, 25) -
          Math.log1p((tau / 5) ** 2) +
          logTau +
          effects.reduce((a, y, k) => a + logNormal(y, mu, tau ** 2 + errors[k] ** 2), 0),
      );
      total += w;
      add('mu', mu, mu * mu, w);
      add('tau', tau, tau * tau, w);
      effects.forEach((y, k) => {
        const v = 1 / (1 / tau ** 2 + 1 / errors[k] ** 2);
        const m = v * (mu / tau ** 2 + y / errors[k] ** 2);
        add(`theta[${k}]`, m, m * m + v, w);
      });
    }
  }
  return new Map([...sums].map(([k, [a, b]]) => [k, { mean: a / total, sd: Math.sqrt(b / total - (a / total) ** 2) }]));
};

describe('eight schools', () => {
  const model = pipe(
    joint,
    site('mu', () => normal([], { scale: 5 })),
    site('tau', () => truncate({ low: 0 })(cauchy([], { scale: 5 }))),
    site('eta', () => normal([8])),
    site('y', ({ mu, tau, eta }) => normal([8], { loc: o.add(mu, o.mul(tau, eta)), scale: errors })),
  ); // biome-ignore format: one model
  const target = posterior(model, { y: effects });

  test('non-centred: means and sds within 2 % of quadrature, R̂ < 1.01, no divergence', async () => {
    const kernel = adapted((t) => nuts({ ...t, maxDepth: 6 }), { steps: 300, target: 0.97 });
    const { samples, infos } = await ran({ target, kernel, chains: 64, samples: 500, seed: 1 });
    const rows = summaries(
      await quantities(target, samples, ({ mu, tau, eta }) => ({ mu, tau, theta: o.add(mu, o.mul(tau, eta)) })),
    );
    const exact = exactSchools();
    expect(rows.length).toBe(10);
    for (const row of rows) {
      const { mean, sd } = exact.get(row.name)!;
      expect(row.rHat).toBeLessThan(1.01);
      expect(Math.abs(row.mean / mean - 1), `${row.name} ${row.mean} ${mean}`).toBeLessThan(0.02);
      expect(Math.abs(row.sd / sd - 1), `${row.name} ${row.sd} ${sd}`).toBeLessThan(0.02);
    }
    expect(Math.max(...toNumbers(infos.divergent))).toBe(0);
  });
});

describe('a truncated regression', () => {
  // y = 0.02 … 0.11 of a normal distribution cut at 0: the location is far below, where only the logarithm of the tail has digits. Quadrature by mpmath.
  const y = [0.05, 0.02, 0.11, 0.04, 0.08];
  const target = posterior(
    pipe(
      joint,
      site('mu', () => normal([], { scale: 10 })),
      site('y', ({ mu }) => truncate({ low: 0 })(normal([5], { loc: mu }))),
    ),
    { y },
  );
  test('mean and sd of the location agree with quadrature', async () => {
    const kernel = adapted((t) => nuts({ ...t, maxDepth: 5 }), { steps: 200, target: 0.9 });
    const { samples, infos } = await ran({ target, kernel, chains: 16, samples: 250, seed: 1 });
    const [row] = summaries(await quantities(target, samples, ({ mu }) => ({ mu })));
    expect(Math.abs(row.mean + 13.167413)).toBeLessThan(4 * row.error);
    expect(Math.abs(row.sd / 4.784754 - 1)).toBeLessThan(0.1);
    expect(row.rHat).toBeLessThan(1.02);
    expect(toNumbers(infos.divergent).filter((v) => v !== 0).length).toBeLessThan(10);
  });
  test('a latent below a bound, or between bounds that depend on others, moves without divergences', async () => {
    const model = pipe(
      joint,
      site('top', () => truncate({ high: 0 })(normal([]))),
      site('below', ({ top }) => truncate({ low: o.sub(top, 1), high: top })(normal([]))),
    );
    const kernel = adapted((t) => nuts({ ...t, maxDepth: 5 }), { steps: 200, target: 0.9 });
    const dist = posterior(model, {});
    const { samples, infos } = await ran({ target: dist, kernel, chains: 16, samples: 125, seed: 2 });
    const [top] = summaries(await quantities(dist, samples, ({ top }) => ({ top })));
    expect(Math.abs(top.mean + Math.sqrt(2 / Math.PI))).toBeLessThan(4.5 * top.error);
    expect(toNumbers(infos.divergent).filter((v) => v !== 0).length).toBeLessThan(10);
  });
});
