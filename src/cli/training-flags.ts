/** The flags of `train`, decoded. */
import { orThrow } from './failures.ts';
import {
  choice,
  decodeOptions,
  Fraction,
  Integers,
  Names,
  NaturalNumber,
  PositiveInteger,
  PositiveNumber,
  RowRange,
  Switch,
  Text,
  Texts,
} from './options.ts';
import { optimizerNames, scheduleNames } from './training-optimizer.ts';

/** The flags of `train`. */
const flags = {
  data: Text,
  standardise: Switch,
  validation: Fraction,
  size: PositiveInteger,
  testSize: PositiveInteger,
  test: Fraction,
  trainRows: RowRange,
  testRows: RowRange,
  columns: Names,
  labels: Text,
  shape: Integers,
  levels: PositiveInteger,
  classes: PositiveInteger,
  given: Names,
  binarise: Switch,
  set: Texts,
  layers: Text,
  hidden: Text,
  latent: Text,
  objective: Text,
  steps: PositiveInteger,
  epochs: PositiveInteger,
  batchSize: PositiveInteger,
  learningRate: PositiveNumber,
  schedule: choice(scheduleNames),
  optimizer: choice(optimizerNames),
  warmUp: PositiveInteger,
  weightDecay: PositiveNumber,
  clip: PositiveNumber,
  ema: Fraction,
  patience: PositiveInteger,
  resume: Text,
  out: Text,
  saveEvery: PositiveInteger,
  report: Switch,
  seed: NaturalNumber,
  backend: Text,
  with: Text,
};

/** The flags, decoded. Throws a sentence for what cannot be used. */
export const decodeFlags = (raw: Readonly<Record<string, unknown>>) =>
  orThrow(decodeOptions(flags, { ...raw, ...(raw.ema === true ? { ema: '0.999' } : {}) }));
/** Decoded flags. */
export type Flags = ReturnType<typeof decodeFlags>;

/** Those of some flags that were given. */
export const given = <K extends keyof Flags>(
  f: Flags,
  ...keys: readonly K[]
): { readonly [P in K]?: NonNullable<Flags[P]> } =>
  Object.fromEntries(keys.filter((k) => f[k] !== undefined).map((k) => [k, f[k]])) as {
    readonly [P in K]?: NonNullable<Flags[P]>;
  };
