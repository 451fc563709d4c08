/** Distributions in the plane with an exact density and a known entropy, for judging models: what they are made of. */
import { foldIn, type Generator, generator, keyOf } from '../../core/prng.ts';

/** A distribution in the plane that can be sampled, evaluated and whose entropy is known. */
export interface Toy {
  readonly name: string;
  readonly description: string;
  /** `n` points as `x₀, y₀, x₁, y₁, …`; more points of a seed begin with fewer of it */
  readonly sample: (seed: number, n: number) => Float32Array;
  /** differential entropy in nats: the least expected −log density that a model can reach */
  readonly entropy: number;
  readonly entropyMethod: string;
  /** exact log density in nats, −∞ off the support */
  readonly logDensity: (x: number, y: number) => number;
  /** the square `[−half, half]²` holds all but 10⁻⁹ of the mass */
  readonly half: number;
  /** grid step at which quadrature gives the entropy to six digits */
  readonly step: number;
}

/** The declaration of a toy; the entropy is computed by quadrature where it is not given. */
export interface ToyDeclaration extends Omit<Toy, 'sample' | 'entropy' | 'entropyMethod'> {
  /** one point from the generator */
  readonly draw: (g: Generator) => readonly [number, number];
  /** the entropy where it has a closed form, or was computed before, and how */
  readonly known?: { readonly entropy: number; readonly method: string };
}

/** Sums over a grid: `∫ p` and `−∫ p ln p`, by the midpoint rule with cells of side `step` on `[−half, half]²`. */
export interface Quadrature {
  readonly mass: number;
  readonly entropy: number;
}

/**
 * Mass and entropy (nats) of a density on the square [−half, half]² by the midpoint rule. For smooth densities the rule converges faster than any power of the step once
 * the step is below about one standard deviation of the narrowest Gaussian, since all derivatives vanish at the border; for piecewise constant densities it is
 * exact on a grid aligned with the pieces. Cost: (2 half / step)² densities.
 *
 * @example
 * quadrature(checkerboard()).mass;   // 1
 */
export const quadrature = (toy: Pick<Toy, 'logDensity' | 'half' | 'step'>, step: number = toy.step): Quadrature => {
  const n = Math.round((2 * toy.half) / step);
  const h = (2 * toy.half) / n;
  let mass = 0;
  let entropy = 0;
  for (let i = 0; i < n; i++) {
    const x = -toy.half + (i + 0.5) * h;
    for (let j = 0; j < n; j++) {
      const l = toy.logDensity(x, -toy.half + (j + 0.5) * h);
      if (l < -700) continue;
      const p = Math.exp(l);
      mass += p;
      entropy -= p * l;
    }
  }
  return { mass: mass * h * h, entropy: entropy * h * h };
};

/**
 * The entropy of a toy distribution by {@link quadrature}, in nats.
 *
 * @example
 * entropyByQuadrature(checkerboard());   // log 32 = 3.466
 */
export const entropyByQuadrature = (toy: Pick<Toy, 'logDensity' | 'half' | 'step'>, step?: number): number =>
  quadrature(toy, step).entropy;

/**
 * A toy distribution from its declaration: density, sampler and the square that holds its mass. Where the entropy is not given, it is computed by quadrature when it is
 * first read (under a second).
 *
 * @example
 * const square = toy({
 *   name: 'square',
 *   description: 'uniform on the unit square',
 *   half: 1,
 *   step: 0.25,
 *   logDensity: (x, y) => (x >= 0 && x < 1 && y >= 0 && y < 1 ? 0 : Number.NEGATIVE_INFINITY),
 *   draw: (g) => [g.uniform(), g.uniform()],
 * });
 * square.entropy;   // 0 nats
 */
export const toy = ({ draw, known, ...rest }: ToyDeclaration): Toy => {
  let computed = known?.entropy;
  return {
    ...rest,
    get entropy() {
      computed ??= entropyByQuadrature(rest);
      return computed;
    },
    entropyMethod:
      known?.method ??
      `−∫ p ln p of the exact density by the midpoint rule, cells of side ${rest.step} on [−${rest.half}, ${rest.half}]²`,
    sample: (seed, n) => {
      const g = generator(foldIn(foldIn(keyOf(seed), 'toy'), rest.name));
      const out = new Float32Array(2 * n);
      for (let i = 0; i < n; i++) {
        const [x, y] = draw(g);
        out[2 * i] = x;
        out[2 * i + 1] = y;
      }
      return out;
    },
  };
};

/** Weighted points in the plane: the centres of a mixture of equal round Gaussians. */
export interface Centres {
  readonly x: Float64Array;
  readonly y: Float64Array;
  /** logarithms of the weights, which sum to 1 */
  readonly logWeight: Float64Array;
}

/** Centres of equal weight. */
export const equalCentres = (points: readonly (readonly [number, number])[]): Centres => ({
  x: Float64Array.from(points, (p) => p[0]),
  y: Float64Array.from(points, (p) => p[1]),
  logWeight: new Float64Array(points.length).fill(-Math.log(points.length)),
});

/** `ln Σ wₖ N((x, y); cₖ, σ²)` without underflow; terms below e⁻⁴⁰ of the largest are left out. */
export const mixtureLogDensity = ({ x: cx, y: cy, logWeight }: Centres, sigma: number) => {
  const terms = new Float64Array(cx.length);
  const precision = 1 / (2 * sigma * sigma);
  const constant = Math.log(2 * Math.PI * sigma * sigma);
  return (x: number, y: number): number => {
    let top = -Infinity;
    for (let k = 0; k < terms.length; k++) {
      const dx = x - cx[k];
      const dy = y - cy[k];
      const t = logWeight[k] - (dx * dx + dy * dy) * precision;
      terms[k] = t;
      if (t > top) top = t;
    }
    let sum = 0;
    for (let k = 0; k < terms.length; k++) if (terms[k] > top - 40) sum += Math.exp(terms[k] - top);
    return top + Math.log(sum) - constant;
  };
};

/** Nodes and weights of the n-point Gauss–Legendre rule on [−1, 1] (Newton's method on the Legendre recurrence). */
export const gaussLegendre = (n: number): { readonly nodes: number[]; readonly weights: number[] } => {
  const nodes: number[] = [];
  const weights: number[] = [];
  for (let i = 0; i < n; i++) {
    let x = Math.cos((Math.PI * (i + 0.75)) / (n + 0.5));
    let slope = 1;
    for (let iteration = 0; iteration < 50; iteration++) {
      let [p, before] = [x, 1];
      for (let k = 2; k <= n; k++) [p, before] = [((2 * k - 1) * x * p - (k - 1) * before) / k, p];
      slope = (n * (x * p - before)) / (x * x - 1);
      x -= p / slope;
      if (Math.abs(p / slope) < 1e-15) break;
    }
    nodes.push(x);
    weights.push(2 / ((1 - x * x) * slope * slope));
  }
  return { nodes, weights };
};

/**
 * A curve with a density along its parameter, as weighted points: ∫ w(t) N(·; c(t), σ²) dt over [from, to] becomes a
 * mixture by the 8-point Gauss–Legendre rule on `panels` equal intervals. A panel no longer than 3σ of arc makes the
 * density exact to about 10⁻⁸.
 */
export const curveCentres = (
  curve: (t: number) => readonly [number, number],
  weight: (t: number) => number,
  from: number,
  to: number,
  panels: number,
): Centres => {
  const { nodes, weights } = gaussLegendre(8);
  const half = (to - from) / (2 * panels);
  const points: [number, number, number][] = [];
  for (let p = 0; p < panels; p++)
    nodes.forEach((node, k) => {
      const t = from + (2 * p + 1 + node) * half;
      points.push([...curve(t), Math.log(weights[k] * half * weight(t))] as [number, number, number]);
    });
  return {
    x: Float64Array.from(points, (q) => q[0]),
    y: Float64Array.from(points, (q) => q[1]),
    logWeight: Float64Array.from(points, (q) => q[2]),
  };
};

/** Two sets of centres, half and half. */
export const half = (a: Centres, b: Centres): Centres => ({
  x: Float64Array.of(...a.x, ...b.x),
  y: Float64Array.of(...a.y, ...b.y),
  logWeight: Float64Array.of(...a.logWeight, ...b.logWeight).map((w) => w - Math.LN2),
});
