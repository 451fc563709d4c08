/** Laws of one layer: its directions invert each other, and its contribution is what its Jacobian says. */
import { plainGrade } from '../algebra/evidence.ts';
import type { Layer, Step } from '../algebra/transport.ts';
import { jacobian } from '../core/differentiate/index.ts';
import * as D from '../core/draw.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { type Shape, sizeOf } from '../core/shape.ts';
import { type Tensor, tensor } from '../core/tensor.ts';
import { logVolume } from './determinant.ts';
import { pointsIn, type Region, randomised, rowOf, valuesOf } from './region.ts';
import { agree, type Verdict, verdict } from './verdict.ts';

/** Options of {@link transportLaws}. */
export interface TransportLawOptions {
  /** The data side's shape. */
  readonly shape: Shape;
  /** Where data live; default the reals. */
  readonly region?: Region;
  /** Data to try instead of random ones, `[n, …shape]`. */
  readonly points?: Tensor;
  /** Number of random points; default 4. */
  readonly count?: number;
  /** Seed of points, parameters and noise. */
  readonly seed?: number;
  /** How far parameters are moved from their initial values. */
  readonly spread?: number;
  /**
   * Which directions undo each other: `both` (a bijection), `data` (decode ∘ encode = id: rounding and other generative surjections), `latent`
   * (encode ∘ decode = id: slicing and other inference surjections) or `none` (a stochastic layer). Default by grade: `both` or `none`.
   */
  readonly undoes?: 'both' | 'data' | 'latent' | 'none';
  /** Default 1e-9. */
  readonly tolerance?: number;
  /** Elements of the Jacobian ∂zᵢ/∂xⱼ (flat indices) that must be exactly 0: see {@link couplingZeros}. */
  readonly zeros?: (i: number, j: number) => boolean;
}

/**
 * Where the Jacobian ∂zᵢ/∂xⱼ of a coupling is zero: the first half of the last axis passes through, and each other coordinate depends on that half and itself. Indices
 * are flat.
 *
 * @example
 * couplingZeros([4])(0, 1);   // true: the first coordinate passes through
 */
export const couplingZeros = (shape: Shape): ((i: number, j: number) => boolean) => {
  const n = shape[shape.length - 1];
  const passes = (i: number): boolean => i % n < Math.floor(n / 2);
  return (i, j) => i !== j && (passes(i) || !passes(j));
};

/**
 * Where the Jacobian ∂zᵢ/∂xⱼ of an elementwise layer is zero: i ≠ j.
 *
 * @example
 * elementwiseZeros(0, 1);   // true
 */
export const elementwiseZeros = (i: number, j: number): boolean => i !== j;

const both = (layer: Layer, first: 'encode' | 'decode', x: Parameters<Layer['encode']>[0]) => {
  const second = first === 'encode' ? layer.decode : layer.encode;
  return D.runDraw(D.chain((a: Step) => D.map((b: Step) => ({ a, b }))(second(a.value)))(layer[first](x)));
};

/**
 * Holds a layer to its laws, at random points and with random parameters, in float64:
 *
 * 1. decode ∘ encode = id and encode ∘ decode = id (as far as `undoes` says, and up to what rounding in the middle costs);
 * 2. a bijection's contribution is log |det ∂z/∂x| of the Jacobian by automatic differentiation, and the map is regular;
 * 3. both directions give the same contribution for the same pair (x, z);
 * 4. the Jacobian is exactly 0 where `zeros` says so;
 * 5. everything is finite, the contribution a scalar, and shapes are as `dataShape` says.
 *
 * @example
 * assertLaws('myLayer', transportLaws(myLayer(), { shape: [3] }));
 */
export const transportLaws = (layer: Layer, options: TransportLawOptions): Verdict[] => {
  const { shape, region = 'reals', count = 4, seed = 0, tolerance = 1e-9, zeros } = options;
  const bijective = plainGrade(layer.grade) === 'bijective';
  const undoes = options.undoes ?? (bijective ? 'both' : 'none');
  const points = options.points ?? pointsIn(region, shape, count, seed);
  const n = points.shape[0];
  const x = o.input('x', shape);
  const there = both(layer, 'encode', x);
  const latent = there.a.value.shape;
  const z = o.input('z', latent);
  const back = both(layer, 'decode', z);
  const forward = [there.a.value, there.a.contribution, there.b.value, there.b.contribution];
  const backward = [back.a.value, back.a.contribution, back.b.value, back.b.contribution];
  const feeds = randomised([...forward, ...backward], {
    seed,
    examples: { input: x, points },
    ...(options.spread === undefined ? {} : { spread: options.spread }),
  });
  const outputs = bijective || zeros !== undefined ? [...forward, jacobian(there.a.value, x)] : forward;
  // What rounding the value in the middle costs at the end: an infinitely steep way back forgives everything.
  const steep = ({ a, b }: typeof there): Expr[] =>
    bijective ? [jacobian(b.value, a.value), jacobian(b.contribution, a.value)] : [];
  const forwards = rows(n, (i) =>
    valuesOf([...outputs, ...steep(there)], { ...feeds, x: rowOf(points, i) }, { seed: seed + i }),
  );
  // Latents to decode are mixtures of two codes: inside the (convex) latent region, and not just encoded themselves.
  const backwards = rows(n, (i) => {
    const [code, next] = [forwards[i][0], forwards[(i + 1) % n][0].data];
    const at = tensor(
      Float64Array.from(code.data, (v, k) => 0.9 * v + 0.1 * next[k]),
      code.shape,
    );
    return { at, values: valuesOf([...backward, ...steep(back)], { ...feeds, z: at }, { seed: seed + n + i }) };
  });
  const flat = (k: number): number[] => forwards.flatMap((f) => Array.from(f[k].data));
  const flatBack = (k: number): number[] => backwards.flatMap((b) => Array.from(b.values[k].data));
  const [sizeX, sizeZ] = [sizeOf(shape), sizeOf(latent)];
  const at = (size: number) => (i: number) => `point ${Math.floor(i / size)}, element ${i % size}`;
  const jacobians = bijective || zeros !== undefined ? forwards.map((f) => f[4].data) : [];

  /** Rounding in element i of what came back: 64 ε Σ |∂ back / ∂ middle| |middle|. */
  const slack =
    (runs: readonly (readonly Tensor[])[], which: 1 | 2, size: number) =>
    (i: number): number => {
      if (!bijective) return 0;
      const run = runs[Math.floor(i / size)];
      const slope = run[run.length - 3 + which].data;
      const middle = run[0].data;
      const row = (i % size) * middle.length;
      let total = 0;
      for (let k = 0; k < middle.length; k++) total += Math.abs(middle[k] * slope[row + k]);
      return 64 * Number.EPSILON * total;
    };
  /** Rounding in log |det J|: 64 ε Σ |J⁻¹|. */
  const slackOfDet = (i: number): number => {
    let total = 0;
    for (const v of forwards[i][5].data) total += Math.abs(v);
    return 64 * Number.EPSILON * total;
  };
  const [there1, back1] = [forwards, backwards.map((b) => b.values)];

  const out: Verdict[] = [
    verdict(
      'every number is finite',
      [flat(0), flat(1), flatBack(0), flatBack(1)].flat().filter((v) => !Number.isFinite(v)).length,
      0,
      'a count of numbers',
    ),
    verdict(
      'contributions are scalars',
      Math.max(...[there.a, there.b, back.a, back.b].map((s) => s.contribution.shape.length)),
      0,
      'a rank',
    ),
    agree('dataShape(latent shape) = data shape', layer.dataShape(latent), shape, 0),
    agree('decode keeps the data shape', back.a.value.shape, shape, 0),
  ];
  if (undoes === 'both' || undoes === 'data') {
    out.push(
      agree('decode ∘ encode = id', flat(2), Array.from(points.data), tolerance, at(sizeX), slack(there1, 1, sizeX)),
    );
    out.push(
      agree('contribution(decode z) = contribution(encode x)', flat(3), flat(1), tolerance, at(1), slack(there1, 2, 1)),
    );
  }
  if (undoes === 'both' || undoes === 'latent') {
    const started = backwards.flatMap((b) => Array.from(b.at.data));
    out.push(agree('encode ∘ decode = id', flatBack(2), started, tolerance, at(sizeZ), slack(back1, 1, sizeZ)));
    out.push(
      agree(
        'contribution(encode x) = contribution(decode z)',
        flatBack(3),
        flatBack(1),
        tolerance,
        at(1),
        slack(back1, 2, 1),
      ),
    );
  }
  if (bijective) {
    const dets = jacobians.map((j) => logVolume(j, sizeZ, sizeX));
    out.push(agree('contribution(encode) = log |det ∂z/∂x|', flat(1), dets, tolerance, at(1), slackOfDet));
    out.push(
      verdict('the Jacobian is regular', dets.filter((d) => !Number.isFinite(d)).length, 0, 'a count of points'),
    );
  }
  if (zeros !== undefined) {
    const wrong = jacobians.flatMap((j) => Array.from(j).filter((v, k) => v !== 0 && zeros(Math.floor(k / sizeX), k % sizeX))); // biome-ignore format: one idea
    out.push(verdict('the Jacobian is exactly 0 where it must be', wrong.length, 0, 'a count of elements'));
  }
  return out;
};

const rows = <A>(n: number, f: (i: number) => A): A[] => Array.from({ length: n }, (_, i) => f(i));
