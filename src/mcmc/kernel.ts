/**
 * Markov kernels: `init : position → state`, `step : state → Random<(state, info)>`. A kernel is written for ONE chain; many chains are `vmap`, a whole
 * chain is one `scan`. State and info are structs, so that any kernel can be carried by a loop.
 */
import type { AnyDist } from '../algebra/dist.ts';
import type { Discrete } from '../algebra/facts.ts';
import type { Spec } from '../algebra/spec.ts';
import { type DiscreteSupport, type Support, showSupport } from '../algebra/support.ts';
import { grad } from '../core/differentiate/index.ts';
import * as D from '../core/draw.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import { fork, map, type Random } from '../core/random.ts';
import type { Struct, StructRecord } from '../core/struct.ts';
import { scanStruct } from '../core/struct-loops.ts';

/** The state of a chain has a position, whatever else its kernel keeps (log-density, gradient, momentum, the states of kernels it is made of). */
export interface Position extends StructRecord {
  readonly position: Expr;
}

/** The result of a step: the next state, and information about the step (acceptance, energy error, divergence). */
export type Transition<S extends Position, I extends Struct> = {
  readonly state: S;
  readonly info: I;
};

/** A Markov kernel for one chain. */
export interface Kernel<S extends Position, I extends Struct> {
  readonly spec: Spec;
  /** The state of a chain at a position. */
  readonly init: (position: Expr) => S;
  readonly step: (state: S) => Random<Transition<S, I>>;
  /** The state after something else moved the chain: what survives the move (a momentum) is kept. Absent: {@link init}. */
  readonly moved?: (state: S, position: Expr) => S;
  /** The number of first steps that adapt the kernel (every part of it) and are not samples; absent: none. What is learned survives a move: such a kernel has `moved`. */
  readonly warmUp?: number;
}

/** Any kernel. */
// biome-ignore lint/suspicious/noExplicitAny: kernels are invariant in their state; a kernel of any state has no other name
export type AnyKernel = Kernel<any, any>;

declare const Gradient: unique symbol;

/** An unnormalised log-density of one event, in nats: what kernels sample from. A discrete one declares its support. */
export interface LogDensity {
  (x: Expr): Expr;
  readonly support?: Support;
  readonly [Gradient]?: undefined;
}

/** A log-density over integers or one-hot vectors, known as such to the compiler. */
export interface DiscreteLogDensity {
  (x: Expr): Expr;
  readonly support: DiscreteSupport;
  /** Only in the type: the sentence that the compiler prints where a kernel follows gradients. */
  readonly [Gradient]: 'a discrete distribution has no gradient to follow: use gibbs or metropolisHastings';
}

/** What kernels that need no gradient sample from. */
export type AnyLogDensity = LogDensity | DiscreteLogDensity;

/** The log-density of a distribution: discrete where the distribution's type says so. */
export type LogDensityOf<L> = L extends Discrete ? DiscreteLogDensity : LogDensity;

/** A kernel for every log-density: what `hmc({ … })` and its kind are. Those that need no gradient (T = {@link AnyLogDensity}) take discrete distributions too. */
export type KernelOf<S extends Position, I extends Struct, T extends AnyLogDensity = LogDensity> = (
  target: T,
) => Kernel<S, I>;

/** ∇ₓ log p(x), of the event's shape. */
export type Score = (x: Expr) => Expr;

/** A log-density with its gradient at a position. */
export type Evaluated = {
  readonly position: Expr;
  /** log p in nats, a scalar. */
  readonly logDensity: Expr;
  /** ∇ log p, of the position's shape. */
  readonly gradient: Expr;
};

/**
 * The log-density of a distribution as kernels take it: a function from one event to a scalar, in nats. Parameters remain named leaves; noise (there should be
 * none) remains noise. It may be known up to a constant only.
 *
 * @example
 * nuts({ stepSize: 0.5 })(logDensityOf(normal([2])));
 */
export const logDensityOf = <L extends AnyDist & { readonly support?: Support }>(dist: L): LogDensityOf<L> => {
  const at = (x: Expr): Expr => D.runDraw(dist.logDensity(x));
  return (dist.support === undefined ? at : Object.assign(at, { support: dist.support })) as LogDensityOf<L>;
};

/** Throws `ArgumentError` where a log-density lives on integers or one-hot vectors: it has no gradient to follow. */
const smooth = (target: LogDensity): LogDensity =>
  target.support?.kind === 'integers' || target.support?.kind === 'oneHot'
    ? raise('ArgumentError', '', 'a kernel that follows gradients cannot sample a discrete distribution: use gibbs or metropolisHastings', {
        expected: 'a continuous support',
        got: showSupport(target.support),
      }) // biome-ignore format: one sentence
    : target;

/**
 * The score ∇ₓ log p(x) of a log-density, of the event's shape, by reverse-mode differentiation. Cost: one gradient. Throws `ArgumentError` for a discrete
 * distribution, which has none.
 *
 * @example
 * value(scoreOf(logDensityOf(normal([2])))(ops.constant([1, -2])));   // [−1, 2]
 */
export const scoreOf = (target: LogDensity): Score => {
  const density = smooth(target);
  return (x) => grad(density(x), [x])[0];
};

/**
 * The log-density (a scalar, in nats) and its gradient (of the event's shape) at a position, from one evaluation: what kernels that follow gradients keep in
 * their state. Throws `ArgumentError` for a discrete distribution, which has no gradient.
 *
 * @example
 * value(evaluated(logDensityOf(normal([1])))(ops.constant([2])).gradient);   // [−2]
 */
export const evaluated = (target: LogDensity): ((position: Expr) => Evaluated) => {
  const density = smooth(target);
  return (position) => {
    const logDensity = density(position);
    return { position, logDensity, gradient: grad(logDensity, [position])[0] };
  };
};

/** The state after a move: `init` where the kernel has no `moved`. */
export const movedTo = <S extends Position, I extends Struct>(kernel: Kernel<S, I>, state: S, position: Expr): S =>
  (kernel.moved ?? ((_, p) => kernel.init(p)))(state, position);

/** A struct without leaves. */
export type Nothing = Readonly<Record<never, Expr>>;

/** The part of a kernel's state that is kept where something else moves the chain before its next step: its state where it has `moved`, else nothing. */
export type Kept<S extends Position> = S | Nothing;

/** What is kept of a state. */
export const keptOf = <S extends Position, I extends Struct>(kernel: Kernel<S, I>, state: S): Kept<S> =>
  kernel.moved === undefined ? {} : state;

/** The state at a position, from what was kept. */
export const restored = <S extends Position, I extends Struct>(
  kernel: Kernel<S, I>,
  kept: Kept<S>,
  position: Expr,
): S => (kernel.moved === undefined ? kernel.init(position) : kernel.moved(kept as S, position));

/** A whole chain as one loop: the last state, and what `record` makes of every transition, with a leading axis of `n`. */
export const chainOf =
  <S extends Position, I extends Struct, R extends Struct>(
    kernel: Kernel<S, I>,
    n: number,
    record: (t: Transition<S, I>) => R,
  ) =>
  (from: S): Random<{ readonly state: S; readonly recorded: R }> =>
    map(({ carry, ys }: { readonly carry: S; readonly ys: R }) => ({ state: carry, recorded: ys }))(
      scanStruct({
        length: n,
        init: from,
        body: (state: S) => map((t: Transition<S, I>) => ({ carry: t.state, ys: record(t) }))(kernel.step(state)),
      }),
    );

/** Where a chain of n steps from a position ends. One step needs no loop. */
export const chainEnd =
  (kernel: AnyKernel, n: number) =>
  (position: Expr): Random<Expr> =>
  (cursor) => {
    if (n === 1) {
      const [t, next] = fork(kernel.step(kernel.init(position)))(cursor);
      return [t.state.position, next];
    }
    const [{ state }, next] = chainOf(kernel, n, () => ({}))(kernel.init(position))(cursor);
    return [state.position, next];
  };
