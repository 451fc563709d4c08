/**
 * What `fillNoise` computes (src/core/noise.ts), four lanes at a time. AssemblyScript, not TypeScript: `npm run build:noise`
 * compiles it into src/core/noise-module.ts.
 */

/** Blocks, of two 32-bit words each, that are made at a time. */
const BLOCKS: i32 = 4096;
/** Where they are made in the module's memory; the bytes below are the compiler's. */
const BUFFER: usize = 1024;
/** Where finished numbers begin. */
const NUMBERS: usize = 34816;

// @ts-ignore: decorator
@inline function rotated(x: v128, by: i32): v128 {
  return v128.or(i32x4.shl(x, by), i32x4.shr_u(x, 32 - by));
}

/** The second word after a round whose first word came to x. */
// @ts-ignore: decorator
@inline function mixed(x: v128, y: v128, by: i32): v128 {
  return v128.xor(rotated(y, by), x);
}

/**
 * Writes `count` blocks of counters (example, block), (example, block + 1), …; after `blocks` of them the next example begins at
 * block 0. Up to seven more are written behind them.
 */
function words(k0: i32, k1: i32, example: i32, block: i32, blocks: i32, count: i32): void {
  const a0 = i32x4.splat(k0);
  const a1 = i32x4.splat(k1);
  const a2 = i32x4.splat(0x1bd11bda ^ k0 ^ k1);
  // Lane l stands l places further; c0 and c1 pass through the buffer, because lanes are written by constant numbers only.
  for (let lane = 0; lane < 4; lane++) {
    store<i32>(BUFFER + (<usize>lane << 2), example);
    store<i32>(BUFFER + 16 + (<usize>lane << 2), block);
    block++;
    if (block == blocks) {
      block = 0;
      example++;
    }
  }
  let c0 = v128.load(BUFFER);
  let c1 = v128.load(BUFFER + 16);
  const wide = i32x4.splat(blocks);
  const examples = i32x4.splat(4 / blocks);
  const rest = i32x4.splat(4 % blocks);
  // Two vectors of counters at a time: neither waits for the other.
  for (let t = 0; t < count; t += 8) {
    let x = i32x4.add(c0, a0);
    let y = i32x4.add(c1, a1);
    c1 = i32x4.add(c1, rest);
    let over = i32x4.ge_s(c1, wide);
    c0 = i32x4.sub(i32x4.add(c0, examples), over);
    c1 = i32x4.sub(c1, v128.and(over, wide));
    let v = i32x4.add(c0, a0);
    let w = i32x4.add(c1, a1);
    c1 = i32x4.add(c1, rest);
    over = i32x4.ge_s(c1, wide);
    c0 = i32x4.sub(i32x4.add(c0, examples), over);
    c1 = i32x4.sub(c1, v128.and(over, wide));
    // Twenty rounds x += y, y = rotl(y, r) ^ x, with the key added after every fourth.
    y = mixed((x = i32x4.add(x, y)), y, 13);
    w = mixed((v = i32x4.add(v, w)), w, 13);
    y = mixed((x = i32x4.add(x, y)), y, 15);
    w = mixed((v = i32x4.add(v, w)), w, 15);
    y = mixed((x = i32x4.add(x, y)), y, 26);
    w = mixed((v = i32x4.add(v, w)), w, 26);
    y = mixed((x = i32x4.add(x, y)), y, 6);
    w = mixed((v = i32x4.add(v, w)), w, 6);
    x = i32x4.add(x, a1);
    y = i32x4.add(y, i32x4.add(a2, i32x4.splat(1)));
    v = i32x4.add(v, a1);
    w = i32x4.add(w, i32x4.add(a2, i32x4.splat(1)));
    y = mixed((x = i32x4.add(x, y)), y, 17);
    w = mixed((v = i32x4.add(v, w)), w, 17);
    y = mixed((x = i32x4.add(x, y)), y, 29);
    w = mixed((v = i32x4.add(v, w)), w, 29);
    y = mixed((x = i32x4.add(x, y)), y, 16);
    w = mixed((v = i32x4.add(v, w)), w, 16);
    y = mixed((x = i32x4.add(x, y)), y, 24);
    w = mixed((v = i32x4.add(v, w)), w, 24);
    x = i32x4.add(x, a2);
    y = i32x4.add(y, i32x4.add(a0, i32x4.splat(2)));
    v = i32x4.add(v, a2);
    w = i32x4.add(w, i32x4.add(a0, i32x4.splat(2)));
    y = mixed((x = i32x4.add(x, y)), y, 13);
    w = mixed((v = i32x4.add(v, w)), w, 13);
    y = mixed((x = i32x4.add(x, y)), y, 15);
    w = mixed((v = i32x4.add(v, w)), w, 15);
    y = mixed((x = i32x4.add(x, y)), y, 26);
    w = mixed((v = i32x4.add(v, w)), w, 26);
    y = mixed((x = i32x4.add(x, y)), y, 6);
    w = mixed((v = i32x4.add(v, w)), w, 6);
    x = i32x4.add(x, a0);
    y = i32x4.add(y, i32x4.add(a1, i32x4.splat(3)));
    v = i32x4.add(v, a0);
    w = i32x4.add(w, i32x4.add(a1, i32x4.splat(3)));
    y = mixed((x = i32x4.add(x, y)), y, 17);
    w = mixed((v = i32x4.add(v, w)), w, 17);
    y = mixed((x = i32x4.add(x, y)), y, 29);
    w = mixed((v = i32x4.add(v, w)), w, 29);
    y = mixed((x = i32x4.add(x, y)), y, 16);
    w = mixed((v = i32x4.add(v, w)), w, 16);
    y = mixed((x = i32x4.add(x, y)), y, 24);
    w = mixed((v = i32x4.add(v, w)), w, 24);
    x = i32x4.add(x, a1);
    y = i32x4.add(y, i32x4.add(a2, i32x4.splat(4)));
    v = i32x4.add(v, a1);
    w = i32x4.add(w, i32x4.add(a2, i32x4.splat(4)));
    y = mixed((x = i32x4.add(x, y)), y, 13);
    w = mixed((v = i32x4.add(v, w)), w, 13);
    y = mixed((x = i32x4.add(x, y)), y, 15);
    w = mixed((v = i32x4.add(v, w)), w, 15);
    y = mixed((x = i32x4.add(x, y)), y, 26);
    w = mixed((v = i32x4.add(v, w)), w, 26);
    y = mixed((x = i32x4.add(x, y)), y, 6);
    w = mixed((v = i32x4.add(v, w)), w, 6);
    x = i32x4.add(x, a2);
    y = i32x4.add(y, i32x4.add(a0, i32x4.splat(5)));
    v = i32x4.add(v, a2);
    w = i32x4.add(w, i32x4.add(a0, i32x4.splat(5)));
    const at = BUFFER + (<usize>t << 3);
    v128.store(at, i32x4.shuffle(x, y, 0, 4, 1, 5));
    v128.store(at + 16, i32x4.shuffle(x, y, 2, 6, 3, 7));
    v128.store(at + 32, i32x4.shuffle(v, w, 0, 4, 1, 5));
    v128.store(at + 48, i32x4.shuffle(v, w, 2, 6, 3, 7));
  }
}

/** Replaces each word by a number in (0, 1), (k + ½)/2²³ with k its top 23 bits. */
function uniforms(count: i32): void {
  const end = BUFFER + (<usize>count << 3);
  for (let at = BUFFER; at < end; at += 16) {
    const k = f32x4.convert_i32x4_u(i32x4.shr_u(v128.load(at), 9));
    v128.store(at, f32x4.mul(f32x4.add(k, f32x4.splat(0.5)), f32x4.splat(1.0 / 8388608.0)));
  }
}

/** p z + c */
// @ts-ignore: decorator
@inline function step(z: v128, p: v128, c: f64): v128 {
  return f64x2.add(f64x2.mul(p, z), f64x2.splat(c));
}

/** log u = k log 2 + 2 artanh s with u = 2ᵏ m, m in [√½, √2), s = (m − 1)/(m + 1); |s| < 0.172, so eleven terms are enough. */
// @ts-ignore: decorator
@inline function log(u: v128): v128 {
  const above = i64x2.sub(u, i64x2.splat(0x3fe6a09e667f3bcd));
  const k = f64x2.convert_low_i32x4_s(i32x4.shuffle(i64x2.shr_s(above, 52), above, 0, 2, 0, 2));
  const m = i64x2.sub(u, v128.and(above, i64x2.splat(0xfff0000000000000)));
  const one = f64x2.splat(1.0);
  const s = f64x2.div(f64x2.sub(m, one), f64x2.add(m, one));
  const z = f64x2.mul(s, s);
  let p = f64x2.splat(2.0 / 21.0);
  p = step(z, p, 2.0 / 19.0);
  p = step(z, p, 2.0 / 17.0);
  p = step(z, p, 2.0 / 15.0);
  p = step(z, p, 2.0 / 13.0);
  p = step(z, p, 2.0 / 11.0);
  p = step(z, p, 2.0 / 9.0);
  p = step(z, p, 2.0 / 7.0);
  p = step(z, p, 2.0 / 5.0);
  p = step(z, p, 2.0 / 3.0);
  p = step(z, p, 2.0);
  return f64x2.add(f64x2.mul(k, f64x2.splat(0.6931471805599453)), f64x2.mul(s, p));
}

/** sin a for |a| ≤ π/4, by its series. */
// @ts-ignore: decorator
@inline function sine(a: v128): v128 {
  const z = f64x2.mul(a, a);
  let p = f64x2.splat(-1.0 / 1307674368000.0);
  p = step(z, p, 1.0 / 6227020800.0);
  p = step(z, p, -1.0 / 39916800.0);
  p = step(z, p, 1.0 / 362880.0);
  p = step(z, p, -1.0 / 5040.0);
  p = step(z, p, 1.0 / 120.0);
  p = step(z, p, -1.0 / 6.0);
  p = step(z, p, 1.0);
  return f64x2.mul(p, a);
}

/** cos a for |a| ≤ π/4, by its series. */
// @ts-ignore: decorator
@inline function cosine(a: v128): v128 {
  const z = f64x2.mul(a, a);
  let p = f64x2.splat(1.0 / 20922789888000.0);
  p = step(z, p, -1.0 / 87178291200.0);
  p = step(z, p, 1.0 / 479001600.0);
  p = step(z, p, -1.0 / 3628800.0);
  p = step(z, p, 1.0 / 40320.0);
  p = step(z, p, -1.0 / 720.0);
  p = step(z, p, 1.0 / 24.0);
  p = step(z, p, -0.5);
  return step(z, p, 1.0);
}

/**
 * Replaces each block (v, w) by √(−2 ln u)·(cos θ, sin θ), u = (v + ½)/2³² (v unsigned), θ = (w + ½) π/2³¹ (w signed): in double, then
 * rounded. The quadrant is taken off θ before it is rounded: q = 2θ/π to the nearest integer is exact, and so is what remains.
 */
function normals(count: i32): void {
  const half = f64x2.splat(0.5);
  const two = i64x2.splat(2);
  const toInteger = f64x2.splat(6755399441055744.0); // 1.5 · 2⁵²: adding it leaves q in the lowest bits
  const end = BUFFER + (<usize>count << 3);
  for (let at = BUFFER; at < end; at += 16) {
    const w = v128.load(at);
    const first = f64x2.convert_low_i32x4_u(i32x4.shuffle(w, w, 0, 2, 0, 2));
    const second = f64x2.convert_low_i32x4_s(i32x4.shuffle(w, w, 1, 3, 1, 3));
    const u = f64x2.mul(f64x2.add(first, half), f64x2.splat(1.0 / 4294967296.0));
    const radius = f64x2.sqrt(f64x2.mul(log(u), f64x2.splat(-2.0)));
    const quarters = f64x2.mul(f64x2.add(second, half), f64x2.splat(1.0 / 1073741824.0));
    const q = f64x2.add(quarters, toInteger);
    const a = f64x2.mul(f64x2.sub(quarters, f64x2.sub(q, toInteger)), f64x2.splat(1.5707963267948966));
    const s = sine(a);
    const c = cosine(a);
    const odd = i64x2.neg(v128.and(q, i64x2.splat(1)));
    const sinSign = i64x2.shl(v128.and(q, two), 62);
    const cosSign = i64x2.shl(v128.and(i64x2.add(q, i64x2.splat(1)), two), 62);
    const cos = f32x4.demote_f64x2_zero(f64x2.mul(radius, v128.xor(v128.bitselect(s, c, odd), cosSign)));
    const sin = f32x4.demote_f64x2_zero(f64x2.mul(radius, v128.xor(v128.bitselect(c, s, odd), sinSign)));
    v128.store(at, f32x4.shuffle(cos, sin, 0, 4, 1, 5));
  }
}

/** One bit a sign, 32 signs a word, lowest bit first. */
function signs(from: usize, n: i32, to: usize): void {
  for (let i = 0; i < n; i++) {
    const word = load<u32>(from + ((<usize>i >> 5) << 2));
    store<f32>(to + (<usize>i << 2), <f32>(<i32>(((word >> (i & 31)) & 1) << 1) - 1));
  }
}

/**
 * Writes the numbers of `rows` examples from `example` on, `size` each, as the finished numbers. `law` is 0 for normal numbers, 1 for uniform ones,
 * 2 for signs. A single row may begin at another block than 0.
 */
export function fill(law: i32, k0: i32, k1: i32, example: i32, rows: i32, size: i32, block: i32): void {
  const perBlock = law == 2 ? 64 : 2;
  const blocks = (size + perBlock - 1) / perBlock;
  const whole = law != 2 && size == 2 * blocks;
  let at = NUMBERS;
  for (let done = 0, total = rows * blocks; done < total; done += BLOCKS) {
    const count = min(BLOCKS, total - done);
    let b = done % blocks;
    words(k0, k1, example + done / blocks, block + b, block + blocks, count);
    if (law == 0) normals(count);
    else if (law == 1) uniforms(count);
    for (let from = 0; from < count; ) {
      const taken = whole ? count : min(blocks - b, count - from);
      const n = whole ? 2 * count : min(taken * perBlock, size - b * perBlock);
      const source = BUFFER + (<usize>from << 3);
      if (law == 2) signs(source, n, at);
      else memory.copy(at, source, <usize>n << 2);
      at += <usize>n << 2;
      from += taken;
      b = 0;
    }
  }
}
