/** A reverse chain as JSON. */
import { oneOf, positiveInteger, strict } from '../core/codec.ts';
import type { Shape } from '../core/shape.ts';
import { nested } from '../core/specification.ts';
import type { ReverseChain } from './ddpm-bound.ts';
import { denoiserKind } from './kinds.ts';
import { ends, rangeCodec } from './range-codec.ts';
import { reverseChain, type VarianceDenoiser } from './reverse-chain.ts';

/** A reverse chain, as its fields. */
export const chainCodec = strict(
  { denoiser: nested(denoiserKind) },
  { steps: positiveInteger, variance: oneOf(['large', 'small', 'learned']), range: rangeCodec },
  { ignored: ['type'] },
);

/** The chain of these fields. */
export const chainOf = ({
  denoiser,
  variance = 'large',
  range,
  ...rest
}: (typeof chainCodec)['_A']): ReverseChain<Shape> => {
  const options = { ...rest, ...(range === undefined ? {} : { range: ends(range) }) };
  return variance === 'learned'
    ? reverseChain(denoiser as VarianceDenoiser, { ...options, variance })
    : reverseChain(denoiser, { ...options, variance });
};
