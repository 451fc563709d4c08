/** Chains of a distribution that is sampled by chains: where they go, what the log-density does, whether they agree. */
import { has } from '../../algebra/capability.ts';
import type { AnyDist } from '../../algebra/dist.ts';
import { decodeFromBase, innermost } from '../../algebra/pushed.ts';
import * as D from '../../core/draw.ts';
import type { Expr } from '../../core/expr.ts';
import { fork } from '../../core/random.ts';
import { asConstants, root } from '../../core/scope.ts';
import { sizeOf } from '../../core/shape.ts';
import type { Tensor } from '../../core/tensor.ts';
import { type ChainSampled, chaining } from '../../inference/energies/index.ts';
import { rHat } from '../../mcmc/index.ts';
import { chainOf, type Position } from '../../mcmc/kernel.ts';
import { rankPlots, tracePlots } from '../chains.ts';
import { trajectories } from '../trajectories.ts';
import { firstRows, floats, isPlane, squareAround } from './events.ts';
import { type Figure, type Finder, nothing } from './record.ts';

const STEPS = 400;
const CHAINS = 8;

/** The positions of a chain and their log-densities (up to a constant), every one of its first steps left in. */
const walk = (dist: AnyDist & ChainSampled): D.Draw<readonly Expr[]> => (scope) => (cursor) => {
  const { kernel, start } = dist.chain;
  const [from, next] = D.forked(start.sample)(root)(cursor);
  const moves = kernel.on(dist)(asConstants(scope));
  const record = ({ state }: { readonly state: Position }) => ({ position: state.position, log: D.runDraw(dist.logDensity(state.position), scope) });
  const [{ recorded }, last] = fork(chainOf(moves, STEPS, record)(moves.init(from)))(next);
  return [[recorded.position, recorded.log], last];
}; // biome-ignore format: one idea

/** Row c of an array `[chains, steps, …]` as its numbers at one place of the event. */
const along = (t: Tensor, chain: number, place: number, from: number): Float64Array => {
  const width = sizeOf(t.shape.slice(2));
  return Float64Array.from(
    { length: t.shape[1] - from },
    (_, s) => t.data[(chain * t.shape[1] + from + s) * width + place],
  );
};

/** Distributions sampled by chains: traces, ranks, and in the plane the paths. */
export const chains: Finder = async ({ running, test, seed }) => {
  const { dist } = running;
  const inner = innermost(dist);
  if (!has(chaining, inner)) return nothing;
  const own = walk(inner);
  const [positions, logs] = await running.each(() =>
    D.chain(([path, log]: readonly Expr[]) =>
      D.map(([events]: readonly Expr[]): readonly Expr[] => [events, log])(
        D.vmapDraw((x) => D.map((y: Expr): readonly Expr[] => [y])(decodeFromBase(dist, x)))(path),
      ),
    )(dist.pushed === undefined ? own : D.at('base', own)),
  )({ shape: [CHAINS], type: 'float32', data: new Float32Array(CHAINS) }, seed); // biome-ignore format: one program
  const half = STEPS / 2;
  const of = (t: Tensor, place: number, from: number) =>
    Array.from({ length: CHAINS }, (_, c) => along(t, c, place, from));
  const quantities = (from: number) => [
    { name: 'log density, up to a constant', draws: of(logs, 0, from) },
    ...(isPlane(dist)
      ? [0, 1].map((j) => ({ name: test.columns?.[j] ?? `x${j + 1}`, draws: of(positions, j, from) }))
      : []),
  ];
  const worst = Math.max(...quantities(half).map((q) => rHat(q.draws)));
  const agree = `R̂ ${worst.toFixed(2)} over the second half of ${STEPS} steps of ${CHAINS} chains${worst > 1.1 ? ': they have not forgotten where they started' : ''}`;
  const figures: Figure[] = [
    ...(isPlane(dist) ? [paths(floats(positions), squareAround(floats(firstRows(test, 4000))))] : []),
    {
      name: 'traces',
      title: 'Traces',
      caption: `Chains from their starting distribution, step by step. ${agree}.`,
      svg: tracePlots({ quantities: quantities(0) }),
    },
    {
      name: 'ranks',
      title: 'Ranks',
      caption: 'Ranks of each chain’s draws among all of the second half: level where the chains agree.',
      svg: rankPlots({ quantities: quantities(half) }),
    },
  ];
  return { figures, facts: [{ label: 'Chains', value: `R̂ ${worst.toFixed(2)}`, hint: agree }] };
};

const paths = (events: Float32Array, square: ReturnType<typeof squareAround>): Figure => ({
  name: 'chains',
  title: 'Chains over the plane',
  caption: `${CHAINS} chains of ${STEPS} steps, from where they started (blue) to where they ended (orange).`,
  svg: trajectories({
    panels: [{ title: 'chains', paths: events }],
    points: STEPS,
    x: [square.x0, square.x1],
    y: [square.y0, square.y1],
  }),
});
