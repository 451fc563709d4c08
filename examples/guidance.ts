/**
 * Guidance without training: two classes of points on a line, whose denoisers are known.   npm run example guidance
 *
 * A classifier's gradient at scale 1 is Bayes' rule; classifier-free guidance moves from the denoiser of both classes to that of one, and beyond.
 */
import {
  classifierFreeGuidance,
  classifierGuidance,
  ddim,
  diffusion,
  exactDenoiser,
  logSnrGrid,
  mixture,
  normal,
  onnx,
  ops,
  run,
  toNumbers,
  vp,
} from 'pushforward';

const process = vp();
const classes = [normal([1], { loc: -1, scale: 0.5 }), normal([1], { loc: 1, scale: 0.5 })];
const both = exactDenoiser(process, mixture({ logits: [0, 0], components: classes }));
const right = exactDenoiser(process, classes[1]);
const count = 4000;

const show = async (name: string, denoiser: typeof both): Promise<void> => {
  const dist = diffusion(denoiser, { sampler: ddim(), grid: logSnrGrid(60) });
  const data = toNumbers(await run(dist, {}, onnx('cpu')).sample(count, 0));
  const mean = data.reduce((a, b) => a + b, 0) / count;
  const variance = data.reduce((a, b) => a + (b - mean) ** 2, 0) / count;
  console.log(`${name}: mean ${mean.toFixed(2)}, deviation ${Math.sqrt(variance).toFixed(2)}`);
};

await show('no guidance', both);
await show('the class alone', right);

// log p(right | x_t) of classes N(±α, α²/4 + σ²): a logistic curve of slope 2α/(α²/4 + σ²).
const isRight: Parameters<typeof classifierGuidance>[1] = (x, t) => () => {
  const [a, s] = [process.alpha(t), process.sigma(t)];
  const variance = ops.add(ops.mul(0.25, ops.square(a)), ops.square(s));
  return ops.logSigmoid(ops.div(ops.mul(ops.mul(2, a), ops.sum(x)), variance));
};
for (const scale of [1, 4]) await show(`classifier, scale ${scale}`, classifierGuidance(both, isRight, { scale }));
for (const scale of [0, 1, 3])
  await show(`no classifier, scale ${scale}`, classifierFreeGuidance({ conditional: right, unconditional: both, scale })); // biome-ignore format: one line
