/** Networks that read a noise level beside their input: what a denoiser is made of. */
import { opaque, type Spec } from '../algebra/spec.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { type Declaration, declare } from '../core/reading.ts';
import * as Sc from '../core/scope.ts';
import { type Shape, sizeOf } from '../core/shape.ts';
import { activations, dense } from './dense.ts';
import type { Embedding } from './time-embedding.ts';

/**
 * A function of an event and a scalar noise coordinate (a time, or ¼ log σ) to an array of the asked-for shape; its parameters stand where it is
 * applied. Conditioning is application: {@link NoiseConditioned.given} is the same network with a context read beside the coordinate.
 */
export interface NoiseConditioned {
  readonly spec: Spec;
  readonly apply: (x: Expr, c: Expr, output: Shape) => Sc.Scoped<Expr>;
  /** The network reading a context (a one-hot class; zeros say "no class") through one more embedding. Its spec cannot be read back. */
  readonly given: (context: Expr) => NoiseConditioned;
  /** Its identity, the same in every context: denoisers made of it read the same parameters. */
  readonly declaration?: Declaration | undefined;
}

/** A network from what it does with an embedded coordinate and, where there is one, a context. */
export const noiseConditioned = (
  spec: Spec,
  apply: (x: Expr, c: Expr, output: Shape, context: Expr | undefined) => Sc.Scoped<Expr>,
  declaration: Declaration = declare('network', spec.type),
): NoiseConditioned => ({
  spec,
  declaration,
  apply: (x, c, output) => apply(x, c, output, undefined),
  given: (context) => ({
    ...noiseConditioned({ ...opaque('given', 'the context is an expression'), network: spec }, apply, declaration),
    apply: (x, c, output) => apply(x, c, output, context),
  }),
});

/**
 * The vector that every block reads: silu(W₂ silu(W₁ e(c) + V context)) of `[width]`. Parameters `embed/time`, `embed/context`, `embed/out`.
 */
export const conditioning =
  (embedding: Embedding, width: number) =>
  (c: Expr, context: Expr | undefined): Sc.Scoped<Expr> =>
    Sc.at('embed', (scope) => {
      const time = Sc.at('time', dense(width)(embedding.apply(c)))(scope);
      const read = (v: Expr): Expr => Sc.at('context', dense(width)(o.reshape(v, [sizeOf(v.shape)])))(scope);
      const both = context === undefined ? time : o.add(time, read(context));
      return activations.silu(Sc.at('out', dense(width)(activations.silu(both)))(scope));
    });
