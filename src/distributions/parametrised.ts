/** Families whose parameters are a network of the context. */

import { pipe } from 'fp-ts/lib/function.js';
import { having } from '../algebra/capability.ts';
import { type Conditional, conditional } from '../algebra/conditional.ts';
import { type Context, contextVector } from '../algebra/context.ts';
import { contextCodec } from '../algebra/context-codec.ts';
import type { Dist } from '../algebra/dist.ts';
import type { Exact, Samples } from '../algebra/evidence.ts';
import { conditionalKind } from '../algebra/kinds.ts';
import { counting } from '../algebra/levels.ts';
import type { Spec } from '../algebra/spec.ts';
import { shapeCodec, t, text } from '../core/codec.ts';
import { define } from '../core/definition.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import * as Sc from '../core/scope.ts';
import type { Shape } from '../core/shape.ts';
import { nested } from '../core/specification.ts';
import { isExpr } from '../core/struct.ts';
import { networkKind } from '../nn/kinds.ts';
import { mlp } from '../nn/mlp.ts';
import type { Network } from '../nn/network.ts';
import { type Argument, toSpec } from './argument.ts';
import { argument } from './argument-codec.ts';
import { bernoulli } from './bernoulli.ts';
import { beta } from './beta.ts';
import { cauchy } from './cauchy.ts';
import { exponential } from './exponential.ts';
import { gamma } from './gamma.ts';
import { laplace } from './laplace.ts';
import { logNormal } from './log-normal.ts';
import { logistic } from './logistic.ts';
import { normal } from './normal.ts';
import { poisson } from './poisson.ts';
import { studentT } from './student-t.ts';

/** softplus⁻¹(1): where a raw number of 0 means 1. */
const UNIT = Math.log(Math.expm1(1));

/** From what a network gives to a parameter: as it is, or softplus(raw + softplus⁻¹(1)) > 0, which is 1 where the network gives 0. */
const links = {
  real: (raw: Expr): Expr => raw,
  positive: (raw: Expr): Expr => o.softplus(o.add(raw, UNIT)),
} as const;

/** A family of distributions over any shape, with the parameters that a network may give, in order. */
export interface ParametricFamily {
  readonly name: string;
  readonly parameters: { readonly [name: string]: keyof typeof links };
  /** n, where events are the integers 0 … n − 1. */
  readonly counts?: number;
  readonly make: <const S extends Shape>(
    shape: S,
    parameters: { readonly [name: string]: Argument },
  ) => Dist<S, Exact & Samples>;
}

/** The constructor of a family: `normal`, `bernoulli`, …. */
export type FamilyConstructor = (shape: Shape, parameters: never) => Dist<Shape, Exact & Samples>;

const entry = (
  name: string,
  make: FamilyConstructor,
  parameters: ParametricFamily['parameters'],
  counts?: number,
): readonly [FamilyConstructor, ParametricFamily] => [
  make,
  { name, parameters, make: make as ParametricFamily['make'], ...(counts === undefined ? {} : { counts }) },
];

const locationScale = { loc: 'real', scale: 'positive' } as const;

const known: ReadonlyMap<FamilyConstructor, ParametricFamily> = new Map([
  entry('normal', normal, locationScale),
  entry('laplace', laplace, locationScale),
  entry('logistic', logistic, locationScale),
  entry('cauchy', cauchy, locationScale),
  entry('logNormal', logNormal, locationScale),
  entry('studentT', studentT, { degrees: 'positive', ...locationScale }),
  entry('gamma', gamma, { concentration: 'positive', rate: 'positive' }),
  entry('beta', beta, { alpha: 'positive', beta: 'positive' }),
  entry('exponential', exponential, { rate: 'positive' }),
  entry('poisson', poisson, { rate: 'positive' }),
  entry('bernoulli', bernoulli, { logits: 'real' }, 2),
]);

/**
 * The families that {@link parametrised} knows, by name.
 *
 * @example
 * Object.keys(parametricFamilies);   // normal, laplace, logistic, …
 */
export const parametricFamilies: { readonly [name: string]: ParametricFamily } = Object.fromEntries(
  [...known.values()].map((f) => [f.name, f]),
);

/** Options of {@link parametrised}. */
export interface ParametrisedOptions<C extends Context, S extends Shape> {
  readonly context: C;
  readonly event: S;
  /** From the context to the raw parameters `[k, …event]`; default `mlp([64, 64])`, which starts at 0. A struct is read as one vector. */
  readonly network?: Network;
  /** Parameters that the network does not give. */
  readonly fixed?: { readonly [parameter: string]: Argument };
}

/**
 * Distributions of a family whose parameters are a network of the context, p(x | c) = p(x; θ(c)): a heteroscedastic regression, the usual encoder and decoder of a VAE. The network
 * gives the parameters in the family's order, one array of the event's shape each: real ones as they are, positive ones by softplus(raw + softplus⁻¹(1)), so that a
 * network that starts at 0 starts at 1. Families: normal, laplace, logistic, cauchy, logNormal, studentT, gamma, beta, exponential, poisson,
 * bernoulli, and any {@link ParametricFamily}. Parameters stand at `net`. Cost: one pass of the network. Throws `ArgumentError` for a
 * family it does not know and for a fixed parameter that the family has not.
 *
 * @example
 * const noisy = parametrised(normal, { context: [1], event: [1], network: mlp([32]) });   // y | x ~ N(m(x), s(x)²)
 * const counts = parametrised(poisson, { context: [3], event: [] });
 */
export const parametrised = define(
  conditionalKind,
  {
    type: 'parametrised',
    about: 'A family whose parameters are a network of the context.',
    required: { family: text, context: contextCodec, event: shapeCodec },
    optional: { network: nested(networkKind), fixed: t.record(t.string, argument) },
    takes: ['family'],
    build: ({ family, fixed, ...rest }): Conditional<Context, Shape> =>
      Object.hasOwn(parametricFamilies, family)
        ? parametrised(parametricFamilies[family], { ...rest, ...(fixed === undefined ? {} : { fixed }) })
        : raise('SpecError', '', `parametrised: unknown family '${family}'`, {
            expected: Object.keys(parametricFamilies).join(', '),
          }),
    examples: [
      { family: 'normal', context: [2], event: [1], network: { type: 'mlp', hidden: [4] }, fixed: { scale: 0.5 } },
    ],
  },
  <const C extends Context, const S extends Shape>(
    family: FamilyConstructor | ParametricFamily,
    { context, event, network = mlp([64, 64]), fixed = {} }: ParametrisedOptions<C, S>,
  ): Conditional<C, S, Exact & Samples> => {
    const of = typeof family === 'function' ? known.get(family) : family;
    if (of === undefined)
      return raise('ArgumentError', 'parametrised', 'which parameters of this family a network gives is not known', {
        expected: `one of ${Object.keys(parametricFamilies).join(', ')}, or a ParametricFamily`,
      });
    const wrong = Object.keys(fixed).find((name) => !(name in of.parameters));
    if (wrong !== undefined)
      raise('ArgumentError', `parametrised/${of.name}`, 'the family has no such parameter', {
        expected: Object.keys(of.parameters).join(', '),
        got: wrong,
      });
    const learned = Object.entries(of.parameters).filter(([name]) => !(name in fixed));
    const spec: Spec = {
      type: 'parametrised',
      family: of.name,
      context: context as Spec[string],
      event,
      network: network.spec,
      ...(Object.keys(fixed).length === 0
        ? {}
        : { fixed: Object.fromEntries(Object.entries(fixed).map(([k, v]) => [k, toSpec(v)])) }),
    };
    const raw = (out: Expr, i: number): Expr => o.reshape(o.sliceAxis(out, 0, i, i + 1), event);
    const dist = (out: Expr): Dist<S, Exact & Samples> =>
      of.make(event, {
        ...fixed,
        ...Object.fromEntries(learned.map(([name, link], i) => [name, links[link](raw(out, i))])),
      });
    const part = conditional(
      context,
      (c) => {
        const x = isExpr(c) ? c : contextVector(c);
        return pipe(Sc.at('net', network.apply(x, [learned.length, ...event])), Sc.map(dist));
      },
      { spec, event, evidence: 'exact' },
    );
    return of.counts === undefined ? part : having(counting, of.counts)(part);
  },
);

/** Options of {@link conditionalNormal}. */
export interface ConditionalNormalOptions {
  /** From the context to mean and raw scale `[2, …event]`; default `mlp([64, 64])`, which starts at the standard normal. */
  readonly network?: Network;
  /** A fixed standard deviation in place of a learned one; the network then gives the mean alone. */
  readonly scale?: number;
}

/**
 * N(m(c), diag s(c)²) with m and s from a network of the context: {@link parametrised} of `normal`. The usual encoder of a VAE, and with a fixed scale the usual
 * decoder of real data (Kingma & Welling 2014, appendix C.2).
 *
 * @example
 * const encoder = conditionalNormal([784], [20], { network: mlp([500], { activation: 'tanh' }) });
 */
export const conditionalNormal = <const C extends Context, const S extends Shape>(
  context: C,
  event: S,
  { scale, ...rest }: ConditionalNormalOptions = {},
): Conditional<C, S, Exact & Samples> =>
  parametrised(normal, { context, event, ...rest, ...(scale === undefined ? {} : { fixed: { scale } }) });

/**
 * Bernoulli events whose logits are a network of the context: {@link parametrised} of `bernoulli`. The decoder of binary data (Kingma & Welling 2014, appendix C.1).
 *
 * @example
 * const decoder = conditionalBernoulli([20], [784], { network: mlp([500], { activation: 'tanh' }) });
 */
export const conditionalBernoulli = <const C extends Context, const S extends Shape>(
  context: C,
  event: S,
  options: Pick<ConditionalNormalOptions, 'network'> = {},
): Conditional<C, S, Exact & Samples> => parametrised(bernoulli, { context, event, ...options });
