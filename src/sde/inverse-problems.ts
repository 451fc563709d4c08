/**
 * Linear inverse problems: events x₀ seen through y = A x₀ + τ n. Inpainting, colourisation and any matrix are observations; three ways to sample given
 * y, all without training for it: replacement (a sampler made from a sampler), the null space and the gradient (denoisers made from denoisers).
 */
import { opaque, type Spec } from '../algebra/spec.ts';
import { grad } from '../core/differentiate/index.ts';
import * as D from '../core/draw.ts';
import { raise } from '../core/errors.ts';
import { applyLambda, type Expr, variable } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { normal } from '../core/random.ts';
import { type Shape, showShape, sizeOf } from '../core/shape.ts';
import { withScoreAdded } from './control.ts';
import { type Denoiser, denoiser, type Field } from './denoiser.ts';
import type { DiffusionSampler } from './sampler.ts';

/** Why an observation cannot be read back. */
const WITHOUT = 'an observation is read with what was observed';

/** A linear map A of events that can be undone as far as it can: an observation without its noise. */
export interface Observation<out S extends Shape = Shape> {
  readonly spec: Spec;
  readonly shape: S;
  /** A x. */
  readonly apply: (x: Expr) => Expr;
  /** A⁺ y, the shortest x with A x nearest y. */
  readonly lift: (y: Expr) => Expr;
  /** (p I + q A Aᵀ)⁻¹ y for scalars p ≥ 0, q ≥ 0, not both 0. */
  readonly whiten: (y: Expr, p: Expr, q: Expr) => Expr;
}

/**
 * The observation of the pixels where the mask is 1, y = m ∘ x: sampling given it is inpainting. The mask has one number for each element of the event, in
 * row-major order; y has the event's shape, and its other pixels are ignored. Throws `ArgumentError` where the mask has another length or a number other than 0
 * and 1.
 *
 * @example
 * masked([2, 2], [1, 1, 0, 0]);   // the first row is observed
 */
export const masked = <const S extends Shape>(shape: S, mask: readonly number[]): Observation<S> => {
  if (mask.length !== sizeOf(shape) || !mask.every((m) => m === 0 || m === 1))
    return raise('ArgumentError', 'masked', 'a mask must have a 0 or a 1 for each element of an event', {
      expected: `${sizeOf(shape)} of them, for ${showShape(shape)}`,
      got: `${mask.length} numbers`,
    });
  const m = o.constant(mask, shape);
  const keep = (x: Expr): Expr => o.mul(m, x);
  return {
    spec: { ...opaque('masked', WITHOUT), shape, mask },
    shape,
    apply: keep,
    lift: keep,
    whiten: (y, p, q) => o.div(keep(y), o.add(p, q)),
  };
};

/**
 * The observation of colour images `[H, W, C]` as grey ones `[H, W]`, the mean of their channels: sampling given it is colourisation. Throws `ShapeError` where
 * the shape does not have three axes.
 *
 * @example
 * greyOf([8, 8, 3]).apply(ops.input('x', [8, 8, 3]));   // [8, 8]
 */
export const greyOf = <const S extends readonly [number, number, number]>(shape: S): Observation<S> => {
  if (shape.length !== 3)
    return raise('ShapeError', 'greyOf', 'the event is not a colour image', {
      expected: '[H, W, C]',
      got: showShape(shape),
    });
  return {
    spec: { ...opaque('greyOf', WITHOUT), shape },
    shape,
    apply: (x) => o.mean(x, 2),
    lift: (y) => o.broadcastTo(o.expandDims(y, 2), shape),
    whiten: (y, p, q) => o.div(y, o.add(p, o.mul(1 / shape[2], q))),
  };
};

/**
 * The observation y = A x by any matrix A of full row rank: m rows of as many numbers as an event has, y of shape `[m]`. Its inverses are by Cholesky factors
 * of A Aᵀ. Throws `ArgumentError` where there is no row or a row has another length.
 *
 * @example
 * value(linearMap([3], [[1, 1, 0], [0, 0, 2]]).lift(ops.constant([1, 4])));   // [0.5, 0.5, 2]
 */
export const linearMap = <const S extends Shape>(shape: S, rows: readonly (readonly number[])[]): Observation<S> => {
  const [m, n] = [rows.length, sizeOf(shape)];
  const bad = rows.findIndex((r) => r.length !== n);
  if (m === 0 || bad >= 0)
    return raise('ArgumentError', 'linearMap', 'a row does not have the length of the event', {
      expected: `rows of ${n} numbers`,
      got: m === 0 ? 'no row' : `row ${bad} of ${rows[bad].length}`,
    });
  const a = o.constant(rows.flat(), [m, n]);
  const gram = o.matmul(a, o.transpose(a));
  const column = (y: Expr): Expr => o.reshape(y, [m, 1]);
  const solve = (matrix: Expr, y: Expr): Expr => {
    const factor = o.cholesky(matrix);
    const half = o.triangularSolve(factor, column(y));
    return o.triangularSolve(factor, half, { transpose: true });
  };
  return {
    spec: { ...opaque('linearMap', WITHOUT), shape, rows },
    shape,
    apply: (x) => o.reshape(o.matmul(a, o.reshape(x, [n, 1])), [m]),
    lift: (y) => o.reshape(o.matmul(o.transpose(a), solve(gram, y)), shape),
    whiten: (y, p, q) => o.reshape(solve(o.add(o.mul(p, o.eye(m)), o.mul(q, gram)), y), [m]),
  };
};

/**
 * Posterior sampling by replacement (Song et al. 2021, arXiv:2011.13456, appendix I): after every step of a sampler the observed part of x is replaced by that
 * of the noised observation, x ← x + A⁺(α y + σ A z − A x), with fresh z. It works with any sampler and costs no further evaluations; what is not observed is
 * drawn only approximately from the posterior. With the sampler's last denoising the result is x̂₀ of the last x, without noise in any pixel.
 *
 * @example
 * sampleWith(replaced(ddim(), masked([2], [1, 0]), ops.constant([0.7, 0])), logSnrGrid(20));
 */
export const replaced = (
  sampler: DiffusionSampler<'signal'>,
  observation: Observation,
  y: Expr,
): DiffusionSampler<'signal'> => ({
  ...sampler,
  spec: {
    ...opaque('replaced', 'the observation is an expression'),
    sampler: sampler.spec,
    observation: observation.spec,
  },
  step: (d) => {
    const go = sampler.step(d);
    return (state, from, to) =>
      D.chain(({ x, memory }: { readonly x: Expr; readonly memory: typeof state.memory }) =>
        D.map((z: Expr) => {
          const noisy = o.add(o.mul(d.process.alpha(to), y), o.mul(d.process.sigma(to), observation.apply(z)));
          return { x: o.add(x, observation.lift(o.sub(noisy, observation.apply(x)))), memory };
        })(D.fromRandom(normal(x.shape))),
      )(go(state, from, to));
  },
});

/**
 * Posterior sampling by null-space correction (DDNM; Wang, Yu & Zhang 2023, arXiv:2212.00490, eq. 10): at every evaluation x̂₀ is corrected to x̂₀ + A⁺(y − A
 * x̂₀), which agrees with a noiseless y. It works with any sampler; noise, score and velocity are derived from the corrected x̂₀. Cost: that of the denoiser.
 *
 * @example
 * sampleWith(ddim(), logSnrGrid(20))(nullSpace(exactDenoiser(vp(), standardNormal([2])), masked([2], [1, 0]), ops.constant([0.7, 0])));
 */
export const nullSpace = <S extends Shape>(of: Denoiser<S>, observation: Observation<S>, y: Expr): Denoiser<S> => {
  const data: Field = (x, t) => (scope) => {
    const guess = of.data(x, t)(scope);
    return o.add(guess, observation.lift(o.sub(y, observation.apply(guess))));
  };
  return denoiser({
    spec: {
      ...opaque('nullSpace', 'the observation is an expression'),
      denoiser: of.spec,
      observation: observation.spec,
    },
    shape: of.shape,
    process: of.process,
    prediction: 'data',
    raw: data,
  });
};

/** Options of {@link reconstructionGuidance}. */
export interface ReconstructionOptions {
  /** τ, the standard deviation of the observation's noise; default 0. */
  readonly noise?: number;
  /** σ_d, the standard deviation of data that r_t² = σ_d² σ²/(α² σ_d² + σ²) is the posterior variance for; default 1. */
  readonly sigmaData?: number;
  /** Default 1. */
  readonly scale?: number;
}

/**
 * Posterior sampling by reconstruction guidance (ΠGDM: Song, Vahdat, Mardani & Kautz 2023; Ho et al. 2022, arXiv:2204.03458): the gradient of log N(y; A
 * x̂₀(x), τ² I + r_t² A Aᵀ) through the denoiser is added to the score. Exact for normal data N(m, σ_d² I), for any A and τ. Cost: one evaluation of the
 * denoiser and its gradient.
 *
 * @example
 * reconstructionGuidance(exactDenoiser(vp(), standardNormal([2])), masked([2], [1, 0]), ops.constant([0.7, 0]), { noise: 0.1 });
 */
export const reconstructionGuidance = <S extends Shape>(
  of: Denoiser<S, 'signal'>,
  observation: Observation<S>,
  y: Expr,
  { noise = 0, sigmaData = 1, scale = 1 }: ReconstructionOptions = {},
): Denoiser<S, 'signal'> => {
  const d2 = sigmaData * sigmaData;
  return withScoreAdded(
    {
      ...opaque('reconstructionGuidance', 'the observation is an expression'),
      noise,
      sigmaData,
      scale,
      denoiser: of.spec,
      observation: observation.spec,
    },
    of,
    (x, t) => (scope) => {
      const [a2, s2] = [o.square(of.process.alpha(t)), o.square(of.process.sigma(t))];
      const r2 = o.div(o.mul(d2, s2), o.add(o.mul(d2, a2), s2));
      const v = variable(x.shape);
      const seen = observation.apply(of.data(v, t)(scope));
      const pull = o.stopGradient(observation.whiten(o.sub(y, seen), o.scalar(noise * noise), r2));
      const [g] = grad(o.sum(o.mul(pull, seen)), [v]);
      return o.mul(scale, applyLambda({ variables: [v], results: [g] }, [x])[0]);
    },
  );
};
