/** The computations of a game's moves: losses over named leaves, the buffers they move, and who owns which parameter. Built once, whatever runs are made of it. */
import { type Advance, collectAdvances, mentioned } from '../../core/advances.ts';
import { buffersOf, whileTraining } from '../../core/buffer.ts';
import { reach } from '../../core/differentiate/reach.ts';
import * as D from '../../core/draw.ts';
import { raise } from '../../core/errors.ts';
import { type Expr, type Node, topological } from '../../core/expr.ts';
import * as o from '../../core/ops/index.ts';
import { parametersOf } from '../../core/program.ts';
import { root } from '../../core/scope.ts';
import { type Shape, sameShape, showShape } from '../../core/shape.ts';
import { vmapAll } from '../../core/vectorize.ts';
import { type AnyObjective, isBatchObjective } from '../objective.ts';
import { adam } from '../optimizers/adam.ts';
import type { Optimizer } from '../optimizers/optimizer.ts';
import { type Layout, layoutOf, part } from './flat.ts';
import { type Game, type Move, nameOf, type Player, playersOf } from './game.ts';
import { stepLeaves } from './step-number.ts';

/** Noise drawn while training; initial values use paths of their own. */
export const isTrainingNoise = (path: string): boolean => path.startsWith('noise');

/** A loss of a batch with what its buffers become. */
export interface BatchStep {
  /** The mean loss, a scalar. */
  readonly loss: Expr;
  readonly advances: readonly Advance[];
}

/**
 * The losses of the events of a batch `[B, …shape]`: an expression of shape `[B]`. The objective is vectorised, and each example draws noise of its own.
 *
 * @example
 * batchLosses(maximumLikelihood(dist), ops.input('batch', [8, 2])).shape;   // [8]
 */
export const batchLosses = <S extends Shape>(
  objective: AnyObjective<S>,
  batch: Expr,
  noise = 'noise',
  scope = root,
): Expr => {
  if (!isBatchObjective(objective))
    return vmapAll((x) => [D.runDraw(objective.loss(x), scope, noise)], { fresh: isTrainingNoise })(batch)[0];
  const losses = D.runDraw(objective.batchLoss(batch), scope, noise);
  return losses.shape.length === 0 || sameShape(losses.shape, [batch.shape[0]])
    ? losses
    : raise('ShapeError', objective.spec.type, 'a loss of a batch is one number, or one for each event', {
        expected: `[] or ${showShape([batch.shape[0]])}`,
        got: showShape(losses.shape),
      });
};

/**
 * The mean loss of a batch `[B, …shape]` outside training, a scalar expression: buffers are read and do not change.
 *
 * @example
 * meanLoss(maximumLikelihood(dist), ops.input('batch', [8, 2])).shape;   // []
 */
export const meanLoss = <S extends Shape>(objective: AnyObjective<S>, batch: Expr): Expr =>
  o.mean(batchLosses(objective, batch));

/** The step of an objective on a batch while training; `weights` `[B]` multiply the losses of the events. */
export const batchStep = <S extends Shape>(
  objective: AnyObjective<S>,
  batch: Expr,
  { noise = 'noise', weights }: { readonly noise?: string; readonly weights?: Expr | undefined } = {},
): BatchStep => {
  const losses = whileTraining((scope) => batchLosses(objective, batch, noise, scope))(root);
  if (weights !== undefined && losses.shape.length === 0)
    raise('ArgumentError', objective.spec.type, 'a loss of a whole batch takes no weights of events');
  const { outputs, advances } = collectAdvances([weights === undefined ? losses : o.mul(weights, losses)]);
  return { loss: o.mean(outputs[0]), advances };
};

/** A move, built: its leaves, its loss, and what its buffers become. */
export interface PlannedMove extends BatchStep {
  readonly move: Move<never>;
  readonly name: string;
  readonly player: number;
  /** Which move's batches and noise it sees: its own number, or an earlier one's. */
  readonly draws: number;
  readonly batch: Expr;
  readonly weights?: Expr;
  /** Loss, next values, buffers: everything the move mentions. */
  readonly roots: readonly Expr[];
  /** Noise leaves by path, in order of first use. */
  readonly noise: readonly (Node<'noise'> & Expr)[];
  /** Leaves that stand for the number of the step. */
  readonly numbers: readonly Expr[];
}

/** A player's share of the parameters. */
export interface Share {
  readonly player: Player;
  readonly optimizer: Optimizer;
  /** After the names of its arrays: nothing where there is one player. */
  readonly suffix: string;
  readonly layout: Layout;
}

/** A game, built. */
export interface GamePlan {
  readonly game: Game<never>;
  readonly batchSize: number;
  readonly moves: readonly PlannedMove[];
  /** All parameters, owned or held, in order of first use. */
  readonly layout: Layout;
  readonly shares: readonly Share[];
  readonly buffers: readonly (Node<'parameter'> & Expr)[];
}

const distinctNoise = (roots: readonly Expr[]): (Node<'noise'> & Expr)[] => {
  const found = new Map<string, Node<'noise'> & Expr>();
  for (const e of topological(roots)) if (e.op === 'noise') found.set(e.attributes.path, e);
  return [...found.values()];
};

const planMove = (game: Game<never>, index: number, batchSize: number): PlannedMove => {
  const move = game.moves[index];
  const name = nameOf(move);
  const draws = move.sharesDrawOf === undefined ? index : game.moves.findIndex((m) => nameOf(m) === move.sharesDrawOf);
  const batch = o.input('batch', [batchSize, ...move.objective.shape]);
  const weights = move.source?.weighted === true ? o.input('weights', [batchSize]) : undefined;
  const noise = draws === 0 ? 'noise' : `noise:${nameOf(game.moves[draws])}`;
  const step = batchStep(move.objective, batch, { noise, weights });
  const roots = mentioned([step.loss], step.advances);
  return {
    ...step,
    move,
    name,
    draws,
    batch,
    roots,
    player: playersOf(game).indexOf(move.player),
    ...(weights === undefined ? {} : { weights }),
    noise: distinctNoise(roots),
    numbers: stepLeaves(roots),
  };
};

/** Which names each player owns. Throws `ArgumentError` where a trained parameter that no optimiser freezes has no owner, or two. */
const ownedNames = (
  game: Game<never>,
  moves: readonly PlannedMove[],
  optimizers: readonly Optimizer[],
): Set<string>[] => {
  const players = playersOf(game);
  const owned = players.map(() => new Set<string>());
  const reached = moves.map((m) => {
    const within = reach([m.loss]);
    return new Set(
      topological(m.roots).flatMap((e) => (e.op === 'parameter' && within.has(e) ? [e.attributes.name] : [])),
    );
  });
  for (const p of parametersOf(moves.flatMap((m) => m.roots))) {
    const { name } = p.attributes;
    const whose = moves.filter((_, i) => reached[i].has(name));
    if (whose.length === 0) continue;
    const holding = players.map((_, i) => optimizers[i].held?.selects(p) === true);
    const selecting = players.map((q) => q.owns === undefined || q.owns.selects(p));
    const owners = players.filter((_, i) => selecting[i] && !holding[i] && whose.some((m) => m.player === i));
    if (owners.length === 0 && holding.includes(true)) continue;
    const told = (m: PlannedMove): string => `move '${m.name}' of player '${players[m.player].name}'`;
    if (owners.length > 1)
      raise(
        'ArgumentError',
        name,
        'a parameter has two owners: say which player owns it (`owns`), or read it as a constant (`detached`)',
        {
          expected: 'one player',
          got: owners.map((q) => `'${q.name}'`).join(' and '),
        },
      );
    if (owners.length === 0)
      raise(
        'ArgumentError',
        name,
        'a parameter has no owner: no player who owns it has a move that reaches it; give it to a player (`owns`), hold it (`frozen`), or read it as a constant (`detached`)',
        {
          expected: `an owner among ${players.map((q) => `'${q.name}'`).join(', ')}`,
          got: `reached by ${whose.map(told).join(', ')}`,
        },
      );
    owned[players.indexOf(owners[0])].add(name);
  }
  return owned;
};

/** Refuses two objectives that keep a buffer of one name at no place: each has chains or averages of its own. */
const refuseSharedBuffers = (moves: readonly PlannedMove[]): void => {
  const kept = new Map<string, PlannedMove>();
  for (const m of moves)
    for (const { attributes } of buffersOf(m.roots)) {
      const { name, claim } = attributes;
      if (name.includes('/') || (claim?.owners.length ?? 0) > 0) continue;
      const other = kept.get(name);
      if (other !== undefined && other.move.objective !== m.move.objective)
        raise('ArgumentError', name, 'two objectives keep a buffer of this name: give one a place of its own (`at`)', {
          expected: 'one objective to a buffer',
          got: `moves '${other.name}' and '${m.name}'`,
        });
      kept.set(name, m);
    }
};

/**
 * Builds a game's moves and shares out its parameters. Parameters that no loss reaches, or that an optimiser holds, have no owner and do not change.
 * Throws `ArgumentError` where a parameter has no owner or two, a player has nothing to move, or a name stands for a parameter and a buffer.
 */
export const planGame = <S extends Shape>(given: Game<S>, batchSize: number): GamePlan => {
  // The cast: a game is invariant in its shape, and one plan holds moves of any shape.
  const game = given as unknown as Game<never>;
  const moves = game.moves.map((_, i) => planMove(game, i, batchSize));
  const roots = moves.flatMap((m) => m.roots);
  const layout = layoutOf(roots);
  const buffers = buffersOf(roots);
  refuseSharedBuffers(moves);
  const both = buffers.find((b) => layout.entries.some((e) => e.name === b.attributes.name));
  if (both !== undefined) raise('ArgumentError', both.attributes.name, 'one name stands for a parameter and a buffer');
  const players = playersOf(game);
  const optimizers = players.map((p) => p.optimizer ?? adam());
  const owned = ownedNames(game, moves, optimizers);
  const suffix = (p: Player): string => (players.length === 1 ? '' : `:${p.name}`);
  return {
    game,
    batchSize,
    moves,
    layout,
    buffers,
    shares: players.map(
      (player, i) =>
      owned[i].size === 0
        ? raise('ArgumentError', player.name, 'a player has nothing to move: its moves reach no parameter that it owns and does not hold')
        : { player, optimizer: optimizers[i], suffix: suffix(player), layout: part(layout, (name) => owned[i].has(name)) }, // biome-ignore format: one record
    ),
  };
};
