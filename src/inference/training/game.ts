/**
 * Training as a game: a list of moves, in order or at once. Each move is one player's: it lowers an objective in the parameters that the player owns. An
 * objective alone is the game of one player who owns everything.
 */
import type { Spec } from '../../algebra/spec.ts';
import { raise } from '../../core/errors.ts';
import { type Shape, sameShape, showShape } from '../../core/shape.ts';
import type { Source } from '../../data/source.ts';
import type { AnyObjective } from '../objective.ts';
import type { Optimizer } from '../optimizers/optimizer.ts';
import type { Selector } from '../selector.ts';

/** A player: the owner of some parameters, with the optimiser that updates them. */
export interface Player {
  readonly name: string;
  /** The parameters that the player owns; default all that its objectives reach. No parameter has two owners. */
  readonly owns?: Selector;
  /** Default: Adam, or what `fit` was given. Its schedule and bias corrections count the player's own moves. */
  readonly optimizer?: Optimizer;
  /** Decay of an exponential moving average of the player's parameters, kept beside them. */
  readonly average?: number;
}

/** The number of times a move is made in a step of the game; a function of the step must be pure. */
export type MoveTimes = number | ((step: number) => number);

/** One move: a player, what it lowers, and on what. */
export interface Move<S extends Shape = Shape> {
  readonly player: Player;
  readonly objective: AnyObjective<S>;
  /** Default: the player's name. Moves have different names. */
  readonly name?: string;
  /** Default 1. */
  readonly times?: MoveTimes;
  /** The source of the move's batches; default the data of the game. Its shape is that of the objective's events. */
  readonly source?: Source;
  /** Another move whose batch and noise this one sees; default: draws of its own. Both are made once a step. */
  readonly sharesDrawOf?: string;
}

/** A game over events of shape S. */
export interface Game<in out S extends Shape = Shape> {
  readonly shape: S;
  readonly spec: Spec;
  readonly order: 'inTurn' | 'atOnce';
  readonly moves: readonly Move<S>[];
}

/** What `fit` trains: an objective, or a game. */
export type Trainable<S extends Shape> = AnyObjective<S> | Game<S>;

/** Whether it is a game rather than an objective. */
export const isGame = <S extends Shape>(t: Trainable<S>): t is Game<S> => 'moves' in t;

/** The name of a move. */
export const nameOf = (m: Pick<Move<never>, 'name' | 'player'>): string => m.name ?? m.player.name;

const game = <S extends Shape>(order: Game['order'], moves: readonly Move<S>[]): Game<S> => {
  const owner = order === 'inTurn' ? 'alternating' : 'simultaneous';
  const [first] = moves;
  if (first === undefined) return raise('ArgumentError', owner, 'a game has one move or more');
  const { shape } = first.objective;
  const names = new Set<string>();
  for (const m of moves) {
    const name = nameOf(m);
    if (names.has(name)) raise('ArgumentError', name, `${owner}: two moves have this name`);
    names.add(name);
    if (!sameShape(m.objective.shape, m.source?.shape ?? shape))
      raise('ShapeError', name, `${owner}: the objective of a move takes events of another shape than its data`, {
        expected: showShape(m.source?.shape ?? shape),
        got: showShape(m.objective.shape),
      });
    if (typeof m.times === 'number' && !(Number.isInteger(m.times) && m.times >= 1))
      raise('ArgumentError', name, 'a move is made once or more in a step', { got: `${m.times}` });
    if (m.times !== undefined && m.times !== 1 && (order === 'atOnce' || m.sharesDrawOf !== undefined))
      raise('ArgumentError', name, 'a move that is made at once with others, or shares a draw, is made once a step');
    if (order === 'atOnce' && moves.some((o) => o !== m && o.player === m.player))
      raise('ArgumentError', m.player.name, 'a player whose moves are made at once has one: add their losses');
    if (m.sharesDrawOf !== undefined && !moves.slice(0, moves.indexOf(m)).some((o) => nameOf(o) === m.sharesDrawOf))
      raise('ArgumentError', name, 'a move shares the draw of an earlier one', { got: `'${m.sharesDrawOf}'` });
  }
  for (const m of moves)
    for (const other of moves)
      if (m.player !== other.player && m.player.name === other.player.name)
        raise('ArgumentError', m.player.name, `${owner}: two players have this name`);
  return {
    shape,
    order,
    moves,
    spec: {
      type: owner,
      moves: moves.map((m) => ({
        name: nameOf(m),
        player: m.player.name,
        objective: m.objective.spec,
        ...(m.player.owns === undefined ? {} : { owns: m.player.owns.spec }),
        ...(m.player.optimizer === undefined ? {} : { optimizer: m.player.optimizer.spec }),
        ...(typeof m.times === 'number' ? { times: m.times } : m.times === undefined ? {} : { times: 'by step' }),
      })),
    },
  };
};

/**
 * A game whose moves are made in order, each seeing what the earlier ones left: a critic five times, then the generator once.
 * Throws `ArgumentError` where names repeat or a number of times is not positive, `ShapeError` where a source does not fit its objective.
 *
 * @example
 * const objective = maximumLikelihood(pipe(standardNormal([2]), pushforward(affine())));
 * const twice = alternating({ player: { name: 'flow', optimizer: sgd() }, objective, times: 2 });
 */
export const alternating = <S extends Shape>(...moves: readonly Move<S>[]): Game<S> => game('inTurn', moves);

/**
 * A game whose players move at once: every gradient is taken at the parameters of the step's beginning. Throws `ArgumentError` where a player has two moves.
 *
 * @example
 * const objective = maximumLikelihood(pipe(standardNormal([2]), pushforward(affine())));
 * const one = simultaneous({ player: { name: 'flow', optimizer: sgd() }, objective });
 */
export const simultaneous = <S extends Shape>(...moves: readonly Move<S>[]): Game<S> => game('atOnce', moves);

/** A game of any trainable: an objective is the move of one player named `model`. */
export const gameOf = <S extends Shape>(t: Trainable<S>, rest: Omit<Player, 'name' | 'owns'> = {}): Game<S> =>
  isGame(t)
    ? t
    : { shape: t.shape, spec: t.spec, order: 'inTurn', moves: [{ player: { name: 'model', ...rest }, objective: t }] };

/** The game in which players that bring no optimiser use this one. */
export const withOptimizer = <S extends Shape>(game: Game<S>, optimizer: Optimizer | undefined): Game<S> => {
  if (optimizer === undefined) return game;
  const equipped = new Map(game.moves.map(({ player }) => [player, { optimizer, ...player }] as const));
  return { ...game, moves: game.moves.map((m) => ({ ...m, player: equipped.get(m.player)! })) };
};

/** The game whose moves take their batches from these sources, one for each; the shapes have been compared. */
export const withSources = <S extends Shape>(game: Game<S>, sources: readonly Source[]): Game<S> => ({
  ...game,
  moves: game.moves.map((m, i) => ({ ...m, source: sources[i] })),
});

/** The number of times each move is made in a step of the game. Throws `ArgumentError` where a function does not return a natural number. */
export const timesAt = (game: Game<never>, step: number): number[] =>
  game.moves.map((m) => {
    const n = typeof m.times === 'function' ? m.times(step) : (m.times ?? 1);
    return Number.isInteger(n) && n >= 0
      ? n
      : raise('ArgumentError', nameOf(m), `the number of times at step ${step} is not natural`, { got: `${n}` });
  });

/** The players, each once, in order of their first move. */
export const playersOf = (game: Game<never>): Player[] => [...new Set(game.moves.map((m) => m.player))];
