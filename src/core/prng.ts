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

const FOLD_NUMBER = 0x80000000;
const GENERATOR = 0x90000000;
const FOLD_TEXT = 0xa0000000;
const FOLD_TEXT_END = 0xb0000000;
const SPLIT = 0xc0000000;
const TWO_32 = 4294967296;

/** How far each of the twenty rounds turns its second word. */
const ROTATIONS = Uint8Array.of(13, 15, 26, 6, 17, 29, 16, 24, 13, 15, 26, 6, 17, 29, 16, 24, 13, 15, 26, 6);

/** The 64-bit block of a key and a counter, as two unsigned words. Agrees with Random123 bit for bit. */
export const threefry2x32 = (key: PrngKey, counter: readonly [number, number]): readonly [number, number] => {
  let [a, b, c] = [key[1] | 0, 0x1bd11bda ^ key[0] ^ key[1], key[0] | 0];
  let x = (counter[0] + c) | 0;
  let y = (counter[1] + a) | 0;
  for (let round = 0; round < 20; round++) {
    const by = ROTATIONS[round];
    x = (x + y) | 0;
    y = ((y << by) | (y >>> (32 - by))) ^ x;
    if (round % 4 === 3) {
      x = (x + a) | 0;
      y = (y + b + ((round + 1) >> 2)) | 0;
      [a, b, c] = [b, c, a];
    }
  }
  return [x >>> 0, y >>> 0];
};

const integerOf = (n: number, path: string): number =>
  Number.isSafeInteger(n) ? n : raise('ArgumentError', path, 'not a safe integer', { got: `${n}` });

/**
 * The key of a seed: the high and low words of its two's complement. Throws `ArgumentError` where the seed is not a safe integer.
 *
 * @example
 * keyOf(7);   // [0, 7]
 */
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
 * The key of a child stream, named by a safe integer or by a text (its UTF-8 bytes are absorbed four at a time, then its length). Different names give independent streams; a
 * number and its decimal text are different names. Throws `ArgumentError` where a number is not a safe integer. Source: Threefry (Salmon et al. 2011).
 *
 * @example
 * foldIn(keyOf(0), 'data');
 */
export const foldIn = (key: PrngKey, data: number | string): PrngKey => {
  if (typeof data === 'string') return foldText(key, data);
  const n = integerOf(data, 'foldIn');
  return threefry2x32(key, [n | 0, FOLD_NUMBER | (Math.floor(n / TWO_32) & 0x3fffff)]);
};

/**
 * `n` independent keys; the first ones do not depend on `n`.
 *
 * @example
 * split(keyOf(0), 3).length;   // 3
 */
export const split = (key: PrngKey, n: number): PrngKey[] =>
  Array.from({ length: n }, (_, i) => threefry2x32(key, [i, SPLIT]));

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
  let count = 0;
  let block: readonly [number, number] = [0, 0];
  let spare: number | undefined;
  const advance = (): void => {
    block = threefry2x32(key, [count | 0, GENERATOR | Math.floor(count / TWO_32)]);
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
      const w = block[0];
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
