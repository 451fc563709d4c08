/** Objectives of denoisers, and of laws that have one under fixed transports. */
import { has, needs } from '../../algebra/capability.ts';
import { type Dist, innermost, isLaw, type Law, onInnermost } from '../../algebra/dist.ts';
import type { Denoises } from '../../algebra/evidence.ts';
import type { Spec } from '../../algebra/spec.ts';
import type * as D from '../../core/draw.ts';
import { raise } from '../../core/errors.ts';
import type { Expr } from '../../core/expr.ts';
import { parametersOf } from '../../core/program.ts';
import type { Shape } from '../../core/shape.ts';
import { type Denoiser, denoising } from '../../sde/denoiser.ts';
import type { Objective } from '../objective.ts';

/** What is denoised: a denoiser, or a law that has one under fixed transports (scaling, dequantisation). */
export type HasDenoiser<S extends Shape> = Denoiser<S> | Dist<S, Denoises>;

/** Whether there is a denoiser under whatever a law was pushed through. */
export const hasDenoiser = (law: Law): boolean => has(denoising, innermost(law));

/**
 * The denoiser of a law, found under whatever the law was pushed through. Throws `ArgumentError` where there is none.
 */
export const denoiserOf = (law: Law): Denoiser =>
  needs(
    denoising,
    innermost(law),
    law.spec.type,
    'the law has no denoiser to train',
    'a diffusion law, perhaps pushed through fixed transports',
  );

/** An objective from a denoiser's loss of a clean event; of a law on the innermost side of its transports, which must be fixed. */
export const onDenoiser = <S extends Shape>(
  source: HasDenoiser<S>,
  spec: Spec,
  loss: (denoiser: Denoiser, clean: Expr) => D.Draw<Expr>,
): Objective<S> => {
  if (!isLaw(source)) {
    const plain = source as Denoiser<S>;
    return {
      shape: plain.shape,
      spec: { ...spec, denoiser: plain.spec },
      evidence: 'none',
      loss: (x) => loss(plain, x),
    };
  }
  const law: Law = source;
  const denoiser = denoiserOf(law);
  return {
    shape: law.shape as S,
    spec: { ...spec, law: law.spec },
    evidence: 'none',
    loss: (x) =>
      onInnermost(law, x, (_, z) => {
        const trained = parametersOf([z])[0];
        return trained === undefined
          ? loss(denoiser, z)
          : raise('ArgumentError', trained.attributes.name, 'score matching does not train what a diffusion law is pushed through: its parameters must be fixed'); // biome-ignore format: one sentence
      }),
  };
};
