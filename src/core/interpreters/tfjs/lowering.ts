/** What each backend of TensorFlow.js lacks or computes badly, in terms of what it has. Measured on 4.22; the reasons are beside the rules. */

import { withoutBranches } from '../../branches.ts';
import { withoutExits } from '../../early-exit.ts';
import { argSortByRanks, cumsumByDoubling, expm1BySeries, groupsBySlices, inputGradientGroupsBySlices, kernelGradientGroupsBySlices, signByComparison, sinByQuadrants, sinNearZero, stridesByGather, tanhByExpm1, throughReals } from '../../lower/eager.ts'; // biome-ignore format: one import
import type { Lowering } from '../../lower/index.ts';
import { erfBySeries, interiorByReshape, kernelGradientByTaps, lgammaByStirling, log1pByLog, lower, polygammaBySeries, scatterByOneHot, softplusByExp, triangularSolveByInverse } from '../../lower/index.ts'; // biome-ignore format: one import
import * as o from '../../ops/index.ts';
import { type Program, program } from '../../program.ts';
import { simplify } from '../../simplify/index.ts';
import type { TfjsBackend } from './runtime.ts';

/** No backend has these kernels, or none has them right. */
const everywhere: Lowering = {
  // `Sign` gives 0 for NaN, on wasm also for |x| < 10⁻⁷ or so.
  sign: (_, x) => signByComparison(x),
  lgamma: (_, x) => lgammaByStirling(x),
  polygamma: (n, x) => polygammaBySeries(n.attributes.order, x),
  triangularSolve: (n, a, b) => triangularSolveByInverse(n, a, b),
  pad: (n, x) => (n.attributes.interior.some((g) => g > 0) ? interiorByReshape(n, x) : undefined),
  conv2d: (n, x, w) => (n.attributes.groups > 1 ? groupsBySlices(n, x, w) : undefined),
  conv2dInputGradient: (n, g, w) => (n.attributes.groups > 1 ? inputGradientGroupsBySlices(n, g, w) : undefined),
  conv2dKernelGradient: (n, x, g) => (n.attributes.groups > 1 ? kernelGradientGroupsBySlices(n, x, g) : undefined),
};

const byBackend: { readonly [B in TfjsBackend]: Lowering } = {
  tensorflow: {},
  webgpu: {
    // log(1 + x), eˣ − 1 and tanh as they stand, and an error function with an absolute error of 1.5·10⁻⁷ only.
    log1p: (_, x) => log1pByLog(x),
    expm1: (_, x) => expm1BySeries(x),
    tanh: (_, x) => tanhByExpm1(x),
    // WGSL asks for an absolute error of 2⁻¹¹ only.
    sin: (_, x) => sinByQuadrants(x, false),
    cos: (_, x) => sinByQuadrants(x, true),
    softplus: (_, x) => softplusByExp(x),
    erf: (_, x) => erfBySeries(x),
    // On a software adapter `Cumsum` and `TopK` give wrong answers, and `ScatterNd` does not compile for integers.
    argSort: (n, x) => argSortByRanks(n, x),
    cumsum: (n, x) => cumsumByDoubling(n, x),
    scatterAdd: (n, i, u) =>
      n.type === 'real'
        ? scatterByOneHot(n, i, u)
        : throughReals(u, (y) => o.scatterAdd(i, y, n.attributes.size, n.attributes.axis)),
  },
  wasm: {
    // log(1 + x) as it stands: nothing is left of a small x.
    log1p: (_, x) => log1pByLog(x),
    // An absolute error of 10⁻⁷, whatever the size of x.
    sin: (_, x) => (x.op === 'stopGradient' ? undefined : sinNearZero(x)),
    // No `Conv2DBackpropFilter`.
    conv2dKernelGradient: (n, x, g) => kernelGradientByTaps(n, x, g),
    // `StridedSlice` returns float32 zeros for int32 and bool.
    slice: (n, x) => (n.type !== 'real' && n.attributes.stride.some((s) => s > 1) ? stridesByGather(n, x) : undefined),
  },
  // Abramowitz and Stegun's error function: an absolute error of 1.5·10⁻⁷, no digit near 0.
  cpu: { erf: (_, x) => erfBySeries(x) },
};

/** Simplified and lowered for a backend. */
export const prepare = (p: Program, backend: TfjsBackend): Program => {
  // WebGPU has no way to read a flag while a program runs: loops run to their full length, and both branches of a cond are computed.
  const once = simplify(backend === 'webgpu' ? withoutBranches(withoutExits(p.outputs)) : p.outputs, {
    keepStops: false,
  });
  const lowered = lower(once, { ...everywhere, ...byBackend[backend], ...both(backend) });
  return program(simplify(lowered, { keepStops: false }), p.precision);
};

/** Rules of both tables for one primitive: the backend's sees what the general one leaves. */
const both = (backend: TfjsBackend): Lowering => ({
  conv2dKernelGradient: (n, x, g) =>
    everywhere.conv2dKernelGradient!(n, x, g) ?? byBackend[backend].conv2dKernelGradient?.(n, x, g),
});
