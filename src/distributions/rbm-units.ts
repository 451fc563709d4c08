/** The visible units of a Boltzmann machine: coin flips or normal, at any point between an independent distribution and the machine. */
import type { Dist } from '../algebra/dist.ts';
import type { Exact, Samples } from '../algebra/evidence.ts';
import type { Support } from '../algebra/support.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import type { Operand } from '../core/ops/leaves.ts';
import { positive, zeros } from '../core/parameters.ts';
import * as Sc from '../core/scope.ts';
import { bernoulli } from './bernoulli.ts';
import { onCoins } from './counts.ts';
import { normal } from './normal.ts';

/** The visible biases `[V]`, and the standard deviations of normal units. */
export interface VisibleParameters {
  readonly bias: Expr;
  readonly scale: Expr;
}

/** Independent visible units: what annealing starts from. Logits of coin flips; means and standard deviations of normal units. */
export interface IndependentUnits {
  /** `[V]`: logits, or means. */
  readonly loc: Expr;
  /** `[V]`: standard deviations; coin flips have none. */
  readonly scale: Expr;
}

/** One kind of visible units. β is the share of the machine, 1 − β that of independent units. */
export interface Units {
  readonly support: Support;
  readonly parameters: (size: number, scale: number | 'learned') => Sc.Scoped<VisibleParameters>;
  /** What the hidden units read of v `[V]`. */
  readonly reads: (v: Expr, p: VisibleParameters) => Expr;
  /** The part of log f(v) that no hidden unit sees, with f(v) = −∞ off the support. */
  readonly own: (v: Expr, p: VisibleParameters, beta: Operand, base?: IndependentUnits) => Expr;
  /** p(v | h) where `field` is W h `[V]`. */
  readonly given: (
    field: Expr,
    p: VisibleParameters,
    beta: Operand,
    base?: IndependentUnits,
  ) => Dist<readonly [number], Exact & Samples>;
  /** log ∫ exp(own(v) + field · reads(v)) dv at β = 1. */
  readonly logSum: (field: Expr, p: VisibleParameters) => Expr;
  /** The distribution of independent units. */
  readonly independent: (base: IndependentUnits) => Dist<readonly [number], Exact & Samples>;
  /** Its log-normaliser, where `own` at β = 0 is its unnormalised log-density. */
  readonly logBase: (base: IndependentUnits) => Expr;
}

const LOG_ROOT_TWO_PI = 0.5 * Math.log(2 * Math.PI);
const rest = (beta: Operand): Expr => o.sub(1, beta);

/** Zeros and ones: own(v) = bᵀv. */
const coins: Units = {
  support: { kind: 'integers', low: 0, high: 1 },
  parameters: (size) =>
    Sc.map((bias: Expr) => ({ bias, scale: o.broadcastTo(1, [size]) }))(
      Sc.parameter('visibleBias', [size], { init: zeros, kind: 'bias' }),
    ),
  reads: (v) => v,
  own: (v, p, beta, base) => onCoins(v, (x) => product(x, logits(p, beta, base))),
  given: (field, p, beta, base) =>
    bernoulli(p.bias.shape as readonly [number], { logits: o.add(logits(p, beta, base), o.mul(beta, field)) }),
  logSum: (field, p) => o.sum(o.softplus(o.add(p.bias, field))),
  independent: ({ loc }) => bernoulli(loc.shape as readonly [number], { logits: loc }),
  logBase: ({ loc }) => o.sum(o.softplus(loc)),
};

/** xᵀ b as a matrix product, which a batch of events shares with its gradient. */
const product = (x: Expr, b: Expr): Expr => o.reshape(o.vecmat(x, o.reshape(b, [b.shape[0], 1])), []);

const logits = (p: VisibleParameters, beta: Operand, base?: IndependentUnits): Expr =>
  base === undefined ? o.mul(beta, p.bias) : o.add(o.mul(beta, p.bias), o.mul(rest(beta), base.loc));

/** Real numbers: own(v) = −Σ (v − b)²/2s², read by the hidden units as v/s. */
const normals: Units = {
  support: { kind: 'real' },
  parameters: (size, scale) =>
    Sc.chain((bias: Expr) =>
      Sc.map((s: Expr) => ({ bias, scale: s }))(
        scale === 'learned'
          ? Sc.parameter('scale', [size], {
              init: () => (c) => [o.broadcastTo(1, [size]), c],
              constraint: positive,
              kind: 'scale',
            })
          : Sc.of(o.broadcastTo(scale, [size])),
      ),
    )(Sc.parameter('visibleBias', [size], { init: zeros, kind: 'bias' })),
  reads: (v, p) => o.div(v, p.scale),
  own: (v, p, beta, base) => {
    const mine = o.mul(beta, squares(v, p.bias, p.scale));
    return base === undefined ? mine : o.add(mine, o.mul(rest(beta), squares(v, base.loc, base.scale)));
  },
  given: (field, p, beta, base) => {
    const precision = o.mul(beta, o.reciprocal(o.square(p.scale)));
    const pull = o.mul(beta, o.div(o.add(o.div(p.bias, p.scale), field), p.scale));
    const baseShare = base === undefined ? undefined : o.mul(rest(beta), o.reciprocal(o.square(base.scale)));
    const all = baseShare === undefined ? precision : o.add(precision, baseShare);
    const sum = baseShare === undefined || base === undefined ? pull : o.add(pull, o.mul(baseShare, base.loc));
    return normal(p.bias.shape as readonly [number], { loc: o.div(sum, all), scale: o.reciprocal(o.sqrt(all)) });
  },
  logSum: (field, p) =>
    o.sum(
      o.add(
        o.add(o.log(p.scale), LOG_ROOT_TWO_PI),
        o.add(o.div(o.mul(p.bias, field), p.scale), o.mul(0.5, o.square(field))),
      ),
    ),
  independent: ({ loc, scale }) => normal(loc.shape as readonly [number], { loc, scale }),
  logBase: ({ scale }) => o.sum(o.add(o.log(scale), LOG_ROOT_TWO_PI)),
};

const squares = (v: Expr, loc: Expr, scale: Expr): Expr => o.mul(-0.5, o.sum(o.square(o.div(o.sub(v, loc), scale))));

/** Kinds of visible units by name. */
export const unitsOf = { bernoulli: coins, normal: normals } as const satisfies { readonly [name: string]: Units };

/** The name of a kind of visible units. */
export type VisibleUnits = keyof typeof unitsOf;
