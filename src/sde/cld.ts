/**
 * Critically-damped Langevin diffusion (Dockhorn, Vahdat & Kreis 2022, arXiv:2112.07068): data x are joined by velocities v, and only v is noised,
 *
 *     dx = β v/M dt        dv = −β x dt − β Γ v/M dt + √(2 Γ β) dw        Γ² = 4 M (critical damping), v₀ ~ N(0, γ M I).
 *
 * Each coordinate's (x, v) is a linear SDE of two numbers whose stationary distribution is N(0, diag(1, M)). With ω = 1/√M and y = ω β t everything is closed:
 *
 *     Φ = e^{−y} [[1 + y, ω y], [−y/ω, 1 − y]]        Σ_t = Σ_∞ + Φ (Σ_0 − Σ_∞) Φᵀ
 */
import { positiveNumber } from '../core/codec.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';

/** Options of {@link cld}. */
export interface CldOptions {
  /** M; default 1/4. Γ follows: 2√M. */
  readonly mass?: number;
  /** β, constant; default 4. */
  readonly beta?: number;
  /** γ: velocities start with variance γ M; default 0.04. */
  readonly velocity?: number;
  /** The smallest time used, and the last; default 1e-3 and 1. */
  readonly start?: number;
  readonly end?: number;
}

/** A mean of (x, v), linear in where it starts. */
export interface PhasePoint {
  readonly x: Expr;
  readonly v: Expr;
}

/** Covariance of (x, v) of one coordinate, with its Cholesky factor [[xx, 0], [vx, vv]]. */
export interface PhaseCovariance {
  readonly xx: Expr;
  readonly xv: Expr;
  readonly vv: Expr;
  readonly factor: { readonly xx: Expr; readonly vx: Expr; readonly vv: Expr };
}

/** The process of {@link cld}. */
export interface Cld extends Required<CldOptions> {
  /** What it is made of, as JSON. */
  readonly constants: Required<CldOptions>;
  /** Γ = 2√M. */
  readonly friction: number;
  /** E[(x_t, v_t)] from (x₀, v₀), after a time t. */
  readonly mean: (t: Expr, from: PhasePoint) => PhasePoint;
  /** Covariance after a time t from x₀ known and v₀ of variance γ' M; γ' is `velocity` by default. */
  readonly covariance: (t: Expr, velocity?: number) => PhaseCovariance;
}

/** 1 − e^{−z}(1 + z + z²/2) = P(3, z): by its series where the direct form would cancel. */
const thirdGamma = (z: Expr): Expr => {
  const small = o.less(z, 1);
  const [s, l] = [o.where(small, z, 0), o.where(small, 1, z)];
  // e^{−z} z³/6 (1 + z/4 (1 + z/5 (1 + z/6 (…))))
  let series: Expr = o.scalar(1);
  for (let k = 14; k >= 4; k--) series = o.add(1, o.mul(o.mul(1 / k, s), series));
  const near = o.mul(o.mul(o.exp(o.neg(s)), o.mul(1 / 6, o.mul(s, o.square(s)))), series);
  const far = o.sub(1, o.mul(o.exp(o.neg(l)), o.add(1, o.add(l, o.mul(0.5, o.square(l))))));
  return o.where(small, near, far);
};

/**
 * The options of {@link cld} as codecs, for JSON: all positive numbers.
 *
 * @example
 * Object.keys(cldFields);   // ['mass', 'beta', 'velocity', 'start', 'end']
 */
export const cldFields = {
  mass: positiveNumber,
  beta: positiveNumber,
  velocity: positiveNumber,
  start: positiveNumber,
  end: positiveNumber,
};

/**
 * The process of critically-damped Langevin diffusion (Dockhorn, Vahdat & Kreis 2022, arXiv:2112.07068), with closed-form mean and covariance:
 *
 *     dx = β v/M dt        dv = −β x dt − β Γ v/M dt + √(2 Γ β) dw        Γ² = 4 M,  v₀ ~ N(0, γ M I)
 *
 * `mean` and `covariance` take a scalar time; x and v have the event's shape. Throws `ArgumentError` where a constant is not positive or `start` is not before
 * `end`.
 *
 * @example
 * value(cld().covariance(ops.scalar(0.5)).xx);   // 0.986
 */
export const cld = ({ mass = 0.25, beta = 4, velocity = 0.04, start = 1e-3, end = 1 }: CldOptions = {}): Cld => {
  const constants = { mass, beta, velocity, start, end };
  const bad = Object.entries(constants).find(([, v]) => !(v > 0 && Number.isFinite(v)));
  if (bad !== undefined) return raise('ArgumentError', 'cld', `${bad[0]} must be positive`, { got: `${bad[1]}` });
  if (start >= end) return raise('ArgumentError', 'cld', 'the span of times is empty', { got: `${start} … ${end}` });
  const omega = 1 / Math.sqrt(mass);
  const phase = (t: Expr): Expr => o.mul(omega * beta, t);
  return {
    ...constants,
    constants,
    friction: 2 * Math.sqrt(mass),
    mean: (t, { x, v }) => {
      const y = phase(t);
      const decay = o.exp(o.neg(y));
      return {
        x: o.mul(decay, o.add(o.mul(o.add(1, y), x), o.mul(o.mul(omega, y), v))),
        v: o.mul(decay, o.sub(o.mul(o.sub(1, y), v), o.mul(o.mul(1 / omega, y), x))),
      };
    },
    covariance: (t, gamma = velocity) => {
      const y = phase(t);
      const z = o.mul(2, y);
      const decay = o.exp(o.neg(z));
      const xx = o.add(thirdGamma(z), o.mul(o.mul(gamma, o.square(y)), decay));
      const xv = o.mul(Math.sqrt(mass), o.mul(o.mul(decay, y), o.add(z, o.mul(gamma, o.sub(1, y)))));
      const fromRest = o.add(o.neg(o.expm1(o.neg(z))), o.mul(decay, o.sub(z, o.mul(0.5, o.square(z)))));
      const vv = o.mul(mass, o.add(fromRest, o.mul(o.mul(gamma, o.square(o.sub(1, y))), decay)));
      const root = o.sqrt(xx);
      const vx = o.div(xv, root);
      return { xx, xv, vv, factor: { xx: root, vx, vv: o.sqrt(o.sub(vv, o.square(vx))) } };
    },
  };
};
