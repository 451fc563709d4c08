/** Optimisers on given gradients, in float64 on the reference interpreter. */

import { reference } from '../../src/core/interpreters/index.ts';
import * as o from '../../src/core/ops/index.ts';
import { program } from '../../src/core/program.ts';
import type { Tensor } from '../../src/core/tensor.ts';
import type { Optimizer } from '../../src/inference/optimizers/index.ts';

/** A vector moved by an optimiser: each move takes a gradient from where it is and gives where it is then. */
export interface Mover {
  readonly move: (gradient: readonly number[]) => Promise<readonly number[]>;
  readonly dispose: () => Promise<void>;
}

const vector = (x: readonly number[]): Tensor => ({ shape: [x.length], type: 'float64', data: Float64Array.from(x) });

/** A vector at `start`; every selector gives the same of `selected`. */
export const mover = async (
  optimizer: Optimizer,
  start: readonly number[],
  selected: readonly boolean[] = (optimizer.selectors ?? []).map(() => true),
): Promise<Mover> => {
  const leaf = (name: string) => o.input(name, [start.length]);
  const coefficients = optimizer.coefficients.map((_, i) => o.input(`coefficient ${i}`, []));
  const [ready] = optimizer.together?.([leaf('gradient')]) ?? [leaf('gradient')];
  const { parameters, state } = optimizer.update(
    ready,
    leaf('parameters'),
    optimizer.slots.map(leaf),
    coefficients,
    selected,
  );
  const e = await reference.compile(program([parameters, ...state], 'float64'));
  let now = [vector(start), ...optimizer.slots.map(() => vector(start.map(() => 0)))];
  let moves = 0;
  return {
    move: async (gradient) => {
      const values = optimizer.at(moves++);
      now = await e.run({
        gradient: vector(gradient),
        parameters: now[0],
        ...Object.fromEntries(optimizer.slots.map((s, i) => [s, now[i + 1]])),
        ...Object.fromEntries(values.map((x, i) => [`coefficient ${i}`, { ...vector([x]), shape: [] }])),
      });
      return [...now[0].data];
    },
    dispose: e.dispose,
  };
};

/** Where a vector is after each of some gradients. */
export const trajectory = async (
  optimizer: Optimizer,
  start: readonly number[],
  gradients: readonly (readonly number[])[],
  selected?: readonly boolean[],
): Promise<readonly (readonly number[])[]> => {
  const m = await mover(optimizer, start, selected);
  const places = [];
  for (const g of gradients) places.push(await m.move(g));
  await m.dispose();
  return places;
};

/** Where one number is at moves 0, 1, …, n of a descent along the slope of λθ²/2. */
export const onQuadratic = async (
  optimizer: Optimizer,
  curvature: number,
  start: number,
  n: number,
): Promise<number[]> => {
  const m = await mover(optimizer, [start]);
  const places = [start];
  for (let t = 0; t < n; t++) places.push((await m.move([curvature * places[t]]))[0]);
  await m.dispose();
  return places;
};
