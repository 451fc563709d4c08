/** One conformance run in a test: fails with each wrong answer in a sentence. */
import { expect } from 'vitest';
import type { Backend, Precision } from '../../src/core/program.ts';
import { type ConformanceOptions, conformance, conformanceCounts, kinds, primitiveCases, type Row } from '../../src/laws/index.ts'; // biome-ignore format: one import

const sentence = (r: Row): string =>
  `${r.op}/${r.case}, ${r.kind}: ${r.note ?? `error ${r.error.toExponential(1)} > ${r.tolerance.toExponential(1)}`}`;

/** Every question to a backend; every answer must pass. */
export const expectConformance = async (
  backend: Backend,
  precision: Precision = 'float32',
  options: ConformanceOptions = {},
): Promise<void> => {
  const start = performance.now();
  const rows = await conformance(backend, { precision, ...options });
  const name = `${backend.name} ${precision}`;
  console.info(conformanceCounts({ name, rows, seconds: (performance.now() - start) / 1000 }));
  expect(rows.filter((r) => !r.pass).map(sentence)).toEqual([]);
  // Nothing was left out: every primitive was asked for its value.
  if (options.ops === undefined)
    for (const op of Object.keys(primitiveCases))
      expect(
        rows.some((r) => r.op === op && r.kind === 'value'),
        op,
      ).toBe(true);
  expect(rows.every((r) => kinds.includes(r.kind))).toBe(true);
};
