/** The state of a player during a game: parameters, the optimiser's state and the average, in groups of vectors. */
import type { Expr } from '../../core/expr.ts';
import * as o from '../../core/ops/index.ts';
import { parametersOf } from '../../core/program.ts';
import { flatten, groupsOf, joinGroups, type Layout, piecesOf, splitGroups } from './flat.ts';
import type { GamePlan, Share } from './move-plan.ts';

/** Vectors by group; one list for each of the optimiser's slots. A type, not an interface: it is a struct, which loops carry. */
export type PlayerState = {
  readonly theta: readonly Expr[];
  readonly slots: readonly (readonly Expr[])[];
  readonly average: readonly Expr[];
};

/** A player's share, in groups of parameters that its optimiser treats alike. */
export interface GroupedShare {
  readonly share: Share;
  readonly groups: readonly Layout[];
  /** For each group, whether each of the optimiser's selectors selects it. */
  readonly selected: readonly (readonly boolean[])[];
}

/** The groups of each player's parameters. */
export const groupedShares = ({ shares, moves }: GamePlan): GroupedShare[] => {
  const leaves = new Map(parametersOf(moves.flatMap((m) => m.roots)).map((p) => [p.attributes.name, p] as const));
  return shares.map((share) => {
    const selected = (name: string): boolean[] => (share.optimizer.selectors ?? []).map((s) => s.selects(leaves.get(name)!)); // biome-ignore format: one idea
    const groups = groupsOf(share.layout, (name) => selected(name).join());
    return { share, groups, selected: groups.map((g) => selected(g.entries[0].name)) };
  });
};

/** The names of a player's flat vectors among the inputs of a program: states, then the average. */
export const vectorNames = ({ optimizer, player, suffix }: Share): string[] => [
  ...optimizer.slots.map((s) => `state${suffix}:${s}`),
  ...(player.average === undefined ? [] : [`ema${suffix}`]),
];

/** A player's state at the beginning of a run: `parameters` is the flat vector of the whole game, the others the player's own. */
export const startingState = ({ share, groups }: GroupedShare, all: Layout, parameters: Expr): PlayerState => {
  const own = (name: string): Expr[] => splitGroups(share.layout, groups, o.input(name, [share.layout.size]));
  const vectors = vectorNames(share).map(own);
  const n = share.optimizer.slots.length;
  return {
    theta: splitGroups(all, groups, parameters),
    slots: vectors.slice(0, n),
    average: vectors[n] ?? [],
  };
};

/** A player's flat vectors at the end of a run, in the order of {@link vectorNames}. */
export const endingVectors = ({ share, groups }: GroupedShare, { slots, average }: PlayerState): Expr[] =>
  [...slots, ...(share.player.average === undefined ? [] : [average])].map((v) => joinGroups(share.layout, groups, v));

/** The arrays of a player's parameters, group by group. */
export const statePieces = ({ groups }: GroupedShare, { theta }: PlayerState): Expr[][] =>
  groups.map((g, i) => piecesOf(g, theta[i]));

/** Gradients by array, group by group, as vectors. */
export const gradientVectors = (gradients: readonly Expr[], pieces: readonly (readonly Expr[])[]): Expr[] => {
  let at = 0;
  return pieces.map((p) => {
    at += p.length;
    return flatten(gradients.slice(at - p.length, at));
  });
};

/** The state after a move along these gradients. */
export const updatedState = (
  { share: { optimizer, player }, groups, selected }: GroupedShare,
  { theta, slots, average }: PlayerState,
  gradients: readonly Expr[],
  coefficients: Expr,
): PlayerState => {
  const scalars = optimizer.coefficients.map((_, i) => o.reshape(o.sliceAxis(coefficients, 0, i, i + 1), []));
  const ready = gradients.length === 0 ? [] : (optimizer.together?.(gradients) ?? gradients);
  const next = groups.map((_, g) =>
    optimizer.update(ready[g], theta[g], slots.map((s) => s[g]), scalars, selected[g]),
  ); // biome-ignore format: one idea
  const { average: decay } = player;
  return {
    theta: next.map((n) => n.parameters),
    slots: slots.map((_, i) => next.map((n) => n.state[i])),
    average:
      decay === undefined ? [] : average.map((a, g) => o.add(o.mul(decay, a), o.mul(1 - decay, next[g].parameters))),
  };
};

/** The Euclidean norm of some vectors together. */
export const normOf = (vectors: readonly Expr[]): Expr =>
  vectors.length === 0 ? o.scalar(0) : o.sqrt(o.addAll(vectors.map((v) => o.sum(o.square(v)))));
