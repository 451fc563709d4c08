/** Contexts as host arrays: what a running conditional distribution is given. */
import { type Context, contextSize, isClasses, showContext } from '../algebra/context.ts';
import { raise } from '../core/errors.ts';
import { fromNested } from '../core/nested.ts';
import { type Shape, sameShape, showShape } from '../core/shape.ts';
import { isTensor, type Tensor } from '../core/tensor.ts';

/** Numbers in rows, to any depth: a vector, the rows of an image. */
export type Rows = readonly number[] | readonly Rows[];

/** A context (or, where rows are expected, rows of contexts `[n, …]`): an array, numbers in rows, the number of a class, or a struct of these. */
export type ContextArrays = Tensor | number | Rows | { readonly [name: string]: ContextArrays };

const tensorIn = (c: Exclude<ContextArrays, number>): Tensor | undefined =>
  Array.isArray(c) ? fromNested(c as Rows, 'given') : isTensor(c) ? c : undefined;

const hot = (k: number, classes: number): Float64Array => {
  if (!(Number.isInteger(k) && k >= 0 && k < classes))
    raise('ArgumentError', 'given', 'there is no such class', { expected: `0 … ${classes - 1}`, got: `${k}` });
  return Float64Array.from({ length: classes }, (_, i) => (i === k ? 1 : 0));
};

/** The arrays of a context, each checked by `fits` against the shape of its part. */
const arrays = (context: Context, given: ContextArrays, fits: (t: Tensor, shape: Shape) => boolean): readonly Float64Array[] => {
  const refuse = (got: string): never =>
    raise('ShapeError', 'given', 'the context does not fit', { expected: showContext(context), got });
  if (Array.isArray(context) || isClasses(context)) {
    const shape = Array.isArray(context) ? (context as Shape) : [(context as { readonly classes: number }).classes];
    if (typeof given === 'number')
      return Array.isArray(context) ? refuse('a number: a context of one number is an array') : [hot(given, shape[0])];
    const t = tensorIn(given);
    if (t === undefined) return refuse('a struct');
    return fits(t, shape) ? [Float64Array.from(t.data as Float64Array)] : refuse(showShape(t.shape));
  }
  const t = typeof given === 'number' ? undefined : tensorIn(given);
  if (typeof given === 'number' || t !== undefined) return refuse(t === undefined ? 'a number' : showShape(t.shape));
  return Object.entries(context).flatMap(([name, inner]) =>
    Object.hasOwn(given, name) ? arrays(inner as Context, (given as { readonly [k: string]: ContextArrays })[name], fits) : refuse(`no '${name}'`),
  );
}; // biome-ignore format: one idea

/** One context as a vector. Throws `ShapeError` where it does not fit, `ArgumentError` where there is no such class. */
export const contextNumbers = (context: Context, given: ContextArrays): Float64Array => {
  const all = arrays(context, given, (t, shape) => sameShape(t.shape, shape));
  return Float64Array.from(all.flatMap((a) => Array.from(a)));
};

/** Rows of contexts as rows of vectors `[n, size]`. Throws `ShapeError` where they do not fit. */
export const contextRows = (context: Context, given: ContextArrays): { readonly n: number; readonly data: Float64Array } => {
  const counts = new Set<number>();
  const all = arrays(context, given, (t, shape) => {
    counts.add(t.shape[0]);
    return sameShape(t.shape.slice(1), shape);
  });
  const [n] = counts;
  if (counts.size !== 1) return raise('ShapeError', 'given', 'rows of contexts are equally many', { got: [...counts].join(', ') });
  const size = contextSize(context);
  const data = new Float64Array(n * size);
  let at = 0;
  for (const a of all) {
    const width = a.length / n;
    for (let i = 0; i < n; i++) data.set(a.subarray(i * width, (i + 1) * width), i * size + at);
    at += width;
  }
  return { n, data };
}; // biome-ignore format: one idea
