/** Games against exact recursions: Dirac-GANs, whose trajectories are known, and random games of scalars with optimisers of their own. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { grad } from '../../src/core/differentiate/index.ts';
import type { Expr } from '../../src/core/expr.ts';
import { onnx } from '../../src/core/interpreters/index.ts';
import * as o from '../../src/core/ops/index.ts';
import { fromRows } from '../../src/data/index.ts';
import {
  adam,
  alternating,
  fit,
  type Game,
  type Move,
  momentum,
  type Optimizer,
  type Player,
  place,
  sgd,
  simultaneous,
} from '../../src/inference/index.ts';
import { numbers, over, right } from './game-helpers.ts';
import { type Mover, mover } from './optimizer-runs.ts';

const backend = onnx('cpu', { threads: 1 });
const origin = fromRows('the origin', new Float32Array(8), [1]);
const sigmoid = (t: number): number => 1 / (1 + Math.exp(-t));

type Order = typeof alternating | typeof simultaneous;
type One = readonly [1];

/** Both parameters after `steps` steps from (1, 0.3): data at 0, a generator at θ, a critic D(x) = ψx. */
const played = async (game: Game<One>, steps: number, stepsPerRun = 20): Promise<readonly [number, number]> => {
  const { parameters } = right(
    await fit({ objective: game, data: origin, batchSize: 4, steps, stepsPerRun, backend })(),
  );
  return numbers(parameters, ['theta', 'psi']) as unknown as readonly [number, number];
};
const starts = { theta: 1, psi: 0.3 };

interface Losses {
  /** Of D at the generator's point. */
  readonly generator: (d: Expr) => Expr;
  /** Of D at the generator's point, and of ψ and an event of the data. */
  readonly critic: (d: Expr, psi: Expr, x: Expr) => Expr;
}

/** The Dirac-GAN with these losses; the players own what their selectors name. */
const dirac = (order: Order, rate: number, { generator, critic }: Losses, first = 'generator'): Game<One> => {
  const player = (name: string, owns: string): Player => ({ name, owns: place(owns), optimizer: sgd({ learningRate: rate }) }); // biome-ignore format: one record
  const g: Move<One> = { player: player('generator', 'theta'), objective: over(starts, ({ theta, psi }) => generator(o.mul(psi, theta))) }; // biome-ignore format: one record
  const c: Move<One> = { player: player('critic', 'psi'), objective: over(starts, ({ theta, psi }, x) => critic(o.mul(psi, theta), psi, x)) }; // biome-ignore format: one record
  return first === 'generator' ? order(g, c) : order(c, g);
};

const wasserstein: Losses = { generator: (d) => d, critic: (d, psi, x) => o.sub(o.sum(o.mul(psi, x)), d) };
const f = (t: Expr): Expr => o.neg(o.softplus(o.neg(t)));
const minimax: Losses = { generator: f, critic: (d, psi, x) => o.neg(o.add(f(d), f(o.sum(o.mul(psi, x))))) };
const nonSaturating: Losses = { ...minimax, generator: o.softplus };
/** The gradient penalty at the data, γ/2 |∂D(x)|², by differentiating D. */
const penalised = (gamma: number): Losses => ({
  ...minimax,
  critic: (d, psi, x) =>
    o.add(minimax.critic(d, psi, x), o.mul(gamma / 2, o.sum(o.square(grad(o.sum(o.mul(psi, x)), [x])[0])))),
});

/** The same in numbers: dθ/dt and dψ/dt at a point. */
type Field = readonly [(theta: number, psi: number) => number, (theta: number, psi: number) => number];
const fields: Readonly<Record<string, readonly [Losses, Field]>> = {
  minimax: [minimax, [(t, p) => -p * sigmoid(-p * t), (t, p) => t * sigmoid(-p * t)]],
  'non-saturating': [nonSaturating, [(t, p) => -p * sigmoid(p * t), (t, p) => t * sigmoid(-p * t)]],
  'with a penalty': [penalised(1), [(t, p) => -p * sigmoid(-p * t), (t, p) => t * sigmoid(-p * t) - p]],
};
const recursion = ([u, v]: Field, h: number, steps: number, how: 'at once' | 'θ first' | 'ψ first') => {
  let [t, p] = [1, 0.3];
  for (let k = 0; k < steps; k++) {
    if (how === 'at once') [t, p] = [t + h * u(t, p), p + h * v(t, p)];
    else if (how === 'θ first') {
      t += h * u(t, p);
      p += h * v(t, p);
    } else {
      p += h * v(t, p);
      t += h * u(t, p);
    }
  }
  return [t, p] as const;
};

describe('the Dirac-GAN', () => {
  const h = Math.fround(0.1);
  const down = (x: number, g: number): number => Math.fround(x - Math.fround(h * g));

  it('of Wasserstein follows its recursion to the bit, at once and in turn', async () => {
    const steps = 60;
    let once: readonly [number, number] = [1, Math.fround(0.3)];
    let turn: readonly [number, number] = once;
    for (let k = 0; k < steps; k++) {
      once = [down(once[0], once[1]), down(once[1], -once[0])];
      const theta = down(turn[0], turn[1]);
      turn = [theta, down(turn[1], -theta)];
    }
    for (const stepsPerRun of [1, 7, 20]) {
      expect(await played(dirac(simultaneous, 0.1, wasserstein), steps, stepsPerRun)).toEqual(once);
      expect(await played(dirac(alternating, 0.1, wasserstein), steps, stepsPerRun)).toEqual(turn);
    }
  });

  it('of Wasserstein moves out by 1 + h² a step at once, and in turn keeps θ² + ψ² ∓ hθψ, by who is first', async () => {
    const size = 1 + 0.3 ** 2;
    for (const steps of [10, 100]) {
      const [t, p] = await played(dirac(simultaneous, 0.1, wasserstein), steps);
      expect((t * t + p * p) / size / (1 + 0.1 ** 2) ** steps).toBeCloseTo(1, 5);
      for (const [first, sign] of [
        ['generator', -1],
        ['critic', 1],
      ] as const) {
        // biome-ignore format: two
        const [theta, psi] = await played(dirac(alternating, 0.1, wasserstein, first), steps);
        expect(theta ** 2 + psi ** 2 + sign * 0.1 * theta * psi).toBeCloseTo(size + sign * 0.1 * 0.3, 5);
      }
    }
  });

  it.each(Object.entries(fields))('%s follows the recursion of its field', async (_, [losses, field]) => {
    const [h, steps] = [0.05, 150];
    for (const [game, how] of [
      [dirac(simultaneous, h, losses), 'at once'],
      [dirac(alternating, h, losses), 'θ first'],
      [dirac(alternating, h, losses, 'critic'), 'ψ first'],
    ] as const) {
      const got = await played(game, steps);
      recursion(field, h, steps, how).forEach((x, i) => {
        expect(Math.abs(got[i] - x)).toBeLessThan(2e-5);
      });
    }
  });

  it('minimax stays near its circle, and a penalty of γ = 1 shrinks it by 1 − h/2 a step', async () => {
    const [h, steps] = [0.01, 400];
    const [t, p] = await played(dirac(alternating, h, minimax), steps);
    expect(Math.abs(t * t + p * p - 1.09)).toBeLessThan(h);
    const [a, b] = [1000, 1400];
    const [early, late] = await Promise.all([a, b].map((n) => played(dirac(simultaneous, h, penalised(1)), n)));
    // A double eigenvalue −½: e^{−t/2} times a line in t, so the logarithm's slope tends to −½ from above.
    const slope = Math.log(Math.hypot(...late) / Math.hypot(...early)) / ((b - a) * h);
    expect(slope).toBeGreaterThan(-0.5);
    expect(slope).toBeLessThan(-0.3);
  });
});

describe('random games of scalars', () => {
  const optimizers: Readonly<Record<string, Optimizer>> = {
    sgd: sgd({ learningRate: 0.05 }),
    momentum: momentum({ learningRate: 0.03 }),
    adam: adam({ learningRate: 0.05, beta1: 0.5 }),
    slow: adam({ learningRate: 0.02 }),
  };
  const kinds = fc.constantFrom(...Object.keys(optimizers));
  const coefficient = fc.constantFrom(-1, -0.5, 0.25, 0.5, 1);
  const times = fc.constantFrom<readonly [string, Move<One>['times'] & {}]>(
    ['once', 1],
    ['three times', 3],
    ['every other step', (step) => (step % 2 === 0 ? 1 : 0)],
    ['four times, then once', (step) => (step < 3 ? 4 : 1)],
  );
  interface Declared {
    readonly player: number;
    /** ½ pᵀ A p + bᵀ p */
    readonly a: readonly (readonly number[])[];
    readonly b: readonly number[];
    readonly times: readonly [string, Move<One>['times'] & {}];
  }
  const random = fc
    .record({
      players: fc.array(kinds, { minLength: 2, maxLength: 3 }),
      atOnce: fc.boolean(),
    })
    .chain(({ players, atOnce }) => {
      const n = players.length;
      const list = fc.array(coefficient, { minLength: n, maxLength: n });
      const move = (player: fc.Arbitrary<number>): fc.Arbitrary<Declared> =>
        fc.record({
          player,
          a: fc.array(list, { minLength: n, maxLength: n }),
          b: list,
          times: atOnce ? fc.constant(['once', 1] as const) : times,
        });
      const each = fc.tuple(...players.map((_, i) => move(fc.constant(i))));
      const more = atOnce ? fc.constant([]) : fc.array(move(fc.nat(n - 1)), { maxLength: 1 });
      return fc.record({ players: fc.constant(players), atOnce: fc.constant(atOnce), moves: fc.tuple(each, more).map(([x, y]) => [...x, ...y]) }); // biome-ignore format: one record
    });

  const start = (i: number): number => 0.5 - 0.75 * i;
  const slopeAt = ({ a, b, player }: Declared, p: readonly number[]): number =>
    b[player] + p.reduce((s, x, j) => s + 0.5 * (a[player][j] + a[j][player]) * x, 0);

  it(
    'are what players do who count their own moves, in order or at once',
    () =>
      fc.assert(
        fc.asyncProperty(random, async ({ players, atOnce, moves }) => {
          const steps = 9;
          const names = players.map((_, i) => `p${i}`);
          const all: Player[] = players.map((kind, i) => ({ name: `player ${i}`, owns: place(`p${i}`), optimizer: optimizers[kind] })); // biome-ignore format: one record
          const declared = moves.map(
            ({ player, a, b, times: [, n] }, k): Move<One> => ({
              player: all[player],
              name: `move ${k}`,
              times: n,
              objective: over(Object.fromEntries(names.map((name, i) => [name, start(i)])), (p) =>
                o.addAll(
                  names.flatMap((x, i) => [
                    o.mul(b[i], p[x]),
                    ...names.map((y, j) => o.mul(0.5 * a[i][j], o.mul(p[x], p[y]))),
                  ]),
                ),
              ),
            }),
          );
          const game = atOnce ? simultaneous(...declared) : alternating(...declared);
          const { parameters } = right(
            await fit({ objective: game, data: origin, batchSize: 4, steps, stepsPerRun: 5, backend })(),
          );

          const movers: Mover[] = await Promise.all(players.map((kind, i) => mover(optimizers[kind], [start(i)])));
          let p = players.map((_, i) => start(i));
          for (let step = 0; step < steps; step++) {
            const before = p;
            for (const m of moves) {
              const n = typeof m.times[1] === 'function' ? m.times[1](step) : m.times[1];
              for (let k = 0; k < n; k++) {
                const [x] = await movers[m.player].move([slopeAt(m, atOnce ? before : p)]);
                p = p.map((y, i) => (i === m.player ? x : y));
              }
            }
          }
          await Promise.all(movers.map((m) => m.dispose()));
          numbers(parameters, names).forEach((x, i) => {
            expect(Math.abs(x - p[i])).toBeLessThan(1e-4 * Math.max(1, Math.abs(p[i])));
          });
        }),
        { seed: Number(process.env.LAW_SEED ?? 12), numRuns: 15 },
      ),
    60_000,
  );
});
