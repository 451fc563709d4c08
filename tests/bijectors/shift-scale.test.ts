import { pipe } from 'fp-ts/lib/function.js';
import { expect, it } from 'vitest';
import { pushforward } from '../../src/algebra/dist.ts';
import { shiftScale } from '../../src/bijectors/index.ts';
import { tensorOf } from '../../src/core/index.ts';
import { reference } from '../../src/core/interpreters/index.ts';
import { normal, standardNormal } from '../../src/distributions/index.ts';
import { run } from '../../src/inference/run.ts';
import { readDist } from '../../src/models/codec.ts';

it('a shifted and scaled standard normal distribution is the normal distribution, there and back through JSON', async () => {
  const dist = pipe(standardNormal([2]), pushforward(shiftScale({ shift: [170, -3], scale: [10, -0.5] })));
  const read = readDist(JSON.parse(JSON.stringify(dist.spec)));
  if (read._tag === 'Left') throw new Error(read.left.message);
  expect(read.right.spec).toEqual(dist.spec);
  const x = tensorOf([160, -3, 181, -2.2], [2, 2]);
  const want = await run(normal([2], { loc: [170, -3], scale: [10, 0.5] }), {}, reference).logDensity(x);
  for (const l of [dist, read.right]) {
    const got = await run(l, {}, reference).logDensity(x);
    got.data.forEach((v, i) => expect(v).toBeCloseTo(want.data[i], 12));
  }
  const codes = await run(dist, {}, reference).encode(x);
  [-1, 0, 1.1, -1.6].forEach((z, i) => expect(codes.data[i]).toBeCloseTo(z, 12));
  expect(() => shiftScale({ shift: [0], scale: [0] })).toThrow(/not zero/);
});
