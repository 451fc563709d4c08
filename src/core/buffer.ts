/**
 * Buffers: arrays that a model keeps beside its parameters and that no gradient moves: running statistics, persistent chains, moving averages. A buffer is
 * declared where it is used, like a parameter: a place, a first value, and what it becomes. Training collects what buffers become from the graph and
 * moves them; sampling, evaluation and export read them as they stand.
 */
import { raise } from './errors.ts';
import { type Attributes, type Expr, makeNode, type Node, topological } from './expr.ts';
import { advance, stopGradient } from './ops/control.ts';
import * as o from './ops/index.ts';
import { type Random, runRandom, start } from './random.ts';
import * as Sc from './scope.ts';
import { sameShape, showShape } from './shape.ts';

/** A buffer as a layer sees it. */
export interface BufferView {
  /** Its value at the start of the move; a constant to every derivative. */
  readonly now: Expr;
  /**
   * Says what the buffer becomes, and gives `value` back: the statement takes effect where `value` is part of a loss that is trained. Elsewhere
   * (sampling, validation, export) it is nothing but `value`. `next` must not depend on a single example: reduce it with `batchMean`.
   */
  readonly become: (next: Expr, value: Expr) => Expr;
}

/** What a graph says of a buffer whose next value reads the parameters after its own move. */
export const OWN_MOVE = '';

/** Options of {@link buffer}. */
export interface BufferOptions {
  /** The first value: over noise (keyed by the buffer's place), constants, the layer's input through `batchMean`, or parameters. */
  readonly initial: Random<Expr>;
  /** Whether rows belong to examples (chains, replay): many machines then keep a part each. Default: every machine keeps the same. */
  readonly sharded?: true;
  /**
   * When the parameters in `next` are read: before the move that moves the buffer (default: what the forward pass computed), after it (`true`), or after
   * another move of the game, by name.
   */
  readonly after?: true | string;
  /** What it stands for, where it is a copy: the parameter's kind. */
  readonly kind?: string | undefined;
}

const shown = (e: Expr): string => `${e.type} ${showShape(e.shape)}`;
const alike = (a: Expr, b: Expr): boolean => a.type === b.type && sameShape(a.shape, b.shape);

/**
 * A buffer at a place. Real, int32 or bool. What it becomes has its shape and type: else `ShapeError` at its name.
 *
 * @example
 * // The running mean of what passes through, for use outside training.
 * const centred = (x) => (scope) => {
 *   const { now, become } = buffer('mean', { initial: parameters.zeros(x.shape) })(scope);
 *   const mean = ops.batchMean(x);
 *   return become(ops.add(ops.mul(0.9, now), ops.mul(0.1, mean)), ops.sub(x, scope.training ? mean : now));
 * };
 */
export const buffer =
  (name: string, { initial, sharded, after, kind }: BufferOptions): Sc.Scoped<BufferView> =>
  (scope) => {
    const full = Sc.join(scope.path, name);
    const { reading } = scope;
    const leaf = bufferLeaf(full, runRandom(initial, start(`carried:${full}`)), {
      claim: { reading, owners: reading?.owners ?? [] },
      ...(sharded === undefined ? {} : { sharded }),
      ...(kind === undefined ? {} : { kind }),
    });
    return {
      now: stopGradient(leaf),
      become: (next, value) => {
        if (!alike(next, leaf))
          raise('ShapeError', name, 'what a buffer becomes has another shape or type', {
            expected: shown(leaf),
            got: shown(next),
          });
        return scope.training
          ? advance(full, value, stopGradient(next), after === true ? OWN_MOVE : after, leaf)
          : value;
      },
    };
  };

/** The leaf of a buffer: a named array, fed as parameters are. */
const bufferLeaf = (
  name: string,
  definition: Expr,
  rest: Pick<Attributes['parameter'], 'claim' | 'kind' | 'sharded'>,
): Expr => makeNode('parameter', [], { name, definition, role: 'buffer', ...rest }, definition.shape, definition.type);

/** Whether a leaf is a buffer. */
const isBuffer = (e: Expr): e is Node<'parameter'> & Expr => e.op === 'parameter' && e.attributes.role === 'buffer';

/** The buffers of expressions, by name, in order of first use. Throws `ShapeError` where one name stands for two different arrays. */
export const buffersOf = (outputs: readonly Expr[]): (Node<'parameter'> & Expr)[] => {
  const found = new Map<string, Node<'parameter'> & Expr>();
  for (const e of topological(outputs)) {
    if (!isBuffer(e)) continue;
    const known = found.get(e.attributes.name);
    if (known === undefined) found.set(e.attributes.name, e);
    else if (!alike(known, e))
      raise('ShapeError', e.attributes.name, 'one name stands for two buffers', { expected: shown(known), got: shown(e) }); // biome-ignore format: one idea
  }
  return [...found.values()];
};

/** Options of {@link copied}. */
export interface CopiedOptions {
  /** In front of the parameters' names: the copy of `net/kernel` stands at `teacher/net/kernel`. */
  readonly name: string;
  /** What a copy becomes after each move, from its value and its parameter's; default: it stays as it started. */
  readonly next?: (copy: Expr, parameter: Expr) => Expr;
  /** The move after which `next` reads the parameters; default the one that reads the copy. */
  readonly after?: true | string;
}

/**
 * A part whose parameters are read from buffers of their own, which start at the parameters and follow them by `next`: a teacher, a target network. The
 * parameters themselves stand where they stood, and are trained by whoever else reads them.
 *
 * @example
 * const target = copied({ name: 'target' })(parameter('w', [2], { init: parameters.ones }));   // keeps the first value
 */
export const copied =
  ({ name, next, after = true }: CopiedOptions) =>
  <A>(part: Sc.Scoped<A>): Sc.Scoped<A> =>
    // The parameters are read again: beside the part itself they are no second claim of their names.
    Sc.again<A>((scope) =>
      part(
        Sc.readingBy(scope, (leaf) => {
          const original = leaf.op === 'stopGradient' ? leaf.inputs[0] : leaf;
          if (original.op !== 'parameter') return leaf;
          const options: BufferOptions = { initial: (c) => [original, c], after, kind: original.attributes.kind };
          const copy = buffer(original.attributes.name, options)({ ...scope, path: name });
          return next === undefined ? copy.now : copy.become(next(copy.now, original), copy.now);
        }),
      ),
    );

/**
 * A part read at an exponential moving average of its parameters, a ← d a + (1 − d) θ after each move (mean teacher, Tarvainen & Valpola 2017,
 * arXiv:1703.01780; the targets of consistency models). Evaluate and sample the same part to use the average.
 *
 * @example
 * const teacher = movingAverage({ name: 'teacher', decay: 0.999 })(parameter('w', [2], { init: parameters.ones }));
 */
export const movingAverage = ({
  decay,
  ...rest
}: Pick<CopiedOptions, 'name' | 'after'> & { readonly decay: number }): (<A>(part: Sc.Scoped<A>) => Sc.Scoped<A>) =>
  copied({ ...rest, next: (copy, parameter) => o.add(o.mul(decay, copy), o.mul(1 - decay, parameter)) });

/**
 * The part as it is outside training: normalisation reads its running statistics, and buffers do not change.
 *
 * @example
 * const used = evaluating(parameter('w', [2], { init: parameters.ones }));
 */
export const evaluating =
  <A>(part: Sc.Scoped<A>): Sc.Scoped<A> =>
  (scope) => {
    const { training: _, ...rest } = scope;
    return part(rest);
  };

/**
 * The part as it is during training: see the field `training` of {@link Scope}.
 *
 * @example
 * const trained = whileTraining(parameter('w', [2], { init: parameters.ones }));
 */
export const whileTraining =
  <A>(part: Sc.Scoped<A>): Sc.Scoped<A> =>
  (scope) =>
    part({ ...scope, training: true });
