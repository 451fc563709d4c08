/** What golden records are kept of: every registered model, small and as it comes, and every listed objective on every model that it takes. */

import { type Either, right } from 'fp-ts/lib/Either.js';
import type { AnyDist, Dist } from '../../src/algebra/dist.ts';
import type { Bound, Denoises, Exact } from '../../src/algebra/evidence.ts';
import type { Failure } from '../../src/core/errors.ts';
import type { Shape } from '../../src/core/shape.ts';
import { type AnyObjective, denoisingScoreMatching, elbo, maximumLikelihood } from '../../src/inference/index.ts';
import { type EventInfo, models, objectiveNamed, objectives } from '../../src/models/index.ts';
import { unet } from '../../src/nn/index.ts';
import { diffusion, logSnrGrid, predict, vp } from '../../src/sde/index.ts';
import { smallOptions } from '../models/small.ts';
import { showEvent } from './events.ts';

/** A distribution on events, with what trains it. */
export interface Case {
  readonly name: string;
  /** The name of the model and its events, whatever trains it. */
  readonly model: string;
  readonly event: EventInfo;
  readonly dist: () => AnyDist;
  /** What trains it, or why that cannot. */
  readonly objective: (dist: AnyDist) => Either<Failure, AnyObjective<Shape>>;
}

const plane: EventInfo = { shape: [2] };
const image: EventInfo = { shape: [4, 4], levels: 4 };
const classes: EventInfo = { shape: [2], classes: 3 };

const eventsOf = (model: string): readonly EventInfo[] =>
  model === 'jem' || model === 'classConditional' ? [plane, image, classes] : [plane, image];

/** What a distribution is trained by where its entry says nothing. */
const byEvidence = (dist: AnyDist): AnyObjective<Shape> =>
  dist.evidence === 'exact'
    ? maximumLikelihood(dist as unknown as Dist<Shape, Exact>)
    : elbo(dist as unknown as Dist<Shape, Bound>);

/** Every registered model on its events: small (`full` false) or as it comes. */
const modelCases = (full: boolean): readonly Case[] =>
  Object.entries(models).flatMap(([model, entry]) =>
    eventsOf(model).map((event) => ({
      name: `${model} ${showEvent(event)}${full ? ', full size' : ''}`,
      model: `${model} ${showEvent(event)}`,
      event,
      dist: () => entry.build(event, full ? undefined : smallOptions(model)),
      objective: (dist: AnyDist) => right((entry.objective ?? byEvidence)(dist)),
    })),
  );

/** A U-Net, small: no registered model has one. */
const unetCase: Case = {
  name: 'unet 8×8×1',
  model: 'unet 8×8×1',
  event: { shape: [8, 8, 1] },
  dist: () =>
    diffusion(predict('noise', vp(), unet({ channels: 8, multipliers: [1, 2], patch: 2 }), { shape: [8, 8, 1] }), {
      grid: logSnrGrid(2),
      likelihood: { grid: logSnrGrid(1) },
    }),
  objective: (dist) => right(denoisingScoreMatching(dist as unknown as Dist<Shape, Denoises>) as AnyObjective<Shape>),
};

/** Small models by what trains them when nobody says. */
export const smallModels: readonly Case[] = [...modelCases(false), unetCase];

/** The same as they come: for names, noise and initial values. */
export const fullModels: readonly Case[] = modelCases(true);

/** Every listed objective on every small model; many refuse. */
export const objectiveCases: readonly Case[] = Object.keys(objectives).flatMap((objective) =>
  modelCases(false).map((c) => ({ ...c, name: `${objective} on ${c.name}`, objective: objectiveNamed(objective) })),
);

/** Pairs whose losses take seconds each (a probability flow in every loss, residual cells): what they declare is recorded, not their numbers. */
const heavy = / on (nvae|ncsn|ncsnv2|ddim|improvedDdpm|scoreSde\w+|edm|cif) 4×4/;

/** Those whose losses are recorded, from the double-precision interpreter. */
export const measuredPairs: readonly Case[] = objectiveCases.filter((c) => !heavy.test(c.name));

/** Models that stand for their families: every objective that takes them is trained on them. */
const hosts = / on ((realNVP|glow|nsf|vae|hvae|iafVae|vflow|ncsn|ddpm|improvedDdpm|edm|scoreSdeVp|cld|energy|rbm|jem) 2|(realNVP|vae|dequantisedFlow|ddpm|rbm|energy) 4×4 levels 4|(jem|classConditional) 2 classes 3)$/; // biome-ignore format: one list

/** Those whose twenty steps are recorded. */
export const trainedPairs: readonly Case[] = measuredPairs.filter((c) => hosts.test(c.name));
