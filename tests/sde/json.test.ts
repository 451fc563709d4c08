/** Declarations of this room survive JSON, and what does not fit is one sentence. */
import * as E from 'fp-ts/lib/Either.js';
import { describe, expect, test } from 'vitest';
import { type Dist, pushforward } from '../../src/algebra/dist.ts';
import { distributionKind, layerKind } from '../../src/algebra/kinds.ts';
import { decode } from '../../src/core/codec.ts';
import type { Kind as KindOf } from '../../src/core/definition.ts';
import * as D from '../../src/core/draw.ts';
import { type Failure, sentence } from '../../src/core/errors.ts';
import * as o from '../../src/core/ops/index.ts';
import { mixture, normal, type standardNormal } from '../../src/distributions/index.ts';
import * as Y from '../../src/dynamics/index.ts';
import { solverKind } from '../../src/dynamics/kinds.ts';
import { codecOf, readDist } from '../../src/models/index.ts';
import { resMlp } from '../../src/nn/index.ts';
import * as S from '../../src/sde/index.ts';
import { drawn, numbersOf } from './values.ts';

const kindsByName = {
  process: S.processKind,
  preconditioning: S.preconditioningKind,
  grid: S.gridKind,
  sampler: S.samplerKind,
  solver: solverKind,
  denoiser: S.denoiserKind,
  weighting: S.weightingKind,
  timeDist: S.timeKind,
  layer: layerKind,
  dist: distributionKind,
} satisfies { readonly [name: string]: KindOf<never> | KindOf<unknown> };
type Kind = keyof typeof kindsByName;
const codecFor = (kind: Kind) => codecOf<unknown>(kindsByName[kind] as KindOf<unknown>);
const again = (kind: Kind, value: { readonly spec: object }) => {
  const json: unknown = JSON.parse(JSON.stringify(value.spec));
  const read = decode(codecFor(kind), json) as E.Either<Failure, typeof value>;
  if (E.isLeft(read)) throw new Error(sentence(read.left));
  return read.right;
};

const kinds: readonly (readonly [Kind, readonly { readonly spec: object }[]])[] = [
  [
    'process',
    [
      S.vp({ betaMax: 10 }),
      S.subVp(),
      S.ve({ sigmaMax: 9 }),
      S.edm({ sigmaMin: 0.01 }),
      S.ddpmProcess({ schedule: 'cosine', steps: 30 }),
      S.ddpmProcess({ first: 1e-4, last: 0.02 }),
      S.fromBetas([0.1, 0.2, 0.3]),
      S.zeroTerminalSnr(S.vp()),
    ],
  ],
  ['preconditioning', [S.standard({ sigmaData: 0.5 }), S.unscaled({ times: 10 })]],
  [
    'grid',
    [
      S.uniformGrid(3),
      S.quadraticGrid(4),
      S.logSnrGrid(5),
      S.karrasGrid(6, { rho: 5 }),
      S.subSequence(7, 'quadratic'),
      S.givenGrid([1, 0.5, 0.2]),
    ],
  ],
  [
    'solver',
    [
      Y.euler(),
      Y.midpoint(),
      Y.heun(),
      Y.rk4(),
      Y.dormandPrince({ rtol: 1e-4 }),
      Y.bogackiShampine({ atol: 1e-3 }),
      Y.tsit5(),
      Y.rungeKutta(Y.tableaux.heun),
      Y.rungeKutta(Y.tableaux.bogackiShampine, Y.adaptive({ rtol: 1e-3, maxSteps: 9 })),
    ],
  ],
  [
    'sampler',
    [
      S.eulerMaruyama({ churn: 0.5 }),
      S.reverseDiffusion(),
      S.stochasticHeun({ churn: 0.3 }),
      S.ancestral({ variance: 'large' }),
      S.ddim({ eta: 0.3 }),
      S.dpmSolver(),
      S.edmHeun({ churn: 0.1, between: [0.1, 3] }),
      S.edmHeun(),
      S.annealedLangevin({ stepSize: 1e-5 }),
      S.flowSampler({ solver: Y.rk4() }),
      S.predictorCorrector({ corrector: S.langevinCorrector({ size: 'norms' }), predictor: S.ddim() }),
    ],
  ],
  ['weighting', [S.simpleWeighting, S.likelihoodWeighting, S.edmWeighting({ sigmaData: 2 }), S.minSnrWeighting()]],
  ['timeDist', [S.uniformTime, S.discreteTime, S.importanceTime, S.logNormalTime({ mean: 0 })]],
  [
    'denoiser',
    [
      S.predict('velocity', S.zeroTerminalSnr(S.vp()), resMlp([8]), { shape: [3] }),
      S.exactDenoiser(S.ve(), mixture({ logits: [0, 1], components: [normal([2]), normal([2], { loc: 3 })] })),
    ],
  ],
];

describe('parse ∘ serialise = id', () => {
  test.each(kinds)('%s', (kind, values) => {
    for (const value of values) expect(again(kind, value).spec).toEqual(value.spec);
  });

  test('a diffusion distribution keeps its samples, its densities and the places of its parameters', () => {
    const dist = S.diffusion(S.exactDenoiser(S.vp(), normal([2], { loc: [1, 2], scale: 0.5 })), {
      sampler: S.dpmSolver(),
      grid: S.karrasGrid(6),
      likelihood: { divergence: 'exact', solver: Y.heun() },
    });
    const read = readDist(JSON.parse(JSON.stringify(dist.spec)));
    if (E.isLeft(read)) throw new Error(sentence(read.left));
    expect(read.right.spec).toEqual(dist.spec);
    expect(drawn(read.right.sample, 5)).toEqual(drawn(dist.sample, 5));
    const x = o.constant([0.3, 0.1]);
    expect(numbersOf(D.runDraw(read.right.logDensity(x)))).toEqual(numbersOf(D.runDraw(dist.logDensity(x))));
  });

  test('the flow as a layer does too', () => {
    const d = S.exactDenoiser(S.subVp(), normal([2]));
    const base = S.subVp().prior([2]) as Dist<readonly [2], unknown>;
    const dist = pushforward(S.probabilityFlow(d, { grid: S.uniformGrid(7) }))(
      base as ReturnType<typeof standardNormal<readonly [2]>>,
    );
    const read = readDist(JSON.parse(JSON.stringify(dist.spec)));
    expect(E.isRight(read) && read.right.spec).toEqual(dist.spec);
  });
});

describe('what does not fit', () => {
  const refused = (kind: Kind, json: unknown): string => {
    const read = decode(codecFor(kind), json);
    return E.isLeft(read) ? sentence(read.left) : 'read';
  };
  const pure = { type: 'zeroTerminalSnr', process: { type: 'vp' } };
  const network = { type: 'resMlp', hidden: [8] };

  test('noise cannot be predicted where no signal is left', () => {
    const json = { type: 'predict', prediction: 'noise', shape: [2], process: pure, network };
    expect(refused('denoiser', json)).toMatch(/noise cannot be predicted on a process that ends in pure noise/);
  });

  test('nor is there a probability flow from pure noise', () => {
    const denoiser = { type: 'predict', prediction: 'velocity', shape: [2], process: pure, network };
    expect(refused('dist', { type: 'diffusion', denoiser })).toMatch(/no step can start from pure noise/);
  });

  test('names and constants are told apart', () => {
    expect(refused('sampler', { type: 'ddmi' })).toMatch(/unknown sampler 'ddmi'; did you mean 'ddim'/);
    expect(refused('sampler', { type: 'vp' })).toMatch(/'vp' is a process, but a sampler is needed here/);
    expect(refused('process', { type: 've', sigmaMin: 3, sigmaMax: 2 })).toMatch(/0 < sigmaMin < sigmaMax/);
    expect(refused('sampler', { type: 'ddim', eta: 2 })).toMatch(/η is not in \[0, 1\]/);
  });
});
