/** Gauss–Legendre quadrature on (0, 1): Σ wᵢ f(xᵢ) is ∫₀¹ f exactly for polynomials of degree 2n − 1. */

/** Nodes and weights by Newton's method on the Legendre polynomial Pₙ (Abramowitz & Stegun 25.4.29). */
export const legendre = (n: number): { readonly points: readonly number[]; readonly weights: readonly number[] } => {
  const points: number[] = [];
  const weights: number[] = [];
  for (let i = 0; i < n; i++) {
    let x = Math.cos((Math.PI * (i + 0.75)) / (n + 0.5));
    let slope = 1;
    for (let step = 0; step < 100; step++) {
      let [p, before] = [x, 1];
      for (let k = 2; k <= n; k++) [p, before] = [((2 * k - 1) * x * p - (k - 1) * before) / k, p];
      slope = (n * (x * p - before)) / (x * x - 1);
      const dx = p / slope;
      x -= dx;
      if (Math.abs(dx) < 1e-15) break;
    }
    points.push((1 - x) / 2);
    weights.push(1 / ((1 - x * x) * slope * slope));
  }
  return { points, weights };
};
