/**
 * Posteriors: what a joint distribution says of its latent quantities once the others are observed, as one distribution over unconstrained real numbers. Kernels sample it,
 * distributions and flows are fitted to it, and `constrain` brings either back to named quantities.
 */

import { demand } from '../algebra/demand.ts';
import { type Dist, distribution } from '../algebra/dist.ts';
import type { Exact, Samples, Unnormalised } from '../algebra/evidence.ts';
import { distributionKind } from '../algebra/kinds.ts';
import { opaque } from '../algebra/spec.ts';
import { constraintOf, reals, showSupport } from '../algebra/support.ts';
import type { Constraint } from '../core/constraints.ts';
import { define } from '../core/definition.ts';
import * as D from '../core/draw.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import { onnx } from '../core/interpreters/onnx/index.ts';
import * as o from '../core/ops/index.ts';
import { type Backend, program } from '../core/program.ts';
import { type Shape, sameShape, showShape, sizeOf } from '../core/shape.ts';
import { nested } from '../core/specification.ts';
import { castTensor, type Tensor } from '../core/tensor.ts';
import { vmapAll } from '../core/vectorize.ts';
import { type Dataset, fromRows } from '../data/dataset.ts';
import { type Summary, summarise } from '../mcmc/diagnostics.ts';
import { objectiveKind } from './kinds.ts';
import type { AnyObjective, Objective } from './objective.ts';
import { type Joint, jointDensity, type Shapes, type Site, type Values } from './posterior-joint.ts';

/** Observed values: a number, numbers in row-major order, or an expression. */
export type Observed = number | ArrayLike<number> | Expr;

/** The distribution of the latent quantities named in L, over the n real numbers they are made of. */
export interface Posterior<L extends Shapes> extends Dist<readonly [number], Unnormalised> {
  /** Shapes of the latent quantities, in the order of the declaration. */
  readonly latents: L;
  /** The quantities made of n real numbers `[n]`. */
  readonly constrain: (z: Expr) => Values<L>;
  /** The real numbers `[n]` behind quantities. */
  readonly unconstrain: (values: Values<L>) => Expr;
}

/** Where a latent stands among the real numbers. */
interface Part {
  readonly site: Site;
  readonly shape: Shape;
  readonly free: Shape;
  readonly from: number;
  readonly to: number;
}

const isExpr = (v: Observed): v is Expr => typeof v === 'object' && 'op' in v;

const observedAs = (name: string, v: Observed, shape: Shape): Expr => {
  if (isExpr(v))
    return sameShape(v.shape, shape)
      ? v
      : raise('ShapeError', name, 'the data have another shape than their distribution', { expected: showShape(shape), got: showShape(v.shape) }); // biome-ignore format: one sentence
  const values = typeof v === 'number' ? [v] : Array.from(v);
  return values.length === sizeOf(shape)
    ? o.constant(values, shape)
    : raise('ShapeError', name, 'the data do not fill their distribution’s shape', {
        expected: `${sizeOf(shape)} numbers for ${showShape(shape)}`,
        got: `${values.length}`,
      });
};

const constraintAt = (site: Site, known: Readonly<Record<string, Expr>>): Constraint & { logVolume: object } => {
  const support = site.dist(known).support ?? reals;
  const found =
    support.kind === 'integers' || support.kind === 'oneHot'
      ? raise('ArgumentError', site.name, 'a discrete quantity cannot be latent here: observe it, or sum it out of the joint distribution', {
          expected: 'a continuous support',
          got: showSupport(support),
        }) // biome-ignore format: one sentence
      : constraintOf(support, 'exp');
  return found.logVolume === undefined
    ? raise('ArgumentError', site.name, 'the map from the reals onto this support has no volume', {
        got: showSupport(support),
      })
    : (found as Constraint & { logVolume: object });
};

/**
 * The posterior of a joint distribution given values for some of its quantities, as an unnormalised distribution over all real numbers: each latent is a function of real
 * numbers by the registry that `bijectTo` uses (positive ones by exp), and log p(z) = log p(values, data) + log |det ∂values/∂z| nats.
 * `runChains` samples it; {@link variationalPosterior} fits a distribution to it. Throws `ArgumentError` for data without a site, where nothing is
 * latent, or a latent is discrete; `ShapeError` where data do not fit.
 *
 * @example
 * const model = pipe(
 *   joint,
 *   site('mu', () => normal([], { scale: 10 })),
 *   site('sigma', () => halfNormal([], { scale: 5 })),
 *   site('y', ({ mu, sigma }) => normal([3], { loc: mu, scale: sigma })),
 * );
 * const target = posterior(model, { y: [1.2, 0.7, 2.9] });   // a distribution over [2]: mu and log sigma
 */
export const posterior = <A extends Shapes, const D extends { readonly [N in keyof A]?: Observed }>(
  of: Joint<A>,
  data: D & { readonly [N in Exclude<keyof D, keyof A>]: never },
): Posterior<Omit<A, keyof D>> => {
  const given: Readonly<Record<string, Observed>> = data;
  const stranger = Object.keys(given).find((name) => !of.sites.some((s) => s.name === name));
  if (stranger !== undefined)
    raise('ArgumentError', stranger, 'the joint distribution has no quantity of this name', {
      expected: `one of ${of.sites.map((s) => s.name).join(', ')}`,
      got: stranger,
    });
  const observed: Record<string, Expr> = {};
  const parts: Part[] = [];
  // One walk over the sites with stand-ins, to find the shapes: distributions are functions of values.
  const standIns: Record<string, Expr> = {};
  let n = 0;
  for (const site of of.sites) {
    const { name } = site;
    const shape = site.dist(standIns).shape;
    if (name in given) {
      observed[name] = observedAs(name, given[name], shape);
      standIns[name] = observed[name];
      continue;
    }
    const free = constraintAt(site, standIns).freeShape?.(shape) ?? shape;
    parts.push({ site, shape, free, from: n, to: n + sizeOf(free) });
    n += sizeOf(free);
    standIns[name] = o.input(name, shape);
  }
  if (n === 0) raise('ArgumentError', 'posterior', 'every quantity is observed: nothing is latent');

  /** Values of all quantities, with the volume of the map. */
  const walk = (z: Expr): { readonly values: Readonly<Record<string, Expr>>; readonly volume: Expr } => {
    const values: Record<string, Expr> = {};
    const volumes: Expr[] = [o.scalar(0)];
    for (const site of of.sites) {
      const part = parts.find((p) => p.site === site);
      if (part === undefined) {
        values[site.name] = observed[site.name];
        continue;
      }
      const constraint = constraintAt(site, values);
      const free = o.reshape(o.sliceAxis(z, 0, part.from, part.to), part.free);
      values[site.name] = constraint.constrain(free);
      volumes.push((constraint.logVolume as (free: Expr) => Expr)(free));
    }
    return { values, volume: o.addAll(volumes) };
  };
  const latents = Object.fromEntries(parts.map((p) => [p.site.name, p.shape])) as Omit<A, keyof D>;
  const dist = distribution<readonly [number], Unnormalised>({
    shape: [n],
    spec: opaque('posterior', 'the joint distribution is a function'),
    evidence: 'unnormalised',
    logDensity: (z) => {
      const { values, volume } = walk(z);
      return D.map((l: Expr) => o.add(l, volume))(jointDensity(of)(values as Values<A>));
    },
    sample: () => raise('ArgumentError', 'posterior', 'a posterior has no sampler of its own: run chains on it (runChains), or fit a distribution to it (variationalPosterior)'), // biome-ignore format: one sentence
  });
  return {
    ...dist,
    latents,
    constrain: (z) => {
      const { values } = walk(z);
      return Object.fromEntries(parts.map((p) => [p.site.name, values[p.site.name]])) as Values<Omit<A, keyof D>>;
    },
    unconstrain: (values) => {
      const all = { ...observed, ...(values as Readonly<Record<string, Expr>>) };
      const pieces = parts.map((p) =>
        o.reshape(constraintAt(p.site, all).unconstrain(all[p.site.name]), [p.to - p.from]),
      );
      return pieces.length === 1 ? pieces[0] : o.concat(pieces);
    },
  };
};

/**
 * Evidence lower bound of a posterior: the mean over the guide of log q(z) − log p(z, data), minimised; at the optimum the guide is the posterior, and
 * −loss is log p(data) (Kucukelbir et al. 2017, arXiv:1603.00788, for guides of any kind). The guide is any distribution that samples with its
 * density: a normal distribution, a flow. It reads no data: train it with {@link noData}, whose batch size is the number of draws a step.
 *
 * @example
 * const target = posterior(
 *   pipe(joint, site('mu', () => normal([])), site('y', ({ mu }) => normal([3], { loc: mu }))),
 *   { y: [1, 2, 3] },
 * );
 * const guide = pipe(standardNormal([1]), pushforward(affine()));
 * fit({ objective: variationalPosterior(guide, target), data: noData(), steps: 500, batchSize: 64 });
 */
export const variationalPosterior = define(
  objectiveKind,
  {
    type: 'variationalPosterior',
    about: 'A guide fitted to a density known up to a constant.',
    takes: ['guide', 'target'],
    required: { guide: nested(distributionKind), target: nested(distributionKind) },
    build: ({ guide, target }): AnyObjective<Shape> => variationalPosterior(guide as never, target as never) as never,
    examples: [
      {
        guide: { type: 'pushforward', transport: { type: 'affine' }, base: { type: 'standardNormal', shape: [2] } },
        target: { type: 'normal', shape: [2], loc: 1, scale: 2 },
      },
    ],
  },
  <const S extends Shape>(
    guide: Dist<S, Exact & Samples>,
    target: Dist<readonly [number], Unnormalised>,
  ): Objective<readonly [1]> => {
    demand('variationalPosterior', guide, 'exactLogDensity', 'samples');
    demand('variationalPosterior', target, 'unnormalisedLogDensity');
    if (!sameShape(guide.shape, target.shape))
      raise('ShapeError', 'variationalPosterior', 'the guide and the posterior differ in shape', {
        expected: showShape(target.shape),
        got: showShape(guide.shape),
      });
    return {
      shape: [1],
      spec: { type: 'variationalPosterior', guide: guide.spec, target: target.spec },
      evidence: 'bound',
      loss: () => (scope) => (cursor) => {
        const [{ value, logDensity }, next] = guide.sampleAndLogDensity(scope)(cursor);
        const [there, last] = D.at('target', target.logDensity(value))(scope)(next);
        return [o.sub(logDensity, there), last];
      },
    };
  },
);

/** Data that say nothing, `rows` of them: for objectives that read none. */
export const noData = (rows = 1024): Dataset => fromRows('no data', new Float32Array(rows), [1]);

/**
 * The values of named quantities for draws from a posterior: an array `[…rows, …shape]` for each. `samples` is `[…rows, n]`, as `runChains` (`[chains, draws, n]`) or
 * a fitted guide (`[draws, n]`) give it. `make` may compute further quantities from the latents.
 *
 * @example
 * const target = posterior(
 *   pipe(joint, site('s', () => halfNormal([])), site('y', ({ s }) => normal([2], { scale: s }))),
 *   { y: [1, -2] },
 * );
 * const { s } = await quantities(target, tensorOf([0, 1], [2, 1]));   // [1, e]
 */
export const quantities = async <L extends Shapes, R extends Readonly<Record<string, Expr>> = Values<L>>(
  of: Posterior<L>,
  samples: Tensor,
  make: (latents: Values<L>) => R = (v) => v as R,
  backend: Backend = onnx('cpu'),
): Promise<{ readonly [K in keyof R]: Tensor }> => {
  const rows = samples.shape.slice(0, -1);
  if (samples.shape.at(-1) !== of.shape[0])
    raise('ShapeError', 'quantities', 'these are not draws of this posterior', {
      expected: `[…, ${of.shape[0]}]`,
      got: showShape(samples.shape),
    });
  const precision = backend.precisions[0];
  let names: readonly string[] = [];
  const outputs = vmapAll((z) => {
    const values = make(of.constrain(z));
    names = Object.keys(values);
    return names.map((name) => values[name]);
  })(o.input('z', [sizeOf(rows), ...of.shape]));
  const executable = await backend.compile(program(outputs, precision));
  const z = { ...castTensor(samples, precision), shape: [sizeOf(rows), ...of.shape] };
  const arrays = await executable.run({ z });
  await executable.dispose();
  return Object.fromEntries(
    arrays.map((a, i): [string, Tensor] => [names[i], { ...a, shape: [...rows, ...a.shape.slice(1)] }]),
  ) as { [K in keyof R]: Tensor };
};

/**
 * A {@link Summary} for each element of each named array `[chains, draws, …]`: mean, sd, quantiles, effective sizes, R̂. Elements are named `theta[3]`, from 0.
 */
export const summaries = (arrays: Readonly<Record<string, Tensor>>): Summary[] =>
  Object.entries(arrays).flatMap(([name, { shape, data }]) => {
    const [chains, draws, ...event] = shape;
    const width = sizeOf(event);
    const label = (j: number): string => (event.length === 0 ? name : `${name}[${indexOf(j, event).join(', ')}]`);
    return Array.from({ length: width }, (_, j) =>
      summarise(
        label(j),
        Array.from({ length: chains }, (_, c) =>
          Float64Array.from({ length: draws }, (_, i) => data[(c * draws + i) * width + j]),
        ),
      ),
    );
  });

const indexOf = (flat: number, shape: Shape): number[] =>
  shape.reduceRight<{ rest: number; index: number[] }>(
    ({ rest, index }, size) => ({ rest: Math.floor(rest / size), index: [rest % size, ...index] }),
    { rest: flat, index: [] },
  ).index;
