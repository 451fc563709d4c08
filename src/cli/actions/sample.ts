/** `pushforward sample`. */
import { extname } from 'node:path';
import type { AnyDist } from '../../algebra/dist.ts';
import { showShape, sizeOf } from '../../core/shape.ts';
import type { Tensor } from '../../core/tensor.ts';
import { encodeNpy } from '../../data/index.ts';
import { run } from '../../inference/run.ts';
import { resampled } from '../../models/index.ts';
import { samplesPicture } from '../../report/run-report.ts';
import { chosenBackend } from '../backend-source.ts';
import { openCheckpoint } from '../checkpoint-source.ts';
import { EXIT, misuse, orThrow, settled } from '../failures.ts';
import { prepareParent, writeWhole } from '../files.ts';
import { atGiven, namesGiven } from '../given.ts';
import type { Action } from '../kit.ts';
import { levelsOf } from '../levels.ts';
import { decodeOptions, NaturalNumber, PositiveInteger, Text } from '../options.ts';
import { count } from '../style.ts';

/** Nine digits say all there is in a number of single precision. */
const shortest = (v: number): number => Number(v.toPrecision(9));

/** Rows as lines of CSV under a line of names. */
const csv = (x: Tensor): string => {
  const width = sizeOf(x.shape.slice(1));
  const lines = [Array.from({ length: width }, (_, j) => `x${j + 1}`).join(',')];
  for (let i = 0; i < x.shape[0]; i++)
    lines.push(Array.from(x.data.subarray(i * width, (i + 1) * width), shortest).join(','));
  return `${lines.join('\n')}\n`;
};

/** An array of any rank as nested lists. */
const nested = (x: Tensor, axis = 0, at = 0): unknown => {
  if (axis === x.shape.length) return shortest(x.data[at]);
  const step = sizeOf(x.shape.slice(axis + 1));
  return Array.from({ length: x.shape[axis] }, (_, i) => nested(x, axis + 1, at + i * step));
};

type Encode = (x: Tensor, dist: AnyDist) => string | Uint8Array;

const formats: { readonly [extension: string]: Encode } = {
  '.npy': encodeNpy,
  '.csv': csv,
  '.png': (x, dist) => samplesPicture(x, levelsOf(dist)),
};

/** Draws, and writes where it was asked to. */
export const sample: Action = async (call) => {
  const f = orThrow(
    decodeOptions(
      {
        number: PositiveInteger,
        given: Text,
        class: NaturalNumber,
        sampler: Text,
        steps: PositiveInteger,
        out: Text,
        seed: NaturalNumber,
        backend: Text,
      },
      call.flags,
    ),
  );
  const extension = f.out === undefined ? undefined : extname(f.out).toLowerCase();
  if (extension !== undefined && formats[extension] === undefined)
    misuse('--out', 'the format is not known by this name', { expected: '.npy, .csv or .png', got: `"${f.out}"` });
  const { dist: saved, parameters, path, training } = await openCheckpoint(call.args[0] ?? '', call.modules);
  const trained = atGiven(saved, f, namesGiven(training));
  if (f.steps !== undefined && f.sampler === undefined)
    misuse('--steps', 'say which sampler takes them, by --sampler', { got: `${f.steps}` });
  const dist = f.sampler === undefined ? trained : orThrow(resampled(f.sampler, f.steps)(trained));
  const backend = await chosenBackend(f.backend);
  const seed = f.seed ?? 0;
  const n = f.number ?? (extension === '.png' && dist.shape.length > 1 ? 100 : 1000);
  if (f.out !== undefined) await settled(prepareParent(f.out));
  const x = await run(dist, parameters, backend).sample(n, seed);
  if (f.out === undefined || extension === undefined) {
    call.io.out(
      call.json
        ? `${JSON.stringify({ checkpoint: path, seed, evidence: dist.evidence, shape: x.shape, samples: nested(x) })}\n`
        : csv(x),
    );
    return EXIT.ok;
  }
  await settled(writeWhole(f.out, formats[extension](x, dist)));
  if (call.json)
    call.io.out(`${JSON.stringify({ checkpoint: path, seed, evidence: dist.evidence, shape: x.shape, out: f.out })}\n`);
  call.note(`${count(n)} samples of shape ${showShape(dist.shape)}, seed ${seed}, density ${dist.evidence}: ${f.out}`);
  return EXIT.ok;
};
