/** Metropolis–Hastings: propose, then accept with probability min(1, π(x′) q(x | x′) / π(x) q(x′ | x)). */

import { pipe } from 'fp-ts/lib/function.js';
import { define } from '../core/definition.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import type { Operand } from '../core/ops/leaves.ts';
import { both, map, normal, type Random, uniform } from '../core/random.ts';
import { type Struct, selectStruct } from '../core/struct.ts';
import { toSpec } from '../distributions/argument.ts';
import { operandCodec } from '../distributions/argument-codec.ts';
import type { AnyLogDensity, KernelOf } from './kernel.ts';
import { kernelKind } from './kinds.ts';

/** The info of a step of a kernel that accepts or rejects; scalars. */
export type Acceptance = {
  /** The probability with which the proposal is accepted. */
  readonly acceptance: Expr;
  /** 1 where it was accepted, else 0. */
  readonly accepted: Expr;
};

/** A position with its log-density. */
export type Weighed = {
  readonly position: Expr;
  readonly logDensity: Expr;
};

/** min(1, eʳ), and 0 for a ratio that is NaN. */
export const acceptanceOf = (logRatio: Expr): Expr =>
  o.where(o.lessEqual(logRatio, 0), o.exp(o.min(logRatio, 0)), o.where(o.less(0, logRatio), 1, 0));

/** Accepts `proposed` over `current` with log-ratio r against u uniform: the state and the info. */
export const acceptOrStay = <S extends Struct>(
  logRatio: Expr,
  u: Expr,
  proposed: S,
  current: S,
): { readonly state: S; readonly info: Acceptance } => {
  const accepted = o.less(o.log(u), logRatio);
  return {
    state: selectStruct(accepted, proposed, current),
    info: { acceptance: acceptanceOf(logRatio), accepted: o.where(accepted, 1, 0) },
  };
};

/** Throws `ArgumentError` where a step size is a number that is not positive. */
export const positiveStep = (owner: string, stepSize: Operand): void => {
  if (typeof stepSize === 'number' && !(stepSize > 0 && Number.isFinite(stepSize)))
    raise('ArgumentError', owner, 'the step size must be positive', { got: `${stepSize}` });
};

/** A proposal distribution q(x′ | x). */
export interface Proposal {
  /** A draw from q(· | x), of x's shape. */
  readonly propose: (x: Expr) => Random<Expr>;
  /** log q(to | from) up to a constant; absent where q(a | b) = q(b | a). */
  readonly logDensity?: (to: Expr, from: Expr) => Expr;
}

/**
 * Metropolis–Hastings with a proposal q of your own (Hastings 1970, doi:10.1093/biomet/57.1.97), accepted with probability min(1, p(x′) q(x | x′) / (p(x) q(x′
 * | x))). It needs no gradient, so it samples discrete distributions too. Cost: one log-density a step.
 *
 * @example
 * metropolisHastings({ propose: (x) => (cursor) => [x, cursor] });   // a chain that never moves
 */
export const metropolisHastings =
  ({ propose, logDensity: q }: Proposal): KernelOf<Weighed, Acceptance, AnyLogDensity> =>
  (target) => ({
    spec: { type: 'metropolisHastings', proposal: { opaque: 'a function' } },
    init: (position) => ({ position, logDensity: target(position) }),
    step: (state) =>
      pipe(
        both(propose(state.position), uniform([])),
        map(([x, u]) => {
          const logDensity = target(x);
          const ratio = o.sub(logDensity, state.logDensity);
          const full = q === undefined ? ratio : o.add(ratio, o.sub(q(state.position, x), q(x, state.position)));
          return acceptOrStay(full, u, { position: x, logDensity }, state);
        }),
      ),
  });

/**
 * Random-walk Metropolis (Metropolis et al. 1953): x′ = x + h z with z standard normal, accepted with probability min(1, p(x′)/p(x)). `stepSize` h is in the
 * units of x, one number or one for each coordinate. Tune it for an acceptance of about 0.234 in many dimensions, 0.44 in one. Cost: one log-density a step.
 * Throws `ArgumentError` where h is not positive.
 *
 * @example
 * randomWalk({ stepSize: 0.5 })(logDensityOf(normal([2])));
 */
export const randomWalk = define(
  kernelKind,
  {
    type: 'randomWalk',
    about: 'A normal proposal, accepted or not.',
    required: { stepSize: operandCodec },
    examples: [{ stepSize: 0.5 }],
  },
  ({ stepSize }: { readonly stepSize: Operand }): KernelOf<Weighed, Acceptance, AnyLogDensity> => {
    positiveStep('randomWalk', stepSize);
    const sampler = metropolisHastings({
      propose: (x) =>
        pipe(
          normal(x.shape),
          map((z) => o.add(x, o.mul(stepSize, z))),
        ),
    });
    return (target) => ({ ...sampler(target), spec: { type: 'randomWalk', stepSize: toSpec(stepSize) } });
  },
);
