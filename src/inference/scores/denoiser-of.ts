/** Objectives of denoisers, and of distributions that have one under fixed transports. */
import { has, needs } from '../../algebra/capability.ts';
import { type AnyDist, type Dist, isDist } from '../../algebra/dist.ts';
import type { Denoises } from '../../algebra/evidence.ts';
import { innermost, onInnermost } from '../../algebra/pushed.ts';
import type { Spec } from '../../algebra/spec.ts';
import type * as D from '../../core/draw.ts';
import { raise } from '../../core/errors.ts';
import type { Expr } from '../../core/expr.ts';
import { parametersOf } from '../../core/program.ts';
import type { Shape } from '../../core/shape.ts';
import { type Denoiser, denoising } from '../../sde/denoiser.ts';
import type { Objective } from '../objective.ts';

/** A source of a denoiser: a denoiser, or a distribution that contains one under fixed transports (scaling, dequantisation). */
export type HasDenoiser<S extends Shape> = Denoiser<S> | Dist<S, Denoises>;

/**
 * Whether a distribution contains a denoiser, below all transports it was pushed forward through.
 *
 * @example
 * hasDenoiser(dist);   // false: a flow
 */
export const hasDenoiser = (dist: AnyDist): boolean => has(denoising, innermost(dist));

/**
 * The denoiser of a distribution, below all transports it was pushed forward through. Throws `ArgumentError` where there is none.
 *
 * @example
 * const noisePredictor = predict('noise', vp(), resMlp([16]), { shape: [2] });
 * denoiserOf(diffusion(noisePredictor)).prediction;   // 'noise'
 */
export const denoiserOf = (dist: AnyDist): Denoiser =>
  needs(
    denoising,
    innermost(dist),
    dist.spec.type,
    'the distribution has no denoiser to train',
    'a diffusion distribution, perhaps pushed through fixed transports',
  );

/** An objective from a denoiser's loss of a clean event; of a distribution on the innermost side of its transports, which must be fixed. */
export const onDenoiser = <S extends Shape>(
  source: HasDenoiser<S>,
  spec: Spec,
  loss: (denoiser: Denoiser, clean: Expr) => D.Draw<Expr>,
): Objective<S> => {
  if (!isDist(source)) {
    const plain = source as Denoiser<S>;
    return {
      shape: plain.shape,
      spec: { ...spec, denoiser: plain.spec },
      evidence: 'none',
      loss: (x) => loss(plain, x),
    };
  }
  const dist: AnyDist = source;
  const denoiser = denoiserOf(dist);
  return {
    shape: dist.shape as S,
    spec: { ...spec, dist: dist.spec },
    evidence: 'none',
    loss: (x) =>
      onInnermost(dist, x, (_, z) => {
        const trained = parametersOf([z])[0];
        return trained === undefined
          ? loss(denoiser, z)
          : raise('ArgumentError', trained.attributes.name, 'score matching does not train what a diffusion distribution is pushed through: its parameters must be fixed'); // biome-ignore format: one sentence
      }),
  };
};
