import { pipe } from 'fp-ts/lib/function.js';
import { capability, type Having, having } from '../algebra/capability.ts';
import { type AnyDist, type Dist, distribution, named } from '../algebra/dist.ts';
import type { Exact, Samples, Unnormalised } from '../algebra/evidence.ts';
import { type Discrete, type Facts, withFacts } from '../algebra/facts.ts';
import { distributionKind } from '../algebra/kinds.ts';
import { oneOf, positiveInteger, positiveNumber, shapeCodec, t } from '../core/codec.ts';
import { define } from '../core/definition.ts';
import * as D from '../core/draw.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import type { Operand } from '../core/ops/leaves.ts';
import { normalInit, zeros } from '../core/parameters.ts';
import { declare } from '../core/reading.ts';
import * as Sc from '../core/scope.ts';
import { type Shape, sizeOf } from '../core/shape.ts';
import { type Argument, fits, toExpr } from './argument.ts';
import { bernoulli } from './bernoulli.ts';
import { bitsOf, countable, type Enumerable, type Enumeration, enumerating } from './energy-enumerated.ts';
import { type IndependentUnits, type Units, unitsOf, type VisibleParameters, type VisibleUnits } from './rbm-units.ts';

export type { VisibleUnits } from './rbm-units.ts';

/** Options of {@link rbm}. */
export interface RbmOptions {
  /** H, the number of hidden coin flips. */
  readonly hidden: number;
  /** Zeros and ones (default), or real numbers. */
  readonly visible?: VisibleUnits;
  /** Standard deviation of real visible units given the hidden ones: a number (default 1), or a learned one for each. */
  readonly scale?: number | 'learned';
}

/** The two conditional distributions that block Gibbs sampling alternates between, both over independent units. */
export interface Blocks {
  /** p(h | v), coin flips `[H]`. */
  readonly hiddenGiven: (v: Expr) => Sc.Scoped<Dist<readonly [number], Exact & Samples>>;
  /** p(v | h), over the event flattened, `[V]`. */
  readonly visibleGiven: (h: Expr) => Sc.Scoped<Dist<readonly [number], Exact & Samples>>;
}

/**
 * What block Gibbs samples by; a constant of the density is nothing to it.
 *
 * @example
 * has(blocking, rbm([3], { hidden: 2 }));   // true
 */
export const blocking = capability<Blocks>()('blocks', {
  named: ({ hiddenGiven, visibleGiven }, place) => ({
    hiddenGiven: (v) => Sc.at(place, hiddenGiven(v)),
    visibleGiven: (h) => Sc.at(place, visibleGiven(h)),
  }),
  resampled: (blocks) => blocks,
  normalised: (blocks) => blocks,
});

/** A distribution that block Gibbs can sample. */
export type Blocked = Having<typeof blocking>;

/** Distributions that lead from independent units (β = 0, where log f is the log-density of `from`) to a machine (β = 1). */
export interface MachineBridge<S extends Shape> {
  readonly from: Dist<S, Exact & Samples>;
  readonly at: (beta: Expr) => Dist<S, Unnormalised> & Blocked;
}

/** A bridge from independent units: logits of coin flips; means and standard deviations (default 1) of normal units. */
export type Bridging<S extends Shape> = (base?: {
  readonly loc?: Argument;
  readonly scale?: Argument;
}) => MachineBridge<S>;

/**
 * The bridge of distributions that a distribution brings along, for annealed importance sampling.
 *
 * @example
 * has(bridging, rbm([3], { hidden: 2 }));   // true
 */
export const bridging = capability<Bridging<Shape>>()('bridge', {
  named: (bridge, place) => (base) => {
    const { from, at } = bridge(base);
    return { from, at: (beta) => named(place)(at(beta)) };
  },
  resampled: (bridge) => bridge,
});

/** A restricted Boltzmann machine: a distribution over visible units that knows its hidden ones. */
export type Machine<S extends Shape> = Dist<S, Unnormalised> &
  Facts<'support'> &
  Enumerable &
  Blocked &
  Having<typeof bridging, Bridging<S>>;

/** Zeros and ones are discrete in the type. */
type SupportOf<V extends VisibleUnits> = [V] extends ['bernoulli'] ? Discrete : unknown;

interface Parameters extends VisibleParameters {
  readonly weights: Expr;
  readonly hiddenBias: Expr;
}

/**
 * The restricted Boltzmann machine (Smolensky 1986; Hinton 2002; normal visible units: Cho, Ilin & Raiko 2011) with binary hidden units h ∈ {0, 1}ᴴ:
 *
 *     log f(v, h) = bᵀv + cᵀh + vᵀW h                        zeros and ones
 *     log f(v, h) = −Σ (vᵢ − bᵢ)²/2sᵢ² + cᵀh + (v/s)ᵀW h      real numbers
 *
 * summed over h: log f(v) = own(v) + Σⱼ softplus(cⱼ + (Wᵀ v/s)ⱼ) nats, minus the free energy: a distribution known up to a constant. Parameters at `rbm`: `weights`
 * `[V, H]` from N(0, 0.01²), `visibleBias` `[V]` and `hiddenBias` `[H]` from 0, and `scale` where it is learned. The event may have any shape of V
 * elements. `blocks` are the conditionals of block Gibbs sampling; `enumeration` sums over the smaller side (the hidden one of normal units), refused
 * above 20 units; `bridge` leads from independent units to the machine, for annealed importance sampling (Salakhutdinov & Murray 2008). Throws
 * `ArgumentError` where H is not a positive integer or the scale is not positive. Cost: one product `[V] × [V, H]`.
 *
 * @example
 * const machine = rbm([28, 28], { hidden: 500 });
 * const small = enumerated(rbm([6], { hidden: 4 }));   // exact: 16 states
 */
export const rbm = define(
  distributionKind,
  {
    type: 'rbm',
    about: 'A restricted Boltzmann machine.',
    required: { shape: shapeCodec, hidden: positiveInteger },
    optional: {
      visible: oneOf(['bernoulli', 'normal']),
      scale: t.union([positiveNumber, oneOf(['learned'])], 'a positive number, or learned'),
    },
    takes: ['shape'],
    build: ({ shape, ...options }): AnyDist => rbm(shape, options),
    examples: [
      { shape: [3], hidden: 2 },
      { shape: [2], hidden: 2, visible: 'normal', scale: 'learned' },
    ],
  },
  <const S extends Shape, V extends VisibleUnits = 'bernoulli'>(
    shape: S,
    options: RbmOptions & { readonly visible?: V },
  ): Machine<S> & SupportOf<V> => {
    const { hidden, visible = 'bernoulli', scale = 1 }: RbmOptions = options;
    if (!Number.isInteger(hidden) || hidden < 1)
      return raise('ArgumentError', 'rbm', 'the number of hidden units is a positive integer', { got: `${hidden}` });
    if (scale !== 'learned' && !(scale > 0 && Number.isFinite(scale)))
      return raise('ArgumentError', 'rbm', 'a standard deviation is positive', { got: `${scale}` });
    const size = sizeOf(shape);
    const units: Units = unitsOf[visible];
    const declaration = declare('dist', 'rbm');
    const all: Sc.Scoped<Parameters> = Sc.at('rbm', (scope) => ({
      weights: Sc.parameter('weights', [size, hidden], { init: normalInit(0.01), kind: 'weight' })(scope),
      hiddenBias: Sc.parameter('hiddenBias', [hidden], { init: zeros, kind: 'bias' })(scope),
      ...units.parameters(size, scale)(scope),
    }));
    // Blocks, enumeration and bridges read what the density reads.
    const parameters = Sc.owned(declaration, all);
    const machine: Wiring<S> = { shape, size, hidden, units, parameters };
    const dist = distribution<S, Unnormalised>({
      shape,
      spec: { type: 'rbm', shape, ...options },
      declaration,
      evidence: 'unnormalised',
      logDensity: logMarginal(machine, 1),
    });
    const bridge: Bridging<S> = ({ loc = 0, scale: deviation = 1 } = {}) => {
      const base: IndependentUnits = {
        loc: fits('rbm', 'loc', toExpr(loc), [size]),
        scale: fits('rbm', 'scale', toExpr(deviation), [size]),
      };
      return {
        from: shaped(shape, units.independent(base)),
        at: (beta) => between(machine, beta, base),
      };
    };
    const whole: Machine<S> = pipe(
      withFacts(dist, { support: units.support }),
      having(blocking, blocksOf(machine, 1)),
      having(enumerating, () => enumerationOf(machine, visible)),
      having(bridging, bridge),
    );
    return whole as Machine<S> & SupportOf<V>;
  },
);

/** A distribution of vectors as one of events of another shape with as many elements. */
const shaped = <S extends Shape>(shape: S, flat: Dist<readonly [number], Exact & Samples>): Dist<S, Exact & Samples> =>
  distribution<S, Exact & Samples>({
    shape,
    spec: flat.spec,
    evidence: 'exact',
    logDensity: (x) => flat.logDensity(o.reshape(x, flat.shape)),
    sample: D.map((v: Expr) => o.reshape(v, shape))(flat.sample),
  });

interface Wiring<S extends Shape> {
  readonly shape: S;
  readonly size: number;
  readonly hidden: number;
  readonly units: Units;
  readonly parameters: Sc.Scoped<Parameters>;
}

const hiddenLogits = (units: Units, p: Parameters, v: Expr): Expr =>
  o.add(p.hiddenBias, o.vecmat(units.reads(v, p), p.weights));

/** W h, `[V]`. */
const fieldOf = (p: Parameters, h: Expr): Expr => o.vecmat(h, o.transpose(p.weights));

const logMarginal =
  <S extends Shape>({ size, units, parameters }: Wiring<S>, beta: Operand, base?: IndependentUnits) =>
  (x: Expr): D.Draw<Expr> =>
    D.fromScoped(
      Sc.map((p: Parameters) => {
        const v = o.reshape(x, [size]);
        const seen = o.sum(o.softplus(o.mul(beta, hiddenLogits(units, p, v))));
        return o.add(units.own(v, p, beta, base), seen);
      })(parameters),
    );

const blocksOf = <S extends Shape>(
  { size, units, parameters }: Wiring<S>,
  beta: Operand,
  base?: IndependentUnits,
): Blocks => ({
  hiddenGiven: (x) =>
    Sc.map((p: Parameters) => {
      const l = o.mul(beta, hiddenLogits(units, p, o.reshape(x, [size])));
      return bernoulli(l.shape as readonly [number], { logits: l });
    })(parameters),
  visibleGiven: (h) => Sc.map((p: Parameters) => units.given(fieldOf(p, h), p, beta, base))(parameters),
});

/** f_β: normalised at β = 0, the machine's own f at β = 1; in between each joint weight is f(v, h)^β times the independent one's^(1 − β). */
const between = <S extends Shape>(
  machine: Wiring<S>,
  beta: Expr,
  base: IndependentUnits,
): Dist<S, Unnormalised> & Blocked => {
  const start = o.add(machine.units.logBase(base), machine.hidden * Math.LN2);
  const dist = distribution<S, Unnormalised>({
    shape: machine.shape,
    spec: { type: 'rbm', opaque: 'a bridge at an inverse temperature that is an expression' },
    evidence: 'unnormalised',
    logDensity: (x) => D.map((l: Expr) => o.sub(l, o.mul(o.sub(1, beta), start)))(logMarginal(machine, beta, base)(x)),
  });
  return having(blocking, blocksOf(machine, beta, base))(dist);
};

/** Sums over the side with fewer units; normal units have no states, so there it is the hidden side. */
const enumerationOf = <S extends Shape>(machine: Wiring<S>, visible: VisibleUnits): Enumeration => {
  const { shape, size, hidden, units, parameters } = machine;
  if (visible === 'bernoulli' && size < hidden) {
    const event = (k: Expr): Expr => o.reshape(bitsOf(k, size), shape);
    return {
      states: countable('rbm', 2 ** size, `${size} visible units`),
      logWeight: (k) => logMarginal(machine, 1)(event(k)),
      given: (k) => D.of(event(k)),
    };
  }
  return {
    states: countable('rbm', 2 ** hidden, `${hidden} hidden units`),
    logWeight: (k) =>
      D.fromScoped(
        Sc.map((p: Parameters) => {
          const h = bitsOf(k, hidden);
          return o.add(o.dot(p.hiddenBias, h), units.logSum(fieldOf(p, h), p));
        })(parameters),
      ),
    given: (k) => (scope) =>
      pipe(
        D.forked(units.given(fieldOf(parameters(scope), bitsOf(k, hidden)), parameters(scope), 1).sample),
        D.map((v) => o.reshape(v, shape)),
      )(scope),
  };
};
