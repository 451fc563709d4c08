/** Kernels for laws with parameters: a kernel of src/mcmc on the law's log-density, or one that knows the law's conditionals. */
import { needs } from '../../algebra/capability.ts';
import type { Law } from '../../algebra/dist.ts';
import type { Spec } from '../../algebra/spec.ts';
import type { Support } from '../../algebra/support.ts';
import * as D from '../../core/draw.ts';
import type { Expr } from '../../core/expr.ts';
import * as o from '../../core/ops/index.ts';
import { fork, type Random } from '../../core/random.ts';
import { asConstants, type Scope, type Scoped } from '../../core/scope.ts';
import { blocking } from '../../distributions/rbm.ts';
import type { AnyKernel, LogDensity } from '../../mcmc/index.ts';

/** A kernel for every law of some kind, over the law's own parameters. */
export interface LawKernel {
  readonly spec: Spec;
  readonly on: (law: Law) => Scoped<AnyKernel>;
}

/** What estimators take for a kernel: `mala({ … })`, `hmc({ … })`, any function from a log-density to a kernel, or a {@link LawKernel}. */
export type KernelFamily = ((target: LogDensity) => AnyKernel) | LawKernel;

const isLawKernel = (k: KernelFamily): k is LawKernel => typeof k !== 'function';

/** The declaration of a family: that of its kernel on any target. */
export const specOfFamily = (family: KernelFamily): Spec =>
  isLawKernel(family) ? family.spec : family((x) => o.sum(x)).spec;

/** −E(x) of a law at a place: a log-density as kernels take it, with the law's support. */
const targetAt = (law: Law & { readonly support?: Support }, scope: Scope): LogDensity => {
  const at = (x: Expr): Expr => D.runDraw(law.logDensity(x), scope);
  return law.support === undefined ? at : Object.assign(at, { support: law.support });
};

/**
 * The kernel of a family on a law, its parameters constants to every derivative. Throws `ArgumentError` where the family cannot sample the law: a kernel
 * that follows gradients on a discrete one, block Gibbs on one without blocks.
 */
export const kernelOn =
  (family: KernelFamily, law: Law): Scoped<AnyKernel> =>
  (scope) => {
    const fixed = asConstants(scope);
    return isLawKernel(family) ? family.on(law)(fixed) : family(targetAt(law, fixed));
  };

/** A family as a kernel for laws, with its declaration. */
export const asLawKernel = (family: KernelFamily): LawKernel => ({
  spec: specOfFamily(family),
  on: (law) => kernelOn(family, law),
});

/**
 * Block Gibbs sampling of a Boltzmann machine: h from p(h | v), then v from p(v | h), each block at once (Smolensky 1986). It leaves p(v)
 * invariant, and is reversible in v. A step costs two products `[V] × [V, H]`. Throws `ArgumentError`, in use, for a law without blocks.
 *
 * @example
 * contrastiveDivergence({ kernel: blockGibbs(), steps: 1 })(rbm([6], { hidden: 4 }))
 */
export const blockGibbs = (): LawKernel => {
  const spec: Spec = { type: 'blockGibbs' };
  return {
    spec,
    on: (law) => {
      const none = 'the law has no blocks to draw in turn';
      const { hiddenGiven, visibleGiven } = needs(blocking, law, 'blockGibbs', none, 'a Boltzmann machine (rbm)');
      return (scope) => ({
        spec,
        init: (position: Expr) => ({ position }),
        step:
          ({ position }: { readonly position: Expr }): Random<{ state: { position: Expr }; info: object }> =>
          (cursor) => {
            const [h, middle] = fork(hiddenGiven(position)(scope).sample(scope))(cursor);
            const [v, next] = fork(visibleGiven(h)(scope).sample(scope))(middle);
            return [{ state: { position: o.reshape(v, law.shape) }, info: {} }, next];
          },
      });
    },
  };
};
