/**
 * Arrays of noise by counter: number j of example i is a function of (distribution, key, i, j) alone. The words are Threefry's (prng.ts); a
 * WebAssembly module computes them four lanes at a time (assembly/noise.ts, made by `npm run build:noise`).
 */
import { raise } from './errors.ts';
import { module } from './noise-module.ts';
import { type PrngKey, threefry2x32 } from './prng.ts';

/** Distributions that noise leaves are filled from; each is standard: N(0, 1), U(0, 1), ±1 with probability ½. */
export type NoiseDist = 'normal' | 'uniform' | 'rademacher';

const FAR_EXAMPLES = 0xd0000000;
const TWO_32 = 4294967296;

/** Distributions by the number that the module knows them by. */
const codes: Readonly<Record<NoiseDist, number>> = { normal: 0, uniform: 1, rademacher: 2 };

/** The count of numbers in one request to the module, and their offset in its memory, in bytes. */
const REGION = 1 << 16;
const NUMBERS = 34816;

/** What is used of the WebAssembly API; TypeScript has its types beside those of a browser's page only. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
};

interface Module {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly fill: (dist: number, k0: number, k1: number, example: number, rows: number, size: number, block: number) => void; // biome-ignore format: one signature
}

let loaded: { readonly fill: Module['fill']; readonly numbers: Float32Array } | undefined;

const kernel = (): NonNullable<typeof loaded> => {
  if (loaded === undefined) {
    const bytes = Uint8Array.from(atob(module), (c) => c.charCodeAt(0));
    const { fill, memory } = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports as Module;
    loaded = { fill, numbers: new Float32Array(memory.buffer, NUMBERS, REGION) };
  }
  return loaded;
};

/** Rows of noise under one key, and where they go. */
interface NoiseRows {
  readonly dist: NoiseDist;
  readonly key: PrngKey;
  readonly first: number;
  readonly rows: number;
  readonly size: number;
  readonly at: number;
}

/** The same with indices below 2³² alone: the key of examples beyond knows their upper word. */
const near = ({ key, first, rows, size, at, dist }: NoiseRows): NoiseRows[] => {
  const parts: NoiseRows[] = [];
  for (let done = 0; done < rows; ) {
    const example = first + done;
    const high = Math.floor(example / TWO_32);
    const n = Math.min(rows - done, (high + 1) * TWO_32 - example);
    const k = high === 0 ? key : threefry2x32(key, [high, FAR_EXAMPLES]);
    parts.push({ dist, key: k, first: example, rows: n, size, at: at + done * size });
    done += n;
  }
  return parts;
};

const fillRows = ({ dist, key, first, rows, size, at }: NoiseRows, out: Float32Array | Float64Array): void => {
  const { fill, numbers } = kernel();
  const [code, k0, k1] = [codes[dist], key[0] | 0, key[1] | 0];
  const many = Math.max(1, Math.floor(REGION / size));
  for (let r = 0; r < rows; r += many)
    for (let c = 0; c < size; c += REGION) {
      const [m, n] = [Math.min(many, rows - r), Math.min(size, REGION, size - c)];
      fill(code, k0, k1, (first + r) | 0, m, n, c / (dist === 'rademacher' ? 64 : 2));
      out.set(numbers.subarray(0, m * n), at + r * size + c);
    }
};

/**
 * Fills `examples` rows of `eventSize` numbers, `out[offset + r·eventSize + j]`, with noise for the examples
 * `firstExample … firstExample + examples − 1`: uniform numbers are `(k + ½)/2²³`, k the top 23 bits of a word, exact in float32, inside
 * (0, 1) and symmetric about ½; normal numbers come two by two from Box and Muller's `√(−2 ln u)·(cos θ, sin θ)` with 32-bit u, so
 * |z| ≤ √(66 ln 2) ≈ 6.76; signs take one bit each.
 *
 * Row r depends only on `(dist, key, firstExample + r, eventSize)` — indeed element j does not depend on `eventSize` —
 * so an example gets the same noise in every batch. Every number is a float32 whatever the type of `out`, so that float32
 * and float64 programs see the same noise. Throws `ArgumentError` where the rows do not fit into `out` or an index is not
 * a natural number.
 *
 * @example
 * const out = new Float32Array(4);
 * fillNoise('uniform', keyOf(0), 10, 2, 2, out); // examples 10 and 11, two numbers each
 */
export const fillNoise = (
  dist: NoiseDist,
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
  for (const part of near({ dist, key, first: firstExample, rows: examples, size: eventSize, at: offset }))
    fillRows(part, out);
};
