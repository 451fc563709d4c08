/** What score matching is about, as JSON: a distribution, or a model of a score (or a denoiser). */
import { distributionKind } from '../../algebra/kinds.ts';
import { raise } from '../../core/errors.ts';
import { nested } from '../../core/specification.ts';
import { scoreModelKind } from '../kinds.ts';
import { gaussian, rademacher, sphere } from './projection.ts';

/** A distribution or a model of a score: one of them. */
export const scoredFields = { dist: nested(distributionKind), model: nested(scoreModelKind) };

/** The directions of sliced score matching by name. */
export const projectionsByName = { rademacher, gaussian, sphere } as const;

/** The one of two keys that is given. Throws `SpecError` for both and for neither. */
export const oneSource = (owner: string, sources: { readonly [key: string]: object | undefined }): object => {
  const given = Object.values(sources).filter((s) => s !== undefined);
  const names = Object.keys(sources).map((k) => `'${k}'`);
  return given.length === 1
    ? given[0]
    : raise('SpecError', '', `${owner}: one of ${names.join(' and ')} is needed`, {
        got: given.length === 0 ? 'neither' : 'both',
      });
};
