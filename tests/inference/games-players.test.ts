/** Who moves what: owners, players who share or have nothing, what is held, and what no optimiser ever moves. */
import { describe, expect, it } from 'vitest';
import { buffer } from '../../src/core/buffer.ts';
import * as D from '../../src/core/draw.ts';
import type { Expr } from '../../src/core/expr.ts';
import { onnx } from '../../src/core/interpreters/index.ts';
import * as o from '../../src/core/ops/index.ts';
import * as P from '../../src/core/parameters.ts';
import * as R from '../../src/core/random.ts';
import * as Sc from '../../src/core/scope.ts';
import { fromRows } from '../../src/data/index.ts';
import {
  adamW,
  alternating,
  type FitOptions,
  fit,
  frozen,
  type Game,
  lossOf,
  type Optimizer,
  type Player,
  place,
  sgd,
  simultaneous,
} from '../../src/inference/index.ts';
import { bits, over, right, said, scalar } from './game-helpers.ts';

const backend = onnx('cpu', { threads: 1 });
type One = readonly [1];
const ones = fromRows('ones', new Float32Array(8).fill(1), [1]);
const train = (objective: FitOptions<One>['objective'], rest: Partial<FitOptions<One>> = {}) =>
  fit({ objective, data: ones, batchSize: 4, steps: 3, backend, optimizer: sgd({ learningRate: 0.1 }), ...rest })();
const sum = over({ a: 1, b: 2 }, ({ a, b }, x) => o.add(o.square(o.mul(a, b)), o.mul(a, o.sum(x))));
const two = (first: Partial<Player>, second: Partial<Player>): Game<One> =>
  alternating(
    { player: { name: 'first', ...first }, objective: sum },
    { player: { name: 'second', ...second }, objective: sum },
  );

describe('owners', () => {
  it('by selector, or by what each loss reads as a constant, are the same game', async () => {
    const held = (inner: string) => (scope: Sc.Scope) => {
      const read = (name: string, start: number): Expr => (name === inner ? scalar(name, start) : Sc.detached(scalar(name, start)))(scope); // biome-ignore format: one idea
      return [read('a', 1), read('b', 2)] as const;
    };
    const lossBy = (name: string) =>
      lossOf(name, [1] as const, (x) => (scope) => {
        const [a, b] = held(name)(scope);
        return D.of(o.add(o.square(o.mul(a, b)), o.mul(a, o.sum(x))))(scope);
      });
    const selected = right(await train(two({ owns: place('a') }, { owns: place('b') }))).parameters;
    const detached = right(
      await train(
        alternating({ player: { name: 'first' }, objective: lossBy('a') }, { player: { name: 'second' }, objective: lossBy('b') }), // biome-ignore format: one game
      ),
    ).parameters;
    expect(bits(detached)).toEqual(bits(selected));
    expect(selected.a.data[0]).not.toBe(1);
    expect(selected.b.data[0]).not.toBe(2);
  });

  it('of one parameter are one: none and two are refused before anything runs, with their names', async () => {
    expect(said(await train(two({ owns: place('a') }, {})))).toBe(
      "a: a parameter has two owners: say which player owns it (`owns`), or read it as a constant (`detached`) (expected one player, got 'first' and 'second')",
    );
    expect(said(await train(two({ owns: place('a') }, { owns: place('c') })))).toBe(
      "b: a parameter has no owner: no player who owns it has a move that reaches it; give it to a player (`owns`), hold it (`frozen`), or read it as a constant (`detached`) (expected an owner among 'first', 'second', got reached by move 'first' of player 'first', move 'second' of player 'second')",
    );
    expect(
      said(await train(two({ owns: place('a') }, { owns: place('c'), optimizer: frozen(place('b'))(sgd()) }))),
    ).toBe('second: a player has nothing to move: its moves reach no parameter that it owns and does not hold');
  });

  it('who own a parameter that only others reach move it not, and it has no owner', async () => {
    const game = alternating(
      { player: { name: 'first', owns: place('a') }, objective: sum },
      { player: { name: 'second', owns: place('b') }, objective: over({ b: 2 }, ({ b }) => o.square(b)) },
      { player: { name: 'third', owns: place('c') }, objective: over({ c: 1, a: 1 }, ({ a, c }) => o.mul(a, c)) },
    );
    const { parameters } = right(await train(game));
    expect(parameters.c.data[0]).not.toBe(1);
    const orphan = alternating(
      { player: { name: 'first', owns: place('a') }, objective: sum },
      { player: { name: 'third', owns: place('c') }, objective: over({ c: 1, a: 1 }, ({ a, c }) => o.mul(a, c)) },
    );
    expect(said(await train(orphan))).toMatch(
      /^b: a parameter has no owner.*reached by move 'first' of player 'first'\)/,
    );
  });

  it('are not needed for what somebody holds, and two of one parameter are one where the other holds it', async () => {
    const holding = frozen(place('b'))(sgd({ learningRate: 0.1 }));
    const none = two({ owns: place('a'), optimizer: holding }, { owns: place('c') });
    expect(said(await train(none))).toMatch(/^second: a player has nothing to move/);
    const alone = right(await train(alternating({ player: { name: 'only', owns: place('a'), optimizer: holding }, objective: sum }))); // biome-ignore format: one game
    expect(alone.parameters.b.data[0]).toBe(2);
    expect(alone.parameters.a.data[0]).not.toBe(1);
    const shared = two({ optimizer: holding }, { optimizer: frozen(place('a'))(sgd({ learningRate: 0.1 })) });
    const split = two({ owns: place('a') }, { owns: place('b') });
    expect(bits(right(await train(shared)).parameters)).toEqual(bits(right(await train(split)).parameters));
  });

  it('have each their own optimiser; those who bring none use that of fit', async () => {
    const game = (first: Partial<Player>): Game<One> => two({ owns: place('a'), ...first }, { owns: place('b') });
    const fast = sgd({ learningRate: 0.05 });
    const given = right(await train(game({ optimizer: fast })));
    const both = right(await train(game({}), { optimizer: fast }));
    expect(bits(given.parameters)).not.toEqual(bits(both.parameters));
    const adams = right(await train(game({ optimizer: adamW() })));
    expect(Object.keys(adams.last.slots).sort()).toEqual(['first moment', 'second moment']);
    expect(Object.keys(adams.last.slots['first moment'])).toEqual(['a']);
  });

  it('keep buffers of their own: two objectives at no place cannot share one', async () => {
    const counting = (step: number) =>
      lossOf(`by ${step}`, [1] as const, () => (scope) => {
        const { now, become } = buffer('count', { initial: R.of(o.scalar(0)) })(scope);
        return D.of(become(o.add(now, step), o.square(scalar('a', 1)(scope))))(scope);
      });
    const placed = (name: string, step: number) => ({
      ...counting(step),
      loss: (x: Expr) => D.at(name, counting(step).loss(x)),
    });
    const game = (first: ReturnType<typeof counting>, second: ReturnType<typeof counting>) => {
      const player = { name: 'one' };
      return alternating({ player, objective: first, name: 'm' }, { player, objective: second, name: 'n' });
    };
    expect(said(await train(game(counting(1), counting(2))))).toMatch(
      /^count: two objectives keep a buffer of this name.*moves 'm' and 'n'/,
    );
    const { last } = right(await train(game(placed('p', 1), placed('q', 2))));
    expect([last.buffers?.['p/count'].data[0], last.buffers?.['q/count'].data[0]]).toEqual([3, 6]);
    const once = counting(1);
    expect(right(await train(game(once, once))).last.buffers?.count.data[0]).toBe(6);
  });

  it('keep averages of their own', async () => {
    const { last, parameters } = right(await train(two({ owns: place('a'), average: 0.5 }, { owns: place('b') })));
    expect(last.average?.a.data[0]).not.toBe(last.parameters.a.data[0]);
    expect(parameters.a.data[0]).toBe(last.average?.a.data[0]);
    expect(parameters.b.data[0]).toBe(last.parameters.b.data[0]);
  });
});

describe('a game', () => {
  const objective = sum;
  const player: Player = { name: 'p' };
  it.each<readonly [string, () => unknown, RegExp]>([
    ['without moves', () => alternating(), /alternating: a game has one move or more/],
    ['with two moves of a name', () => alternating({ player, objective }, { player, objective }), /p: alternating: two moves have this name/], // biome-ignore format: one case
    ['with two players of a name', () => alternating({ player, objective }, { player: { name: 'p' }, name: 'q', objective }), /p: alternating: two players have this name/], // biome-ignore format: one case
    ['where a move is never made', () => alternating({ player, objective, times: 0 }), /p: a move is made once or more in a step \(got 0\)/], // biome-ignore format: one case
    ['where moves at once are made twice', () => simultaneous({ player, objective, times: 2 }), /p: a move that is made at once with others, or shares a draw, is made once a step/], // biome-ignore format: one case
    ['where a player moves twice at once', () => simultaneous({ player, objective }, { player, name: 'q', objective }), /p: a player whose moves are made at once has one/], // biome-ignore format: one case
    ['that shares a later draw', () => alternating({ player, objective, sharesDrawOf: 'q' }, { player: { name: 'q' }, objective }), /p: a move shares the draw of an earlier one \(got 'q'\)/], // biome-ignore format: one case
    ['whose source does not fit', () => alternating({ player, objective, source: { name: 's', shape: [2], batch: () => ({ values: new Float32Array(0) }) } as never }), /p: alternating: the objective of a move takes events of another shape than its data/], // biome-ignore format: one case
  ])('%s is refused', (_, make, sentence) => expect(make).toThrow(sentence));

  it('whose count is no natural number is refused when it says so', async () => {
    const game = alternating({ player, objective, times: (step) => (step < 2 ? 1 : 0.5) });
    expect(said(await train(game))).toBe('p: the number of times at step 2 is not natural (got 0.5)');
  });

  it('where one name stands for a parameter in one move and for a buffer in another is refused', async () => {
    const buffered = lossOf('buffered', [1] as const, (x) => (scope) => {
      const { now } = buffer('a', { initial: R.of(o.scalar(1)) })(scope);
      return D.of(o.add(o.mul(now, o.sum(x)), scalar('c', 1)(scope)))(scope);
    });
    const game = alternating(
      { player, objective: sum },
      { player: { name: 'q', owns: place('c') }, objective: buffered },
    );
    expect(said(await train(game))).toMatch(/^a: one name /);
  });
});

describe('what adamW never moves', () => {
  /** A frozen body, a detached one, running statistics that stand still, and a head that is trained under decay. */
  const objective = lossOf('head', [1] as const, (x) => (scope) => {
    const body = Sc.at('body', Sc.parameter('w', [3], { init: P.normalInit(1) }));
    const pretrained = Sc.at('pretrained', Sc.parameter('w', [3], { init: P.normalInit(1) }));
    const still = buffer('statistics', { initial: R.normal([3]) })(scope);
    const head = Sc.parameter('head', [3], { init: P.normalInit(1) })(scope);
    const features = o.add(o.add(body(scope), Sc.detached(pretrained)(scope)), still.now);
    const prediction = o.sum(o.mul(head, o.tanh(o.mul(features, o.sum(x)))));
    return D.of(still.become(still.now, o.square(o.sub(prediction, 1))))(scope);
  });

  it.each<readonly [string, (inner: Optimizer) => Optimizer]>([
    ['by the place', frozen(place('body'))],
    ['one after the other', (inner) => frozen(place('body'))(frozen(place('nothing'))(inner))],
  ])('is what is held, read as a constant or a buffer, for 2,000 steps (%s)', async (_, hold) => {
    const optimizer = hold(adamW({ learningRate: 0.01, weightDecay: 0.5 }));
    const at = async (steps: number) => right(await train(objective, { optimizer, steps, stepsPerRun: 200 })).parameters; // biome-ignore format: one idea
    const [early, late] = [await at(1), await at(2000)];
    const names = ['body/w', 'pretrained/w', 'statistics'];
    for (const name of names) expect(bits({ x: late[name] })).toEqual(bits({ x: early[name] }));
    expect(Array.from(late.head.data)).not.toEqual(Array.from(early.head.data));
  });
});
