/**
 * A conditional energy, p(x | c) ∝ N(x; 0, 3²) e^{−E(x; c)}, learned by its score and sampled by NUTS.   npm run example conditional-energy
 *
 * The truth is known: x | c ~ N(sin c, ½²).
 */
import { isLeft } from 'fp-ts/lib/Either.js';
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import { adam, adapted, conditional, conditionally, cosine, distGiven, energy, type Failure, fit, mlp, normal, nuts, ops, productOfExperts, runChains, scoreMatching, toNumbers } from 'pushforward'; // biome-ignore format: one list
import { fromRows, pairs } from 'pushforward/data';

const done = async <A>(task: TaskEither<Failure, A>): Promise<A> => {
  const r = await task();
  if (isLeft(r)) throw new Error(r.left.message);
  return r.right;
};
const gauss = (): number => Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
const c = Float32Array.from({ length: 10_000 }, () => 2 * gauss());
const x = Float32Array.from(c, (v) => Math.sin(v) + 0.5 * gauss());

const net = mlp([32, 32], { activation: 'silu', zeroLast: false });
const p = conditional([1], (c) => productOfExperts([normal([1], { scale: 3 }), energy([1], net.given(c))]));
const { parameters } = await done(
  fit({
    objective: conditionally(scoreMatching)(p),
    data: pairs(fromRows('c', c, [1]), fromRows('x', x, [1])),
    steps: 2000,
    optimizer: adam({ learningRate: cosine(3e-3, 2000) }),
  }),
);

for (const at of [-1.5, 0, 1]) {
  const target = distGiven(p, ops.constant([at]));
  const chains = await done(runChains({ target, kernel: adapted(nuts, { steps: 200 }), samples: 1000, parameters }));
  const drawn = Array.from(toNumbers(chains.samples));
  const mean = drawn.reduce((a, b) => a + b, 0) / drawn.length;
  const deviation = Math.sqrt(drawn.reduce((a, b) => a + (b - mean) ** 2, 0) / drawn.length);
  console.log(`c = ${at}: mean ${mean.toFixed(3)} (${Math.sin(at).toFixed(3)}), deviation ${deviation.toFixed(3)} (0.500)`); // biome-ignore format: one line
}
