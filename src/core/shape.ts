/** Shapes: tuples of sizes, row-major. A scalar's shape is `[]`. */
export type Shape = readonly number[];

/** The shape of a scalar, as a default of a shape S that is `readonly []` unless a caller says another. */
// The cast: a caller who names S names it by a shape that is given; the default is taken where none is, and S is `readonly []` there.
export const scalarShape = <S extends Shape>(): S => [] as unknown as S;

/**
 * Number of elements: the product of the sizes, 1 for a scalar.
 *
 * @example
 * sizeOf([2, 3]);   // 6
 */
export const sizeOf = (shape: Shape): number => {
  let n = 1;
  for (const d of shape) n *= d;
  return n;
};

/** `[2, 3]` as text. */
export const showShape = (shape: Shape): string => `[${shape.join(', ')}]`;

/** Equality of shapes. */
export const sameShape = (a: Shape, b: Shape): boolean => a.length === b.length && a.every((d, i) => d === b[i]);

/** Row-major strides: `stridesOf([2, 3, 4])` is `[12, 4, 1]`. */
export const stridesOf = (shape: Shape): number[] => {
  const strides = new Array<number>(shape.length);
  let n = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    strides[i] = n;
    n *= shape[i];
  }
  return strides;
};

/** NumPy's broadcast of two shapes, or `undefined` where they do not fit. */
export const broadcastShapes = (a: Shape, b: Shape): Shape | undefined => {
  const rank = Math.max(a.length, b.length);
  const out: number[] = [];
  for (let i = 0; i < rank; i++) {
    const x = a[i - rank + a.length] ?? 1;
    const y = b[i - rank + b.length] ?? 1;
    if (x !== y && x !== 1 && y !== 1) return undefined;
    out.push(x === 1 ? y : x);
  }
  return out;
};

/** Axis `-1` is the last one; `undefined` where the axis does not exist. */
export const normalAxis = (axis: number, rank: number): number | undefined => {
  const a = axis < 0 ? axis + rank : axis;
  return Number.isInteger(a) && a >= 0 && a < rank ? a : undefined;
};

/** `0 … n−1`. */
export const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
