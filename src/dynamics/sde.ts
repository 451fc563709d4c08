/**
 * Stochastic differential equations dx = f(x, t) dt + b(x, t) dw. An equation says in its type which integral it means, Itô's or Stratonovich's, and whether each
 * element has noise of its own or b is a matrix; a solver says which it solves; the wrong pair does not compile.
 */
import { jvp } from '../core/differentiate/index.ts';
import { type Expr, substitute, variable } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { type Shape, sizeOf } from '../core/shape.ts';

/** Which integral ∫ b dw is. */
export type Calculus = 'ito' | 'stratonovich';

/** What b dw is: elementwise, each element with noise of its own, or the product of a matrix with as many motions as it has columns. */
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

/** An equation in Itô's sense, each element with noise of its own. */
export const itoSde = (drift: StateField, diffusion: StateField): Sde<'ito', 'diagonal'> => ({
  ...diagonal(drift, diffusion),
  calculus: 'ito',
});

/** An equation in Stratonovich's sense, each element with noise of its own. */
export const stratonovichSde = (drift: StateField, diffusion: StateField): Sde<'stratonovich', 'diagonal'> => ({
  ...diagonal(drift, diffusion),
  calculus: 'stratonovich',
});

/** How many Brownian motions move the state. */
export interface MatrixNoiseOptions {
  readonly motions: number;
}

/**
 * dx = f dt + B(x, t) dw in Itô's sense with a matrix B, `[n, motions]` for a state of n elements.
 *
 * @example
 * matrixItoSde((x) => ops.neg(x), () => ops.constant([[1, 0.5], [0, 1]]), { motions: 2 });
 */
export const matrixItoSde = (
  drift: StateField,
  diffusion: StateField,
  { motions }: MatrixNoiseOptions,
): Sde<'ito', 'matrix'> => ({ calculus: 'ito', noise: 'matrix', drift, diffusion, motions: () => [motions] });

/** The same in Stratonovich's sense. */
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
 * The equation in the other sense that has the same solutions: f_Itô = f_Stratonovich + ½ Σₖ (∂bₖ/∂x) bₖ, which is ½ b ∂b/∂x where noise is diagonal.
 *
 * @example
 * toStratonovich(itoSde((x) => x, (x) => x));   // drift ½ x
 */
export const toStratonovich = <N extends NoiseKind>(sde: Sde<'ito', N>): Sde<'stratonovich', N> => ({
  ...sde,
  calculus: 'stratonovich',
  drift: (x, t) => o.sub(sde.drift(x, t), o.mul(0.5, correction(sde)(x, t))),
});

/** See {@link toStratonovich}. */
export const toIto = <N extends NoiseKind>(sde: Sde<'stratonovich', N>): Sde<'ito', N> => ({
  ...sde,
  calculus: 'ito',
  drift: (x, t) => o.add(sde.drift(x, t), o.mul(0.5, correction(sde)(x, t))),
});
