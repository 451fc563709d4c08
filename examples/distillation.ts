/**
 * Distillation in two stages: a deep flow learns two moons, then a shallow one learns from the deep one's samples.   npm run example distillation
 *
 * The second stage's data are draws of the first stage's result. A checkpoint says which stage it is of and carries what the stage before ended with, so a
 * run resumed in either stage equals one that was not stopped.
 */
import { isLeft } from 'fp-ts/lib/Either.js';
import { adam, evaluate, fitStages, maximumLikelihood, onnx, realNVP, run, showEvaluation } from 'pushforward';
import { drawn, toyDatasetOf, twoMoons } from 'pushforward/data';

const backend = onnx('cpu');
const [teacher, student] = [realNVP([2], { layers: 8, hidden: [64, 64] }), realNVP([2], { layers: 4, hidden: [32] })];
const optimizer = adam({ learningRate: 2e-3 });
const distilled = await fitStages([
  { name: 'teacher', fit: () => ({ objective: maximumLikelihood(teacher), data: drawn(twoMoons()), steps: 2000, optimizer }) },
  {
    name: 'student',
    fit: (parameters) => ({
      objective: maximumLikelihood(student),
      data: drawn('teacher', [2], run(teacher, parameters, backend).sample),
      steps: 2000,
      optimizer,
    }),
  },
])(); // biome-ignore format: two stages

if (isLeft(distilled)) throw new Error(distilled.left.message);
const held = toyDatasetOf(twoMoons(), { size: 5000, seed: 1 });
for (const [i, dist] of [teacher, student].entries()) {
  const { name, fitted } = distilled.right.stages[i];
  console.log(`${name}: ${showEvaluation(await evaluate(run(dist, fitted.parameters, backend), held))}`);
}
