import { type Conditional, lawWhere } from '../../algebra/conditional.ts';
import { type AnyContext, type Context, type ContextValue, contextSpec, noContext } from '../../algebra/context.ts';
import { type Dist, innermost, type Law, rebased } from '../../algebra/dist.ts';
import type { Denoises } from '../../algebra/evidence.ts';
import { raise } from '../../core/errors.ts';
import type { Shape } from '../../core/shape.ts';
import { classifierFreeGuidance } from '../../sde/control.ts';
import type { Denoiser } from '../../sde/denoiser.ts';
import { denoiserOf } from './denoiser-of.ts';

/** Options of {@link guided}. */
export interface GuidedOptions {
  /** 0 ignores the context, 1 (default) is the conditional law, more goes beyond it. */
  readonly scale?: number;
}

/** A law that can be made of another denoiser. */
interface Redenoised extends Law {
  readonly denoisedBy: (denoiser: Denoiser) => Law;
}

/**
 * Classifier-free guidance of a conditional diffusion law (Ho & Salimans 2022, arXiv:2207.12598): the diffusion law at a context whose denoiser is u + scale (c − u), u
 * being the denoiser at zeros. Train it by `conditionally(denoisingScoreMatching, { drop: 0.1 })`. Cost: two evaluations for one. Throws
 * `ArgumentError` where the law is no `diffusion` under fixed transports.
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
  const spec = { type: 'guided', law: part.spec, context: contextSpec(context as AnyContext), scale };
  return lawWhere({ shape: part.event, spec, evidence: part.evidence }, (scope) => {
    const [law, without] = [part.given(context)(scope), part.given(noContext(part.context))(scope)];
    const denoiser = classifierFreeGuidance({
      conditional: denoiserOf(law),
      unconditional: denoiserOf(without),
      scale,
    });
    return rebased(law, (inner) =>
      'denoisedBy' in innermost(inner)
        ? (inner as Redenoised).denoisedBy(denoiser)
        : raise('ArgumentError', 'guided', 'the law is no diffusion that another denoiser could be put in', {
            got: inner.spec.type,
          }),
    ) as Dist<S, E>;
  });
};
