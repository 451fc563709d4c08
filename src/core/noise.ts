/**
 * Arrays of noise by counter: number j of example i is a function of (law, key, i, j) alone. The words are Threefry's (prng.ts); a
 * WebAssembly module computes them four lanes at a time (assembly/noise.ts, made by `npm run build:noise`).
 */
import { raise } from './errors.ts';
import { module } from './noise-module.ts';
import { type PrngKey, threefry2x32 } from './prng.ts';

/** Laws that noise leaves are filled from; each is standard: N(0, 1), U(0, 1), ±1 with probability ½. */
export type NoiseLaw = 'normal' | 'uniform' | 'rademacher';

const FAR_EXAMPLES = 0xd0000000;
const TWO_32 = 4294967296;

/** Blocks, of two words each, that the module's buffer is used for at a time. */
const BLOCKS = 4096;
const BUFFER = 1024;

/** What is used of the WebAssembly API; TypeScript has its types beside those of a browser's page only. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
};

interface Module {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly words: (k0: number, k1: number, example: number, block: number, blocks: number, count: number) => void;
  readonly uniforms: (count: number) => void;
  readonly normals: (count: number) => void;
}

/** The module with its buffer, seen as words and as numbers. */
interface Kernel extends Module {
  readonly bits: Int32Array;
  readonly numbers: Float32Array;
}

let loaded: Kernel | undefined;

const kernel = (): Kernel => {
  if (loaded === undefined) {
    const bytes = Uint8Array.from(atob(module), (c) => c.charCodeAt(0));
    const made = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports as Module;
    loaded = {
      ...made,
      bits: new Int32Array(made.memory.buffer, BUFFER, 2 * BLOCKS),
      numbers: new Float32Array(made.memory.buffer, BUFFER, 2 * BLOCKS),
    };
  }
  return loaded;
};

type RealArray = Float32Array | Float64Array;

/** Copies `n` numbers of the buffer, from block `block` on; signs are one bit each, 32 to a word, lowest bit first. */
const copy = ({ bits, numbers }: Kernel, law: NoiseLaw, block: number, n: number, out: RealArray, at: number): void => {
  if (law === 'rademacher')
    for (let i = 0; i < n; i++) out[at + i] = (((bits[2 * block + (i >> 5)] >>> (i & 31)) & 1) << 1) - 1;
  else if (n < 32) for (let i = 0; i < n; i++) out[at + i] = numbers[2 * block + i];
  else out.set(numbers.subarray(2 * block, 2 * block + n), at);
};

/** The rows of examples whose indices share their upper word. */
const fillRows = (
  law: NoiseLaw,
  key: PrngKey,
  first: number,
  rows: number,
  size: number,
  out: RealArray,
  to: number,
) => {
  const k = kernel();
  const perBlock = law === 'rademacher' ? 64 : 2;
  const blocks = Math.ceil(size / perBlock);
  for (let done = 0; done < rows * blocks; done += BLOCKS) {
    const count = Math.min(BLOCKS, rows * blocks - done);
    let row = Math.floor(done / blocks);
    let block = done % blocks;
    k.words(key[0] | 0, key[1] | 0, (first + row) | 0, block, blocks, count);
    if (law === 'normal') k.normals(count);
    else if (law === 'uniform') k.uniforms(count);
    if (size === perBlock * blocks) copy(k, law, 0, count * perBlock, out, to + done * perBlock);
    else
      for (let from = 0; from < count; row++) {
        const taken = Math.min(blocks - block, count - from);
        const n = Math.min(taken * perBlock, size - block * perBlock);
        copy(k, law, from, n, out, to + row * size + block * perBlock);
        from += taken;
        block = 0;
      }
  }
};

/**
 * Fills `examples` rows of `eventSize` numbers, `out[offset + r·eventSize + j]`, with noise for the examples
 * `firstExample … firstExample + examples − 1`: uniform numbers are `(k + ½)/2²³`, k the top 23 bits of a word, exact in float32, inside
 * (0, 1) and symmetric about ½; normal numbers come two by two from Box and Muller's `√(−2 ln u)·(cos θ, sin θ)` with 32-bit u, so
 * |z| ≤ √(66 ln 2) ≈ 6.76; signs take one bit each.
 *
 * Row r depends only on `(law, key, firstExample + r, eventSize)` — indeed element j does not depend on `eventSize` —
 * so an example gets the same noise in every batch. Every number is a float32 whatever the type of `out`, so that float32
 * and float64 programs see the same noise. Throws `ArgumentError` where the rows do not fit into `out` or an index is not
 * a natural number.
 *
 * @example
 * const out = new Float32Array(4);
 * fillNoise('uniform', keyOf(0), 10, 2, 2, out); // examples 10 and 11, two numbers each
 */
export const fillNoise = (
  law: NoiseLaw,
  key: PrngKey,
  firstExample: number,
  examples: number,
  eventSize: number,
  out: Float32Array | Float64Array,
  offset = 0,
): void => {
  if (!(Number.isSafeInteger(firstExample + examples) && firstExample >= 0))
    raise('ArgumentError', 'fillNoise', 'example indices are natural numbers', { got: `${firstExample}` });
  if (!(offset >= 0 && offset + examples * eventSize <= out.length))
    raise('ArgumentError', 'fillNoise', 'the noise does not fit into the array', {
      expected: `${offset} + ${examples}·${eventSize} numbers`,
      got: `${out.length}`,
    });
  for (let done = 0; done < examples; ) {
    const example = firstExample + done;
    const high = Math.floor(example / TWO_32);
    const rows = Math.min(examples - done, (high + 1) * TWO_32 - example);
    const k = high === 0 ? key : threefry2x32(key, [high, FAR_EXAMPLES]);
    fillRows(law, k, example, rows, eventSize, out, offset + done * eventSize);
    done += rows;
  }
};
