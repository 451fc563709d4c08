/** What is being written of an ONNX graph: nodes in order, shared constants, names of values. */
import type { Expr } from '../../expr.ts';
import { hostType, type Precision } from '../../program.ts';
import { range, type Shape } from '../../shape.ts';
import { attribute, elementType, type Initializer, type OnnxNode } from './schema.ts';

/** What an attribute may be. */
export type AttributeValue = Parameters<typeof attribute>[1];

/** What is being written: nodes in order, constants, and the name of each expression's value. */
export interface Scope {
  readonly precision: Precision;
  readonly nodes: OnnxNode[];
  readonly names: Map<Expr, string>;
  readonly uses: ReadonlyMap<Expr, number>;
  /** Channels in a block of the layout that convolutions are done in, where the model is for this machine only. */
  readonly block?: number;
  /** Where the names that a body closes over were written: what is made of them alone is made there, once. */
  readonly above: ReadonlyMap<string, Scope>;
  /** Kernels in the order that blocks are read in, by the name of the kernel. */
  readonly kernels: Map<string, string>;
  /** Shared by the graph and its loop bodies. */
  readonly shared: { readonly constants: Map<string, Initializer>; count: number };
}

/** A name nobody has. */
export const fresh = (s: Scope, hint: string): string => `${hint}_${s.shared.count++}`;

/** Writes a node and gives the names of its outputs. */
export const emit = (
  s: Scope,
  op: string,
  input: readonly string[],
  attributes: Record<string, AttributeValue> = {},
  outputs = 1,
  domain?: string,
): string[] => {
  const output = range(outputs).map(() => fresh(s, op));
  s.nodes.push({
    opType: op,
    input,
    output,
    name: output[0],
    attribute: Object.entries(attributes).map(([k, v]) => attribute(k, v)),
    ...(domain === undefined ? {} : { domain }),
  });
  return output;
};

/** A constant array by key: equal keys share one. */
export const constantOf = (
  s: Scope,
  key: string,
  type: keyof typeof elementType,
  dims: Shape,
  data: ArrayBufferView,
): string => {
  const found = s.shared.constants.get(key);
  if (found !== undefined) return found.name;
  const rawData = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const made: Initializer = { name: fresh(s, 'const'), dims, dataType: elementType[type], rawData };
  s.shared.constants.set(key, made);
  return made.name;
};

/** A constant of 64-bit integers: shapes, axes, bounds. */
export const int64s = (s: Scope, values: readonly number[], dims: Shape = [values.length]): string =>
  constantOf(
    s,
    `i64:${dims.join('x')}:${values.join(',')}`,
    'int64',
    dims,
    BigInt64Array.from(values.map((v) => BigInt(v))),
  );

/** A scalar of an expression's element type. */
export const scalarConstant = (s: Scope, value: number, e: Expr): string => {
  const type = hostType(e.type, s.precision);
  const key = `${type}:${Object.is(value, -0) ? '-0' : value}`;
  const data =
    type === 'float32'
      ? Float32Array.of(value)
      : type === 'float64'
        ? Float64Array.of(value)
        : type === 'int32'
          ? Int32Array.of(value)
          : Uint8Array.of(value);
  return constantOf(s, key, type, [], data);
};
