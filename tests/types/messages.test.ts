/** What the compiler says about misuses: one sentence that a person can act on, printed by TypeScript's own binary. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** A misuse, and the sentences that its error must contain. */
const misuses: readonly { readonly name: string; readonly code: string; readonly says: readonly string[] }[] = [
  {
    name: 'maximum likelihood of a dequantised flow',
    code: 'maximumLikelihood(pipe(standardNormal([2]), pushforward(compose(dequantise(), logit(), affineCoupling()))));',
    says: ["Property 'exactLogDensity' is missing in type"],
  },
  {
    name: 'a bound of an unnormalised distribution',
    code: 'elbo(energy([2]));',
    says: ["Property 'meanBound' is missing in type 'Unnormalised'"],
  },
  {
    name: 'maximum likelihood of a VAE',
    code: 'maximumLikelihood(vae([2]));',
    says: ["Property 'exactLogDensity' is missing in type"],
  },
  {
    name: 'doubly reparameterised gradients of an energy',
    code: 'dreg(50)(energy([2]));',
    says: ["Property 'lowerBound' is missing in type 'Unnormalised'"],
  },
  {
    name: 'wake–sleep of a distribution that can only be sampled',
    code: 'wakeSleep(sampler);',
    says: ["Property 'meanBound' is missing in type 'Samples'"],
  },
  {
    name: 'maximum likelihood of an energy',
    code: 'maximumLikelihood(energy([2]));',
    says: ["Property 'exactLogDensity' is missing in type 'Unnormalised'"],
  },
  {
    name: 'Hamiltonian chains on coin flips',
    code: 'hmc({ stepSize: 0.1, steps: 5 })(logDensityOf(bernoulli([3])));',
    says: ['a discrete distribution has no gradient to follow: use gibbs or metropolisHastings'],
  },
  {
    name: 'runs of NUTS on a binary machine',
    code: 'runChains({ target: rbm([3], { hidden: 2 }), kernel: adapted(nuts) });',
    says: ['a discrete distribution has no gradient to follow: use gibbs or metropolisHastings'],
  },
  {
    name: 'samples of an energy',
    code: 'run(energy([2]), {}, reference).sample(3, 0);',
    says: ['has no sampler: run a Markov kernel on it (sampledBy)'],
  },
  {
    name: 'evaluation of an energy',
    code: 'evaluate(run(energy([2]), {}, reference), data);',
    says: ["Type 'RunningUnnormalised' is missing the following properties from type 'Running': ", 'logDensity'],
  },
  {
    name: 'a base of another size',
    code: 'pipe(standardNormal([19]), pushforward(stochastic([784], [20])));',
    says: ["Type 'readonly [19]' is not assignable to type 'readonly [20]'"],
  },
  {
    name: 'a base of another size, applied directly',
    code: 'pushforward(reshape([4, 4], [16]))(standardNormal([15]));',
    says: ["Type 'readonly [15]' is not assignable to type 'readonly [16]'"],
  },
  {
    name: 'neighbours that do not fit, with a shapeless layer between',
    code: 'compose(stochastic([784], [20]), affine(), stochastic([21], [5]));',
    says: ["Type 'readonly [21]' is not assignable to type 'readonly [20]'"],
  },
  {
    name: 'the inverse of a rounding',
    code: 'inverse(dequantise());',
    says: [`Type '"bound"' is not assignable to type '"bijective" | "≈bijective"'`],
  },
  {
    name: 'a distribution in place of an objective',
    code: 'fit({ objective: standardNormal([2]), data, steps: 1 });',
    says: [
      "is not assignable to type 'Trainable<Shape>'",
      "Property 'loss' is missing in type 'Dist<readonly [2], Exact & Samples>",
    ],
  },
  {
    name: 'a distribution in place of a layer',
    code: 'compose(affine(), standardNormal([2]));',
    says: ["Type 'Dist<readonly [2], Exact & Samples>", "is missing the following properties from type 'Graded'"],
  },
  {
    name: 'repeating a layer that changes the shape',
    code: 'repeat(2, reshape([4, 4], [16]));',
    says: [
      'Argument of type \'Transport<readonly [4, 4], readonly [16], "bijective">\' is not assignable to parameter of type \'Endo<"bijective">\'',
    ],
  },
  {
    name: 'probes on the sphere where the second term is not sliced',
    code: 'varianceReducedSlicedScoreMatching({ projection: sphere });',
    says: [`Type '"E[v vᵀ] = I/D"' is not assignable to type '"E[v vᵀ] = I"'`],
  },
  {
    name: 'predicting noise where no signal is left',
    code: "predict('noise', zeroTerminalSnr(vp()), resMlp([8]), { shape: [2] });",
    says: [
      'this process ends in pure noise (α = 0), where the noise says nothing about the data: predict data or velocity',
    ],
  },
  {
    name: 'a sampler that needs a velocity, from pure noise',
    code: "sampleWith(edmHeun(), logSnrGrid(9))(predict('velocity', zeroTerminalSnr(vp()), resMlp([8]), { shape: [2] }));",
    says: [`Type '"pure"' is not assignable to type '"signal"'`],
  },
  {
    name: 'a score network where a denoiser is due',
    code: 'sampleWith(ddim(), logSnrGrid(9))(resMlp([8]));',
    says: [
      "'NoiseConditioned' is missing the following properties from type 'Denoiser<Shape, Terminal>': shape, process",
    ],
  },
  {
    name: 'a solver of Stratonovich’s equation on Itô’s',
    code: 'solveSde(stochasticHeunSolver, itoSde((x) => x, (x) => x), { to: 1, levels: 3 });',
    says: [`Type '"ito"' is not assignable to type '"stratonovich"'`],
  },
];

const prelude = `
import { pipe } from '${root}node_modules/fp-ts/lib/function.js';
import type { Samples, Unnormalised } from '${root}src/algebra/index.ts';
import { affine, affineCoupling, compose, inverse, logit, repeat, reshape, type Transport } from '${root}src/bijectors/index.ts';
import { bernoulli, type Dist, pushforward, rbm, standardNormal } from '${root}src/distributions/index.ts';
import { reference } from '${root}src/core/interpreters/index.ts';
import { dreg, elbo, evaluate, fit, maximumLikelihood, run, sphere, varianceReducedSlicedScoreMatching, wakeSleep } from '${root}src/inference/index.ts';
import { vae } from '${root}src/models/index.ts';
import { adapted, hmc, logDensityOf, nuts, runChains } from '${root}src/mcmc/index.ts';
import { resMlp } from '${root}src/nn/index.ts';
import { ddim, edmHeun, logSnrGrid, predict, sampleWith, vp, zeroTerminalSnr } from '${root}src/sde/index.ts';
import { itoSde, solveSde, stochasticHeunSolver } from '${root}src/dynamics/index.ts';
import { dequantise } from '${root}src/transports/index.ts';
declare const stochastic: <const X extends readonly number[], const Z extends readonly number[]>(x: X, z: Z) => Transport<X, Z, 'bound'>;
declare const sampler: Dist<readonly [2], Samples>;
declare const energy: <const S extends readonly number[]>(shape: S) => Dist<S, Unnormalised>;
declare const data: Parameters<typeof fit>[0]['data'];
`;

describe('the compiler explains misuses', () => {
  const folder = mkdtempSync(join(tmpdir(), 'pushforward-types-'));
  let printed = '';
  const lines = prelude.split('\n').length;

  beforeAll(() => {
    writeFileSync(join(folder, 'misuses.ts'), `${prelude}${misuses.map((m) => m.code).join('\n')}\n`);
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
    writeFileSync(
      join(folder, 'tsconfig.json'),
      JSON.stringify({
        extends: join(root, 'tsconfig.json'),
        compilerOptions: { typeRoots: [join(root, 'node_modules/@types')], rootDir: '/', rewriteRelativeImportExtensions: false, allowImportingTsExtensions: true }, // biome-ignore format: one idea
        files: ['misuses.ts'],
        include: [],
      }),
    );
    printed = spawnSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', folder], {
      encoding: 'utf8',
    }).stdout;
  }, 60_000);

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** What was printed about one line of the fixture. */
  const about = (index: number): string =>
    printed
      .split(/^(?=\S)/m)
      .filter((part) => part.includes(`misuses.ts(${lines + index},`))
      .join('');

  test.each(misuses.map((m, i) => ({ ...m, i })))('$name', ({ i, says }) => {
    for (const sentence of says) expect(about(i)).toContain(sentence);
    // No page of overloads, no advice about something else.
    expect(about(i)).not.toContain('No overload');
    expect(about(i)).not.toContain('exactOptionalPropertyTypes');
    expect(about(i).split('\n').length).toBeLessThanOrEqual(12);
  });

  test('nothing else is wrong with the fixture', () => {
    expect(printed.match(/misuses\.ts\(/g)).toHaveLength(misuses.length);
  });
});

describe('the compiler is quick', () => {
  // Counted, not timed: what the compiler does is the same on a busy machine. 491,000 take 4 to 5 seconds of two idle cores.
  test('the whole project takes fewer than 500,000 instantiations', () => {
    const { stdout: out } = spawnSync(
      process.execPath,
      [join(root, 'node_modules/typescript/bin/tsc'), '-p', join(root, 'tsconfig.json'), '--extendedDiagnostics'],
      { encoding: 'utf8' },
    );
    expect(Number(/^Instantiations:\s+(\d+)/m.exec(out)?.[1])).toBeLessThan(500_000);
  }, 120_000);
});
