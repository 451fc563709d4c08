/** The input of the figures of a run. */

import type { Evidence } from '../../algebra/evidence.ts';
import type { Tensor } from '../../core/tensor.ts';
import type { Dataset } from '../../data/dataset.ts';
import type { Evaluation } from '../../inference/evaluate.ts';
import type { Running } from '../../inference/run.ts';
import type { HistoryPoint } from '../../inference/training/fit.ts';
import type { GraphRecord } from '../graph-layout.ts';
import type { ReportRecord } from '../report-html.ts';

/** A run that has ended. */
export interface RunRecord {
  readonly title: string;
  readonly subtitle: string;
  readonly running: Running;
  readonly train: Dataset;
  readonly test: Dataset;
  readonly history: readonly HistoryPoint[];
  readonly evaluation: Evaluation;
  /** The meaning of the losses of the history: −log p or a bound on it where the evidence says so, else a number of the estimator's own. */
  readonly objective: { readonly name: string; readonly evidence: Evidence };
  /** Facts beside those of the evaluation: steps, time, backend. */
  readonly facts: ReportRecord['facts'];
  readonly graph?: GraphRecord;
  readonly command: string;
  readonly footer: string;
  readonly seed: number;
}

/** A figure under the name its files get. */
export interface NamedFigure {
  readonly name: string;
  readonly title: string;
  readonly caption: string;
  readonly svg: string;
  readonly png: Uint8Array;
}

/** A figure before it is rendered; pictures made of pixels bring their own PNG. */
export type Figure = Omit<NamedFigure, 'png'> & { readonly png?: Uint8Array };

/** The part of a report about one side of a run. */
export interface Finding {
  readonly figures: readonly Figure[];
  readonly facts?: ReportRecord['facts'];
}

/** Looks at one side of a run, given samples of its distribution; finds nothing where the distribution or its data are not of that kind. */
export type Finder = (run: RunRecord, samples: Tensor) => Promise<Finding>;

/** Nothing found. */
export const nothing: Finding = { figures: [] };
