/** The matrix products of a program, and a bare ONNX graph of nothing else. */
import { type Expr, topological } from '../src/core/expr.ts';
import { attribute, encodeModel, type Graph, type OnnxNode, valueInfo } from '../src/core/interpreters/onnx/schema.ts';

/** C = op(A) op(B), `[m, k] × [k, n]`, `batch` times; `ta`, `tb`: the operand lies transposed in memory. */
export interface Product {
  readonly batch: number;
  readonly m: number;
  readonly k: number;
  readonly n: number;
  readonly ta: boolean;
  readonly tb: boolean;
}

const transposed = (e: Expr): boolean => e.op === 'transpose' && e.shape.length === 2;

/**
 * The products of a lowered program, one entry each, those in the bodies of loops once: what one iteration computes. Products with a single row or column
 * are left out, most of them are sums by another name.
 */
export const productsOf = (outputs: readonly Expr[]): Product[] =>
  topological(outputs).flatMap((e) => {
    if (e.op === 'scan') return productsOf(e.attributes.body.results);
    if (e.op !== 'matmul') return [];
    const [a, b] = e.inputs;
    const [m, n] = e.shape.slice(-2);
    const k = a.shape[a.shape.length - 1];
    const batch = e.shape.slice(0, -2).reduce((x, y) => x * y, 1);
    return m > 1 && n > 1 && k > 1 ? [{ batch, m, k, n, ta: transposed(a), tb: transposed(b) }] : [];
  });

/** Floating-point operations: a multiplication and an addition each. */
export const operations = ({ batch, m, k, n }: Product): number => 2 * batch * m * k * n;

/** The same products with operands as they are multiplied: what the runtime does best. */
export const upright = (products: readonly Product[]): Product[] =>
  products.map((p) => ({ ...p, ta: false, tb: false }));

/** An input of a graph: its name and shape. */
export interface Operand {
  readonly name: string;
  readonly shape: readonly number[];
}

/**
 * A model that computes products `iterations` times in one loop, each over operands of its own, and nothing else: what a product gives is carried, so that
 * none is left out as unused, and nothing is fed or copied between the iterations.
 */
export const productsModel = (
  products: readonly Product[],
  iterations: number,
): { readonly bytes: Uint8Array; readonly operands: readonly Operand[] } => {
  const many = (p: Product, shape: readonly number[]): readonly number[] => (p.batch > 1 ? [p.batch, ...shape] : shape);
  const left = products.map((p, i) => ({ name: `a${i}`, shape: many(p, p.ta ? [p.k, p.m] : [p.m, p.k]) }));
  const right = products.map((p, i) => ({ name: `b${i}`, shape: many(p, p.tb ? [p.n, p.k] : [p.k, p.n]) }));
  const before = products.map((p, i) => ({ name: `before${i}`, shape: many(p, [p.m, p.n]) }));
  const floats = ({ name, shape }: Operand) => valueInfo(name, 'float32', shape);
  const node = (opType: string, input: string[], output: string[], attributes: OnnxNode['attribute'] = []): OnnxNode => ({ opType, input, output, name: output[0], attribute: attributes }); // biome-ignore format: one line
  const flags = ({ ta, tb }: Product) => [...(ta ? [attribute('transA', 1)] : []), ...(tb ? [attribute('transB', 1)] : [])]; // biome-ignore format: one line
  const body: Graph = {
    name: 'body',
    node: [
      node('Identity', ['going'], ['still']),
      ...products.map((p, i) =>
        p.batch > 1
          ? node('MatMul', [`a${i}`, `b${i}`], [`after${i}`])
          : node('Gemm', [`a${i}`, `b${i}`], [`after${i}`], flags(p)),
      ),
    ],
    input: [
      valueInfo('iteration', 'int64', []),
      valueInfo('going', 'bool', []),
      ...before.map(({ name, shape }) => floats({ name: `carried ${name}`, shape })),
    ],
    output: [valueInfo('still', 'bool', []), ...before.map(({ shape }, i) => floats({ name: `after${i}`, shape }))],
    initializer: [],
  };
  const operands = [...left, ...right, ...before];
  const graph: Graph = {
    name: 'products',
    node: [node('Loop', ['iterations', 'true', ...before.map((b) => b.name)], before.map((_, i) => `out${i}`), [attribute('body', body)])], // biome-ignore format: one line
    input: operands.map(floats),
    output: before.map(({ shape }, i) => floats({ name: `out${i}`, shape })),
    initializer: [
      { name: 'iterations', dims: [], dataType: 7, rawData: new Uint8Array(BigInt64Array.of(BigInt(iterations)).buffer) }, // biome-ignore format: one line
      { name: 'true', dims: [], dataType: 9, rawData: Uint8Array.of(1) },
    ],
  };
  return { bytes: encodeModel(graph), operands };
};
