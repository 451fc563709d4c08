/**
 * A layer of your own, outside the library.   npm run example own-layer
 *
 * z = x + a·sin(x) with |a| < 1 is increasing, so it is a bijection; its inverse is a fixed number of Newton steps. Ten lines of mathematics give it
 * sampling, density, training and laws.
 */
import { isLeft } from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import { affine, bijection, compose, fit, maximumLikelihood, normal, onnx, ops, pushforward, run } from 'pushforward';
import { parameters, scope } from 'pushforward/core';
import { fromRows } from 'pushforward/data';

const ripple = () => {
  const amplitude = (shape: readonly number[]) =>
    pipe(
      scope.parameter('amplitude', shape, { init: parameters.zeros }),
      scope.map((raw) => ops.mul(0.95, ops.tanh(raw))),
    );
  const slope = (x: ReturnType<typeof ops.sin>, a: typeof x) => ops.add(1, ops.mul(a, ops.cos(x)));
  return bijection({
    spec: { type: 'ripple' },
    encode: (x) =>
      pipe(
        amplitude(x.shape),
        scope.map((a) => ({ value: ops.add(x, ops.mul(a, ops.sin(x))), contribution: ops.sum(ops.log(slope(x, a))) })),
      ),
    decode: (z) =>
      pipe(
        amplitude(z.shape),
        scope.map((a) => {
          const { carry } = ops.scan({
            length: 40,
            init: [z],
            body: ([x]) => ({
              carry: [ops.sub(x, ops.div(ops.sub(ops.add(x, ops.mul(a, ops.sin(x))), z), ops.max(slope(x, a), 0.05)))],
            }),
          });
          return { value: carry[0], contribution: ops.sum(ops.log(slope(carry[0], a))) };
        }),
      ),
  });
};

const model = pipe(normal([1], { scale: 2 }), pushforward(compose(ripple(), affine())));
const rows = Float32Array.from({ length: 4000 }, (_, i) => 2 * Math.sin(i) + 0.1 * Math.cos(7 * i));
const fitted = await fit({
  objective: maximumLikelihood(model),
  data: fromRows('waves', rows, [1]),
  steps: 400,
  batchSize: 200,
})();
if (isLeft(fitted)) throw new Error(fitted.left.message);
const running = run(model, fitted.right.parameters, onnx('cpu'));
const x = await running.sample(2, 0);
console.log(
  'loss',
  fitted.right.history.at(-1)?.loss.toFixed(3),
  'samples',
  Array.from(x.data),
  'log-densities',
  Array.from((await running.logDensity(x)).data),
);
