import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Expr, topological } from '../../src/core/expr.ts';
import { squeezed } from '../../src/core/interpreters/onnx/squeeze.ts';
import * as o from '../../src/core/ops/index.ts';
import { keyOf } from '../../src/core/prng.ts';
import { noiseTensor } from '../../src/core/program.ts';
import { isElementwise } from '../../src/core/simplify/constants.ts';
import { run } from './programs.ts';

const size = fc.constantFrom(1, 1, 2, 3);
const normal = (shape: readonly number[], seed: number) => noiseTensor(shape, 'normal', 0, keyOf(seed), 'float64');

test('values stay the same, in loops too; no elementwise operator has an axis of size 1 beside an operand that is broadcast', () => {
  fc.assert(
    fc.property(fc.array(size, { minLength: 1, maxLength: 4 }), fc.array(fc.boolean(), { minLength: 4 }), (shape, keep) => {
      const x = o.input('x', shape);
      const part = shape.map((d, i) => (keep[i] ? d : 1));
      const y = o.broadcastTo(o.input('y', part), shape);
      const chain = (v: Expr): Expr =>
        o.where(o.less(v, 0.3), o.add(o.mul(2, v), y), o.sub(o.tanh(o.mul(v, y)), o.div(1, o.add(3, o.abs(v)))));
      const { carry, ys } = o.scan({
        length: 2,
        init: [x],
        xs: [o.input('s', [2, ...shape])],
        body: ([c], [s]) => ({ carry: [o.mul(0.5, chain(o.add(c, s)))], ys: [o.sum(o.add(1, c))] }),
      });
      const outputs = [chain(x), o.sum(chain(chain(x)), [0]), carry[0], ys[0]];
      const feeds = { x: normal(shape, 1), y: normal(part, 2), s: normal([2, ...shape], 3) };
      const narrow = squeezed(outputs);
      expect(run(narrow, feeds)).toEqual(run(outputs, feeds));
      const wide = topological(narrow).filter(
        (e) => isElementwise(e) && e.shape.length > 1 && e.shape.includes(1) && e.shape.some((d) => d > 1),
      );
      expect(wide.filter((e) => e.inputs.some((v) => v.op === 'broadcast'))).toEqual([]);
    }),
    { numRuns: 60 },
  );
}); // biome-ignore format: one property
