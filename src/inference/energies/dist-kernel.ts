/** Kernels for distributions with parameters: a kernel of src/mcmc on the distribution's log-density, or one that knows the distribution's conditionals. */

import { needs } from '../../algebra/capability.ts';
import type { AnyDist } from '../../algebra/dist.ts';
import type { Discrete } from '../../algebra/facts.ts';
import type { Spec } from '../../algebra/spec.ts';
import type { Support } from '../../algebra/support.ts';
import { define } from '../../core/definition.ts';
import * as D from '../../core/draw.ts';
import type { Expr } from '../../core/expr.ts';
import * as o from '../../core/ops/index.ts';
import { fork, type Random } from '../../core/random.ts';
import { asConstants, type Scope, type Scoped } from '../../core/scope.ts';
import { type Blocked, blocking } from '../../distributions/rbm.ts';
import type { AnyKernel, DiscreteLogDensity, LogDensity } from '../../mcmc/index.ts';
import { anyKernelKind } from '../kinds.ts';

declare const Wants: unique symbol;

/** A kernel for every distribution that has what it wants (N), over the distribution's own parameters. */
export interface DistKernel<out N = unknown> {
  readonly spec: Spec;
  readonly on: (dist: AnyDist) => Scoped<AnyKernel>;
  /** Only in the type. */
  readonly [Wants]?: N;
}

/** What estimators take for a kernel: `mala({ … })`, `hmc({ … })`, any function from a log-density to a kernel, or a {@link DistKernel}. */
export type KernelFamily = ((target: LogDensity) => AnyKernel) | DistKernel;

/** What a distribution L must be for a kernel of family K to sample it: continuous where the kernel follows gradients, with whatever else it wants. */
export type SampledBy<K, L> =
  K extends DistKernel<infer N>
    ? L extends N
      ? unknown
      : N
    : L extends Discrete
      ? K extends (target: DiscreteLogDensity) => unknown
        ? unknown
        : { readonly support: 'a discrete distribution has no gradient to follow: use gibbs or metropolisHastings' }
      : unknown;

const isDistKernel = (k: KernelFamily): k is DistKernel => typeof k !== 'function';

/** The declaration of a family: that of its kernel on any target. */
export const specOfFamily = (family: KernelFamily): Spec =>
  isDistKernel(family) ? family.spec : family((x) => o.sum(x)).spec;

/** −E(x) of a distribution at a place: a log-density as kernels take it, with the distribution's support. */
const targetAt = (dist: AnyDist & { readonly support?: Support }, scope: Scope): LogDensity => {
  const at = (x: Expr): Expr => D.runDraw(dist.logDensity(x), scope);
  return dist.support === undefined ? at : Object.assign(at, { support: dist.support });
};

/**
 * The kernel of a family on a distribution, its parameters constants to every derivative. Throws `ArgumentError` where the family cannot sample the distribution: a kernel
 * that follows gradients on a discrete one, block Gibbs on one without blocks.
 */
export const kernelOn =
  (family: KernelFamily, dist: AnyDist): Scoped<AnyKernel> =>
  (scope) => {
    const fixed = asConstants(scope);
    return isDistKernel(family) ? family.on(dist)(fixed) : family(targetAt(dist, fixed));
  };

/**
 * A family of Markov kernels as a kernel for distributions: `on(dist)` is the kernel that leaves `dist` invariant, and `spec` its declaration. `on` throws
 * `ArgumentError` where the family cannot sample the distribution.
 *
 * @example
 * const kernel = asDistKernel(langevin({ stepSize: 0.1 }));
 * kernel.spec;   // { type: 'langevin', stepSize: 0.1 }
 */
export const asDistKernel = (family: KernelFamily): DistKernel => ({
  spec: specOfFamily(family),
  on: (dist) => kernelOn(family, dist),
});

/**
 * Block Gibbs sampling of a Boltzmann machine: h from p(h | v), then v from p(v | h), each block at once (Smolensky 1986). It leaves p(v)
 * invariant, and is reversible in v. A step costs two products `[V] × [V, H]`. Throws `ArgumentError`, in use, for a distribution without blocks.
 *
 * @example
 * contrastiveDivergence({ kernel: blockGibbs(), steps: 1 })(rbm([6], { hidden: 4 }))
 */
export const blockGibbs = define(
  anyKernelKind,
  { type: 'blockGibbs', about: 'Blocks drawn in turn.', examples: [{}] },
  (): DistKernel<Blocked> => {
    const spec: Spec = { type: 'blockGibbs' };
    return {
      spec,
      on: (dist) => {
        const none = 'the distribution has no blocks to draw in turn';
        const { hiddenGiven, visibleGiven } = needs(blocking, dist, 'blockGibbs', none, 'a Boltzmann machine (rbm)');
        return (scope) => ({
          spec,
          init: (position: Expr) => ({ position }),
          step:
            ({ position }: { readonly position: Expr }): Random<{ state: { position: Expr }; info: object }> =>
            (cursor) => {
              const [h, middle] = fork(hiddenGiven(position)(scope).sample(scope))(cursor);
              const [v, next] = fork(visibleGiven(h)(scope).sample(scope))(middle);
              return [{ state: { position: o.reshape(v, dist.shape) }, info: {} }, next];
            },
        });
      },
    };
  },
);
