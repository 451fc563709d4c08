/** What a conformance case is: inputs by shape and domain, and an expression of them; and how its inputs are drawn. */
import type { ElementType, Expr } from '../core/expr.ts';
import { foldIn, generator, keyOf, permutation } from '../core/prng.ts';
import { type Shape, sizeOf } from '../core/shape.ts';
import { type Tensor, type TensorData, tensor } from '../core/tensor.ts';

/** Where the elements of an input lie. Functions with kinks get domains that stay away from them. */
export type Domain =
  /** uniform on [low, high] */
  | { readonly kind: 'between'; readonly low: number; readonly high: number }
  /** all elements distinct: evenly spaced on [low, high], shuffled, jittered by a tenth of the gap */
  | { readonly kind: 'apart'; readonly low: number; readonly high: number }
  /** offset + k·step ± jitter within [low, high]: stays away from every other point of the lattice */
  | {
      readonly kind: 'lattice';
      readonly low: number;
      readonly high: number;
      readonly step: number;
      readonly offset: number;
      readonly jitter: number;
    }
  /** integers low … high−1 */
  | { readonly kind: 'integers'; readonly low: number; readonly high: number }
  /** these numbers, whatever the seed */
  | { readonly kind: 'given'; readonly values: readonly number[] };

/** One input of a case. */
export interface CaseInput {
  readonly shape: Shape;
  readonly domain: Domain;
  readonly type: ElementType;
  /** Which leaf stands for it (default: `input`). */
  readonly leaf?: 'input' | 'parameter' | 'noise';
  /** Not differentiated by. */
  readonly fixed?: boolean;
}

/** An expression of a few inputs, chosen so that every derivative exists where it is evaluated. */
export interface Case {
  readonly name: string;
  readonly inputs: readonly CaseInput[];
  readonly build: (...xs: Expr[]) => Expr;
  /** `false` where the expression is not a map over examples on purpose (collectives). */
  readonly vmap?: boolean;
}

/** A case. */
export const testCase = (name: string, inputs: readonly CaseInput[], build: (...xs: Expr[]) => Expr): Case => ({
  name,
  inputs,
  build,
});

const real = (shape: Shape, domain: Domain): CaseInput => ({ shape, domain, type: 'real' });

/** Reals uniform on [low, high]. */
export const between = (shape: Shape, low = -2, high = 2): CaseInput => real(shape, { kind: 'between', low, high });

/** Positive reals. */
export const positive = (shape: Shape, low = 0.4, high = 3): CaseInput => between(shape, low, high);

/** Reals that are pairwise distinct by a wide margin. */
export const apart = (shape: Shape, low = -2, high = 2): CaseInput => real(shape, { kind: 'apart', low, high });

/** Reals of both signs that keep away from every integer, 0 included. */
export const offIntegers = (shape: Shape): CaseInput =>
  real(shape, { kind: 'lattice', low: -2, high: 2, step: 1, offset: 0.5, jitter: 0.25 });

/** Reals near multiples of ½ (`shift` 0) or half-way between them (`shift` ¼): the two never meet. */
export const halves = (shape: Shape, shift: 0 | 0.25): CaseInput =>
  real(shape, { kind: 'lattice', low: -2, high: 2, step: 0.5, offset: shift, jitter: 0.06 });

/** Integers low … high−1 as int32. */
export const integers = (shape: Shape, low: number, high: number): CaseInput => ({
  shape,
  domain: { kind: 'integers', low, high },
  type: 'int32',
});

/** These int32 values. */
export const given = (shape: Shape, values: readonly number[]): CaseInput => ({
  shape,
  domain: { kind: 'given', values },
  type: 'int32',
});

/** Random truth values. */
export const coins = (shape: Shape): CaseInput => ({
  shape,
  domain: { kind: 'integers', low: 0, high: 2 },
  type: 'bool',
});

/**
 * The full name of a case: `op/case`.
 *
 * @example
 * caseId('exp', primitiveCases.exp[0]);
 */
export const caseId = (op: string, c: Case): string => `${op}/${c.name}`;

const drawElement = (d: Domain, i: number, uniform: () => number): number => {
  switch (d.kind) {
    case 'between':
      return d.low + (d.high - d.low) * uniform();
    case 'integers':
      return d.low + Math.floor((d.high - d.low) * uniform());
    case 'given':
      return d.values[i % d.values.length];
    case 'lattice': {
      const [first, last] = [Math.ceil((d.low - d.offset) / d.step), Math.floor((d.high - d.offset) / d.step)];
      const k = first + Math.floor((last - first + 1) * uniform());
      return d.offset + d.step * k + d.jitter * (2 * uniform() - 1);
    }
    case 'apart':
      return 0.2 * (uniform() - 0.5);
  }
};

/** Random elements of an input, the same for the same name. */
export const drawInput = (x: CaseInput, name: string, seed: number): Tensor => {
  const key = foldIn(keyOf(seed), name);
  const { uniform } = generator(key);
  const n = sizeOf(x.shape);
  const values = Array.from({ length: n }, (_, i) => drawElement(x.domain, i, uniform));
  if (x.domain.kind === 'apart') {
    const { low, high } = x.domain;
    const place = permutation(foldIn(key, 'places'), n);
    for (let i = 0; i < n; i++) values[i] = low + ((high - low) * (place[i] + 0.5 + values[i])) / n;
  }
  return tensor(packed(values, x.type), x.shape);
};

const packed = (values: readonly number[], type: ElementType): TensorData =>
  type === 'real' ? Float64Array.from(values) : type === 'int32' ? Int32Array.from(values) : Uint8Array.from(values);
