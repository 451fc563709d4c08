/** The suite itself: a backend with one wrong kernel fails there and nowhere else; one that refuses a kernel says so. */
import { expect, test } from 'vitest';
import { PushforwardError } from '../../src/core/errors.ts';
import { topological } from '../../src/core/expr.ts';
import { reference } from '../../src/core/interpreters/reference/index.ts';
import { type Lowering, lower } from '../../src/core/lower/index.ts';
import * as o from '../../src/core/ops/index.ts';
import type { Backend } from '../../src/core/program.ts';
import { conformance, conformanceReport, kinds, primitiveCases } from '../../src/laws/index.ts';

/** `reference` with some kernels replaced. */
const broken = (rules: Lowering): Backend => ({
  ...reference,
  name: 'broken',
  compile: async (p) => {
    const inner = await reference.compile({ ...p, outputs: lower(p.outputs, rules) });
    return { ...inner, program: p };
  },
});

const wrongOps = async (rules: Lowering, ops: readonly string[]): Promise<string[]> => {
  const rows = await conformance(broken(rules), { ops, tolerance: 1e-5 });
  return [...new Set(rows.filter((r) => !r.pass).map((r) => r.op))];
};

test('reference conforms to itself, exactly', async () => {
  const rows = await conformance(reference, { precision: 'float64', tolerance: 0 });
  expect(rows.filter((r) => r.error !== 0)).toEqual([]);
  expect(new Set(rows.map((r) => r.kind))).toEqual(new Set(kinds));
  expect(new Set(rows.map((r) => r.op)).size).toBeGreaterThanOrEqual(Object.keys(primitiveCases).length);
});

test('a kernel with a relative error of 10⁻³ is found', async () => {
  const off = 1.001;
  expect(await wrongOps({ sin: (n) => o.mul(off, o.cos(o.sub(n.inputs[0], Math.PI / 2))) }, ['sin', 'add', 'relu'])).toEqual(['sin']); // biome-ignore format: one idea
  expect(await wrongOps({ log: (_, x) => o.div(o.log1p(o.sub(x, 1)), off) }, ['log', 'exp'])).toEqual(['log']);
});

test('a cumulative sum that forgets its direction, and ties that go the wrong way, are found', async () => {
  const forgetful: Lowering = {
    cumsum: (n, x) => (n.attributes.reverse ? o.cumsum(x, n.attributes.axis) : undefined),
  };
  expect(await wrongOps(forgetful, ['cumsum', 'sum'])).toEqual(['cumsum']);
  const unstable: Lowering = {
    lessEqual: (_, a, b) => o.less(a, b),
  };
  expect(await wrongOps(unstable, ['lessEqual', 'less'])).toEqual(['lessEqual']);
});

test('a refused kernel is one row with the reason; the rest of its program is still asked', async () => {
  const without: Backend = {
    ...reference,
    name: 'without-erf',
    compile: (p) => {
      if (topological(p.outputs).some((e) => e.op === 'erf'))
        throw new PushforwardError({ _tag: 'BackendError', path: 'without-erf', message: 'no kernel for erf' });
      return reference.compile(p);
    },
  };
  const rows = await conformance(without, { precision: 'float64', ops: ['exp', 'erf'], kinds: ['value'] });
  expect(rows.filter((r) => r.op === 'exp').every((r) => r.pass)).toBe(true);
  const failed = rows.filter((r) => r.op === 'erf');
  expect(failed.length).toBeGreaterThan(0);
  for (const r of failed) expect(r).toMatchObject({ pass: false, note: expect.stringContaining('no kernel for erf') });
  const text = conformanceReport([{ name: 'without-erf', rows, seconds: 0 }]);
  expect(text).toMatch(/^exp .*✓/m);
  expect(text).toMatch(/^erf .*∞/m);
  expect(text).toContain('no kernel for erf');
  expect(text).toMatch(/without-erf: \d+ of \d+ pass/);
});
