/** Networks that read a noise level beside their input: what a denoiser is made of. */

import { type AnyContext, arraysOf, contextVector, givenSpec } from '../algebra/context.ts';
import { contextValueCodec } from '../algebra/context-codec.ts';
import type { Spec } from '../algebra/spec.ts';
import { type Defined, define } from '../core/definition.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { type Declaration, declare } from '../core/reading.ts';
import * as Sc from '../core/scope.ts';
import { type Shape, sizeOf } from '../core/shape.ts';
import { nested } from '../core/specification.ts';
import { joinChannels } from './context-channels.ts';
import { activations, dense } from './dense.ts';
import { noiseNetworkKind } from './kinds.ts';
import type { Embedding } from './time-embedding.ts';

/**
 * A function of an event and a scalar noise coordinate (a time, or ¼ log σ) to an array of the requested shape; its parameters stand where it is
 * applied. Conditioning is application: {@link NoiseConditioned.given} is the same network with a context read beside the coordinate.
 */
export interface NoiseConditioned {
  readonly spec: Spec;
  readonly apply: (x: Expr, c: Expr, output: Shape) => Sc.Scoped<Expr>;
  /**
   * The network reading a context: vectors (a one-hot class; zeros mean "no class") through one more embedding, images of a network of images as more
   * channels, repeated to the event's size.
   */
  readonly given: (context: AnyContext) => NoiseConditioned;
  /** Its identity, the same in every context: denoisers made of it read the same parameters. */
  readonly declaration?: Declaration | undefined;
}

/** What {@link noiseConditioned} is made from: `context` is the vector read through an embedding, where there is one. */
export type ReadsNoise = (x: Expr, c: Expr, output: Shape, context: Expr | undefined) => Sc.Scoped<Expr>;

/** How a network of noisy events reads contexts. */
export interface NoiseConditionedOptions {
  readonly declaration?: Declaration;
  /** Contexts of two axes or more are channels of the event; else they are flattened and embedded like vectors. */
  readonly images?: boolean;
}

const numbered = (all: readonly Expr[]): AnyContext => Object.fromEntries(all.map((e, i) => [`${i}`, e]));

const withContexts = (
  spec: Spec,
  apply: ReadsNoise,
  options: Required<NoiseConditionedOptions>,
  contexts: readonly Expr[],
): NoiseConditioned => {
  const isImage = (e: Expr): boolean => options.images && e.shape.length >= 2;
  const [images, vectors] = [contexts.filter(isImage), contexts.filter((e) => !isImage(e))];
  const vector =
    vectors.length === 0 ? undefined : vectors.length === 1 ? vectors[0] : contextVector(numbered(vectors));
  return {
    spec,
    declaration: options.declaration,
    apply: (x, c, output) => apply(images.length === 0 ? x : joinChannels(x, numbered(images)), c, output, vector),
    given: (context) =>
      withContexts(givenSpec('network', spec, context), apply, options, [...contexts, ...arraysOf(context)]),
  };
};

/**
 * A noise-conditioned network of your own: `apply` maps an event, a scalar noise coordinate, the requested shape and, where there is one, a context (a vector)
 * to an array of that shape. With `images` contexts of two axes or more become channels of the event; otherwise they are flattened.
 *
 * @example
 * const nothing = noiseConditioned(opaque('nothing', 'an example'), (x, c, output) => scope.of(ops.broadcastTo(0, output)));
 */
export const noiseConditioned = (
  spec: Spec,
  apply: ReadsNoise,
  { declaration = declare('network', spec.type), images = false }: NoiseConditionedOptions = {},
): NoiseConditioned => withContexts(spec, apply, { declaration, images }, []);

/**
 * The vector that every block of a noise-conditioned network reads, silu(W₂ silu(W₁ e(c) + V context)) of shape `[width]`, from an embedding e, a scalar noise
 * coordinate c and, where there is one, a context (flattened). Parameters `embed/time`, `embed/context` and `embed/out`, each a dense layer.
 *
 * @example
 * conditioning(sinusoidal({ size: 16 }), 32)(ops.scalar(0.5), undefined);   // [32]
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

/**
 * The definition by which a noise-conditioned network at a context is read from JSON, `{ type: 'given', network, context }`. `given` is a method, so its
 * definition stands by itself.
 *
 * @example
 * noiseNetworkAtContext.definitions[0].type;   // 'given'
 */
export const noiseNetworkAtContext: Defined = define(
  noiseNetworkKind,
  {
    type: 'given',
    about: 'A network that reads a context beside its input and its noise level.',
    required: { network: nested(noiseNetworkKind), context: contextValueCodec },
    build: ({ network, context }): NoiseConditioned => network.given(context),
  },
  {},
);
