/**
 * DDIM (Song, Meng & Ermon 2021, arXiv:2010.02502) without training: data N(0, ¼), whose denoiser is known.   npm run example ddim
 *
 * One word swaps the sampler. With few steps η = 0 keeps more of the variance than η = 1 (DDPM); with many all find ¼.
 */
import { ddim, ddpmProcess, diffusion, exactDenoiser, normal, onnx, run, subSequence, toNumbers } from 'pushforward';

const denoiser = exactDenoiser(ddpmProcess({ steps: 1000 }), normal([1], { scale: 0.5 }));
const count = 20_000;

for (const steps of [10, 50, 100, 1000]) {
  const row: string[] = [];
  for (const eta of [0, 0.5, 1]) {
    const dist = diffusion(denoiser, { sampler: ddim({ eta }), grid: subSequence(steps) });
    const data = toNumbers(await run(dist, {}, onnx('cpu')).sample(count, 0));
    const variance = data.reduce((a, x) => a + x * x, 0) / count;
    row.push(`η ${eta}: ${variance.toFixed(4)}`);
  }
  console.log(
    `${String(steps).padStart(4)} steps   ${row.join('   ')}   (± ${(0.25 * Math.sqrt(2 / count)).toFixed(4)})`,
  );
}
