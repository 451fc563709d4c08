/**
 * Stochastic differential equations dx = f(x, t) dt + b(x, t) dw. The type of an equation states its integral, Itô's or Stratonovich's, and whether
 * its noise is diagonal or b is a matrix; the type of a solver states what it solves; the wrong pair does not compile.
 */
import { jvp } from '../core/differentiate/index.ts';
import { type Expr, substitute, variable } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { type Shape, sizeOf } from '../core/shape.ts';

/** Which integral ∫ b dw is. */
export type Calculus = 'ito' | 'stratonovich';

/** What b dw is: elementwise (`diagonal`: each element has its own Brownian motion), or the product of a matrix with one motion for each column. */
export type NoiseKind = 'diagonal' | 'matrix';

/** A function of the state and the time. */
export type StateField = (x: Expr, t: Expr) => Expr;

/** dx = drift dt + diffusion dw. */
export interface Sde<out C extends Calculus = Calculus, out N extends NoiseKind = NoiseKind> {
  readonly calculus: C;
  readonly noise: N;
  readonly drift: StateField;
  /** Of the state's shape where noise is diagonal; `[n, motions]` for n elements of the state, in order, where it is a matrix. */
  readonly diffusion: StateField;
  /** The shape of dw for a state of some shape. */
  readonly motions: (state: Shape) => Shape;
}

/**
 * The Itô equation dx = f(x, t) dt + b(x, t) dw with diagonal noise: `diffusion` gives an array of the state's shape, and each element has a Brownian motion of
 * its own. Solvers state in their types which calculus they integrate; the wrong pair does not compile.
 *
 * @example
 * const ou = itoSde((x) => ops.neg(x), () => ops.scalar(0.5));
 * solveSde(eulerMaruyamaSolver, ou, { to: 1, levels: 6 })(ops.constant([1, 2]));
 */
export const itoSde = (drift: StateField, diffusion: StateField): Sde<'ito', 'diagonal'> => ({
  ...diagonal(drift, diffusion),
  calculus: 'ito',
});

/**
 * The Stratonovich equation dx = f(x, t) dt + b(x, t) ∘ dw with diagonal noise: `diffusion` gives an array of the state's shape, and each element has a
 * Brownian motion of its own. {@link toIto} gives the Itô equation with the same solutions.
 *
 * @example
 * const geometric = stratonovichSde((x) => ops.mul(0.1, x), (x) => ops.mul(0.5, x));
 * solveSde(stochasticHeunSolver, geometric, { to: 1, levels: 6 })(ops.constant([1, 2]));
 */
export const stratonovichSde = (drift: StateField, diffusion: StateField): Sde<'stratonovich', 'diagonal'> => ({
  ...diagonal(drift, diffusion),
  calculus: 'stratonovich',
});

/** How many Brownian motions move the state. */
export interface MatrixNoiseOptions {
  readonly motions: number;
}

/**
 * The Itô equation dx = f(x, t) dt + B(x, t) dw with a matrix B of shape `[n, motions]` for a state of n elements, in row-major order, and dw of shape
 * `[motions]`.
 *
 * @example
 * matrixItoSde((x) => ops.neg(x), () => ops.constant([[1, 0.5], [0, 1]]), { motions: 2 });
 */
export const matrixItoSde = (
  drift: StateField,
  diffusion: StateField,
  { motions }: MatrixNoiseOptions,
): Sde<'ito', 'matrix'> => ({ calculus: 'ito', noise: 'matrix', drift, diffusion, motions: () => [motions] });

/**
 * The Stratonovich equation dx = f(x, t) dt + B(x, t) ∘ dw with a matrix B of shape `[n, motions]` for a state of n elements, in row-major order, and dw of
 * shape `[motions]`.
 *
 * @example
 * const sde = matrixStratonovichSde((x) => ops.neg(x), () => ops.constant([[1, 0.5], [0, 1]]), { motions: 2 });
 * solveSde(stochasticHeunSolver, sde, { to: 1, levels: 4 })(ops.constant([1, 2]));
 */
export const matrixStratonovichSde = (
  drift: StateField,
  diffusion: StateField,
  { motions }: MatrixNoiseOptions,
): Sde<'stratonovich', 'matrix'> => ({
  calculus: 'stratonovich',
  noise: 'matrix',
  drift,
  diffusion,
  motions: () => [motions],
});

const diagonal = (drift: StateField, diffusion: StateField) =>
  ({ noise: 'diagonal', drift, diffusion, motions: (state: Shape) => state }) as const;

/** b dw, in the state's shape. */
export const kicked = ({ noise }: Sde, b: Expr, dw: Expr, state: Shape): Expr =>
  noise === 'diagonal' ? o.mul(b, dw) : o.reshape(o.matvec(b, dw), state);

/** b ∂b/∂x elementwise, where element i of b depends on element i of x alone. */
export const diagonalCorrection =
  (diffusion: StateField): StateField =>
  (x, t) => {
    const v = variable(x.shape);
    const b = diffusion(v, t);
    const [slope] = jvp([b], [v], [o.broadcastTo(1, x.shape)]);
    return substitute([o.mul(b, slope)], new Map([[v, x]]))[0];
  };

/** Σₖ (∂bₖ/∂x) bₖ over the columns of b: one forward derivative for each motion. */
const matrixCorrection =
  (diffusion: StateField): StateField =>
  (x, t) => {
    const v = variable(x.shape);
    const b = diffusion(v, t);
    const [n, motions] = [sizeOf(x.shape), b.shape[1]];
    const column = (m: Expr, k: number): Expr => o.reshape(o.slice(m, [0, k], [n, k + 1]), x.shape);
    const terms = Array.from({ length: motions }, (_, k) => column(jvp([b], [v], [column(b, k)])[0], k));
    return substitute([o.addAll(terms)], new Map([[v, x]]))[0];
  };

/** What f_Itô has beyond f_Stratonovich, twice. */
const correction = ({ noise, diffusion }: Sde): StateField =>
  (noise === 'diagonal' ? diagonalCorrection : matrixCorrection)(diffusion);

/**
 * The Stratonovich equation with the same solutions as an Itô equation: f_Stratonovich = f_Itô − ½ Σₖ (∂bₖ/∂x) bₖ over the columns of b, which is ½ b ∂b/∂x
 * where noise is diagonal. Cost: one forward derivative of the diffusion for each column (one in all where noise is diagonal).
 *
 * @example
 * const sde = toStratonovich(itoSde((x) => x, (x) => x));
 * value(sde.drift(ops.scalar(3), ops.scalar(0)));   // 1.5: drift ½ x
 */
export const toStratonovich = <N extends NoiseKind>(sde: Sde<'ito', N>): Sde<'stratonovich', N> => ({
  ...sde,
  calculus: 'stratonovich',
  drift: (x, t) => o.sub(sde.drift(x, t), o.mul(0.5, correction(sde)(x, t))),
});

/**
 * The Itô equation with the same solutions as a Stratonovich equation: f_Itô = f_Stratonovich + ½ Σₖ (∂bₖ/∂x) bₖ over the columns of b, which is ½ b ∂b/∂x
 * where noise is diagonal. Cost as for {@link toStratonovich}, its inverse.
 *
 * @example
 * const sde = toIto(stratonovichSde((x) => x, (x) => x));
 * value(sde.drift(ops.scalar(2), ops.scalar(0)));   // 3: drift 1½ x
 */
export const toIto = <N extends NoiseKind>(sde: Sde<'stratonovich', N>): Sde<'ito', N> => ({
  ...sde,
  calculus: 'ito',
  drift: (x, t) => o.add(sde.drift(x, t), o.mul(0.5, correction(sde)(x, t))),
});
