/**
 * Conditional distributions: conditioning is application. A conditional distribution is a function from a context to a distribution, together with its declaration. There are no
 * conditional twins of layers or families: networks read the context (`network.given(c)`), and parameters may be the context.
 */
import type * as D from '../core/draw.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import { calling, type Declaration, declare } from '../core/reading.ts';
import { owned, root, type Scoped } from '../core/scope.ts';
import type { Shape } from '../core/shape.ts';
import { type Approximation, approximationOf, refinedOf } from './approximation.ts';
import type { Carrier } from './capability.ts';
import { type AnyContext, bindContext, type Context, type ContextValue, checkContext, contextParts, givenSpec, isPlaceholder, placeholder, showContext } from './context.ts'; // biome-ignore format: one line
import { type AnyDist, type Dist, type DistOptions, distFrom, type Scored } from './dist.ts';
import type { Evidence } from './evidence.ts';
import { countedBy } from './levels.ts';
import type { Spec } from './spec.ts';

/** A distribution over events of shape S with evidence E for every context C. Its parameters stand where it is applied. */
export interface Conditional<C extends Context, out S extends Shape, out E = unknown> extends Carrier {
  readonly spec: Spec;
  readonly context: C;
  readonly event: S;
  /** What log p(x | c) is, at any context. */
  readonly evidence: Evidence;
  /** That its distributions have no sampler. */
  readonly unsampled?: true | undefined;
  /** Why its distributions' numbers are approximate, and the same conditional distribution computed more finely. */
  readonly approximation?: Approximation<Conditional<C, S, E>> | undefined;
  /** The distribution at a context; throws `ShapeError` where the context does not fit. */
  given(context: ContextValue<C>): Scoped<Dist<S, E>>;
  /** Its identity, which copies of it carry: whose its parameters are. */
  readonly declaration?: Declaration | undefined;
}

/** What need not be asked of the distribution at a placeholder context. */
export interface ConditionalOptions<S extends Shape> {
  /** Default: that of the distribution at a placeholder, in which what reads the context says so. */
  readonly spec?: Spec;
  readonly event?: S;
  readonly evidence?: Evidence;
}

/**
 * A conditional distribution from a function of the context: a vector or image `[…]`, one of `classes(K)` (a one-hot vector), or a struct of them. The function may make its
 * distribution and layers anew for each context: they are parts of this one declaration, and read the same parameters. Event shape, evidence and
 * specification are those of the distribution at a placeholder; a network that reads the context (`mlp([64]).given(c)`) and a parameter that is the
 * context are read back from JSON, another expression of the context is not. Throws what the function throws.
 *
 * @example
 * const flow = (c: Expr) => repeat(4, compose(affineCoupling({ conditioner: mlp([32]).given(c) }), reverse()));
 * const p = conditional([3], (c) => pipe(standardNormal([2]), pushforward(flow(c))));   // Conditional<readonly [3], readonly [2], Exact & Samples>
 */
export const conditional = <const C extends Context, S extends Shape, E>(
  context: C,
  dist: (context: ContextValue<C>) => Dist<S, E> | Scoped<Dist<S, E>>,
  known: ConditionalOptions<NoInfer<S>> = {},
): Conditional<C, S, E> => {
  const declaration = declare('conditional', known.spec?.type ?? 'conditional');
  const at = (c: ContextValue<C>): Scoped<Dist<S, E>> =>
    owned(
      declaration,
      calling(declaration, () => resolved(dist(c))),
    );
  const given = (c: ContextValue<C>): Scoped<Dist<S, E>> => {
    checkContext(spec.type, context, c as AnyContext);
    const here = at(c);
    return isPlaceholder(c as AnyContext)
      ? (scope) => ({ ...here(scope), spec: givenSpec('dist', spec, c as AnyContext) })
      : here;
  };
  const owner = {};
  const whole = known.spec !== undefined && known.event !== undefined && known.evidence !== undefined;
  const sample: AnyDist | undefined = whole ? undefined : at(placeholder(context, owner))(root);
  const spec: Spec = known.spec ?? {
    type: 'conditional',
    context: context as Spec[string],
    dist: bindContext(sample!.spec, owner),
  };
  const event = known.event ?? (sample!.shape as S);
  return countedBy(sample)(
    finer<C, S, E>(sample, {
      spec,
      context,
      event,
      evidence: known.evidence ?? sample!.evidence,
      unsampled: sample?.unsampled,
      given,
      declaration,
    }),
  );
};

/** A conditional distribution with the approximation that its distribution at a placeholder has. */
const finer = <C extends Context, S extends Shape, E>(
  sample: AnyDist | undefined,
  part: Conditional<C, S, E>,
): Conditional<C, S, E> => {
  const refined = (): Conditional<C, S, E> =>
    finer<C, S, E>(refinedOf(sample!), {
      ...part,
      given: (c) => (scope) => refinedOf<AnyDist>(part.given(c)(scope)) as Dist<S, E>,
    });
  return { ...part, approximation: approximationOf(sample === undefined ? [] : [sample], refined) };
};

/** A distribution, or a function of the place that gives one, as the latter; a distribution that stands for one at a context is replaced by that. */
const resolved = <S extends Shape, E>(dist: Dist<S, E> | Scoped<Dist<S, E>>): Scoped<Dist<S, E>> => {
  if (typeof dist !== 'function') return (dist.resolved as Scoped<Dist<S, E>> | undefined) ?? (() => dist);
  return (scope) => {
    const here = dist(scope);
    return here.resolved === undefined ? here : (here.resolved(scope) as Dist<S, E>);
  };
};

/** A distribution that is known where it stands, as a distribution: each method finds it anew. */
export const distWhere = <S extends Shape, E>(
  known: Pick<DistOptions<S>, 'shape' | 'spec' | 'evidence' | 'approximation'> & Pick<AnyDist, 'unsampled'>,
  dist: Scoped<Dist<S, E>>,
): Dist<S, E> => {
  const on =
    <A>(f: (l: AnyDist) => D.Draw<A>): D.Draw<A> =>
    (scope) =>
      f(dist(scope))(scope);
  const made = distFrom<S, E>({
    ...known,
    logDensity: (x) => on((l) => l.logDensity(x)),
    ...(known.unsampled === true
      ? {}
      : { sample: on((l) => l.sample), sampleAndLogDensity: on((l) => l.sampleAndLogDensity) }),
  });
  return { ...made, resolved: dist as Scoped<AnyDist> };
};

/**
 * The distribution at a context, as a distribution of its own: p(· | c). Its parameters stand where it stands, at the places that the conditional distribution names. Cost: that of the distribution.
 *
 * @example
 * const left = distGiven(conditionalNormal([2], [1]), ops.constant([1, 0]));   // Dist<[1], Exact & Samples>
 */
export const distGiven = <C extends Context, S extends Shape, E>(
  part: Conditional<C, S, E>,
  context: ContextValue<C>,
): Dist<S, E> =>
  countedBy(part)(
    distWhere(
      {
        shape: part.event,
        spec: givenSpec('dist', part.spec, context as AnyContext),
        evidence: part.evidence,
        unsampled: part.unsampled,
        approximation: approximationOf([part], () => distGiven(refinedOf(part), context)),
      },
      part.given(context),
    ),
  );

/** {@link Conditional.given} where the type of the context is not known: whether it fits is found when it is applied. */
export const givenAny = <S extends Shape, E>(
  part: Conditional<Context, S, E>,
  context: AnyContext,
): Scoped<Dist<S, E>> => part.given(context as ContextValue<Context>);

/** The shape of a context that is an array, or `[K]` for a class; throws `ShapeError` for a struct. */
export const contextShape = (owner: string, context: Context): Shape => {
  const [first] = contextParts(context);
  return first !== undefined && first.field.length === 0
    ? first.shape
    : raise('ShapeError', owner, 'the context is no array', { expected: 'a shape', got: showContext(context) });
};

/** The conditional distribution, where its context is one array. Throws `ShapeError`. */
export const arrayConditional = (owner: string, part: Conditional<Context, Shape>): Conditional<Shape, Shape> =>
  ({ ...part, context: contextShape(owner, part.context) }) as Conditional<Shape, Shape>;

const onDist =
  <A>(part: Conditional<Context, Shape>, context: AnyContext, f: (dist: AnyDist) => D.Draw<A>): D.Draw<A> =>
  (scope) =>
    f(givenAny(part, context)(scope))(scope);

/** log p(x | c) in nats. */
export const logDensityGiven = (part: Conditional<Context, Shape>, context: AnyContext, x: Expr): D.Draw<Expr> =>
  onDist(part, context, (dist) => dist.logDensity(x));

/** A draw from p(x | c) with its log-density. */
export const sampleGiven = (part: Conditional<Context, Shape>, context: AnyContext): D.Draw<Scored> =>
  onDist(part, context, (dist) => dist.sampleAndLogDensity);
