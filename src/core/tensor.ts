import { raise } from './errors.ts';
import { type Shape, showShape, sizeOf } from './shape.ts';

/** Element types of host arrays. Programs speak of `real`, which an interpreter makes `float32` or `float64`. */
export type TensorType = 'float32' | 'float64' | 'int32' | 'bool';

/** The typed array behind each element type; booleans are bytes 0 and 1. */
export type TensorData = Float32Array | Float64Array | Int32Array | Uint8Array;

/** A dense row-major array on the host: what goes into a program and what comes out. */
export interface Tensor {
  readonly shape: Shape;
  readonly type: TensorType;
  readonly data: TensorData;
}

const typeOf = (data: TensorData): TensorType =>
  data instanceof Float32Array
    ? 'float32'
    : data instanceof Float64Array
      ? 'float64'
      : data instanceof Int32Array
        ? 'int32'
        : 'bool';

/**
 * A tensor over `data`, row-major and not copied. Throws `ShapeError` where the number of elements differs.
 *
 * @example
 * tensor(Float32Array.from([1, 2, 3, 4]), [2, 2]).shape;   // [2, 2]
 */
export const tensor = (data: TensorData, shape: Shape): Tensor =>
  data.length === sizeOf(shape)
    ? { shape, type: typeOf(data), data }
    : raise('ShapeError', 'tensor', 'the data do not fill the shape', {
        expected: `${sizeOf(shape)} elements for ${showShape(shape)}`,
        got: `${data.length}`,
      });

/**
 * A float64 tensor of numbers in row-major order. Throws `ShapeError` where the number of elements differs.
 *
 * @example
 * tensorOf([1, 2, 3, 4], [2, 2]).shape;   // [2, 2]
 */
export const tensorOf = (values: ArrayLike<number>, shape: Shape = [values.length]): Tensor =>
  tensor(Float64Array.from(values), shape);

/** Whether a value is an array with a shape, where it may be something else (numbers, a struct of arrays). */
export const isTensor = (of: object): of is Tensor =>
  ArrayBuffer.isView((of as { readonly data?: unknown }).data) &&
  Array.isArray((of as { readonly shape?: unknown }).shape);

/**
 * The numbers of a tensor as a plain array, in row-major order.
 *
 * @example
 * toNumbers(tensorOf([1, 2]));   // [1, 2]
 */
export const toNumbers = (t: Tensor): number[] => Array.from(t.data);

/** An empty array of the given element type. */
export const allocate = (type: TensorType, length: number): TensorData =>
  type === 'float32'
    ? new Float32Array(length)
    : type === 'float64'
      ? new Float64Array(length)
      : type === 'int32'
        ? new Int32Array(length)
        : new Uint8Array(length);

/** The same numbers with another element type (copies unless it is the same type). */
export const castTensor = (t: Tensor, type: TensorType): Tensor => {
  if (t.type === type) return t;
  const data = allocate(type, t.data.length);
  data.set(t.data as ArrayLike<number>);
  return { shape: t.shape, type, data };
};
