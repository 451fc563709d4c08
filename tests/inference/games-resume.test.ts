/** A game of several players is one computation, however it is cut: into runs of the backend, or into runs of fit. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { pipe } from 'fp-ts/lib/function.js';
import { afterAll, describe, expect, it } from 'vitest';
import { buffer, evaluating, movingAverage } from '../../src/core/buffer.ts';
import * as D from '../../src/core/draw.ts';
import type { Expr } from '../../src/core/expr.ts';
import { onnx, tfjs } from '../../src/core/interpreters/index.ts';
import * as o from '../../src/core/ops/index.ts';
import * as P from '../../src/core/parameters.ts';
import * as R from '../../src/core/random.ts';
import * as Sc from '../../src/core/scope.ts';
import { fromRows, withWeights } from '../../src/data/index.ts';
import {
  accumulated,
  adam,
  adamW,
  alternating,
  clipByGlobalNorm,
  type FitOptions,
  type Fitted,
  fit,
  type Game,
  loadCheckpoint,
  lossOf,
  momentum,
  place,
  plateau,
  saveCheckpoint,
  simultaneous,
  type TrainingState,
  trainingStep,
} from '../../src/inference/index.ts';
import { outcome, right, stateBits } from './game-helpers.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'pushforward-games-'));
afterAll(() => rmSync(folder, { recursive: true }));

type One = readonly [1];
const rows = fromRows(
  'rows',
  Float32Array.from({ length: 40 }, (_, i) => Math.sin(i * i)),
  [1],
);
const held = fromRows(
  'held out',
  Float32Array.from({ length: 9 }, (_, i) => Math.cos(i * i)),
  [1],
);

const weights = (name: string): Sc.Scoped<Expr> => Sc.parameter(name, [2], { init: P.normalInit(1) });
const normal = D.fromRandom(R.normal([2]));

/** A generator whose activations are normalised by statistics of the batch while training, by running ones else. */
const generator = Sc.placed(
  'generator',
  (e: Expr): Sc.Scoped<Expr> =>
    (scope) => {
      const h = o.mul(weights('w')(scope), e);
      const { now, become } = buffer('mean', { initial: R.of(o.batchMean(h)) })(scope);
      const mean = scope.training ? o.batchMean(h) : now;
      return become(o.add(o.mul(0.9, now), o.mul(0.1, o.batchMean(h))), o.sum(o.tanh(o.sub(h, mean))));
    },
);
const critic = Sc.placed(
  'critic',
  (x: Expr): Sc.Scoped<Expr> =>
    (scope) =>
      o.sum(o.mul(weights('v')(scope), o.tanh(x))),
);
/** Used rather than trained: it reads the statistics and leaves them to the student. */
const teacher = (e: Expr): Sc.Scoped<Expr> => evaluating(movingAverage({ name: 'teacher', decay: 0.9 })(generator(e)));

const criticLoss = lossOf(
  'critic',
  [1] as const,
  (x) => (scope) =>
    D.map((e: Expr) => {
      const seen = buffer('seen', { initial: R.of(o.scalar(0, 'int32')) })(scope);
      const [real, fake] = [critic(x)(scope), critic(Sc.detached(generator(e))(scope))(scope)];
      return seen.become(o.add(seen.now, 1), o.add(o.sub(fake, real), o.mul(0.1, o.square(real))));
    })(normal)(scope),
);
const generatorLoss = lossOf(
  'generator',
  [1] as const,
  (x) => (scope) =>
    D.map((e: Expr) => {
      const y = generator(e)(scope);
      const pull = o.square(o.sub(y, teacher(e)(scope)));
      const anneal = o.mul(o.mul(0.01, trainingStep), o.square(o.sub(y, o.sum(x))));
      return o.add(o.neg(Sc.detached(critic(y))(scope)), o.add(pull, anneal));
    })(normal)(scope),
);

const players = {
  critic: {
    name: 'critic',
    owns: place('critic'),
    optimizer: pipe(
      adamW({ learningRate: plateau({ from: 0.05, factor: 0.5, patience: 1 }), beta1: 0.5 }),
      clipByGlobalNorm(0.5),
    ),
  },
  generator: { name: 'generator', owns: place('generator'), optimizer: accumulated(2)(momentum({ learningRate: 0.02 })), average: 0.7 }, // biome-ignore format: one record
};
const games: Readonly<Record<string, Game<One>>> = {
  'in order, with counts by the step': alternating(
    { player: players.critic, objective: criticLoss, times: (step) => (step < 3 ? 4 : 2) },
    {
      player: players.generator,
      objective: generatorLoss,
      source: withWeights(
        rows,
        Float32Array.from({ length: 40 }, (_, i) => i % 4),
      ),
    },
    { player: players.critic, name: 'lazy', objective: criticLoss, times: (step) => (step % 4 === 0 ? 1 : 0) },
  ),
  'at once, with a shared draw': simultaneous(
    { player: { ...players.critic, optimizer: adam({ learningRate: 0.03 }) }, objective: criticLoss },
    { player: { ...players.generator, optimizer: adam({ learningRate: 0.02 }) }, objective: generatorLoss, sharesDrawOf: 'critic' }, // biome-ignore format: one record
  ),
};
const STEPS = 9;
const options = {
  data: rows,
  batchSize: 8,
  seed: 11,
  validation: { data: held, every: 2, patience: 40, objective: generatorLoss },
};
const played = async (objective: Game<One>, rest: Partial<FitOptions<One>> = {}): Promise<Fitted> =>
  right(await fit({ ...options, objective, steps: STEPS, backend: onnx('cpu', { threads: 1 }), ...rest })());

describe.each(Object.entries(games))('a game %s', (name, game) => {
  const straight = played(game);

  it('has the same bits in runs of 1, 7 and 20 steps', async () => {
    const whole = outcome(await straight);
    for (const stepsPerRun of [1, 7]) expect(outcome(await played(game, { stepsPerRun }))).toEqual(whole);
    expect(Object.keys(whole.last.buffers)).toEqual(expect.arrayContaining(['generator/mean', 'seen', 'teacher/generator/w'])); // biome-ignore format: one list
    expect((await straight).last.validations?.map((v) => v.step)).toEqual([2, 4, 6, 8]);
  });

  it('stopped after any step and resumed from its file is what it would have been', async () => {
    const whole = outcome(await straight);
    for (let stop = 1; stop < STEPS; stop++) {
      const first = await played(game, { steps: stop, stepsPerRun: 20 });
      const file = path.join(folder, `${name.slice(0, 2)}-${stop}.safetensors`);
      right(await saveCheckpoint(file, { state: first.last, spec: { type: 'game' } })());
      const { state } = right(await loadCheckpoint(file)());
      expect(stateBits(state)).toEqual(stateBits(first.last));
      expect(outcome(await played(game, { resume: state }))).toEqual(whole);
    }
  }, 60_000);

  it('saved at every step by itself, and gone on with from there, too', async () => {
    const whole = outcome(await straight);
    const states: TrainingState[] = [];
    await played(game, { stepsPerRun: 1, checkpoint: { every: 1, save: async (s) => void states.push(s) } });
    expect(states.map((s) => s.step)).toEqual(Array.from({ length: STEPS }, (_, i) => i + 1));
    for (const resume of [states[2], states[7]]) expect(outcome(await played(game, { resume }))).toEqual(whole);
  });

  it('runs on another backend', async () => {
    const other = await played(game, { backend: tfjs('cpu'), steps: 4, stepsPerRun: 3 });
    const here = await played(game, { steps: 4 });
    for (const [k, { data }] of Object.entries(here.last.parameters))
      data.forEach((x, i) => {
        expect(other.last.parameters[k].data[i]).toBeCloseTo(x, 4);
      });
    expect(other.last.buffers?.seen).toEqual(here.last.buffers?.seen);
  });
});

describe('random cuts', () => {
  it(
    'make no difference',
    () =>
      fc.assert(
        fc.asyncProperty(
          fc.array(fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 9 })), {
            minLength: 1,
            maxLength: 4,
          }),
          async (cuts) => {
            const game = games['in order, with counts by the step'];
            let at: TrainingState | undefined;
            let steps = 0;
            for (const [n, stepsPerRun] of cuts) {
              steps += n;
              at = (await played(game, { steps, stepsPerRun, ...(at === undefined ? {} : { resume: at }) })).last;
            }
            expect(stateBits(at as TrainingState)).toEqual(stateBits((await played(game, { steps })).last));
          },
        ),
        { seed: Number(process.env.LAW_SEED ?? 12), numRuns: 4 },
      ),
    60_000,
  );
});
