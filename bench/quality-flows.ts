/** What `npm run bench:quality` trains: the flows, their settings, and how one is trained. */
import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import type { Dist } from '../src/algebra/dist.ts';
import { pushforward } from '../src/algebra/dist.ts';
import type { Exact, Samples } from '../src/algebra/evidence.ts';
import { compose, type Endo, repeat } from '../src/algebra/transport.ts';
import { actNorm, affineCoupling, invertible1x1, reverse, shiftScale } from '../src/bijectors/index.ts';
import { PushforwardError } from '../src/core/errors.ts';
import type { Backend, Feeds } from '../src/core/program.ts';
import { sizeOf } from '../src/core/shape.ts';
import {
  checkerboard,
  circles,
  eightGaussians,
  standardScaling,
  type Toy,
  toyDatasetOf,
  twoMoons,
} from '../src/data/index.ts';
import { standardNormal } from '../src/distributions/index.ts';
import { adam, clipByGlobalNorm, cosine, fit, maximumLikelihood } from '../src/inference/index.ts';
import { mafFlow } from '../src/models/flows.ts';
import { nsfFlow } from '../src/models/nsf.ts';
import { mlp } from '../src/nn/index.ts';

/** The toys of the table. */
export const toys = { twoMoons, eightGaussians, checkerboard, circles } as const;

/** A flow and the settings it is trained with. */
export interface Candidate {
  readonly flow: Endo<'bijective'>;
  readonly steps: number;
  /** Toys that want more steps. */
  readonly more?: { readonly [toy: string]: number };
  readonly batchSize: number;
  readonly learningRate: number;
  /** Arguments of the same flow in `peers/quality.py`. */
  readonly peer?: {
    readonly flow: string;
    readonly layers: number;
    readonly hidden: string;
    readonly bins?: number;
    readonly bound?: number;
  };
}

/** The flows of the table. */
export const candidates: { readonly [name: string]: Candidate } = {
  spline: {
    flow: nsfFlow({ layers: 6, hidden: [64, 64], bins: 16, bound: 3 }),
    steps: 15_000,
    more: { checkerboard: 25_000 },
    batchSize: 512,
    learningRate: 3e-3,
    peer: { flow: 'spline', layers: 6, hidden: '64,64', bins: 16, bound: 3 },
  },
  maf: {
    flow: mafFlow({ layers: 10, hidden: [64, 64] }),
    steps: 20_000,
    more: { checkerboard: 40_000 },
    batchSize: 512,
    learningRate: 2e-3,
  },
  glow: {
    flow: repeat(10, compose(actNorm(), invertible1x1(), affineCoupling({ conditioner: mlp([64, 64]) }))),
    steps: 20_000,
    batchSize: 512,
    learningRate: 2e-3,
  },
  realNVP: {
    flow: repeat(12, compose(affineCoupling({ conditioner: mlp([64, 64]) }), reverse())),
    steps: 20_000,
    batchSize: 512,
    learningRate: 2e-3,
    peer: { flow: 'realNVP', layers: 12, hidden: '64,64' },
  },
};

/** What issue 3 asks of a flow on a toy, in nats above the entropy. */
export const targetOf = (flow: string, toy: string): number | undefined =>
  ({ spline: toy === 'checkerboard' ? 0.12 : 0.05, maf: 0.1, glow: 0.08 })[flow];

/** A trained flow. */
export interface Trained {
  readonly dist: Dist<readonly [2], Exact & Samples>;
  readonly parameters: Feeds;
  readonly seconds: number;
  /** Processor time, which a busy machine does not stretch: with one thread, what training takes on an idle one. */
  readonly processorSeconds: number;
  readonly count: number;
}

/** Points that a flow is trained on. */
export const TRAIN = 500_000;

/** Trains a candidate on points of a toy, standardised by a first layer of the distribution: Adam with a cosine, gradients clipped, parameters averaged. */
export const trained = async (
  { flow, batchSize, learningRate }: Candidate,
  toy: Toy,
  { steps, seed, backend }: { readonly steps: number; readonly seed: number; readonly backend: Backend },
): Promise<Trained> => {
  const data = toyDatasetOf(toy, { size: TRAIN, seed });
  const { shift, scale } = standardScaling(data);
  const dist = pipe(standardNormal([2]), pushforward(flow), pushforward(shiftScale({ shift, scale })));
  const from = performance.now();
  const before = process.cpuUsage();
  const fitted = await fit({
    objective: maximumLikelihood(dist),
    data,
    steps,
    batchSize,
    seed,
    backend,
    ema: 0.998,
    optimizer: clipByGlobalNorm(10)(adam({ learningRate: cosine(learningRate, steps, 1e-6) })),
  })();
  if (E.isLeft(fitted)) throw new PushforwardError(fitted.left);
  const used = process.cpuUsage(before);
  const parameters = fitted.right.parameters;
  const count = Object.values(parameters).reduce((n, p) => n + sizeOf(p.shape), 0);
  return {
    dist,
    parameters,
    seconds: (performance.now() - from) / 1000,
    processorSeconds: (used.user + used.system) / 1e6,
    count,
  };
};

/** A line of the table. */
export interface Score {
  readonly flow: string;
  readonly toy: string;
  readonly gap: number;
  readonly gapError: number;
  readonly kl: number;
  readonly klError: number;
  readonly target: number | undefined;
  readonly steps: number;
  readonly seconds: number;
  readonly processorSeconds: number;
  readonly parameters: number;
}

/** The scores as a Markdown table. */
export const showTable = (scores: readonly Score[]): string => {
  const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const head = ['flow', 'toy', 'NLL − entropy', 'KL(p ‖ q)', 'target', 'parameters', 'steps', 'processor s', 'wall s'];
  return [
    row(head),
    row(head.map((_, i) => (i < 2 ? '---' : '---:'))),
    ...scores.map((s) =>
      row([
        s.flow,
        s.toy,
        `${s.gap.toFixed(4)} ± ${s.gapError.toFixed(4)}`,
        `${s.kl.toFixed(4)} ± ${s.klError.toFixed(4)}`,
        s.target === undefined ? '' : `≤ ${s.target}${s.gap <= s.target ? '' : ' ✗'}`,
        s.parameters.toLocaleString('en-US'),
        s.steps.toLocaleString('en-US'),
        s.processorSeconds.toFixed(0),
        s.seconds.toFixed(0),
      ]),
    ),
  ].join('\n');
};
