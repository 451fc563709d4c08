/** Numbers per second of `fillNoise`, by distribution and event size. Compile with `tsc --noEmit false --outDir …`, run with node. */
import { fillNoise, type NoiseDist } from '../src/core/noise.ts';
import { keyOf, permutation } from '../src/core/prng.ts';

const rate = (dist: NoiseDist, eventSize: number, out: Float32Array | Float64Array): number => {
  const rows = Math.floor(out.length / eventSize);
  let best = 0;
  for (let rep = 0; rep < 8; rep++) {
    const start = performance.now();
    fillNoise(dist, keyOf(rep), 0, rows, eventSize, out);
    best = Math.max(best, (rows * eventSize) / (performance.now() - start) / 1e3);
  }
  return best;
};

const out32 = new Float32Array(2_000_000);
const out64 = new Float64Array(2_000_000);
for (const dist of ['uniform', 'normal', 'rademacher'] as const)
  for (const eventSize of [1, 2, 784, 3072])
    console.log(
      `${dist.padEnd(10)} event ${String(eventSize).padStart(4)}: ${rate(dist, eventSize, out32).toFixed(1).padStart(6)} M/s float32, ${rate(dist, eventSize, out64).toFixed(1).padStart(6)} M/s float64`,
    );
const start = performance.now();
permutation(keyOf(0), 1_000_000);
console.log(`permutation of a million: ${(performance.now() - start).toFixed(0)} ms`);
