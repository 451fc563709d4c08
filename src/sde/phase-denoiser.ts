/** Denoisers of velocities for critically-damped Langevin diffusion (`cld.ts`), and the steps of its reverse process. */
import { pipe } from 'fp-ts/lib/function.js';
import type { Json } from '../algebra/spec.ts';
import * as D from '../core/draw.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import * as R from '../core/random.ts';
import * as Sc from '../core/scope.ts';
import type { Shape } from '../core/shape.ts';
import type { NoiseConditioned } from '../nn/noise-conditioned.ts';
import type { Cld, PhasePoint } from './cld.ts';

/** A denoiser of velocities. */
export interface PhaseDenoiser<out S extends Shape = Shape> {
  /** What it is made of, as JSON: part of its distribution's specification. */
  readonly spec: { readonly [key: string]: Json };
  readonly shape: S;
  readonly process: Cld;
  /** ε̂: the noise of v given (x, v); the score is −ε̂/ℓ with ℓ the last Cholesky factor of hybrid score matching's covariance. */
  readonly noise: (at: PhasePoint, t: Expr) => Sc.Scoped<Expr>;
}

/**
 * The score of the velocities, ∇_v log p_t(x, v) = −ε̂(x, v, t)/ℓ(t), of the event's shape, with ℓ the last Cholesky factor of the covariance of hybrid score
 * matching (Dockhorn et al. 2022, arXiv:2112.07068). t is a scalar. Cost: one evaluation of the network.
 *
 * @example
 * const d = phaseDenoiser(cld(), resMlp([16]), { shape: [2] });
 * phaseScore(d)({ x: ops.input('x', [2]), v: ops.input('v', [2]) }, ops.scalar(0.5));
 */
export const phaseScore =
  ({ process, noise }: PhaseDenoiser) =>
  (at: PhasePoint, t: Expr): Sc.Scoped<Expr> =>
    Sc.map((e: Expr) => o.neg(o.div(e, process.covariance(t).factor.vv)))(noise(at, t));

/**
 * The denoiser of a network by the mixed score (Dockhorn et al. 2022, arXiv:2112.07068, §3.2): ε̂ = ℓ v/M + net(x, v, c), so that a network whose output is 0
 * gives the score of the stationary distribution; c = ¼ log(ℓ²/M) is the noise coordinate. The network reads x and v stacked, `[2, …shape]` (as channels where
 * the event is `[H, W]` or `[H, W, C]`), and returns an array of the event's shape. Parameters stand at `net`.
 *
 * @example
 * cldDiffusion(phaseDenoiser(cld(), resMlp([64, 64]), { shape: [2] }));
 */
export const phaseDenoiser = <const S extends Shape>(
  process: Cld,
  network: NoiseConditioned,
  { shape }: { readonly shape: S },
): PhaseDenoiser<S> => ({
  spec: { shape, process: { ...process.constants }, network: network.spec },
  shape,
  process,
  noise: ({ x, v }, t) => {
    const { factor } = process.covariance(t);
    const unit = o.mul(1 / Math.sqrt(process.mass), v);
    const both = shape.length === 3 ? o.concat([x, unit], 2) : o.stack([x, unit], shape.length === 2 ? 2 : 0);
    const output = shape.length === 2 ? [...shape, 1] : shape;
    const c = o.mul(0.5, o.log(o.mul(1 / Math.sqrt(process.mass), factor.vv)));
    return Sc.map((said: Expr) => o.add(o.mul(o.div(factor.vv, process.mass), v), o.reshape(said, shape)))(
      Sc.owned(network.declaration, Sc.at('net', network.apply(both, c, output))),
    );
  },
});

/** One step of a sampler over −dt, from the noisier time. */
export type PhaseStep = (at: PhasePoint, t: Expr, dt: Expr) => D.Draw<PhasePoint>;

const noiseOf = (shape: Shape): D.Draw<Expr> => D.fromRandom(R.normal(shape));

/**
 * A step over −dt of Euler and Maruyama on the reverse process of a phase denoiser, with s_v its score:
 *
 *     dx = −β v/M dt        dv = [β x + β Γ v/M + 2 Γ β s_v] dt + √(2 Γ β) dw̄
 *
 * `t` and `dt` are scalars, x and v have the event's shape. Cost: one evaluation of the network. Source: Dockhorn et al. 2022, arXiv:2112.07068.
 *
 * @example
 * const step = phaseEulerMaruyama(phaseDenoiser(cld(), resMlp([16]), { shape: [2] }));
 * step({ x: ops.input('x', [2]), v: ops.input('v', [2]) }, ops.scalar(0.5), ops.scalar(0.01));
 */
export const phaseEulerMaruyama = (d: PhaseDenoiser): PhaseStep => {
  const { beta, mass, friction } = d.process;
  return ({ x, v }, t, dt) =>
    pipe(
      D.fromScoped(phaseScore(d)({ x, v }, t)),
      D.chain((score) =>
        D.map((z: Expr) => {
          const pull = o.add(o.mul(beta, x), o.mul(beta * friction, o.add(o.mul(1 / mass, v), o.mul(2, score))));
          const kick = o.add(o.mul(dt, pull), o.mul(o.sqrt(o.mul(2 * friction * beta, dt)), z));
          return { x: o.sub(x, o.mul(o.mul(beta / mass, dt), v)), v: o.add(v, kick) };
        })(noiseOf(x.shape)),
      ),
    );
};

/**
 * A step over −dt of the symmetric splitting SSCS (Dockhorn et al. 2022, arXiv:2112.07068, §3.3): half a step of dx = −β v/M dt, dv = β x dt − Γβ v/M dt +
 * √(2Γβ) dw̄, solved exactly (it is the forward process with v negated); a whole Euler step of dv = 2Γβ (s_v + v/M) dt; half a step again. Exact for the
 * stationary distribution at any step size. Cost: one evaluation of the network.
 *
 * @example
 * const step = symmetricSplitting(phaseDenoiser(cld(), resMlp([16]), { shape: [2] }));
 * step({ x: ops.input('x', [2]), v: ops.input('v', [2]) }, ops.scalar(0.5), ops.scalar(0.01));
 */
export const symmetricSplitting = (d: PhaseDenoiser): PhaseStep => {
  const { process } = d;
  const { beta, mass, friction } = process;
  const half = ({ x, v }: PhasePoint, dt: Expr): D.Draw<PhasePoint> => {
    const h = o.mul(0.5, dt);
    const turned = process.mean(h, { x, v: o.neg(v) });
    const { factor } = process.covariance(h, 0);
    return pipe(
      noiseOf(x.shape),
      D.chain((a) =>
        D.map((b: Expr) => ({
          x: o.add(turned.x, o.mul(factor.xx, a)),
          v: o.neg(o.add(turned.v, o.add(o.mul(factor.vx, a), o.mul(factor.vv, b)))),
        }))(noiseOf(x.shape)),
      ),
    );
  };
  return (at, t, dt) =>
    pipe(
      half(at, dt),
      D.chain(({ x, v }) =>
        pipe(
          D.fromScoped(phaseScore(d)({ x, v }, t)),
          D.map((score) => ({
            x,
            v: o.add(v, o.mul(o.mul(2 * friction * beta, dt), o.add(score, o.mul(1 / mass, v)))),
          })),
        ),
      ),
      D.chain((moved) => half(moved, dt)),
    );
};
