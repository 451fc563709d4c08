/**
 * A mean teacher (Tarvainen & Valpola 2017, arXiv:1703.01780): two moons, 300 points, a third of their labels wrong.   npm run example mean-teacher
 *
 * The student learns the labels, and to agree with its teacher about the same point jittered otherwise. The teacher is the student read at a moving average of its
 * parameters: buffers, which training moves and saves, and which are there where the teacher is used.
 */
import { isLeft } from 'fp-ts/lib/Either.js';
import { adam, dense, draw, fit, lossOf, onnx, ops, random, run, sequential, standardNormal } from 'pushforward';
import { type Expr, movingAverage, scope } from 'pushforward/core';
import { fromRows, simulated } from 'pushforward/data';

const network = sequential(dense(64), ops.tanh, dense(64), ops.tanh, dense(1));
const student = scope.placed('student', (x: Expr) => network.apply(x, []));
const teacher = (x: Expr) => movingAverage({ name: 'teacher', decay: 0.99 })(student(x));
const jittered = (x: Expr) => random.map((e: Expr) => ops.add(x, ops.mul(0.15, e)))(random.normal([2]));

const told = (logit: Expr, label: Expr) => ops.sub(ops.softplus(logit), ops.mul(label, logit));
const agrees = (a: Expr, b: Expr) => ops.square(ops.sub(ops.sigmoid(a), ops.sigmoid(b)));
// An event is (x, y, label).
const objective = lossOf('mean teacher', [3], (event) => (scope) => (cursor) => {
  const [x, label] = [ops.sliceAxis(event, 0, 0, 2), ops.sum(ops.sliceAxis(event, 0, 2, 3))];
  const [[here, there], next] = random.both(jittered(x), jittered(x))(cursor);
  const [mine, theirs] = [student(here)(scope), teacher(there)(scope)];
  return [ops.add(told(mine, label), ops.mul(10, agrees(mine, theirs))), next];
});

const moons = simulated('two moons', [3], ({ integer, normal, uniform }) => {
  const [moon, t] = [integer(2), Math.PI * uniform()];
  const [x, y] = moon === 0 ? [Math.cos(t), Math.sin(t)] : [1 - Math.cos(t), 0.5 - Math.sin(t)];
  return [x + 0.1 * normal(), y + 0.1 * normal(), moon];
});
const clean = (await moons.batch({ seed: 0, index: 0, size: 300 })).values;
const data = fromRows('moons with wrong labels', clean.map((v, k) => (k % 9 === 2 ? 1 - v : v)), [3]); // biome-ignore format: one idea
const fitted = await fit({ objective, data, steps: 2000, batchSize: 50, optimizer: adam({ learningRate: 1e-2 }) })();

if (isLeft(fitted)) throw new Error(fitted.left.message);
const held = (await moons.batch({ seed: 1, index: 0, size: 2000 })).values;
const points = { shape: [2000, 2], type: 'float32', data: held.filter((_, k) => k % 3 < 2) } as const;
for (const [name, network] of Object.entries({ student, teacher })) {
  // The distribution lends its place for functions of an event; its density is not asked for.
  const at = run(standardNormal([2]), fitted.right.parameters, onnx('cpu'));
  const [logits] = await at.each((x) => draw.map((l: Expr) => [l])(draw.fromScoped(network(x))))(points);
  const right = Array.from(logits.data, Number).filter((l, i) => l > 0 === (held[3 * i + 2] === 1)).length;
  console.log(`${name}: ${((100 * right) / 2000).toFixed(1)} % of held-out points`);
}
