/** Calls of forward kernels: temporaries of a rule are disposed when it ends, its result is a tensor of its own. */
import type { ElementType } from '../../expr.ts';
import { type Shape, sameShape, sizeOf } from '../../shape.ts';
import { allocate, type TensorData } from '../../tensor.ts';
import type { Tf, TfjsBackend, TfTensor } from './runtime.ts';

/** What TensorFlow.js calls our element types. */
export const dtypeOf = (type: ElementType): 'float32' | 'int32' | 'bool' => (type === 'real' ? 'float32' : type);

type Inputs = Readonly<Record<string, TfTensor>> | readonly TfTensor[];

/** What a rule computes with. Every tensor it hands out is freed after the rule, but the one the rule returns. */
export interface Kernels {
  readonly backend: TfjsBackend;
  /** Runs a kernel with one result. */
  readonly run: (kernel: string, inputs: Inputs, attributes?: object) => TfTensor;
  /** Runs a kernel with several results. */
  readonly runAll: (kernel: string, inputs: Inputs, attributes?: object) => TfTensor[];
  /** Uploads an array. */
  readonly upload: (data: TensorData, shape: Shape, type: ElementType) => TfTensor;
}

/** The value of a node from those of its operands, which stay the caller's. */
export type Kernel = (k: Kernels, xs: readonly TfTensor[]) => TfTensor;

/** A tensor over host data. */
export const uploadTensor = (tf: Tf, data: TensorData, shape: Shape, type: ElementType): TfTensor =>
  tf.engine().makeTensor(data as Float32Array, shape as number[], dtypeOf(type)) as TfTensor;

/** Another tensor of the same value. */
export const cloneTensor = (tf: Tf, x: TfTensor): TfTensor => tf.engine().runKernel('Identity', { x }) as TfTensor;

/** Runs kernels for their results; a kernel that returns its own input gets a clone of it. */
export const callKernel = (tf: Tf, kernel: string, inputs: Inputs, attributes: object = {}): TfTensor[] => {
  const out = tf.engine().runKernel(kernel, inputs as never, attributes as never);
  const given = Array.isArray(inputs) ? (inputs as readonly TfTensor[]) : Object.values(inputs);
  return (Array.isArray(out) ? out : [out]).map((t) => (given.includes(t) ? cloneTensor(tf, t) : t));
};

/** Runs a rule. */
export const perform = (tf: Tf, backend: TfjsBackend, kernel: Kernel, xs: readonly TfTensor[]): TfTensor => {
  const made = new Set<TfTensor>();
  const keep = (t: TfTensor): TfTensor => {
    made.add(t);
    return t;
  };
  const runAll: Kernels['runAll'] = (name, inputs, attributes) => callKernel(tf, name, inputs, attributes).map(keep);
  let result: TfTensor | undefined;
  try {
    const out = kernel(
      {
        backend,
        runAll,
        run: (name, inputs, attributes) => runAll(name, inputs, attributes)[0],
        upload: (data, shape, type) => keep(uploadTensor(tf, data, shape, type)),
      },
      xs,
    );
    result = made.has(out) ? out : cloneTensor(tf, out);
    return result;
  } finally {
    for (const t of made) if (t !== result) t.dispose();
  }
};

/** The same elements in another shape. */
export const reshapeTo = (k: Kernels, x: TfTensor, shape: Shape): TfTensor =>
  sameShape(x.shape, shape) ? x : k.run('Reshape', { x }, { shape });

/**
 * Another element type. Booleans by comparison: the wasm cast keeps the lowest byte. The WebGPU cast to a real only relabels an integer
 * buffer, which some shaders then do not compile for: adding zero writes reals.
 */
export const castTo = (k: Kernels, x: TfTensor, dtype: 'float32' | 'int32' | 'bool'): TfTensor => {
  if (x.dtype === dtype) return x;
  if (dtype !== 'bool') {
    const y = k.run('Cast', { x }, { dtype });
    if (k.backend !== 'webgpu' || dtype !== 'float32') return y;
    return k.run('Add', { a: y, b: k.run('Fill', {}, { shape: [], value: 0, dtype }) });
  }
  const zero = k.run('Fill', {}, { shape: [], value: 0, dtype: x.dtype });
  return k.run('NotEqual', { a: x, b: zero });
};

/** An array of one number. */
export const fillOf = (k: Kernels, shape: Shape, value: number, type: ElementType): TfTensor =>
  sizeOf(shape) === 0
    ? k.upload(allocate(dtypeOf(type), 0), shape, type)
    : k.run('Fill', {}, { shape, value, dtype: dtypeOf(type) });

/** Axes merged with equal neighbours: their sizes and keys. Axes without a key (of size 1) disappear. */
export const mergeAxes = (
  shape: Shape,
  keys: readonly (string | undefined)[],
): { readonly sizes: readonly number[]; readonly keys: readonly string[]; readonly first: readonly number[] } => {
  const sizes: number[] = [];
  const kept: string[] = [];
  const first: number[] = [];
  shape.forEach((d, i) => {
    const key = keys[i];
    if (key === undefined) return;
    const last = kept.length - 1;
    if (last >= 0 && kept[last] === key) sizes[last] *= d;
    else {
      sizes.push(d);
      kept.push(key);
      first.push(i);
    }
  });
  return { sizes, keys: kept, first };
};

/** Kernels of every backend take arrays of this rank; beyond it axes are merged first. */
export const safeRank = 4;
