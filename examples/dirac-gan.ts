/**
 * The Dirac-GAN (Mescheder, Geiger & Nowozin 2018, arXiv:1801.04406): data at 0, a generator at θ, a linear critic ψ x.   npm run example dirac-gan
 *
 * The Wasserstein game, θ lowers ψθ and ψ raises it, is at rest at (0, 0) alone, and descent in steps of h never gets there: moves at once make θ² + ψ² grow by
 * 1 + h² a step; moves in turn, θ first, keep θ² + ψ² − hθψ. The exact trajectories are printed beside those of training.
 */
import { isLeft } from 'fp-ts/lib/Either.js';
import {
  alternating,
  draw,
  fit,
  type Game,
  lossOf,
  ops,
  place,
  sgd,
  simultaneous,
  type TrainingState,
} from 'pushforward';
import { parameters, scope } from 'pushforward/core';
import { fromRows } from 'pushforward/data';

const [h, steps] = [0.1, 60];
const at = (start: number) => scope.parameter('at', [], { init: parameters.constantly(start) });
const [theta, psi] = [scope.placed('generator', () => at(1)), scope.placed('critic', () => at(0.3))];
const product = draw.fromScoped((s) => ops.mul(theta()(s), psi()(s)));
const player = (name: string) => ({ name, owns: place(name), optimizer: sgd({ learningRate: h }) });
const moves = [
  { player: player('generator'), objective: lossOf('ψθ', [1], () => product) },
  { player: player('critic'), objective: lossOf('−ψθ', [1], () => draw.map(ops.neg)(product)) },
];
const data = fromRows('zero', new Float32Array(1), [1]);
const trajectory = async (objective: Game<readonly [1]>) => {
  const states: TrainingState[] = [];
  const checkpoint = { every: 1, save: async (state: TrainingState) => void states.push(state) };
  const fitted = await fit({ objective, data, steps, batchSize: 1, stepsPerRun: 1, checkpoint })();
  if (isLeft(fitted)) throw new Error(fitted.left.message);
  return states.map((s) => ['generator/at', 'critic/at'].map((name) => Number(s.parameters[name].data[0])));
};
const games = [
  ['at once', simultaneous(...moves), (t: number, p: number) => [t - h * p, p + h * t], (t: number, p: number) => t * t + p * p],
  ['in turn', alternating(...moves), (t: number, p: number) => [t - h * p, p + h * (t - h * p)], (t: number, p: number) => t * t + p * p - h * t * p],
] as const; // biome-ignore format: a table

for (const [name, game, exact, quantity] of games) {
  console.log(
    `${name}:  step        θ        ψ   (exact)           ${name === 'at once' ? 'θ² + ψ²' : 'θ² + ψ² − hθψ'}`,
  );
  let truth: readonly number[] = [1, 0.3];
  for (const [i, [t, p]] of (await trajectory(game)).entries()) {
    truth = exact(truth[0], truth[1]);
    if ((i + 1) % 10 > 0) continue;
    const numbers = [t, p, ...truth, quantity(t, p)].map((v) => v.toFixed(4).padStart(8));
    console.log(`${String(i + 1).padStart(14)} ${numbers.join(' ')}`);
  }
}
