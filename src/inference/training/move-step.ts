/** One move of a game as expressions: from the state of the game and what the move is fed to the next state. */
import { OWN_MOVE } from '../../core/buffer.ts';
import { grad } from '../../core/differentiate/index.ts';
import { raise } from '../../core/errors.ts';
import { type Expr, substitute, topological } from '../../core/expr.ts';
import * as o from '../../core/ops/index.ts';
import { leaves, like } from '../../core/struct.ts';
import { type Layout, piecesOf } from './flat.ts';
import type { GamePlan, PlannedMove } from './move-plan.ts';
import {
  type GroupedShare,
  gradientVectors,
  normOf,
  type PlayerState,
  statePieces,
  updatedState,
} from './player-state.ts';

/** What changes while a game is played; buffers by the order of the plan. A type, not an interface: it is a struct, which loops carry. */
export type GameState = {
  readonly players: readonly PlayerState[];
  readonly buffers: readonly Expr[];
};

/** The inputs of a move in one step, in the order of its plan. Axes in front: how often it is made, over how many batches it averages. */
export type MoveFeed = {
  readonly batch: Expr;
  readonly weights: readonly Expr[];
  readonly noise: readonly Expr[];
  readonly coefficients: Expr;
  /** The number of the step, where the move reads it. */
  readonly number: readonly Expr[];
};

/** A buffer's next value that reads parameters after a move: applied when that move is done. */
export interface Pending {
  readonly after: string;
  readonly apply: (state: GameState) => GameState;
}

/** A move, made. */
export interface Made {
  readonly state: GameState;
  readonly loss: Expr;
  readonly norm: Expr;
  readonly pending: readonly Pending[];
}

/** A plan with what every move of it needs. */
export interface Board {
  readonly plan: GamePlan;
  readonly shares: readonly GroupedShare[];
  /** Parameters without an owner, by name. */
  readonly held: ReadonlyMap<string, Expr>;
}

/** Parameters without an owner, from the flat vector. */
export const heldPieces = (layout: Layout, flat: Expr, shares: readonly GroupedShare[]): Map<string, Expr> => {
  const owned = new Set(shares.flatMap((s) => s.share.layout.entries.map((e) => e.name)));
  if (owned.size === layout.entries.length) return new Map();
  const pieces = piecesOf(layout, flat);
  return new Map(layout.entries.flatMap((e, i) => (owned.has(e.name) ? [] : [[e.name, pieces[i]] as const])));
};

/** Everything a move's expressions mention, in place: parameters and buffers of a state, and what the move is fed. */
const inPlace = (
  board: Board,
  m: PlannedMove,
  state: GameState,
  own: readonly Expr[][],
  feed: MoveFeed | undefined,
): Map<Expr, Expr> => {
  const { shares, held, plan } = board;
  const at = new Map(held);
  shares.forEach((s, i) => {
    const pieces = i === m.player ? own : statePieces(s, state.players[i]);
    s.groups.forEach((g, j) => g.entries.forEach((e, k) => at.set(e.name, pieces[j][k])));
  });
  const buffers = new Map(plan.buffers.map((b, i) => [b.attributes.name, state.buffers[i]] as const));
  const fed = new Map(feed === undefined ? [] : m.noise.map((e, i) => [e.attributes.path, feed.noise[i]] as const));
  const found = new Map<Expr, Expr>();
  for (const e of topological(m.roots))
    if (e.op === 'parameter') found.set(e, (e.attributes.role === 'buffer' ? buffers : at).get(e.attributes.name)!);
    else if (e.op === 'noise' && feed !== undefined) found.set(e, fed.get(e.attributes.path)!);
  if (feed === undefined) return found;
  found.set(m.batch, feed.batch);
  if (m.weights !== undefined) found.set(m.weights, feed.weights[0]);
  for (const e of m.numbers) found.set(e, feed.number[0]);
  return found;
};

const withBuffers = (plan: GamePlan, state: GameState, moved: ReadonlyMap<string, Expr>): GameState => ({
  ...state,
  buffers: plan.buffers.map((b, i) => moved.get(b.attributes.name) ?? state.buffers[i]),
});

const withPlayer = (state: GameState, index: number, player: PlayerState): GameState => ({
  ...state,
  players: state.players.map((p, i) => (i === index ? player : p)),
});

/** Loss and gradients at a state, and the buffers that move with them. */
const evaluated = (
  board: Board,
  m: PlannedMove,
  state: GameState,
  feed: MoveFeed,
): { state: GameState; loss: Expr; gradients: readonly Expr[] } => {
  const own = statePieces(board.shares[m.player], state.players[m.player]);
  const [loss, ...nexts] = substitute(m.roots, inPlace(board, m, state, own, feed));
  const gradients = own.length === 0 ? [] : gradientVectors(grad(loss, own.flat()), own);
  const moved = new Map(m.advances.flatMap((a, i) => (a.after === undefined ? [[a.name, nexts[i]] as const] : [])));
  return { state: withBuffers(board.plan, state, moved), loss, gradients };
};

/** The mean over several batches of loss and gradients, the buffers moving from one to the next. */
const accumulated = (
  board: Board,
  m: PlannedMove,
  state: GameState,
  feed: MoveFeed,
  n: number,
): ReturnType<typeof evaluated> => {
  const { coefficients, number, ...fed } = feed;
  const zeros = board.shares[m.player].groups.map((g) => o.broadcastTo(0, [g.size]));
  const carried = { gradients: zeros as readonly Expr[], buffers: state.buffers };
  const { carry, ys } = o.scan({
    length: n,
    init: leaves(carried),
    xs: leaves(fed),
    body: (carry, xs) => {
      const now = like(carried, carry);
      const done = evaluated(board, m, { ...state, buffers: now.buffers }, { ...like(fed, xs), coefficients, number });
      const sum = now.gradients.map((g, i) => o.add(g, done.gradients[i]));
      return { carry: leaves({ gradients: sum, buffers: done.state.buffers }), ys: [done.loss] };
    },
  });
  const last = like(carried, carry);
  return {
    state: { ...state, buffers: last.buffers },
    loss: o.mean(ys[0]),
    gradients: last.gradients.map((g) => o.div(g, n)),
  };
};

const movedOnce = (board: Board, m: PlannedMove, state: GameState, feed: MoveFeed): Made => {
  const { optimizer } = board.shares[m.player].share;
  const micro = optimizer.microbatches ?? 1;
  const done = micro === 1 ? evaluated(board, m, state, feed) : accumulated(board, m, state, feed, micro);
  const player = updatedState(board.shares[m.player], state.players[m.player], done.gradients, feed.coefficients);
  const pending = m.advances.flatMap(({ name, after, next }): Pending[] => {
    if (after === undefined) return [];
    if (micro > 1 && topological([next]).some((e) => e === m.batch || e.op === 'noise'))
      raise(
        'ArgumentError',
        name,
        'a buffer that reads parameters after the move sees no batch where gradients are averaged over several',
      );
    const apply = (later: GameState): GameState => {
      const own = statePieces(board.shares[m.player], later.players[m.player]);
      const [value] = substitute([next], inPlace(board, m, later, own, micro === 1 ? feed : undefined));
      return withBuffers(board.plan, later, new Map([[name, value]]));
    };
    return [{ after: after === OWN_MOVE ? m.name : after, apply }];
  });
  return { state: withPlayer(done.state, m.player, player), loss: done.loss, norm: normOf(done.gradients), pending };
};

/** Applies what was waiting for a move; gives the rest. */
export const settle = (state: GameState, pending: readonly Pending[], done: (after: string) => boolean) => ({
  state: pending.filter((p) => done(p.after)).reduce((s, p) => p.apply(s), state),
  pending: pending.filter((p) => !done(p.after)),
});

/** A move made `times` times in one step; loss and gradient norm are those of the mean and of the last. */
export const moved = (board: Board, m: PlannedMove, state: GameState, feed: MoveFeed, times: number): Made => {
  if (times === 1) return movedOnce(board, m, state, feed);
  const { number, ...fed } = feed;
  const carried = { player: state.players[m.player], buffers: state.buffers };
  const { carry, ys } = o.scan({
    length: times,
    init: leaves(carried),
    xs: leaves(fed),
    body: (carry, xs) => {
      const now = like(carried, carry);
      const at = { ...withPlayer(state, m.player, now.player), buffers: now.buffers };
      const once = movedOnce(board, m, at, { ...like(fed, xs), number });
      const { state: after, pending } = settle(once.state, once.pending, (name) => name === m.name);
      if (pending.length > 0)
        raise(
          'ArgumentError',
          m.name,
          `a move that is made several times in a step cannot wait for '${pending[0].after}'`,
        );
      return { carry: leaves({ player: after.players[m.player], buffers: after.buffers }), ys: [once.loss, once.norm] };
    },
  });
  const last = like(carried, carry);
  const norm = o.reshape(o.sliceAxis(ys[1], 0, times - 1, times), []);
  return {
    state: { ...withPlayer(state, m.player, last.player), buffers: last.buffers },
    loss: o.mean(ys[0]),
    norm,
    pending: [],
  };
};
