/** Runs of the backend: programs of so many steps, compiled when they are first needed, and what they are fed. */
import type { Backend, Executable } from '../../core/program.ts';
import type { Source } from '../../data/source.ts';
import type { Told } from '../schedule.ts';
import type { Advanced } from './diagnose.ts';
import { batchFeeds, type Counter, coefficientFeeds, counterOf, noiseFeeder } from './feeding.ts';
import type { GamePlan } from './move-plan.ts';
import { gameProgram, type TrainingProgram } from './program.ts';
import type { Moment } from './state.ts';

/** The options of a runner. */
export interface RunnerOptions {
  readonly plan: GamePlan;
  readonly backend: Backend;
  /** One source for each move. */
  readonly sources: readonly Source[];
  readonly seed: number;
  /** Whether the norms of gradients are computed. */
  readonly norms: boolean;
}

/** Takes steps. */
export interface Runner {
  readonly counter: Counter;
  /** How many of the next steps, at most so many, make the same moves: they can be one run. */
  readonly runLength: (step: number, most: number) => number;
  /** Compiles the program of the next k steps. */
  readonly prepare: (step: number, k: number) => Promise<void>;
  /** k steps that make the same moves, in one run. */
  readonly advance: (from: Moment, k: number, told: Told) => Promise<Advanced>;
  readonly dispose: () => Promise<void>;
}

/** A runner of a game; a program is compiled once for each number of steps and of moves in them. */
export const runner = ({ plan, backend, sources, seed, norms }: RunnerOptions): Runner => {
  interface Ready {
    readonly t: TrainingProgram;
    readonly run: Executable;
    readonly noise: ReturnType<typeof noiseFeeder>;
  }
  const counter = counterOf(plan);
  const made = new Map<string, Ready>();
  const ready = async (step: number, k: number): Promise<Ready> => {
    const times = counter.at(step);
    const key = `${k}: ${times.join()}`;
    const known = made.get(key);
    if (known !== undefined) return known;
    const t = gameProgram(plan, { steps: k, times, norms });
    const fresh = { t, run: await backend.compile(t.program), noise: noiseFeeder(t, seed, counter) };
    made.set(key, fresh);
    return fresh;
  };
  return {
    counter,
    runLength: (step, most) => {
      const times = counter.at(step).join();
      let k = 1;
      while (k < most && counter.at(step + k).join() === times) k++;
      return k;
    },
    prepare: async (step, k) => void (await ready(step, k)),
    advance: async (from, k, told) => {
      const { t, run, noise } = await ready(from.step, k);
      const feeds = {
        ...from.vectors,
        ...(await batchFeeds(t, sources, counter, seed, from.step)),
        ...coefficientFeeds(t, counter, from.step, told),
        ...noise(from.step),
      };
      const outputs = await run.run(feeds);
      const vectors = Object.fromEntries(t.carry.map((name, i) => [name, outputs[i]]));
      const rest = outputs.slice(t.carry.length);
      return {
        t,
        feeds,
        now: { step: from.step + k, vectors },
        losses: rest.slice(0, t.made.length),
        norms: rest.slice(t.made.length),
      };
    },
    dispose: async () => {
      for (const r of made.values()) await r.run.dispose();
    },
  };
};
