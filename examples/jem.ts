/**
 * A classifier read as a distribution (JEM): it tells the two moons apart, and it draws them.   npm run example jem
 */
import { isLeft } from 'fp-ts/lib/Either.js';
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import { adam, cosine, draw, type Failure, fit, jem, jemObjective, labelled, onnx, ops, run } from 'pushforward';
import { allRows, fromRows, toyDataset } from 'pushforward/data';

const done = async <A>(task: TaskEither<Failure, A>): Promise<A> => {
  const r = await task();
  if (isLeft(r)) throw new Error(r.left.message);
  return r.right;
};

const points = toyDataset('twoMoons', { size: 20_000, seed: 0 });
if (isLeft(points)) throw new Error('no such toy');
const rows = allRows(points.right);
// The moon a point is on: the circle around (0, 0) or the one around (1, ½).
const labels = Int32Array.from({ length: points.right.size }, (_, i) => {
  const [x, y] = [rows[2 * i], rows[2 * i + 1]];
  return Math.abs(Math.hypot(x, y) - 1) < Math.abs(Math.hypot(x - 1, y - 0.5) - 1) ? 0 : 1;
});
const data = labelled(fromRows('moons', rows, [2], { labels }), 2);

const model = jem({ shape: [2] }, 2, { hidden: [128, 128], scale: 2, steps: 300 });
const steps = 2500;
const { parameters } = await done(
  fit({
    objective: jemObjective({ buffer: 1024, chains: 128, steps: 3 })(model),
    data,
    optimizer: adam({ learningRate: cosine(2e-3, steps) }),
    steps,
    stepsPerRun: 50,
    onProgress: (p) => p.step % 500 === 0 && console.log(p.step, p.loss.toFixed(3)),
  }),
);

const running = run(model, parameters, onnx('cpu'));
const held = allRows(data).slice(0, 4 * 2000);
const x = { shape: [2000, 4], type: 'float32', data: held } as const;
const [logits] = await running.each(
  (row) => (scope) => draw.of([model.classify(ops.sliceAxis(row, 0, 0, 2))(scope)])(scope),
)(x);
const right = Array.from(
  { length: 2000 },
  (_, i) => (logits.data[2 * i + 1] > logits.data[2 * i] ? 1 : 0) === labels[i],
);
console.log(`classified right: ${((100 * right.filter(Boolean).length) / 2000).toFixed(1)} %`);
const drawn = (await running.sample(6, 0)).data;
for (let i = 0; i < 6; i++)
  console.log(`moon ${drawn[4 * i + 3]}: ${drawn[4 * i].toFixed(2)} ${drawn[4 * i + 1].toFixed(2)}`);
