/** What the registry knows of a model. */
import type { AnyDist } from '../../algebra/dist.ts';
import type { Shape } from '../../core/shape.ts';
import type { AnyObjective } from '../../inference/objective.ts';
import type { Events } from '../over-events.ts';
import type { RealNvpOptions } from '../real-nvp.ts';

/** What a model must fit: the shape of an event, and the number of levels where data are integers. */
export interface EventInfo extends Events {
  /** Every event has one of so many classes: a class-conditional model is a distribution of (event, one-hot class). */
  readonly classes?: number;
}

/** Options every registered model understands (a model ignores what it has no use for). */
export interface ModelOptions extends RealNvpOptions {
  /** Dimensions of the code, from the one next to the data outwards where there are several. */
  readonly latent?: readonly number[];
}

/** A surveyed model. */
export interface ModelEntry {
  readonly name: string;
  /** What it is, in one sentence. */
  readonly description: string;
  /** Authors, year, arXiv number. */
  readonly paper: string;
  /** The declaration for an event; throws `PushforwardError` where the model cannot fit it. */
  readonly build: (event: EventInfo, options?: ModelOptions) => AnyDist;
  /** Learning settings that work. */
  readonly training: { readonly learningRate: number; readonly batchSize: number; readonly clip?: number };
  /** What it is trained by, where that is neither maximum likelihood nor the plain bound. */
  readonly objective?: (dist: AnyDist) => AnyObjective<Shape>;
}

/** Registered models by name. */
export interface ModelTable {
  readonly [name: string]: ModelEntry;
}
