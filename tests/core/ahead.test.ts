/** Work ahead of a loop: the same values and derivatives, less in the body; what differs between examples, is noise, or is large stays there. */
import { describe, expect, test } from 'vitest';
import { ahead } from '../../src/core/ahead.ts';
import { grad } from '../../src/core/differentiate/index.ts';
import { type Expr, topological, variable } from '../../src/core/expr.ts';
import { reference } from '../../src/core/interpreters/index.ts';
import * as o from '../../src/core/ops/index.ts';
import { zeros } from '../../src/core/parameters.ts';
import { keyOf } from '../../src/core/prng.ts';
import { noiseFeeds, noiseTensor, program } from '../../src/core/program.ts';
import * as R from '../../src/core/random.ts';
import * as Sc from '../../src/core/scope.ts';
import { toNumbers } from '../../src/core/tensor.ts';
import { vmap } from '../../src/core/vectorize.ts';

const weights = Sc.parameter('w', [3, 3], { init: zeros })({ path: '' });
const inputs = {
  w: noiseTensor([3, 3], 'normal', 0, keyOf(1), 'float64'),
  x: noiseTensor([4, 3], 'normal', 0, keyOf(2), 'float64'),
};

/** A loop that reads its time through a layer, mixes it with what it carries, and draws noise. */
const loop = (early: boolean) => (x: Expr): Expr => {
  const times = o.constant([0.1, 0.5, 0.7, 0.9, 1.3]);
  const run = R.scanRandom({
    length: 5,
    init: [x],
    xs: [times],
    early,
    body: ([v], [t]) =>
      R.map((z: Expr) => {
        const level = o.tanh(o.vecmat(o.sin(o.mul(o.constant([1, 2, 3]), o.broadcastTo(t, [3]))), weights));
        return { carry: [o.add(o.mul(level, v), o.mul(o.sqrt(t), z))] };
      })(R.normal([3])),
  });
  return R.runRandom(run).carry[0];
}; // biome-ignore format: one idea

const evaluated = async (e: readonly Expr[]): Promise<readonly number[]> => {
  const p = program(e, 'float64');
  const executable = await reference.compile(p);
  return (await executable.run({ ...inputs, ...noiseFeeds(p, { seed: 3 }) })).flatMap((t) => toNumbers(t));
};

describe('a loop whose schedule is computed ahead', () => {
  const x = o.input('x', [4, 3]);
  const both = [false, true].map((early) => vmap(loop(early), { fresh: () => true })(x));

  test('has the same values and the same gradients, of parameters too', async () => {
    const [plain, early] = await Promise.all(
      both.map((y) => evaluated([y, ...grad(o.sum(o.square(y)), [x, weights])])),
    );
    expect(plain.length).toBe(12 + 12 + 9);
    early.forEach((v, i) => {
      expect(v).toBeCloseTo(plain[i], 12);
    });
  });

  test('keeps the mixing in its body and nothing of the layer', () => {
    const [plain, early] = both.map((y) => {
      const scan = topological([y]).find((e) => e.op === 'scan');
      return scan?.op === 'scan' ? topological(scan.attributes.body.results).map((e) => e.op) : [];
    });
    for (const op of ['sin', 'tanh', 'sqrt'] as const) {
      expect(plain).toContain(op);
      expect(early).not.toContain(op);
    }
    expect(early).toContain('mul');
  });
});

test('what is computed twice is one sequence', () => {
  const [t, c] = [variable([]), variable([])];
  const level = (): Expr => o.exp(o.mul(2, t));
  const made = ahead({ xs: [o.constant([1, 2])], xVars: [t], results: [o.mul(c, level()), o.add(c, level())] }, 2);
  expect(made.xs.length).toBe(2);
  expect(made.results.every((e) => topological([e]).includes(made.xVars[1]))).toBe(true);
});

describe('what stays in a body', () => {
  const [t, c] = [variable([]), variable([])];
  const taken = (results: readonly Expr[]): number => ahead({ xs: [o.constant([1, 2])], xVars: [t], results }, 2).xs.length - 1; // biome-ignore format: one line

  test('is what depends on a carry, an input or an outer variable', () => {
    expect(taken([o.mul(c, t)])).toBe(0);
    expect(taken([o.mul(o.input('context', []), t)])).toBe(0);
    expect(taken([o.mul(c, o.exp(t))])).toBe(1);
  });

  test('is repetition, and what has more than 4096 numbers', () => {
    expect(taken([o.mul(c, o.sum(o.broadcastTo(t, [4])))])).toBe(1);
    expect(taken([o.add(o.broadcastTo(c, [9]), o.broadcastTo(t, [9]))])).toBe(0);
    expect(taken([o.exp(o.mul(o.constant(new Array(5000).fill(1).map((_, i) => i)), o.broadcastTo(t, [5000])))])).toBe(0); // biome-ignore format: one line
  });
});
