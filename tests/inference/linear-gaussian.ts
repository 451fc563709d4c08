/** Linear-Gaussian latent-variable models with learned parameters, where everything has a closed form; and how estimators are measured on them. */
import { pipe } from 'fp-ts/lib/function.js';
import { type Conditional, conditional } from '../../src/algebra/conditional.ts';
import { type Dist, pushforward } from '../../src/algebra/dist.ts';
import type { Bound, Samples } from '../../src/algebra/evidence.ts';
import { grad } from '../../src/core/differentiate/index.ts';
import * as D from '../../src/core/draw.ts';
import { type Expr, substitute, topological } from '../../src/core/expr.ts';
import { evaluateProgram } from '../../src/core/interpreters/reference/index.ts';
import * as o from '../../src/core/ops/index.ts';
import { constantly } from '../../src/core/parameters.ts';
import { type Feeds, noiseFeeds, program } from '../../src/core/program.ts';
import * as Sc from '../../src/core/scope.ts';
import { tensorOf, toNumbers } from '../../src/core/tensor.ts';
import { vmapAll } from '../../src/core/vectorize.ts';
import { normal, standardNormal } from '../../src/distributions/index.ts';
import { stochastic } from '../../src/transports/index.ts';

type Vector = readonly [number];

/** N(W c + b, diag e^{2r}): matrix `w` [m, n], `b` [m], `r` [m] (or [1] for one scale) are parameters. */
export const affineNormal = (n: number, m: number, scales = m): Conditional<Vector, Vector> =>
  conditional([n] as Vector, (c) => (scope) => {
    const w = Sc.parameter('w', [m, n], { init: constantly(0.3) })(scope);
    const b = Sc.parameter('b', [m], { init: constantly(0.1) })(scope);
    const r = Sc.parameter('r', [scales], { init: constantly(-0.2) })(scope);
    return normal([m], { loc: o.add(o.matvec(w, c), b), scale: o.exp(r) });
  });

/** z ~ N(0, I) of one dimension or more, x | z linear with one noise, q(z | x) linear: probabilistic PCA. */
export const linearVae = (dimensions: number, latent: number): Dist<Vector, Bound & Samples> =>
  pipe(
    standardNormal([latent] as Vector),
    pushforward(
      stochastic({ encoder: affineNormal(dimensions, latent), decoder: affineNormal(latent, dimensions, 1) }),
    ),
  );

/** Two codes of one dimension: x ← z₁ ← z₂, each with an encoder of its own. */
export const linearHvae = (): Dist<Vector, Bound & Samples> =>
  pipe(
    standardNormal([1] as Vector),
    pushforward(stochastic({ encoder: affineNormal(1, 1), decoder: affineNormal(1, 1) })),
    pushforward(stochastic({ encoder: affineNormal(1, 1), decoder: affineNormal(1, 1) })),
  );

/** Numbers of parameters by name. */
export type Values = { readonly [name: string]: number | readonly number[] };

/** As arrays; parameters of an affine distribution `at` a place. */
export const affineAt = (
  at: string,
  w: readonly (readonly number[])[],
  b: readonly number[],
  r: readonly number[],
): Feeds => ({
  [`${at}/w`]: { ...tensorOf(w.flat()), shape: [w.length, w[0].length] },
  [`${at}/b`]: tensorOf(b),
  [`${at}/r`]: tensorOf(r),
});

/** n independent values of some scalars or vectors, by name of the output: float64 on the reference. */
export const values = (outputs: D.Draw<readonly Expr[]>, n: number, feeds: Feeds = {}, seed = 0): number[][] => {
  const p = program(vmapAll(() => D.runDraw(outputs), { size: n, fresh: () => true })(), 'float64');
  return evaluateProgram(p, { ...feeds, ...noiseFeeds(p, { seed }) }).map((t) => [...toNumbers(t)]);
};

/** The parameters an expression mentions, by name. */
export const parametersOf = (e: Expr): Map<string, Expr> =>
  new Map(topological([e]).flatMap((p) => (p.op === 'parameter' ? [[p.attributes.name, p] as const] : [])));

/** One place may be applied several times: every leaf of a name becomes one. */
const oneLeafEach = (e: Expr, parameters: ReadonlyMap<string, Expr>): Map<Expr, Expr> =>
  new Map(
    topological([e]).flatMap((p) => (p.op === 'parameter' ? [[p, parameters.get(p.attributes.name)!] as const] : [])),
  );

/** The loss and its gradient by all parameters, one row a draw. */
export const gradients = (
  loss: D.Draw<Expr>,
  n: number,
  feeds: Feeds,
  seed = 0,
): { readonly loss: number[]; readonly by: Readonly<Record<string, number[][]>> } => {
  const names: string[] = [];
  const out = values(
    (scope) => (cursor) => {
      const [open, next] = loss(scope)(cursor);
      const parameters = parametersOf(open);
      const [l] = substitute([open], oneLeafEach(open, parameters));
      names.push(...parameters.keys());
      return [[l, ...grad(l, [...parameters.values()])], next];
    },
    n,
    feeds,
    seed,
  );
  const rows = (flat: number[]): number[][] => {
    const width = flat.length / n;
    return Array.from({ length: n }, (_, i) => flat.slice(i * width, (i + 1) * width));
  };
  return { loss: out[0], by: Object.fromEntries(names.map((name, i) => [name, rows(out[i + 1])])) };
};

/** Mean and its standard error. */
export const meanOf = (xs: readonly number[]): number => xs.reduce((a, b) => a + b, 0) / xs.length;
/** Sample variance. */
export const varianceOf = (xs: readonly number[]): number => {
  const m = meanOf(xs);
  return xs.reduce((a, x) => a + (x - m) ** 2, 0) / (xs.length - 1);
};
/** Standard error of the mean. */
export const errorOf = (xs: readonly number[]): number => Math.sqrt(varianceOf(xs) / xs.length);

/** Nodes and weights of Gauss–Hermite quadrature with three nodes: exact for polynomials of degree 5 under N(0, 1). */
const NODES = [-Math.sqrt(3), 0, Math.sqrt(3)];
const WEIGHTS = [1 / 6, 2 / 3, 1 / 6];

/**
 * The exact mean of a scalar over its standard normal noise, where it is a polynomial of degree at most 5 in every noise number: the noise is fed
 * with the nodes of a tensor quadrature.
 */
export const exactMean = (draw: D.Draw<Expr>, feeds: Feeds = {}): number => {
  const one = program([D.runDraw(draw)], 'float64');
  const sizes = one.slots.flatMap((s) => (s.noise === undefined ? [] : [s.shape.reduce((a, b) => a * b, 1)]));
  const total = sizes.reduce((a, b) => a + b, 0);
  const n = 3 ** total;
  const p = program(vmapAll(() => [D.runDraw(draw)], { size: n, fresh: () => true })(), 'float64');
  const digit = (i: number, j: number): number => Math.floor(i / 3 ** j) % 3;
  let offset = 0;
  const noise: Record<string, Feeds[string]> = {};
  for (const s of p.slots)
    if (s.noise !== undefined) {
      const width = s.shape.reduce((a, b) => a * b, 1) / n;
      const data = new Float64Array(n * width);
      for (let i = 0; i < n; i++) for (let j = 0; j < width; j++) data[i * width + j] = NODES[digit(i, offset + j)];
      offset += width;
      noise[s.name] = { shape: s.shape, type: 'float64', data };
    }
  const out = toNumbers(evaluateProgram(p, { ...feeds, ...noise })[0]);
  let sum = 0;
  for (let i = 0; i < n; i++) {
    let weight = 1;
    for (let j = 0; j < total; j++) weight *= WEIGHTS[digit(i, j)];
    sum += weight * out[i];
  }
  return sum;
};
