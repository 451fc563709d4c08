/**
 * A generative adversarial network on two moons: a generator with batch normalisation against a spectrally normalised critic.   npm run example gan
 *
 * The critic moves five times, then the generator once; each owns what stands at its place. Statistics and singular vectors are buffers: they move with
 * the moves, are saved with the parameters, and are there when the generator is sampled.
 */
import { isLeft } from 'fp-ts/lib/Either.js';
import {
  adam,
  alternating,
  batchNormalised,
  dense,
  draw,
  fit,
  implicit,
  lossOf,
  onnx,
  ops,
  place,
  run,
  sequential,
  spectrallyNormalised,
  standardNormal,
} from 'pushforward';
import { type Expr, scope } from 'pushforward/core';
import { drawn, twoMoons } from 'pushforward/data';

const { relu } = ops;
const network = sequential(dense(64), batchNormalised(), relu, dense(64), batchNormalised(), relu, dense(2));
const generator = implicit([2], standardNormal([2]), network);
const judge = spectrallyNormalised(sequential(dense(64), relu, dense(64), relu, dense(1)), { coefficient: 3 });
const critic = scope.placed('critic', (x: Expr) => judge.apply(x, []));
const score = (x: Expr) => draw.fromScoped(critic(x));
const faked = draw.chain(score)(generator.sample);
const taken = (fake: Expr) => (real: Expr) => ops.add(ops.softplus(fake), ops.softplus(ops.neg(real)));
const tells = lossOf('critic', [2], (x) => draw.ap(score(x))(draw.map(taken)(faked)));
const fools = lossOf('generator', [2], () => draw.map((fake: Expr) => ops.softplus(ops.neg(fake)))(faked));
const optimizer = adam({ learningRate: 1e-3, beta1: 0.5 });
const game = alternating(
  { player: { name: 'critic', owns: place('critic'), optimizer }, objective: tells, times: 5 },
  { player: { name: 'generator', owns: place('generator'), optimizer }, objective: fools },
);
const fitted = await fit({ objective: game, data: drawn(twoMoons()), steps: 1000, batchSize: 256 })();

if (isLeft(fitted)) throw new Error(fitted.left.message);
const { data } = await run(generator, fitted.right.parameters, onnx('cpu')).sample(1000, 0);
const picture = Array.from({ length: 18 }, () => Array<string>(48).fill(' '));
for (let i = 0; i < data.length; i += 2) {
  const [row, column] = [(1.5 - Number(data[i + 1])) * 7, (Number(data[i]) + 1.5) * 12].map(Math.floor);
  if (picture[row]?.[column] !== undefined) picture[row][column] = '•';
}
console.log(picture.map((line) => line.join('')).join('\n'));
console.log(
  'buffers:',
  Object.entries(fitted.right.last.buffers ?? {}).map(([name, { shape }]) => `${name} [${shape}]`),
);
