import { needs } from '../../algebra/capability.ts';
import { type Conditional, distWhere } from '../../algebra/conditional.ts';
import { type AnyContext, type Context, type ContextValue, contextSpec, noContext } from '../../algebra/context.ts';
import { type Dist, rebased } from '../../algebra/dist.ts';
import type { Denoises } from '../../algebra/evidence.ts';
import type { Shape } from '../../core/shape.ts';
import { classifierFreeGuidance } from '../../sde/control.ts';
import { redenoising } from '../../sde/diffusion.ts';
import { denoiserOf } from './denoiser-of.ts';

/** Options of {@link guided}. */
export interface GuidedOptions {
  /** 0 ignores the context, 1 (default) is the conditional distribution, more goes beyond it. */
  readonly scale?: number;
}

/**
 * Classifier-free guidance of a conditional diffusion distribution (Ho & Salimans 2022, arXiv:2207.12598): the diffusion distribution at a context whose denoiser is u + scale (c − u), u
 * being the denoiser at zeros. Train it by `conditionally(denoisingScoreMatching, { drop: 0.1 })`. Cost: two evaluations for one. Throws
 * `ArgumentError` where the distribution is no `diffusion` under fixed transports.
 *
 * @example
 * const net = resMlp([64, 64]);
 * const p = conditional(classes(3), (c) => diffusion(predict('noise', vp(), net.given(c), { shape: [2] })));
 * const sharper = guided(p, ops.constant([0, 1, 0]), { scale: 3 });
 */
export const guided = <C extends Context, S extends Shape, E extends Denoises>(
  part: Conditional<C, S, E>,
  context: ContextValue<C>,
  { scale = 1 }: GuidedOptions = {},
): Dist<S, E> => {
  const spec = { type: 'guided', dist: part.spec, context: contextSpec(context as AnyContext), scale };
  return distWhere({ shape: part.event, spec, evidence: part.evidence }, (scope) => {
    const [dist, without] = [part.given(context)(scope), part.given(noContext(part.context))(scope)];
    const denoiser = classifierFreeGuidance({
      conditional: denoiserOf(dist),
      unconditional: denoiserOf(without),
      scale,
    });
    return rebased(dist, (inner) =>
      needs(
        redenoising,
        inner,
        'guided',
        'no other denoiser can be put in this distribution',
        'a diffusion distribution',
      )(denoiser),
    ) as Dist<S, E>;
  });
};
