/** Every optimiser against its paper's algorithm in plain loops, and against what is known in closed form. */
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import {
  adagrad,
  adam,
  adamW,
  cosine,
  lion,
  momentum,
  type Optimizer,
  rmsprop,
  sgd,
  warmUp,
} from '../../src/inference/index.ts';
import { onQuadratic, trajectory } from './optimizer-runs.ts';

const options = { seed: Number(process.env.LAW_SEED ?? 12), numRuns: 8 };
const [size, moves] = [3, 50];
const number = fc.double({ min: -3, max: 3, noNaN: true });
const vector = fc.array(number, { minLength: size, maxLength: size });
const gradients = fc.array(vector, { minLength: moves, maxLength: moves });
const start = [0.3, -2, 1.5];
const beta = fc.double({ min: 0, max: 0.99, noNaN: true });
const epsilon = fc.double({ min: 1e-8, max: 1e-2, noNaN: true });
const weight = fc.double({ min: 0, max: 1, noNaN: true });

/** One number's algorithm, with memory of its own: gradient, parameter, move (from 1) and learning rate to the new parameter. */
type Paper = () => (g: number, theta: number, t: number, lr: number) => number;

/** A learning rate that changes, so that when it is read matters. */
const schedule = warmUp(5, cosine(0.1, 40, 0.01));

const byPaper = (paper: Paper, gs: readonly (readonly number[])[]): number[][] => {
  const each = start.map(() => paper());
  let now = [...start];
  return gs.map((g, t) => {
    now = now.map((theta, i) => each[i](g[i], theta, t + 1, schedule.at(t)));
    return now;
  });
};

const follows = (name: string, cases: fc.Arbitrary<readonly [Optimizer, Paper]>): void => {
  test(name, () =>
    fc.assert(
      fc.asyncProperty(cases, gradients, async ([optimizer, paper], gs) => {
        const want = byPaper(paper, gs);
        const got = await trajectory(optimizer, start, gs);
        got.forEach((row, t) => {
          row.forEach((x, i) => {
            expect(Math.abs(x - want[t][i])).toBeLessThan(1e-9 * Math.max(1, Math.abs(x)));
          });
        });
      }),
      options,
    ),
  );
};

describe('50 moves under random gradients are those of the paper’s algorithm', () => {
  follows('sgd', fc.constant([sgd({ learningRate: schedule }), () => (g, theta, _, lr) => theta - lr * g]));
  follows(
    'momentum (Polyak), also as an option of sgd',
    fc.tuple(beta, fc.boolean()).map(([b, asSgd]) => [
      asSgd ? sgd({ learningRate: schedule, momentum: b }) : momentum({ learningRate: schedule, beta: b }),
      () => {
        let u = 0;
        return (g, theta, _, lr) => {
          u = b * u + g;
          return theta - lr * u;
        };
      },
    ]),
  );
  follows(
    'momentum (Nesterov)',
    beta.map((b) => [
      momentum({ learningRate: schedule, beta: b, nesterov: true }),
      () => {
        let u = 0;
        return (g, theta, _, lr) => {
          u = b * u + g;
          return theta - lr * (g + b * u);
        };
      },
    ]),
  );
  follows(
    'adagrad',
    epsilon.map((e) => [
      adagrad({ learningRate: schedule, epsilon: e }),
      () => {
        let sum = 0;
        return (g, theta, _, lr) => {
          sum += g * g;
          return theta - (lr * g) / (Math.sqrt(sum) + e);
        };
      },
    ]),
  );
  follows(
    'rmsprop, centred and not',
    fc.tuple(beta, epsilon, fc.boolean()).map(([b, e, centred]) => [
      rmsprop({ learningRate: schedule, decay: b, epsilon: e, centred }),
      () => {
        let [v, m] = [0, 0];
        return (g, theta, _, lr) => {
          v = b * v + (1 - b) * g ** 2;
          m = b * m + (1 - b) * g;
          return theta - (lr * g) / (Math.sqrt(centred ? Math.max(0, v - m ** 2) : v) + e);
        };
      },
    ]),
  );
  follows(
    'adam and adamW',
    fc.tuple(beta, beta, epsilon, weight, fc.boolean()).map(([b1, b2, e, w, decays]) => {
      const named = { learningRate: schedule, beta1: b1, beta2: b2, epsilon: e };
      return [
        decays ? adamW({ ...named, weightDecay: w }) : adam(named),
        () => {
          let [m, v] = [0, 0];
          return (g, theta, t, lr) => {
            m = b1 * m + (1 - b1) * g;
            v = b2 * v + (1 - b2) * g ** 2;
            const [mHat, vHat] = [m / (1 - b1 ** t), v / (1 - b2 ** t)];
            return theta - (lr * mHat) / (Math.sqrt(vHat) + e) - (decays ? lr * w * theta : 0);
          };
        },
      ];
    }),
  );
  follows(
    'lion',
    fc.tuple(beta, beta).map(([b1, b2]) => [
      lion({ learningRate: schedule, beta1: b1, beta2: b2 }),
      () => {
        let m = 0;
        return (g, theta, _, lr) => {
          const step = Math.sign(b1 * m + (1 - b1) * g);
          m = b2 * m + (1 - b2) * g;
          return theta - lr * step;
        };
      },
    ]),
  );
});

describe('in closed form', () => {
  const lr = 0.03;

  it('sgd on a quadratic is (1 − lr λ)^t', () =>
    fc.assert(
      fc.asyncProperty(fc.double({ min: 0.1, max: 60, noNaN: true }), async (curvature) => {
        const places = await onQuadratic(sgd({ learningRate: lr }), curvature, 2, 20);
        places.forEach((x, t) => {
          const want = 2 * (1 - lr * curvature) ** t;
          expect(Math.abs(x - want)).toBeLessThan(1e-12 * Math.max(1, Math.abs(want)));
        });
      }),
      options,
    ));

  it('momentum on a quadratic follows a recursion of two terms, whose roots are known', () =>
    fc.assert(
      fc.asyncProperty(
        fc.double({ min: 0.1, max: 60, noNaN: true }),
        fc.double({ min: 0.1, max: 0.95, noNaN: true }),
        fc.boolean(),
        async (curvature, b, nesterov) => {
          const places = await onQuadratic(momentum({ learningRate: lr, beta: b, nesterov }), curvature, 2, 30);
          // r² = a r − c: Polyak's (1 + β − lr λ, β), Nesterov's (1 + β)(1 − lr λ), β (1 − lr λ).
          const keep = 1 - lr * curvature;
          const [a, c] = nesterov ? [(1 + b) * keep, b * keep] : [1 + b - lr * curvature, b];
          for (let t = 1; t < 30; t++) {
            const want = a * places[t] - c * places[t - 1];
            expect(Math.abs(places[t + 1] - want)).toBeLessThan(1e-11 * Math.max(1, Math.abs(want)));
          }
          // Under complex roots Polyak's ball spirals in at √β a step.
          const spirals = !nesterov && (1 + b - lr * curvature) ** 2 < 4 * b;
          if (!spirals) return;
          const angle = Math.acos(a / (2 * Math.sqrt(b)));
          const phase = (places[1] / Math.sqrt(b) - 2 * Math.cos(angle)) / Math.sin(angle);
          places.forEach((x, t) => {
            const want = b ** (t / 2) * (2 * Math.cos(t * angle) + phase * Math.sin(t * angle));
            expect(Math.abs(x - want)).toBeLessThan(1e-8);
          });
        },
      ),
      { ...options, numRuns: 30 },
    ));

  it('a steady gradient moves Adam by lr at every move: both averages are corrected for their start', () =>
    fc.assert(
      fc.asyncProperty(
        number.filter((g) => Math.abs(g) > 1e-3),
        beta,
        beta,
        async (g, beta1, beta2) => {
          const gs = Array.from({ length: 30 }, () => [g]);
          const places = await trajectory(adam({ learningRate: lr, beta1, beta2, epsilon: 0 }), [0], gs);
          places.forEach(([x], t) => {
            expect(x).toBeCloseTo(-lr * (t + 1) * Math.sign(g), 9);
          });
        },
      ),
      options,
    ));

  it('a steady gradient moves Adagrad by lr / √t, and RMSProp by lr / √(1 − ρᵗ)', async () => {
    const gs = Array.from({ length: 30 }, () => [-2.5]);
    const stepsOf = async (optimizer: Optimizer): Promise<number[]> => {
      const places = [[0], ...(await trajectory(optimizer, [0], gs))];
      return gs.map((_, t) => places[t + 1][0] - places[t][0]);
    };
    (await stepsOf(adagrad({ learningRate: lr }))).forEach((step, t) => {
      expect(step).toBeCloseTo(lr / Math.sqrt(t + 1), 9);
    });
    (await stepsOf(rmsprop({ learningRate: lr, decay: 0.9, epsilon: 1e-12 }))).forEach((step, t) => {
      expect(step).toBeCloseTo(lr / Math.sqrt(1 - 0.9 ** (t + 1)), 9);
    });
    // The deviation of a steady gradient is that of an average which started at zero: |g| √((1 − ρᵗ) ρᵗ).
    (await stepsOf(rmsprop({ learningRate: lr, decay: 0.9, epsilon: 1e-12, centred: true }))).forEach((step, t) => {
      const kept = 0.9 ** (t + 1);
      expect(step).toBeCloseTo(lr / Math.sqrt((1 - kept) * kept), 8);
    });
  });

  it('Lion moves every number by exactly lr, and its path does not know the gradient’s scale', () =>
    fc.assert(
      fc.asyncProperty(gradients, fc.constantFrom(2 ** -20, 0.5, 2 ** 12), async (drawn, scale) => {
        // Nothing so small that a scale makes zero of it.
        const gs = drawn.map((g) => g.map((x) => Math.round(64 * x) / 64));
        const path = await trajectory(lion({ learningRate: 2 ** -6 }), [0, 0, 0], gs);
        const steps = path.flatMap((row, t) => row.map((x, i) => Math.abs(x - (t === 0 ? 0 : path[t - 1][i]))));
        expect(steps.every((s) => s === 2 ** -6 || s === 0)).toBe(true);
        const scaled = gs.map((g) => g.map((x) => x * scale));
        expect(await trajectory(lion({ learningRate: 2 ** -6 }), [0, 0, 0], scaled)).toEqual(path);
      }),
      options,
    ));
});

describe('refused', () => {
  it.each([
    [() => sgd({ learningRate: 0 }), 'a learning rate must be positive'],
    [() => sgd({ momentum: 1 }), 'sgd: momentum cannot be used (expected a number from 0 and under 1, got 1)'],
    [() => momentum({ beta: -0.1 }), 'momentum: beta cannot be used'],
    [() => adam({ beta2: 1 }), 'adam: beta2 cannot be used'],
    [() => adam({ epsilon: Number.NaN }), 'adam: epsilon cannot be used'],
    [() => adagrad({ epsilon: 0 }), 'adagrad: epsilon cannot be used'],
    [() => rmsprop({ decay: 2 }), 'rmsprop: decay cannot be used'],
    [() => lion({ beta1: 1.5 }), 'lion: beta1 cannot be used'],
    [() => adamW({ weightDecay: -1 }), 'decayed: rate cannot be used (expected a number from 0, got -1)'],
  ])('%#', (build, message) => expect(build).toThrow(message));
});
