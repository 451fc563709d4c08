/** Processes: the two views of one declaration agree, and what is derived from them is right. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as D from '../../src/core/draw.ts';
import { onnx } from '../../src/core/interpreters/index.ts';
import * as o from '../../src/core/ops/index.ts';
import { program } from '../../src/core/program.ts';
import { normal as normalNoise } from '../../src/core/random.ts';
import { tensorOf, toNumbers } from '../../src/core/tensor.ts';
import { eulerMaruyamaSolver, integrate, itoSde, solveSde } from '../../src/dynamics/index.ts';
import {
  betas,
  ddpmProcess,
  discreteTime,
  edm,
  edmWeighting,
  fromBetas,
  gaussianPath,
  importanceTime,
  karrasGrid,
  likelihoodMass,
  likelihoodWeighting,
  linearSde,
  logNormalTime,
  logSnrGrid,
  minSnrWeighting,
  type Process,
  quadraticGrid,
  simpleWeighting,
  slope,
  subSequence,
  subVp,
  timesOf,
  uniformGrid,
  uniformTime,
  valueAt,
  valuesAt,
  ve,
  vp,
  zeroTerminalSnr,
} from '../../src/sde/index.ts';
import { drawn, moments, numbersOf } from './values.ts';

const smooth: readonly Process<'signal'>[] = [ve(), vp(), subVp(), edm()];
const all: readonly Process[] = [...smooth, ddpmProcess({ steps: 30 }), zeroTerminalSnr(vp())];
const named = (ps: readonly Process[]) => ps.map((p) => [p.spec.type, p] as const);
const inside = ({ span }: Process, n = 9): number[] =>
  Array.from({ length: n }, (_, i) => span.start + ((span.end - span.start) * (i + 1)) / (n + 1));
const near = (found: readonly number[], truth: readonly number[], digits = 9): void =>
  found.forEach((v, i) => {
    expect(v / truth[i]).toBeCloseTo(1, digits);
  });

/** ∫ f over an interval by Simpson’s rule in log t. */
const simpson = (f: (t: number[]) => number[], from: number, to: number, n = 4000): number => {
  const [a, b] = [Math.log(from), Math.log(to)];
  const ts = Array.from({ length: n + 1 }, (_, i) => Math.exp(a + ((b - a) * i) / n));
  const values = f(ts);
  return (
    values.reduce((sum, v, i) => sum + v * ts[i] * (i === 0 || i === n ? 1 : i % 2 === 1 ? 4 : 2), 0) *
    ((b - a) / n / 3)
  );
};

describe('moments of the SDE are the declared marginals', () => {
  // dm/dt = a m, dv/dt = 2 a v + g², from data of mean 1.5 and variance ¼, and `initial` beside it.
  test.each(named(smooth))('%s: by the equations of its moments, σ(0)² included', (_, p) => {
    const to = p.span.end / 2;
    const { state } = integrate(([m, v], t) => {
      const a = p.drift(t);
      return [o.mul(a, m), o.add(o.mul(o.mul(2, a), v), p.diffusion2(t))];
    }, { from: 0, to, rtol: 1e-10, atol: 1e-12 })([o.scalar(1.5), o.scalar(0.25 + p.initial)]); // biome-ignore format: an equation
    const [a, s] = [valueAt(p.alpha, to), valueAt(p.sigma, to)];
    expect(state[0][0]).toBeCloseTo(1.5 * a, 8);
    expect(state[1][0] / (0.25 * a * a + s * s)).toBeCloseTo(1, 7);
  });

  test.each(
    named([ve({ sigmaMin: 0.5, sigmaMax: 3 }), vp({ betaMax: 4 }), subVp({ betaMax: 4 })]),
  )('%s: by simulation', (_, p) => {
    const to = p.span.end;
    const sde = itoSde(
      (x, t) => o.mul(p.drift(t), x),
      (x, t) => o.broadcastTo(o.sqrt(p.diffusion2(t)), x.shape),
    );
    const end = D.chain((z: Parameters<typeof o.neg>[0]) => {
      const x0 = o.add(1.5, o.mul(Math.sqrt(0.25 + p.initial), z as ReturnType<typeof o.scalar>));
      return D.map(({ x }: { x: ReturnType<typeof o.scalar> }) => x)(
        D.fromRandom(solveSde(eulerMaruyamaSolver, sde, { to, levels: 7 })(x0)),
      );
    })(D.fromRandom(normalNoise([])));
    const found = moments(drawn(end, 2000, 9));
    const [a, s] = [valueAt(p.alpha, to), valueAt(p.sigma, to)];
    const truth = 0.25 * a * a + s * s;
    // 128 steps of Euler–Maruyama are off by well under three per cent here.
    expect(Math.abs(found.mean - 1.5 * a)).toBeLessThan(4 * found.meanError + 0.03);
    expect(Math.abs(found.variance - truth)).toBeLessThan(4 * found.varianceError + 0.03 * truth);
  });
});

describe('the two views', () => {
  test.each(named(smooth))('%s: a path gives the SDE, the SDE gives the path', (_, p) => {
    const ts = inside(p);
    const { alpha, sigma, span } = p;
    const path = gaussianPath({ alpha, sigma, span, terminal: 'signal' });
    near(valuesAt(path.diffusion2, ts), valuesAt(p.diffusion2, ts));
    valuesAt(path.drift, ts).forEach((v, i) => {
      expect(v).toBeCloseTo(valuesAt(p.drift, ts)[i], 9);
    });
    const back = linearSde({
      drift: p.drift,
      diffusion: (t) => o.sqrt(p.diffusion2(t)),
      span,
      initial: p.initial,
    });
    near(valuesAt(back.alpha, ts), valuesAt(p.alpha, ts));
    near(valuesAt(back.sigma, ts), valuesAt(p.sigma, ts));
    near(valuesAt(back.timeAt, valuesAt(p.logSnr, ts)), ts, 6);
  });

  test('an Ornstein–Uhlenbeck process has its textbook moments', () => {
    const [theta, d] = [0.7, 0.3];
    const ou = linearSde({
      drift: (t) => o.broadcastTo(-theta, t.shape),
      diffusion: (t) => o.broadcastTo(Math.sqrt(2 * d), t.shape),
      span: { start: 0.01, end: 4 },
    });
    const ts = inside(ou);
    near(
      valuesAt(ou.alpha, ts),
      ts.map((t) => Math.exp(-theta * t)),
    );
    near(
      valuesAt(ou.sigma, ts),
      ts.map((t) => Math.sqrt((d / theta) * -Math.expm1(-2 * theta * t))),
    );
  });

  test('an empty span, and a signal that grows back, are refused', () => {
    const alpha = (t: ReturnType<typeof o.scalar>) => o.add(1.5, o.cos(o.mul(6, t)));
    const sigma = (t: ReturnType<typeof o.scalar>) => o.broadcastTo(1, t.shape);
    expect(() => gaussianPath({ alpha, sigma, span: { start: 1, end: 1 }, terminal: 'signal' })).toThrow(/empty/);
    expect(() => gaussianPath({ alpha, sigma, span: { start: 0.1, end: 1 }, terminal: 'signal' })).toThrow(
      /log-SNR does not fall between t = 0\.5/,
    );
  });
});

describe('a path of one’s own is refused where it is declared', () => {
  type OfTime = Process['alpha'];
  const [down, up]: readonly OfTime[] = [(t) => o.sub(1, t), (t) => t];
  const path = (alpha: OfTime, sigma: OfTime, start: number, end: number, terminal: 'pure' | 'signal') =>
    gaussianPath({ alpha, sigma, span: { start, end }, terminal });

  test('where its signal ends before the end of the span', () => {
    expect(() => path(down, up, 0.01, 1.5, 'signal')).toThrow(/no signal left at t = 1\.0.*before the end/);
    expect(() => path(down, up, 0.01, 1.5, 'pure')).toThrow(/before the end/);
  });

  test('where its signal ends at the end, and its terminal does not say so', () => {
    expect(() => path(down, up, 0.01, 1, 'signal')).toThrow(/no signal left at the end.*expected terminal 'pure'/);
    expect(() => path((t) => o.cos(o.mul(Math.PI / 2, t)), up, 0.01, 1, 'signal')).toThrow(/no signal left at the end/);
    expect(path((t) => o.cos(o.mul(Math.PI / 2, t)), (t) => o.sin(o.mul(Math.PI / 2, t)), 0.01, 1, 'pure').terminal).toBe('pure'); // biome-ignore format: one idea
    expect(path(down, up, 0.01, 1, 'pure').terminal).toBe('pure');
  });

  test('where signal is left at an end that is said to be pure', () =>
    expect(() => path(down, up, 0.01, 0.9, 'pure')).toThrow(/there is signal left at the end/));

  test('where it begins without noise', () => {
    expect(() => path(down, up, 0, 0.9, 'signal')).toThrow(
      /no noise at the start, t = 0, where the log-SNR is infinite/,
    );
    expect(path(down, (t) => o.add(0.1, t), 0, 0.9, 'signal').span.start).toBe(0);
  });
});

describe('log-SNR', () => {
  test.each(named(all))('%s: its inverse undoes it, and it falls by g²/σ²', (_, p) => {
    fc.assert(
      fc.property(fc.double({ min: 0.01, max: 0.97, noNaN: true }), (u) => {
        const t = p.span.start + u * (p.span.end - p.span.start);
        expect(valueAt(p.timeAt, valueAt(p.logSnr, t)) / t).toBeCloseTo(1, 7);
        const [a, s] = [valueAt(p.alpha, t), valueAt(p.sigma, t)];
        expect(valueAt(p.logSnr, t)).toBeCloseTo(2 * Math.log(a / s), 8);
        const fall = valueAt(p.diffusion2, t) / s ** 2;
        // At a step of a discrete schedule the rate is that of the step before it.
        if (p.spec.type !== 'ddpmProcess') expect(-valueAt(slope(p.logSnr), t) / fall).toBeCloseTo(1, 6);
      }),
      { numRuns: 40 },
    );
  });
});

describe('numbers', () => {
  test('σ(t) of VP in single precision is accurate to 1e-6 down to t = 1e-6', async () => {
    const ts = Array.from({ length: 200 }, (_, i) => 10 ** (-6 + (6 * i) / 199));
    const p = program([vp().sigma(o.input('t', [ts.length]))], 'float32');
    const executable = await onnx('cpu').compile(p);
    const [found] = await executable.run({ t: { shape: [ts.length], type: 'float32', data: Float32Array.from(ts) } });
    await executable.dispose();
    toNumbers(found).forEach((v, i) => {
      const t = Math.fround(ts[i]);
      const truth = Math.sqrt(-Math.expm1(-(0.1 * t + 0.5 * 19.9 * t * t)));
      expect(Math.abs(v / truth - 1)).toBeLessThan(1e-6);
    });
  });
});

describe('discrete schedules', () => {
  test.each(['linear', 'quadratic', 'cosine'] as const)('%s: ᾱ is the product of 1 − β', (schedule) => {
    const p = ddpmProcess({ schedule, steps: 20 });
    let product = 1;
    betas({ schedule, steps: 20 }).forEach((b, i) => {
      product *= 1 - b;
      expect(valueAt(p.alpha, i + 1) ** 2).toBeCloseTo(product, 12);
      expect(valueAt(p.sigma, i + 1) ** 2).toBeCloseTo(1 - product, 12);
    });
  });

  test('β outside (0, 1) is refused, naming the step', () =>
    expect(() => fromBetas([0.1, 1.5])).toThrow(/β of step 2 is not in \(0, 1\)/));

  test('zero terminal SNR: no signal at the end, variance still 1, and the data’s side as it was', () => {
    for (const base of [vp(), ddpmProcess({ steps: 50 })]) {
      const p = zeroTerminalSnr(base);
      expect(valueAt(p.alpha, p.span.end)).toBe(0);
      expect(valueAt(p.sigma, p.span.end)).toBeCloseTo(1, 12);
      for (const t of inside(p)) expect(valueAt(p.alpha, t) ** 2 + valueAt(p.sigma, t) ** 2).toBeCloseTo(1, 12);
      expect(valueAt(p.sigma, p.span.start) / valueAt(base.sigma, p.span.start)).toBeCloseTo(1, 1);
    }
    expect(() => zeroTerminalSnr(ve())).toThrow(/needs a variance-preserving process/);
  });
});

describe('distributions of time', () => {
  test.each(
    named(smooth),
  )('%s: importance sampling has its closed normaliser and is the inverse of its CDF', (_, p) => {
    const { start, end } = p.span;
    const ratio = (ts: number[]): number[] => {
      const s = valuesAt(p.sigma, ts);
      return valuesAt(p.diffusion2, ts).map((g, i) => g / s[i] ** 2);
    };
    expect(likelihoodMass(p) / simpson(ratio, start, end)).toBeCloseTo(1, 5);
    const dist = importanceTime.of(p);
    for (const u of [0.1, 0.5, 0.9]) {
      const t = valueAt(dist.at, u);
      // u is counted from the data's side.
      expect(simpson((ts) => valuesAt(dist.density, ts), start, t)).toBeCloseTo(u, 5);
    }
  });

  test.each(named(smooth))('%s: uniform and log-normal distributions are their densities', (_, p) => {
    for (const timeDist of [uniformTime, logNormalTime({ mean: -1 })]) {
      const dist = timeDist.of(p);
      const t = valueAt(dist.at, 0.3);
      expect(simpson((ts) => valuesAt(dist.density, ts), p.span.start, t)).toBeCloseTo(0.3, 4);
      expect(simpson((ts) => valuesAt(dist.density, ts), p.span.start, p.span.end)).toBeCloseTo(1, 4);
    }
  });

  test('discrete times are all reached, equally often', () => {
    const dist = discreteTime.of(ddpmProcess({ steps: 5 }));
    const us = Array.from({ length: 1000 }, (_, i) => (i + 0.5) / 1000);
    const times = valuesAt(dist.at, us);
    for (const t of [1, 2, 3, 4, 5]) expect(times.filter((v) => v === t)).toHaveLength(200);
  });
});

describe('weightings', () => {
  test.each(named(smooth))('%s: a weight of data losses is SNR times that of noise losses', (_, p) => {
    for (const w of [simpleWeighting, likelihoodWeighting, edmWeighting({ sigmaData: 0.5 }), minSnrWeighting()])
      for (const t of inside(p)) {
        const snr = Math.exp(valueAt(p.logSnr, t));
        expect(valueAt(w.data(p), t) / (snr * valueAt(w.noise(p), t))).toBeCloseTo(1, 9);
      }
  });

  test('EDM’s is (σ² + σ_d²)/(σ σ_d)² in its coordinates; min-SNR’s is cut at γ', () => {
    const p = edm();
    for (const t of [0.01, 0.5, 20]) {
      expect(valueAt(edmWeighting({ sigmaData: 0.5 }).data(p), t)).toBeCloseTo((t * t + 0.25) / (t * 0.5) ** 2, 8);
      expect(valueAt(minSnrWeighting({ gamma: 3 }).data(p), t)).toBeCloseTo(Math.min(1 / t ** 2, 3), 8);
    }
  });
});

describe('grids', () => {
  test.each(named(all))('%s: every rule falls from end to start', (_, p) => {
    for (const grid of [uniformGrid(7), quadraticGrid(7), logSnrGrid(7), karrasGrid(7)]) {
      const times = timesOf(grid, p);
      expect(times).toHaveLength(8);
      expect([times[0], times[7]]).toEqual([p.span.end, p.span.start]);
    }
  });

  test('Karras’ grid in EDM’s coordinates is his formula', () => {
    const p = edm();
    const n = 17;
    const times = timesOf(karrasGrid(n), p);
    times.forEach((t, i) => {
      const truth = (80 ** (1 / 7) + (i / n) * (0.002 ** (1 / 7) - 80 ** (1 / 7))) ** 7;
      expect(t / truth).toBeCloseTo(1, 9);
    });
  });

  test('sub-sequences are those of the paper', () => {
    const p = ddpmProcess({ steps: 100 });
    expect([...timesOf(subSequence(4), p)]).toEqual([76, 51, 26, 1]);
    expect([...timesOf(subSequence(5, 'quadratic'), p)]).toEqual([81, 46, 21, 6, 1]);
    // Every number of times that there are, distinct ones of the process, by the paper's rule where that is.
    for (const steps of [10, 1000])
      for (const n of [2, 9, 10, 20, 50, 100, 500, 1000].filter((k) => k <= steps))
        for (const spacing of ['linear', 'quadratic'] as const) {
          const times = [...timesOf(subSequence(n, spacing), ddpmProcess({ steps }))];
          expect(times.length).toBe(n);
          expect(times[n - 1]).toBe(1);
          times.slice(1).forEach((t, i) => {
            expect(Number.isInteger(t) && t < times[i]).toBe(true);
          });
          if (spacing === 'quadratic' && n < 0.8 * steps) expect(times[0]).toBe(1 + Math.floor(0.8 * steps));
        }
    expect([...timesOf(subSequence(50, 'quadratic'), ddpmProcess())].slice(-8)).toEqual([17, 12, 9, 6, 4, 3, 2, 1]);
    expect(timesOf(subSequence(10), zeroTerminalSnr(ddpmProcess())).length).toBe(10);
    for (const other of [vp(), edm(), edm({ sigmaMin: 1, sigmaMax: 20 }), ddpmProcess({ steps: 9 })])
      expect(() => timesOf(subSequence(10), other)).toThrow(/needs a process in as many steps or more/);
  });
});

test('a prior has the scale that it says', () => {
  for (const p of all) {
    const x = tensorOf([0.3, -0.2]);
    const l = numbersOf(D.runDraw(p.prior([2]).logDensity(o.constant(toNumbers(x)))))[0];
    const v = p.priorScale ** 2;
    expect(l).toBeCloseTo(-0.5 * (0.13 / v) - Math.log(2 * Math.PI * v), 10);
  }
});
