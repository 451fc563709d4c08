/**
 * Counter-based random numbers: Threefry-2x32 with 20 rounds (Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as
 * easy as 1, 2, 3", SC 2011; reference implementation Random123).
 *
 * A number is a pure function of a key and a counter; there is no state to carry and every number can be computed by
 * itself. Here a key names a stream (a seed, a path in a declaration, a step) and the counter says where in the stream:
 * word 0 is the example's index, word 1 is the block inside the example. The top bit of word 1 is set for everything
 * that is not noise, so that deriving keys never meets the numbers drawn under the same key:
 *
 *     word 1      0x0…–0x7…  noise blocks        0x8…  foldIn(number)     0x9…  generator
 *                 0xa…, 0xb… foldIn(text)        0xc…  split              0xd…  example indices from 2³² on
 */
import { raise } from './errors.ts';

/** Two unsigned 32-bit words. */
export type PrngKey = readonly [number, number];

/** Laws that noise leaves are filled from; each is standard: N(0, 1), U(0, 1), ±1 with probability ½. */
export type NoiseLaw = 'normal' | 'uniform' | 'rademacher';

const FOLD_NUMBER = 0x80000000;
const GENERATOR = 0x90000000;
const FOLD_TEXT = 0xa0000000;
const FOLD_TEXT_END = 0xb0000000;
const SPLIT = 0xc0000000;
const FAR_EXAMPLES = 0xd0000000;
const TWO_32 = 4294967296;

/**
 * Writes the blocks of counters `(c0, c1), (c0, c1 + 1), …` — two words each — to `out[0 … 2·blocks)`.
 * Twenty rounds `x0 += x1; x1 = rotl(x1, R) ^ x0` with a key injection after every fourth.
 */
const threefryBlocks = (k0: number, k1: number, c0: number, c1: number, blocks: number, out: Int32Array): void => {
  const k2 = 0x1bd11bda ^ k0 ^ k1;
  for (let b = 0; b < blocks; b++) {
    let x = (c0 + k0) | 0;
    let y = (c1 + b + k1) | 0;
    x = (x + y) | 0;
    y = ((y << 13) | (y >>> 19)) ^ x;
    x = (x + y) | 0;
    y = ((y << 15) | (y >>> 17)) ^ x;
    x = (x + y) | 0;
    y = ((y << 26) | (y >>> 6)) ^ x;
    x = (x + y) | 0;
    y = ((y << 6) | (y >>> 26)) ^ x;
    x = (x + k1) | 0;
    y = (y + k2 + 1) | 0;
    x = (x + y) | 0;
    y = ((y << 17) | (y >>> 15)) ^ x;
    x = (x + y) | 0;
    y = ((y << 29) | (y >>> 3)) ^ x;
    x = (x + y) | 0;
    y = ((y << 16) | (y >>> 16)) ^ x;
    x = (x + y) | 0;
    y = ((y << 24) | (y >>> 8)) ^ x;
    x = (x + k2) | 0;
    y = (y + k0 + 2) | 0;
    x = (x + y) | 0;
    y = ((y << 13) | (y >>> 19)) ^ x;
    x = (x + y) | 0;
    y = ((y << 15) | (y >>> 17)) ^ x;
    x = (x + y) | 0;
    y = ((y << 26) | (y >>> 6)) ^ x;
    x = (x + y) | 0;
    y = ((y << 6) | (y >>> 26)) ^ x;
    x = (x + k0) | 0;
    y = (y + k1 + 3) | 0;
    x = (x + y) | 0;
    y = ((y << 17) | (y >>> 15)) ^ x;
    x = (x + y) | 0;
    y = ((y << 29) | (y >>> 3)) ^ x;
    x = (x + y) | 0;
    y = ((y << 16) | (y >>> 16)) ^ x;
    x = (x + y) | 0;
    y = ((y << 24) | (y >>> 8)) ^ x;
    x = (x + k1) | 0;
    y = (y + k2 + 4) | 0;
    x = (x + y) | 0;
    y = ((y << 13) | (y >>> 19)) ^ x;
    x = (x + y) | 0;
    y = ((y << 15) | (y >>> 17)) ^ x;
    x = (x + y) | 0;
    y = ((y << 26) | (y >>> 6)) ^ x;
    x = (x + y) | 0;
    y = ((y << 6) | (y >>> 26)) ^ x;
    out[2 * b] = (x + k2) | 0;
    out[2 * b + 1] = (y + k0 + 5) | 0;
  }
};

const pair = new Int32Array(2);

/** The 64-bit block of a key and a counter, as two unsigned words. Agrees with Random123 bit for bit. */
export const threefry2x32 = (key: PrngKey, counter: readonly [number, number]): readonly [number, number] => {
  threefryBlocks(key[0] | 0, key[1] | 0, counter[0] | 0, counter[1] | 0, 1, pair);
  return [pair[0] >>> 0, pair[1] >>> 0];
};

const integerOf = (n: number, path: string): number =>
  Number.isSafeInteger(n) ? n : raise('ArgumentError', path, 'not a safe integer', { got: `${n}` });

/** The key of a seed: the high and low word of its two's complement. Throws `ArgumentError` off the safe integers. */
export const keyOf = (seed: number): PrngKey => {
  const n = integerOf(seed, 'seed');
  return [Math.floor(n / TWO_32) >>> 0, n >>> 0];
};

const foldText = (key: PrngKey, text: string): PrngKey => {
  const bytes = new TextEncoder().encode(text);
  let k = key;
  for (let i = 0; i < bytes.length; i += 4) {
    const word = bytes[i] | ((bytes[i + 1] ?? 0) << 8) | ((bytes[i + 2] ?? 0) << 16) | ((bytes[i + 3] ?? 0) << 24);
    k = threefry2x32(k, [word, FOLD_TEXT | ((i >>> 2) & 0x0fffffff)]);
  }
  return threefry2x32(k, [bytes.length, FOLD_TEXT_END]);
};

/**
 * The key of a child stream, named by a safe integer or by a text (its UTF-8 bytes are absorbed four at a time, then
 * its length). Different names give unrelated streams; a number and its decimal text are different names.
 */
export const foldIn = (key: PrngKey, data: number | string): PrngKey => {
  if (typeof data === 'string') return foldText(key, data);
  const n = integerOf(data, 'foldIn');
  return threefry2x32(key, [n | 0, FOLD_NUMBER | (Math.floor(n / TWO_32) & 0x3fffff)]);
};

/** `n` unrelated keys; the first ones do not depend on `n`. */
export const split = (key: PrngKey, n: number): PrngKey[] =>
  Array.from({ length: n }, (_, i) => threefry2x32(key, [i, SPLIT]));

/** Words per refill of {@link words}: small enough for the first-level cache. */
const WORDS = 2048;
const words = new Int32Array(WORDS);
const TWO_M23 = 2 ** -23;
const TWO_M32 = 2 ** -32;
const ANGLE = Math.PI * 2 ** -31;

type RealArray = Float32Array | Float64Array;

/** `(k + ½)/2²³` with k from the top 23 bits: 24 significant bits, exact in float32, inside (0, 1), symmetric about ½. */
const writeUniform = (n: number, out: RealArray, at: number): void => {
  for (let i = 0; i < n; i++) out[at + i] = ((words[i] >>> 9) + 0.5) * TWO_M23;
};

/** Box–Muller: `√(−2 ln u)·(cos θ, sin θ)` with 32-bit u in (0, 1), so |z| ≤ √(66 ln 2) ≈ 6.76; in double, then float32. */
const writeNormal = (n: number, out: RealArray, at: number): void => {
  for (let i = 0; i < n; i += 2) {
    const radius = Math.sqrt(-2 * Math.log(((words[i] >>> 0) + 0.5) * TWO_M32));
    const angle = (words[i + 1] + 0.5) * ANGLE;
    out[at + i] = Math.fround(radius * Math.cos(angle));
    if (i + 1 < n) out[at + i + 1] = Math.fround(radius * Math.sin(angle));
  }
};

/** One bit a sign, 32 signs a word, lowest bit first. */
const writeRademacher = (n: number, out: RealArray, at: number): void => {
  for (let i = 0; i < n; i++) out[at + i] = (((words[i >> 5] >>> (i & 31)) & 1) << 1) - 1;
};

/**
 * Fills `examples` rows of `eventSize` numbers, `out[offset + r·eventSize + j]`, with noise for the examples
 * `firstExample … firstExample + examples − 1`.
 *
 * Row r depends only on `(law, key, firstExample + r, eventSize)` — indeed element j does not depend on `eventSize` —
 * so an example gets the same noise in every batch. Every number is a float32 whatever the type of `out`, so that float32
 * and float64 programs see the same noise. Throws `ArgumentError` where the rows do not fit into `out` or an index is not
 * a natural number.
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
  const perWord = law === 'rademacher' ? 32 : 1;
  const write = law === 'normal' ? writeNormal : law === 'uniform' ? writeUniform : writeRademacher;
  let at = offset;
  for (let r = 0; r < examples; r++) {
    const example = firstExample + r;
    const high = Math.floor(example / TWO_32);
    const k = high === 0 ? key : threefry2x32(key, [high, FAR_EXAMPLES]);
    for (let done = 0, block = 0; done < eventSize; block += WORDS / 2) {
      const n = Math.min(eventSize - done, WORDS * perWord);
      threefryBlocks(k[0] | 0, k[1] | 0, example | 0, block, Math.ceil(n / (2 * perWord)), words);
      write(n, out, at);
      done += n;
      at += n;
    }
  }
};

/** A sequence of numbers for host-side work (toy data, shuffles); the one stateful object here. */
export interface Generator {
  /** in (0, 1): `(k + ½)/2⁵²`, 53 significant bits */
  readonly uniform: () => number;
  /** standard normal, Box–Muller in double precision */
  readonly normal: () => number;
  /** uniform on `0 … n − 1` without bias (rejection), `1 ≤ n ≤ 2³²` */
  readonly integer: (n: number) => number;
}

/** A sequential generator over the stream of `key`; each draw uses its own blocks, the same key repeats the sequence. */
export const generator = (key: PrngKey): Generator => {
  const k0 = key[0] | 0;
  const k1 = key[1] | 0;
  const block = new Int32Array(2);
  let count = 0;
  let spare: number | undefined;
  const advance = (): void => {
    threefryBlocks(k0, k1, count | 0, GENERATOR | Math.floor(count / TWO_32), 1, block);
    count++;
  };
  const uniform = (): number => {
    advance();
    return ((block[0] >>> 6) * 67108864 + (block[1] >>> 6) + 0.5) * 2 ** -52;
  };
  const normal = (): number => {
    if (spare !== undefined) {
      const z = spare;
      spare = undefined;
      return z;
    }
    const radius = Math.sqrt(-2 * Math.log(uniform()));
    const angle = 2 * Math.PI * uniform();
    spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  };
  const integer = (n: number): number => {
    if (!(Number.isInteger(n) && n >= 1 && n <= TWO_32))
      raise('ArgumentError', 'integer', 'the bound is an integer in 1 … 2^32', { got: `${n}` });
    const limit = TWO_32 - (TWO_32 % n);
    for (;;) {
      advance();
      const w = block[0] >>> 0;
      if (w < limit) return w % n;
    }
  };
  return { uniform, normal, integer };
};

/** A uniformly random permutation of `0 … n − 1` (Fisher–Yates). */
export const permutation = (key: PrngKey, n: number): Int32Array => {
  const { integer } = generator(key);
  const p = Int32Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = integer(i + 1);
    const t = p[i];
    p[i] = p[j];
    p[j] = t;
  }
  return p;
};
