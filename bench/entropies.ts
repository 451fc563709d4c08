/** The entropies of the toy distributions, at the recorded grid and at half its step, and by Monte-Carlo over the exact density. */

import * as dists from '../src/data/toys/dists.ts';
import { entropyByQuadrature, quadrature, type Toy } from '../src/data/toys/toy.ts';

const monteCarlo = (toy: Toy, n: number): { readonly mean: number; readonly error: number } => {
  const points = toy.sample(0, n);
  let [sum, squares] = [0, 0];
  for (let i = 0; i < n; i++) {
    const l = -toy.logDensity(points[2 * i], points[2 * i + 1]);
    sum += l;
    squares += l * l;
  }
  const mean = sum / n;
  return { mean, error: Math.sqrt((squares / n - mean * mean) / n) };
};

for (const make of Object.values(dists)) {
  const toy = make();
  const { mass, entropy } = quadrature(toy);
  const mc = monteCarlo(toy, 100_000);
  console.log(
    `${toy.name.padEnd(20)} recorded ${toy.entropy.toFixed(8)}  quadrature ${entropy.toFixed(8)}  half step ${entropyByQuadrature(toy, toy.step / 2).toFixed(8)}  mass−1 ${(mass - 1).toExponential(1)}  Monte-Carlo ${mc.mean.toFixed(4)} ± ${mc.error.toFixed(4)}`,
  );
}
for (const [what, toy] of [
  ['two moons noise .05', dists.twoMoons({ noise: 0.05 })],
  ['8 gaussians R 4/1.414, σ .5/1.414', dists.eightGaussians({ radius: 4000 / 1414, sigma: 500 / 1414 })],
  ['8 gaussians R 2, σ .2', dists.eightGaussians({ radius: 2, sigma: 0.2 })],
  ['8 gaussians R 5, σ 1', dists.eightGaussians({ radius: 5, sigma: 1 })],
] as const)
  console.log(`${what.padEnd(36)} ${toy.entropy.toFixed(6)}`);
