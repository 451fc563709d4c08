/** The toy distributions. Points in the notes are before the noise; "noise σ" is N(0, σ²) added to both coordinates. */
import type { Generator } from '../../core/prng.ts';
import { curveCentres, equalCentres, half, mixtureLogDensity, type Toy, toy } from './toy.ts';

type Point = readonly [number, number];
type Known = { readonly entropy: number; readonly method: string };

/** The entropy that bench/entropies.ts found at half the step, for the default parameters only. */
const recorded = (isDefault: boolean, entropy: number, step: number, half: number): { readonly known?: Known } =>
  isDefault
    ? {
        known: {
          entropy,
          method: `−∫ p ln p of the exact density by the midpoint rule, cells of side ${step / 2} on [−${half}, ${half}]² (bench/entropies.ts)`,
        },
      }
    : {};

const noisy = (g: Generator, [x, y]: Point, sigma: number): Point => [x + sigma * g.normal(), y + sigma * g.normal()];

const pick = (g: Generator, points: readonly Point[]): Point => points[g.integer(points.length)];

/**
 * Two interleaving half circles with Gaussian noise σ = `noise`: (cos t, sin t) or (1 − cos t, ½ − sin t), t uniform on [0, π]; scikit-learn's `make_moons` with a
 * random angle. The entropy at σ = 0.1 is 1.00758 nats. `logDensity` is computed by quadrature over t.
 *
 * @example
 * const data = toyDatasetOf(twoMoons({ noise: 0.05 }), { size: 1000, seed: 0 });
 */
export const twoMoons = ({ noise = 0.1 }: { readonly noise?: number } = {}): Toy => {
  const outer = (t: number): Point => [Math.cos(t), Math.sin(t)];
  const inner = (t: number): Point => [1 - Math.cos(t), 0.5 - Math.sin(t)];
  const panels = Math.ceil(Math.PI / (2 * noise));
  const uniform = () => 1 / Math.PI;
  const centres = half(
    curveCentres(outer, uniform, 0, Math.PI, panels),
    curveCentres(inner, uniform, 0, Math.PI, panels),
  );
  const box = 2 + 7 * noise;
  const step = noise / 2;
  return toy({
    name: 'twoMoons',
    description: `two interleaving half circles of radius 1, noise ${noise}`,
    half: box,
    step,
    logDensity: mixtureLogDensity(centres, noise),
    draw: (g) => noisy(g, (g.integer(2) === 0 ? outer : inner)(Math.PI * g.uniform()), noise),
    ...recorded(noise === 0.1, 1.0075848, step, box),
  });
};

/**
 * Two concentric circles with equal masses, uniform angle and Gaussian noise σ = `noise` (the `circles` of FFJORD, Grathwohl et al. 2019, arXiv:1810.01367).
 *
 * @example
 * circles().sample(0, 10).length;   // 20: ten points
 */
export const circles = ({
  radii = [3, 1.5],
  noise = 0.24,
}: {
  readonly radii?: readonly [number, number];
  readonly noise?: number;
} = {}): Toy => {
  const circle =
    (radius: number) =>
    (t: number): Point => [radius * Math.cos(t), radius * Math.sin(t)];
  const ring = (radius: number) =>
    curveCentres(circle(radius), () => 1 / (2 * Math.PI), 0, 2 * Math.PI, Math.ceil((Math.PI * radius) / noise));
  const box = Math.max(...radii) + 7 * noise;
  const step = noise / 2;
  return toy({
    name: 'circles',
    description: `two concentric circles of radii ${radii.join(' and ')}, noise ${noise}`,
    half: box,
    step,
    logDensity: mixtureLogDensity(half(ring(radii[0]), ring(radii[1])), noise),
    draw: (g) => noisy(g, circle(radii[g.integer(2)])(2 * Math.PI * g.uniform()), noise),
    ...recorded(radii[0] === 3 && radii[1] === 1.5 && noise === 0.24, 3.2681357, step, box),
  });
};

/**
 * Eight equal Gaussians with standard deviation `sigma` on a circle of radius `radius`, at multiples of 45°.
 *
 * @example
 * eightGaussians({ sigma: 0.2 }).logDensity(4, 0);   // in nats
 */
export const eightGaussians = ({
  radius = 4,
  sigma = 0.5,
}: {
  readonly radius?: number;
  readonly sigma?: number;
} = {}): Toy => {
  const points = Array.from({ length: 8 }, (_, k): Point => {
    const angle = (k * Math.PI) / 4;
    return [radius * Math.cos(angle), radius * Math.sin(angle)];
  });
  const box = radius + 7 * sigma;
  const step = sigma / 2;
  return toy({
    name: 'eightGaussians',
    description: `eight Gaussians of deviation ${sigma} on a circle of radius ${radius}`,
    half: box,
    step,
    logDensity: mixtureLogDensity(equalCentres(points), sigma),
    draw: (g) => noisy(g, pick(g, points), sigma),
    ...recorded(radius === 4 && sigma === 0.5, 3.5247255, step, box),
  });
};

/**
 * Twenty-five equal Gaussians with standard deviation `sigma` on a 5 × 5 grid centred at the origin.
 *
 * @example
 * twentyFiveGaussians().entropy;   // in nats
 */
export const twentyFiveGaussians = ({
  spacing = 2,
  sigma = 0.2,
}: {
  readonly spacing?: number;
  readonly sigma?: number;
} = {}): Toy => {
  const points = Array.from(
    { length: 25 },
    (_, k): Point => [spacing * (Math.floor(k / 5) - 2), spacing * ((k % 5) - 2)],
  );
  const box = 2 * spacing + 7 * sigma;
  const step = sigma / 2;
  return toy({
    name: 'twentyFiveGaussians',
    description: `twenty-five Gaussians of deviation ${sigma} on a grid of spacing ${spacing}`,
    half: box,
    step,
    logDensity: mixtureLogDensity(equalCentres(points), sigma),
    draw: (g) => noisy(g, pick(g, points), sigma),
    ...recorded(spacing === 2 && sigma === 0.2, 2.8378743, step, box),
  });
};

/** Whether a square of side 2 with its lower left corner at even coordinates carries mass: 8 of the 16 in [−4, 4]². */
const isDark = (x: number, y: number): boolean => (Math.floor(x / 2) + Math.floor(y / 2)) % 2 === 0;

/**
 * The uniform distribution on the 8 dark squares of side 2 of [−4, 4]² (FFJORD, Grathwohl et al. 2019, arXiv:1810.01367). Its entropy is log 32 nats.
 *
 * @example
 * checkerboard().entropy;   // log 32 = 3.466
 */
export const checkerboard = (): Toy =>
  toy({
    name: 'checkerboard',
    description: 'uniform on the dark squares, of side 2, of a 4×4 checkerboard on [−4, 4]²',
    half: 4,
    step: 0.5,
    logDensity: (x, y) => (Math.abs(x) < 4 && Math.abs(y) < 4 && isDark(x, y) ? -Math.log(32) : -Infinity),
    // twenty bits inside a square: exact in float32, so that no point is rounded onto a border
    draw: (g) => {
      const column = g.integer(4) - 2;
      const row = 2 * (g.integer(2) - 1) + (column & 1);
      const inside = () => 2 * ((g.integer(2 ** 20) + 0.5) / 2 ** 20);
      return [2 * column + inside(), 2 * row + inside()];
    },
    known: { entropy: Math.log(32), method: 'closed form: uniform on an area of 32, so ln 32' },
  });

/**
 * The uniform distribution on two separate squares of side 2: a disconnected support, onto which no homeomorphism of the plane maps a normal distribution (Cornish et
 * al. 2020, arXiv:1909.13833, §2). Its entropy is log 8 nats.
 *
 * @example
 * twoSquares().entropy;   // log 8 = 2.079
 */
export const twoSquares = (): Toy =>
  toy({
    name: 'twoSquares',
    description: 'uniform on two squares of side 2, [−3, −1]² and [1, 3]²',
    half: 4,
    step: 0.25,
    logDensity: (x, y) =>
      x * y > 0 && Math.abs(Math.abs(x) - 2) < 1 && Math.abs(Math.abs(y) - 2) < 1 ? -Math.log(8) : -Infinity,
    draw: (g) => {
      const side = g.integer(2) === 0 ? -2 : 2;
      const inside = () => 2 * ((g.integer(2 ** 20) + 0.5) / 2 ** 20) - 1;
      return [side + inside(), side + inside()];
    },
    known: { entropy: Math.log(8), method: 'closed form: uniform on an area of 8, so ln 8' },
  });

/**
 * Five arms: (f₁, f₂) = (1 + 0.3 z₁, 0.1 z₂), rotated by −(2πk/5 + ¼ exp r) with r = |f|, k uniform, and doubled.
 *
 * The usual generator rotates by exp f₁ instead of exp r, which is not one-to-one in the far tail. A rotation that depends on the radius alone is, in polar coordinates,
 * a shear with determinant 1: the density is that of five rotated Gaussians at the point rotated back, divided by 4.
 *
 * @example
 * pinwheel().sample(0, 10).length;   // 20: ten points
 */
export const pinwheel = (): Toy => {
  const arms = 5;
  const [radial, tangential, rate] = [0.3, 0.1, 0.25];
  const constant = Math.log(2 * Math.PI * radial * tangential) + Math.log(arms) + 2 * Math.LN2;
  const logDensity = (x: number, y: number): number => {
    const r = Math.hypot(x, y) / 2;
    const angle = Math.atan2(y, x) + rate * Math.exp(r);
    const terms = Array.from({ length: arms }, (_, k) => {
      const a = angle + (2 * Math.PI * k) / arms;
      return -0.5 * (((r * Math.cos(a) - 1) / radial) ** 2 + ((r * Math.sin(a)) / tangential) ** 2);
    });
    const top = Math.max(...terms);
    return top + Math.log(terms.reduce((s, t) => s + Math.exp(t - top), 0)) - constant;
  };
  return toy({
    name: 'pinwheel',
    description: 'five twisted arms, radial deviation 0.6, tangential deviation 0.2',
    half: 6,
    step: 0.02,
    logDensity,
    draw: (g) => {
      const k = g.integer(arms);
      const [f1, f2] = [1 + radial * g.normal(), tangential * g.normal()];
      const r = Math.hypot(f1, f2);
      const angle = Math.atan2(f2, f1) - (2 * Math.PI * k) / arms - rate * Math.exp(r);
      return [2 * r * Math.cos(angle), 2 * r * Math.sin(angle)];
    },
    ...recorded(true, 2.3205885, 0.02, 6),
  });
};

/**
 * Two spirals ±(−t cos t, t sin t)/3 with t = 3π√u, u uniform on [0, 1] (roughly uniform in arc length), with Gaussian noise of standard deviation 0.1.
 *
 * @example
 * spirals().sample(0, 10).length;   // 20: ten points
 */
export const spirals = (): Toy => {
  const noise = 0.1;
  const end = 3 * Math.PI;
  const arm =
    (sign: number) =>
    (t: number): Point => [(-sign * t * Math.cos(t)) / 3, (sign * t * Math.sin(t)) / 3];
  const weight = (t: number) => (2 * t) / end ** 2;
  const centres = half(curveCentres(arm(1), weight, 0, end, 120), curveCentres(arm(-1), weight, 0, end, 120));
  return toy({
    name: 'spirals',
    description: 'two interleaved spirals of one and a half turns, noise 0.1',
    half: 4,
    step: 0.05,
    logDensity: mixtureLogDensity(centres, noise),
    draw: (g) => noisy(g, arm(g.integer(2) === 0 ? 1 : -1)(end * Math.sqrt(g.uniform())), noise),
    ...recorded(true, 2.5406179, 0.05, 4),
  });
};

/**
 * A planar Swiss roll (t cos t, t sin t)/5, t uniform on [1.5π, 4.5π], with Gaussian noise of standard deviation 0.2 (FFJORD, Grathwohl et al. 2019, arXiv:1810.01367).
 *
 * @example
 * swissRoll().sample(0, 10).length;   // 20: ten points
 */
export const swissRoll = (): Toy => {
  const noise = 0.2;
  const [from, to] = [1.5 * Math.PI, 4.5 * Math.PI];
  const roll = (t: number): Point => [(t * Math.cos(t)) / 5, (t * Math.sin(t)) / 5];
  const centres = curveCentres(roll, () => 1 / (to - from), from, to, 80);
  return toy({
    name: 'swissRoll',
    description: 'a spiral of one and a half turns, thinner towards the outside, noise 0.2',
    half: 4.4,
    step: 0.1,
    logDensity: mixtureLogDensity(centres, noise),
    draw: (g) => noisy(g, roll(from + (to - from) * g.uniform()), noise),
    ...recorded(true, 2.6696462, 0.1, 4.4),
  });
};
