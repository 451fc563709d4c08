/** `pushforward export`. */
import { has } from '../../algebra/capability.ts';
import { raise } from '../../core/errors.ts';
import { onnx } from '../../core/interpreters/index.ts';
import { showShape } from '../../core/shape.ts';
import { run } from '../../inference/run.ts';
import { conditioned } from '../../models/index.ts';
import { openCheckpoint } from '../checkpoint-source.ts';
import { EXIT, misuse, orThrow, settled } from '../failures.ts';
import { prepareParent, writeWhole } from '../files.ts';
import type { Action } from '../kit.ts';
import { checkFile, onnxFile, PARTS, type Part } from '../onnx-file.ts';
import { choice, decodeOptions, NaturalNumber, PositiveInteger, Text } from '../options.ts';
import { bytes, columns, paint } from '../style.ts';

/** Largest relative difference between the file and the library: single precision, and graphs simplified differently. */
const TOLERANCE = 1e-3;

/** Exports a part of a checkpoint. */
export const exportCheckpoint: Action = async (call) => {
  const f = orThrow(
    decodeOptions(
      { what: choice(Object.keys(PARTS) as Part[]), batch: PositiveInteger, out: Text, seed: NaturalNumber },
      call.flags,
    ),
  );
  const part = f.what ?? 'sampler';
  const out = f.out ?? `${part}.onnx`;
  if (!/\.onnx$/i.test(out))
    misuse('--out', 'the file is an ONNX file', { expected: 'a name ending in .onnx', got: `"${out}"` });
  const { dist, parameters, path } = await openCheckpoint(call.args[0] ?? '', call.modules);
  if (has(conditioned, dist))
    misuse('checkpoint', 'a model of what is given is not exported yet: draw from it by sample --given', { got: path });
  if (part !== 'sampler' && dist.evidence === 'none')
    misuse('--what', 'the distribution has no density', { got: part });
  await settled(prepareParent(out));
  const batch = f.batch ?? 1;
  const file = onnxFile(dist, parameters, part, batch);
  const x = await run(dist, parameters, onnx('cpu')).sample(batch, f.seed ?? 0);
  const difference = await checkFile(file, dist, parameters, part, x, f.seed ?? 0);
  if (!(difference <= TOLERANCE))
    raise('BackendError', path, 'ONNX Runtime gives other numbers for the exported file than the library', {
      expected: `a relative difference up to ${TOLERANCE}`,
      got: `${difference}`,
    });
  await settled(writeWhole(out, file.bytes));
  const { inputs, outputs } = file;
  if (call.json) {
    call.io.out(`${JSON.stringify({ out, part, batch, bytes: file.bytes.length, inputs, outputs, difference })}\n`);
    return EXIT.ok;
  }
  const on = call.io.colour.err;
  call.note(
    `${part} of ${path} for ${batch} ${batch === 1 ? 'example' : 'examples'}: ${out} (${bytes(file.bytes.length)})`,
  );
  call.io.err(
    columns(
      [
        ...inputs.map((i) => ['input', i.name, showShape(i.shape), i.holds]),
        ...outputs.map((o) => ['output', o.name, showShape(o.shape), '']),
      ].map(([kind, ...rest]) => [paint(on, 'bold', kind), ...rest]),
      2,
    ),
  );
  call.note(
    `  checked: ONNX Runtime gives the library’s numbers (largest relative difference ${difference.toExponential(1)})`,
  );
  return EXIT.ok;
};
