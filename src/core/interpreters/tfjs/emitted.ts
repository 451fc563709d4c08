/** What a rule makes of a node: the expressions it reads (which may lie deeper than the node's inputs) and a kernel over their values. */
import type { ElementType, Expr, Node, Op } from '../../expr.ts';
import { broadcastShapes, type Shape, sameShape } from '../../shape.ts';
import { splat } from '../../simplify/constants.ts';
import type { Kernel } from './kernels.ts';
import type { TfjsBackend } from './runtime.ts';

/** A compiled node. */
export interface Emitted {
  readonly operands: readonly Expr[];
  readonly kernel: Kernel;
}

/** What rules know while a program is compiled. */
export interface Compile {
  readonly backend: TfjsBackend;
  /** One shared scalar constant for each value. */
  readonly scalar: (value: number, type: ElementType) => Expr;
}

/** A rule of the interpreter. */
export type Rule<O extends Op = Op> = (n: Node<O>, c: Compile) => Emitted;

/** The node's own inputs under a kernel. */
export const plain = (n: Node<Op>, kernel: Kernel): Emitted => ({ operands: n.inputs, kernel });

/**
 * Operands of an elementwise node with repetitions left to the kernel's own broadcasting: a repeated operand is read before it is
 * repeated, and an array of one number as a scalar, as long as the shapes that remain fill the result.
 */
export const broadcastOperands = (n: Node<Op>, c: Compile): readonly Expr[] => {
  const small = n.inputs.map((x) => (splat(x) !== undefined ? undefined : x.op === 'broadcast' ? x.inputs[0] : x));
  const shape = small.reduce<Shape | undefined>(
    (a, x) => (x === undefined || a === undefined ? a : broadcastShapes(a, x.shape)),
    [],
  );
  const enough = shape !== undefined && sameShape(shape, n.shape);
  return n.inputs.map((x, i) => {
    const value = splat(x);
    if (value !== undefined && (enough || i > 0)) return c.scalar(value, x.type);
    return enough ? (small[i] ?? x) : x;
  });
};

/** Without axes of a batch that only repeat: `[1, …, 1, m, n]` in place of its repetitions, where all leading axes repeat. */
export const unrepeated = (e: Expr): Expr =>
  e.op === 'broadcast' &&
  e.inputs[0].shape.slice(0, -2).every((d) => d === 1) &&
  sameShape(e.inputs[0].shape.slice(-2), e.shape.slice(-2))
    ? e.inputs[0]
    : e;
