/** Samplers on Gaussian data, where a run is an affine function of its noise: moments are compared exactly, not by sampling. */
import { describe, expect, test } from 'vitest';
import * as D from '../../src/core/draw.ts';
import * as o from '../../src/core/ops/index.ts';
import { normal } from '../../src/distributions/index.ts';
import { heun, rk4 } from '../../src/dynamics/index.ts';
import {
  ancestral,
  annealedLangevin,
  type DiffusionSampler,
  ddim,
  ddpmProcess,
  decodeWith,
  dpmSolver,
  edm,
  edmHeun,
  encodeWith,
  eulerMaruyama,
  evaluationsOf,
  exactDenoiser,
  flowSampler,
  type Grid,
  givenGrid,
  interpolateWith,
  karrasGrid,
  langevinCorrector,
  logSnrGrid,
  memoryless,
  type Process,
  predictorCorrector,
  quadraticGrid,
  reverseDiffusion,
  sampleWith,
  slerp,
  stochasticHeun,
  subSequence,
  subVp,
  timesOf,
  uniformGrid,
  valueAt,
  ve,
  vp,
  zeroTerminalSnr,
} from '../../src/sde/index.ts';
import { affineMoments, drawn, moments, numbersOf } from './values.ts';

// Data N(m, s²): the marginal at t is N(α m, v) with v = α² s² + σ², and the score is −(x − α m)/v.
const [m, s] = [1.5, 0.5];
const data = normal([1], { loc: m, scale: s });

/** Everything about a process at one time, on the host. */
const at = (p: Process, t: number) => {
  const [a, sigma] = [valueAt(p.alpha, t), valueAt(p.sigma, t)];
  return { a, sigma, v: a * a * s * s + sigma * sigma, f: valueAt(p.drift, t), g2: valueAt(p.diffusion2, t) };
};
type At = ReturnType<typeof at>;

/** x ← slope · x + shift + spread · z. */
interface Affine {
  readonly slope: number;
  readonly shift: number;
  readonly variance: number;
}

/** One step of each sampler, by hand: the textbook formula with s(x) = −(x − αm)/v put in. */
const fromScore = (x: number, score: number, variance: number, here: At): Affine => ({
  slope: x - score / here.v,
  shift: (score * here.a * m) / here.v,
  variance,
});
const byHand: { readonly [name: string]: (here: At, next: At, dt: number) => Affine } = {
  eulerMaruyama: (here, _next, dt) => fromScore(1 + here.f * dt, -dt * here.g2, here.g2 * -dt, here),
  halfChurn: (here, _next, dt) => fromScore(1 + here.f * dt, -dt * 0.5 * 1.25 * here.g2, 0.25 * here.g2 * -dt, here),
  reverseDiffusion: (here, next) => {
    const r = here.a / next.a;
    const q2 = here.sigma ** 2 - r * r * next.sigma ** 2;
    return fromScore(2 - r, q2, q2, here);
  },
  // DDPM (Ho et al. 2020, equations 6, 7 and 11): (x + β s)/√(1 − β), with 1 − β = r².
  ancestralLarge: (here, next) => {
    const r = here.a / next.a;
    const beta = here.sigma ** 2 - r * r * next.sigma ** 2;
    return fromScore(1 / r, beta / r, beta, here);
  },
  ancestralSmall: (here, next) => {
    const r = here.a / next.a;
    const beta = here.sigma ** 2 - r * r * next.sigma ** 2;
    return fromScore(1 / r, beta / r, (beta * next.sigma ** 2) / here.sigma ** 2, here);
  },
  // Song, Meng & Ermon 2021, equation 12, with ε = −σ s and x₀ = (x − σε)/α.
  ddimHalf: (here, next) => {
    const r = here.a / next.a;
    const c2 = (0.25 * (here.sigma ** 2 - r * r * next.sigma ** 2) * next.sigma ** 2) / here.sigma ** 2;
    const toNoise = Math.sqrt(next.sigma ** 2 - c2) - (next.a * here.sigma) / here.a;
    return fromScore(1 / r, -here.sigma * toNoise, c2, here);
  },
};

const samplers: { readonly [K in keyof typeof byHand]: DiffusionSampler<'signal'> } = {
  eulerMaruyama: eulerMaruyama(),
  halfChurn: eulerMaruyama({ churn: 0.5 }),
  reverseDiffusion: reverseDiffusion(),
  ancestralLarge: ancestral({ variance: 'large' }),
  ancestralSmall: ancestral(),
  ddimHalf: ddim({ eta: 0.5 }),
};

const processes: readonly (readonly [string, Process<'signal'>])[] = [
  ['VE', ve({ sigmaMax: 10 })],
  ['VP', vp()],
  ['sub-VP', subVp()],
  ['EDM', edm({ sigmaMax: 10 })],
  ['DDPM', ddpmProcess({ steps: 40 })],
];

/** The moments after a whole run from N(0, prior²), by the recursion. */
const recursion = (p: Process, grid: Grid, steps: readonly ((here: At, next: At, dt: number) => Affine)[]) => {
  const times = timesOf(grid, p);
  let [mean, variance] = [0, p.priorScale ** 2];
  for (let i = 0; i + 1 < times.length; i++)
    for (const step of steps) {
      const { slope, shift, variance: added } = step(at(p, times[i]), at(p, times[i + 1]), times[i + 1] - times[i]);
      mean = slope * mean + shift;
      variance = slope * slope * variance + added;
    }
  return { mean, variance };
};

describe.each(processes)('%s', (_, p) => {
  const d = exactDenoiser(p, data);
  const grid = logSnrGrid(30);
  const run = (sampler: DiffusionSampler<'signal'>) => affineMoments(sampleWith(sampler, grid, { finish: 'noisy' })(d));

  test.each(Object.keys(byHand))('%s is its textbook recursion, exactly', (name) => {
    const found = run(samplers[name]);
    const truth = recursion(p, grid, [byHand[name]]);
    expect(found.mean).toBeCloseTo(truth.mean, 8);
    expect(found.variance / truth.variance).toBeCloseTo(1, 8);
  });

  test('predictor–corrector: the corrector first, at its time, then the predictor', () => {
    const snr = 0.16;
    const corrector = (here: At): Affine => {
      const e = 2 * (snr * here.sigma) ** 2;
      return fromScore(1, e, 2 * e, here);
    };
    const found = run(
      predictorCorrector<'signal'>({ corrector: langevinCorrector({ snr }), predictor: reverseDiffusion() }),
    );
    const truth = recursion(p, grid, [corrector, byHand.reverseDiffusion]);
    expect(found.mean).toBeCloseTo(truth.mean, 8);
    expect(found.variance / truth.variance).toBeCloseTo(1, 8);
  });

  test('DDIM with η = 1 is ancestral sampling', () => {
    const [a, b] = [run(ddim({ eta: 1 })), run(ancestral())];
    expect(a.mean).toBeCloseTo(b.mean, 9);
    expect(a.variance).toBeCloseTo(b.variance, 9);
  });

  test('the last denoising is the posterior mean at the last time', () => {
    const noisy = run(ddim());
    const clean = affineMoments(sampleWith(ddim(), grid)(d));
    const here = at(p, timesOf(grid, p)[30]);
    const slope = (here.a * s * s) / here.v;
    expect(clean.variance).toBeCloseTo(slope * slope * noisy.variance, 9);
  });

  test('deterministic samplers converge to the flow’s map by their order', () => {
    // The flow is x ↦ α m + (z − α_T m) √(v/v_T).
    const exact = (): { mean: number; variance: number } => {
      const [end, start] = [at(p, p.span.end), at(p, p.span.start)];
      const ratio = Math.sqrt(start.v / end.v);
      return { mean: start.a * m - ratio * end.a * m, variance: ratio * ratio * p.priorScale ** 2 };
    };
    const errorOf = (sampler: DiffusionSampler<'signal'>, n: number): number => {
      const found = affineMoments(sampleWith(sampler, logSnrGrid(n), { finish: 'noisy' })(d));
      return Math.hypot(found.mean - exact().mean, Math.sqrt(found.variance) - Math.sqrt(exact().variance));
    };
    const orders: readonly (readonly [DiffusionSampler<'signal'>, number])[] = [
      [ddim(), 1],
      [dpmSolver(), 2],
      [edmHeun(), 2],
      [flowSampler({ solver: heun() }), 2],
      [flowSampler({ solver: rk4() }), 4],
    ];
    // Rates of discrete schedules jump between steps: solvers in t cannot keep their order there.
    const smooth = p.spec.type === 'ddpmProcess' ? orders.slice(0, 3) : orders;
    for (const [sampler, order] of smooth) {
      const found = Math.log2(errorOf(sampler, 64) / errorOf(sampler, 128));
      expect(Math.abs(found - order), `${sampler.spec.type} ${found}`).toBeLessThan(0.25);
    }
  });
});

describe('the generalised reverse process', () => {
  // Reference §3.2(4): from N(0, P) deviations shrink by F = (α_T/α_0)^{λ²} (v_0/v_T)^{(1+λ²)/2}; the mean is off by −F α_T m, the variance by (P − v_T) F².
  test.each([0, 0.5, 1])('λ = %s has the closed form, prior mismatch and all', (churn) => {
    for (const p of [vp(), subVp(), ve({ sigmaMax: 10 })]) {
      const [end, start] = [at(p, p.span.end), at(p, p.span.start)];
      const shrink = (end.a / start.a) ** (churn ** 2) * (start.v / end.v) ** ((1 + churn ** 2) / 2);
      const variance = start.v + (p.priorScale ** 2 - end.v) * shrink ** 2;
      const mean = start.a * m - shrink * end.a * m;
      const error = (n: number) => {
        const found = affineMoments(
          sampleWith(eulerMaruyama({ churn }), p.spec.type === 've' ? uniformGrid(n) : quadraticGrid(n), {
            finish: 'noisy',
          })(exactDenoiser(p, data)),
        );
        return { mean: found.mean - mean, variance: found.variance - variance };
      };
      // Euler–Maruyama is of order 1: what is left after extrapolation is of order 2.
      const [coarse, fine] = [error(400), error(800)];
      expect(Math.abs(2 * fine.mean - coarse.mean)).toBeLessThan(2e-4);
      expect(Math.abs(2 * fine.variance - coarse.variance)).toBeLessThan(2e-4);
    }
  });
});

describe('stochastic Heun', () => {
  test('has the same moments with errors of order 2', () => {
    const p = vp({ betaMax: 6 });
    const [end, start] = [at(p, p.span.end), at(p, p.span.start)];
    for (const churn of [0.5, 1]) {
      const shrink = (end.a / start.a) ** (churn ** 2) * (start.v / end.v) ** ((1 + churn ** 2) / 2);
      const variance = start.v + (p.priorScale ** 2 - end.v) * shrink ** 2;
      const errorOf = (n: number): number => {
        const sampler = sampleWith(stochasticHeun({ churn }), uniformGrid(n), { finish: 'noisy' });
        return Math.abs(affineMoments(sampler(exactDenoiser(p, data))).variance - variance);
      };
      expect(Math.log2(errorOf(200) / errorOf(400))).toBeGreaterThan(1.75);
    }
  });
});

describe('DDIM on DDPM’s schedule (reference §3.2(5): linear β, T = 1000, s² = ¼)', () => {
  const p = ddpmProcess({ first: 1e-4, last: 0.02 });
  const d = exactDenoiser(p, normal([1], { scale: 0.5 }));
  test.each([
    [10, 0.14, 0.1348, 0.1111],
    [50, 0.2232, 0.2178, 0.1972],
    [100, 0.2362, 0.2326, 0.2193],
    [1000, 0.2485, 0.248, 0.2461],
  ])('%i steps: variances for η = 0, ½, 1', (n, ...table) => {
    [0, 0.5, 1].forEach((eta, i) => {
      expect(affineMoments(sampleWith(ddim({ eta }), subSequence(n))(d)).variance).toBeCloseTo(table[i], 4);
    });
  });

  test('a step leaves q(x_t | x₀) as it is, whatever η, where x₀ is known', () => {
    const known = exactDenoiser(p, normal([1], { loc: 0.7, scale: 1e-9 }));
    const start = at(p, p.span.start);
    for (const eta of [0, 0.5, 1]) {
      const found = affineMoments(sampleWith(ddim({ eta }), subSequence(20), { finish: 'noisy' })(known));
      // From N(0, 1) rather than q(x_T | x₀): with η < 1 that is still seen at the end, a little.
      expect(Math.abs(found.variance - start.sigma ** 2)).toBeLessThan(1e-7);
      expect(Math.abs(found.mean - start.a * 0.7)).toBeLessThan(1e-4);
    }
  });
});

describe('annealed Langevin dynamics', () => {
  test('stays at the distribution of its step: ULA’s variance v/(1 − e/(2v)) with x ← x + e s + √(2e) z', () => {
    const p = ve({ sigmaMin: 0.1, sigmaMax: 1 });
    const stepSize = 0.005;
    const times = [1, 0.5];
    const here = at(p, 0.5);
    const e = stepSize * (here.sigma / at(p, p.span.start).sigma) ** 2;
    const sampler = annealedLangevin({ stepSize, steps: 400 });
    const found = affineMoments(sampleWith(sampler, givenGrid(times), { finish: 'noisy' })(exactDenoiser(p, data)));
    expect(found.variance).toBeCloseTo(here.v / (1 - e / (2 * here.v)), 8);
    expect(found.mean).toBeCloseTo(m, 8);
  });

  test('a step that diverges is refused', () => {
    expect(() =>
      sampleWith(annealedLangevin({ stepSize: 1 }), uniformGrid(2))(exactDenoiser(ve(), data)),
    ).not.toThrow();
    expect(() =>
      D.runDraw(sampleWith(annealedLangevin({ stepSize: 1 }), uniformGrid(2))(exactDenoiser(ve(), data))),
    ).toThrow(/steps of this size diverge/);
  });
});

describe('a process that ends in pure noise', () => {
  const d = exactDenoiser(zeroTerminalSnr(vp()), data);
  test.each([ddim(), ddim({ eta: 1 }), ancestral(), dpmSolver(), reverseDiffusion()])('$spec.type runs', (sampler) => {
    const { mean, variance } = affineMoments(sampleWith(sampler, logSnrGrid(200))(d));
    expect(Math.abs(mean - m)).toBeLessThan(0.02);
    expect(Math.abs(variance - s * s)).toBeLessThan(0.02);
  });
});

describe('latents', () => {
  const d = exactDenoiser(vp(), normal([2], { loc: [1, -1], scale: [0.5, 2] }));
  const x = o.constant([0.4, 1.1]);
  test.each([ddim(), edmHeun(), flowSampler({ solver: rk4() })])('$spec.type: decoding undoes encoding', (sampler) => {
    const grid = logSnrGrid(400);
    const z = D.runDraw(encodeWith(sampler, grid)(d)(x));
    numbersOf(D.runDraw(decodeWith(sampler, grid)(d)(z))).forEach((v, i) => {
      expect(v).toBeCloseTo([0.4, 1.1][i], 1);
    });
  });

  test('interpolation begins and ends at the events', () => {
    const [a, b] = [o.constant([0.4, 1.1]), o.constant([1.5, -2])];
    const found = numbersOf(D.runDraw(interpolateWith(edmHeun(), logSnrGrid(60))(d)([0, 0.5, 1])(a, b)));
    [0.4, 1.1].forEach((v, i) => {
      expect(found[i]).toBeCloseTo(v, 2);
    });
    [1.5, -2].forEach((v, i) => {
      expect(found[4 + i]).toBeCloseTo(v, 2);
    });
  });

  test('slerp stays on the great circle', () => {
    const [a, b] = [o.constant([2, 0]), o.constant([0, 2])];
    const found = numbersOf(slerp(a, b, o.scalar(0.25)));
    expect(Math.hypot(...found)).toBeCloseTo(2, 12);
    expect(Math.atan2(found[1], found[0])).toBeCloseTo(Math.PI / 8, 12);
    expect(numbersOf(slerp(a, a, o.scalar(0.3)))).toEqual([2, 0]);
  });

  test('samplers that draw noise or keep a memory have none', () => {
    for (const sampler of [ancestral(), ddim({ eta: 0.1 }), dpmSolver()])
      expect(() => encodeWith(sampler, logSnrGrid(4))(d)(x)).toThrow(/cannot be followed from data to noise/);
  });
});

describe('costs and corners', () => {
  test.each([
    uniformGrid(9),
    quadraticGrid(9),
    logSnrGrid(9),
    karrasGrid(9),
    subSequence(9),
    subSequence(9, 'quadratic'),
  ])('$spec.type: every step begins where the last one ended', (grid) => {
    // A sampler that adds up the steps it is asked for: they telescope (the previous time is read from the grid, never computed again).
    const total = memoryless({ type: 'total' }, 0, () => (x, from, to) => D.of(o.add(x, o.sub(from, to))));
    const p = ddpmProcess({ steps: 200 });
    const times = timesOf(grid, p);
    const { mean } = affineMoments(sampleWith(total, grid, { finish: 'noisy' })(exactDenoiser(p, data)));
    expect(mean).toBeCloseTo(times[0] - times[times.length - 1], 12);
  });

  test('EDM Heun over 17 steps costs 35 evaluations', () => expect(evaluationsOf(edmHeun(), 17)).toBe(35));

  test('EDM Heun with churn is its algorithm 2, exactly: noise, then a trapezoid in σ', () => {
    const [gamma, between, noise] = [0.3, [0.05, 3] as const, 1.01];
    const p = edm({ sigmaMax: 10 });
    const times = timesOf(karrasGrid(20), p);
    // In y = x − m the flow is dy/dσ = k(σ) y with k = σ/(s² + σ²).
    const k = (sigma: number): number => sigma / (s * s + sigma * sigma);
    let [offset, variance] = [-m, 100];
    for (let i = 0; i + 1 < times.length; i++) {
      const [sigma, next] = [times[i], times[i + 1]];
      const more = sigma >= between[0] && sigma <= between[1] ? Math.min((1 + gamma) * sigma, 10) : sigma;
      const h = next - more;
      const slope = 1 + 0.5 * h * (k(more) + k(next) * (1 + h * k(more)));
      offset *= slope;
      variance = slope * slope * (variance + noise ** 2 * (more ** 2 - sigma ** 2));
    }
    const sampler = sampleWith(edmHeun({ churn: gamma, between, noise }), karrasGrid(20), { finish: 'noisy' });
    const found = affineMoments(sampler(exactDenoiser(p, data)));
    expect(found.mean - m).toBeCloseTo(offset, 9);
    expect(found.variance / variance).toBeCloseTo(1, 9);
  });

  test('the corrector by norms keeps many coordinates at their distribution', () => {
    const many = normal([64], { loc: m, scale: s });
    const d = exactDenoiser(ve({ sigmaMax: 10 }), many);
    const pc = predictorCorrector<'signal'>({
      corrector: langevinCorrector({ size: 'norms' }),
      predictor: reverseDiffusion(),
    });
    const { mean, variance } = moments(drawn(sampleWith(pc, uniformGrid(100))(d), 40));
    expect(mean).toBeCloseTo(m, 1);
    expect(variance).toBeCloseTo(s * s, 1);
  });
});
