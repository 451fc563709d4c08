import { pipe } from 'fp-ts/lib/function.js';
import { type AnyDist, type Dist, distribution } from '../algebra/dist.ts';
import type { Exact, Samples } from '../algebra/evidence.ts';
import { type Facts, withFacts } from '../algebra/facts.ts';
import { distributionKind } from '../algebra/kinds.ts';
import { opaque } from '../algebra/spec.ts';
import { list } from '../core/codec.ts';
import { define } from '../core/definition.ts';
import * as D from '../core/draw.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import * as R from '../core/random.ts';
import { type Shape, sameShape, showShape } from '../core/shape.ts';
import { nested } from '../core/specification.ts';
import { type Argument, fits, toExpr, toSpec } from './argument.ts';
import { argument } from './argument-codec.ts';
import { classLogits, drawClass, logSoftmax } from './categorical.ts';
import { finite } from './counts.ts';
import { shared } from './product.ts';

type Moments = 'mean' | 'variance';

/** E x = Σ wₖ mₖ and Var x = Σ wₖ (vₖ + (mₖ − E x)²), from stacks `[K, …]`. */
const moments = (logW: Expr, means: Expr, variances: Expr): Facts<Moments> => {
  const w = o.reshape(o.exp(logW), [means.shape[0], ...means.shape.slice(1).map(() => 1)]);
  const mean = o.sum(o.mul(w, means), 0);
  const around = o.square(o.sub(means, o.expandDims(mean, 0)));
  return { mean, variance: o.sum(o.mul(w, o.add(variances, around)), 0) };
};

/** logΣ exp(log wₖ + lₖ); −∞ with gradient 0 where no component gives the event a chance. */
const mixed = (logW: Expr, ls: Expr): Expr => {
  const terms = o.add(logW, ls);
  const some = o.greater(o.reduceMax(o.stopGradient(terms)), Number.NEGATIVE_INFINITY);
  return o.where(some, o.logSumExp(o.where(some, terms, 0)), Number.NEGATIVE_INFINITY);
};

/** The rows of a stack `[K, …]` weighted by a one-hot vector; what is not chosen may be infinite. */
const chosen = (hot: Expr, stack: Expr): Expr => {
  const wide = o.reshape(hot, [stack.shape[0], ...stack.shape.slice(1).map(() => 1)]);
  return o.sum(o.where(o.equal(wide, 1), stack, 0), 0);
};

/**
 * A mixture of any distributions with events of one shape: log p(x) = logΣₖ exp(log wₖ + log pₖ(x)) nats, w = softmax(logits). A sample is drawn from every
 * component and one is kept, so gradients reach the component that was chosen and not the weights. Mean and variance where every component has
 * them. Components have exact densities: a bound on each is no bound on the mixture. Throws `ArgumentError` for an empty mixture, `ShapeError` where
 * events or logits do not fit.
 *
 * @example
 * mixture({ logits: [0, 1], components: [normal([2]), laplace([2], { loc: 3 })] });
 */
export const mixture = define(
  distributionKind,
  {
    type: 'mixture',
    about: 'One of several distributions, drawn by weights.',
    required: { logits: argument, components: list(nested(distributionKind)) },
    takes: [],
    build: ({ logits, components }): AnyDist =>
      mixture({ logits, components: components as readonly Dist<Shape, Exact & Samples>[] }),
    examples: [
      {
        logits: [0, 1],
        components: [
          { type: 'standardNormal', shape: [2] },
          { type: 'normal', shape: [2], loc: 1, scale: 2 },
        ],
      },
    ],
  },
  <S extends Shape, L extends Dist<S, Exact & Samples>>({
    logits,
    components,
  }: {
    readonly logits: Argument;
    readonly components: readonly (L & Dist<S, Exact & Samples>)[];
  }): Dist<S, Exact & Samples> & (L extends Facts<Moments> ? Facts<Moments> : unknown) => {
    if (components.length === 0)
      return raise('ArgumentError', 'mixture', 'an empty mixture', { expected: 'one component or more', got: 'none' });
    const { shape } = components[0];
    components.forEach((c, k) => {
      if (!sameShape(c.shape, shape))
        raise('ShapeError', `mixture/${k}`, 'components have events of different shapes', {
          expected: showShape(shape),
          got: showShape(c.shape),
        });
      if (c.evidence !== 'exact')
        raise('ArgumentError', `mixture/${k}`, 'a component has no exact density', {
          expected: 'evidence exact',
          got: `${c.spec.type}, of evidence ${c.evidence}`,
        });
    });
    finite('mixture', 'logits', logits);
    const given = toExpr(logits);
    const l = fits('mixture', 'logits', given, [components.length]);
    const logW = logSoftmax(l);
    const each = (f: (dist: AnyDist) => D.Draw<Expr>): D.Draw<Expr> =>
      pipe(
        components.reduce<D.Draw<readonly Expr[]>>(
          (all, dist, k) =>
            pipe(
              all,
              D.chain((done) => D.map((e: Expr): readonly Expr[] => [...done, e])(D.at(`mixture/${k}`, f(dist)))),
            ),
          D.of([]),
        ),
        D.map((parts) => o.stack(parts)),
      );
    const made = distribution<S, Exact & Samples>({
      shape: shape as S,
      spec: { type: 'mixture', logits: toSpec(logits), components: components.map((c) => c.spec) },
      family: { name: 'mixture', parameters: { logits: l }, parts: components },
      evidence: 'exact',
      logDensity: (x) => D.map((ls: Expr) => mixed(logW, ls))(each((c) => c.logDensity(x))),
      sample: pipe(
        each((c) => c.sample),
        D.chain((all) => D.map((k: Expr) => chosen(o.oneHot(k, components.length), all))(D.forked(drawClass(l)))),
      ),
    });
    const [means, variances] = [shared(components, 'mean'), shared(components, 'variance')];
    const facts = means && variances ? moments(logW, o.stack(means), o.stack(variances)) : {};
    return withFacts(made, facts) as ReturnType<typeof mixture<S, L>>;
  },
);

/** Parameters of {@link mixtureSameFamily}. */
export interface MixtureSameFamilyOptions<S extends Shape, P extends { readonly [name: string]: Expr }> {
  /** `[K]`. */
  readonly logits: Argument;
  /** Arrays with a leading axis of components, `[K, …]`. */
  readonly parameters: P;
  /** One component from one slice of the parameters. */
  readonly family: (parameters: P) => Dist<S, Exact & Samples>;
}

/**
 * {@link mixture} of K distributions of one family, as one vectorised distribution: K costs arithmetic, not program size. The sample is drawn for the chosen
 * component only. Throws `ShapeError` where a parameter has another leading axis than the logits.
 *
 * @example
 * mixtureSameFamily({ logits: [0, 1], parameters: { loc: ops.constant([0, 0, 3, 3], [2, 2]) }, family: ({ loc }) => normal([2], { loc, scale: 0.1 }) });
 */
export const mixtureSameFamily = <S extends Shape, P extends { readonly [name: string]: Expr }>({
  logits,
  parameters,
  family,
}: MixtureSameFamilyOptions<S, P>): Dist<S, Exact & Samples> => {
  const l = classLogits('mixtureSameFamily', logits, []);
  const k = l.shape[0];
  const names = Object.keys(parameters);
  for (const name of names)
    if (parameters[name].shape[0] !== k)
      raise('ShapeError', 'mixtureSameFamily', `${name} has another number of components`, {
        expected: `[${k}, …]`,
        got: showShape(parameters[name].shape),
      });
  const stacks = names.map((name) => parameters[name]);
  const of = (slices: readonly Expr[]): Dist<S, Exact & Samples> =>
    family(Object.fromEntries(names.map((name, i) => [name, slices[i]])) as P);
  const pick = (i: Expr): Dist<S, Exact & Samples> => of(stacks.map((s) => chosen(o.oneHot(i, k), s)));
  const { shape } = of(stacks.map((s) => o.reshape(o.sliceAxis(s, 0, 0, 1), s.shape.slice(1))));
  return distribution<S, Exact & Samples>({
    shape: shape as S,
    spec: opaque('mixtureSameFamily', 'the family is a function'),
    evidence: 'exact',
    logDensity: (x) => (scope) =>
      R.map(([ls]: readonly Expr[]) => mixed(logSoftmax(l), ls))(
        R.vmapRandom((...slices) => R.map((v: Expr): readonly Expr[] => [v])(of(slices).logDensity(x)(scope)), {
          size: k,
          axis: 'components',
        })(...stacks),
      ),
    sample: pipe(
      drawClass(l),
      D.chain((i) => pick(i).sample),
    ),
  });
};
