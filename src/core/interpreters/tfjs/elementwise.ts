/** Elementwise rules. Kernels broadcast by themselves; arrays of high rank are flattened or get their axes merged. */
import type { Expr, Node, Op } from '../../expr.ts';
import { type Shape, sizeOf } from '../../shape.ts';
import { splat } from '../../simplify/constants.ts';
import { broadcastOperands, type Compile, type Emitted, plain, type Rule } from './emitted.ts';
import { castTo, dtypeOf, fillOf, type Kernel, type Kernels, mergeAxes, reshapeTo, safeRank } from './kernels.ts';
import type { TfTensor } from './runtime.ts';

/** Runs `f` on operands of a rank every backend knows, and restores the shape of the result. */
const atSafeRank =
  (shape: Shape, f: (k: Kernels, xs: readonly TfTensor[]) => TfTensor): Kernel =>
  (k, xs) => {
    if (shape.length <= safeRank) return f(k, xs);
    const key = (i: number): string => xs.map((x) => (x.rank > 0 && x.shape[i] === 1 ? '1' : 'n')).join('');
    const { sizes, keys } = mergeAxes(shape, shape.map((d, i) => (d === 1 ? undefined : key(i)))); // biome-ignore format: one idea
    const merged = xs.map(
      (x, a) =>
      x.rank === 0 ? x : reshapeTo(k, x, sizes.map((d, i) => (keys[i][a] === '1' ? 1 : d))), // biome-ignore format: one idea
    );
    return reshapeTo(k, f(k, merged), shape);
  };

/** A kernel of one operand called `x`. */
export const unary =
  (kernel: string): Rule =>
  (n) =>
    plain(
      n,
      atSafeRank(n.shape, (k, [x]) => k.run(kernel, { x })),
    );

/** A kernel of two operands called `a` and `b`. */
export const binary =
  (kernel: string): Rule =>
  (n, c) => ({
    operands: broadcastOperands(n, c),
    kernel: atSafeRank(n.shape, (k, [a, b]) => k.run(kernel, { a, b })),
  });

/** −x; integers are subtracted from 0, because the wasm kernel negates them as floats. */
export const negate: Rule = (n, c) =>
  n.type === 'real'
    ? unary('Neg')(n, c)
    : {
        operands: [c.scalar(0, n.type), n.inputs[0]],
        kernel: atSafeRank(n.shape, (k, [a, b]) => k.run('Sub', { a, b })),
      };

const isNumber = (e: Expr): boolean => !Number.isNaN(splat(e) ?? Number.NaN);

/**
 * The larger or the smaller of two, NaN if either is. The wasm kernel returns its first operand where the second is NaN: there a
 * constant goes second, and otherwise a NaN of the second operand is put back.
 */
export const extremum =
  (kernel: 'Maximum' | 'Minimum'): Rule =>
  (n, c) => {
    if (c.backend !== 'wasm' || n.type !== 'real') return binary(kernel)(n, c);
    const operands = broadcastOperands(n, c);
    const run = (k: Kernels, a: TfTensor, b: TfTensor): TfTensor => k.run(kernel, { a, b });
    if (isNumber(operands[1])) return { operands, kernel: atSafeRank(n.shape, (k, [a, b]) => run(k, a, b)) };
    if (isNumber(operands[0])) return { operands, kernel: atSafeRank(n.shape, (k, [a, b]) => run(k, b, a)) };
    return {
      operands: n.inputs,
      kernel: atSafeRank(n.shape, (k, [a, b]) =>
        k.run('Select', { condition: k.run('Equal', { a: b, b }), t: run(k, a, b), e: b }),
      ),
    };
  };

/** Logical operations on kernels of booleans. */
export const logical = binary;

/** Not. */
export const logicalNot: Rule = unary('LogicalNot');

/** Another element type. A real becomes an integer by truncation. */
export const cast: Rule = (n) =>
  plain(
    n,
    atSafeRank(n.shape, (k, [x]) => castTo(k, x, dtypeOf(n.type))),
  );

/** `condition ? a : b`. The kernel does not broadcast; on booleans it is written with and, or and not. */
export const select: Rule = (n) => {
  const flat: Shape = n.shape.length <= safeRank ? n.shape : [sizeOf(n.shape)];
  return plain(n, (k, xs) => {
    const [condition, t, e] = xs.map((x) => reshapeTo(k, x, flat));
    if (n.type !== 'bool') return reshapeTo(k, k.run('Select', { condition, t, e }), n.shape);
    const yes = k.run('LogicalAnd', { a: condition, b: t });
    const no = k.run('LogicalAnd', { a: k.run('LogicalNot', { x: condition }), b: e });
    return reshapeTo(k, k.run('LogicalOr', { a: yes, b: no }), n.shape);
  });
};

/** Repetition of axes of size 1; one number repeated is a fill. */
export const broadcast: Rule = (n: Node<Op>, _c: Compile): Emitted => {
  const value = splat(n as Expr);
  if (value !== undefined) return { operands: [], kernel: (k) => fillOf(k, n.shape, value, n.type) };
  const from = n.inputs[0].shape;
  const keys = n.shape.map((d, i) => (d === 1 ? undefined : from[i] === d ? 'n' : '1'));
  const merged = n.shape.length <= safeRank ? undefined : mergeAxes(n.shape, keys);
  const sizes = merged?.sizes ?? n.shape;
  const small = merged?.sizes.map((d, i) => (merged.keys[i] === '1' ? 1 : d)) ?? from;
  const reps = sizes.map((d, i) => (small[i] === d ? 1 : d));
  return plain(n, (k, [x]) => reshapeTo(k, k.run('Tile', { x: reshapeTo(k, x, small) }, { reps }), n.shape));
};
