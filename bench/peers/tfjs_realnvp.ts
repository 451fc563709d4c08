/**
 * The TensorFlow.js peer of the training-step benchmark: the model of `realnvp_step.py`, written the way tfjs is used
 * (`variableGrads`, `train.adam`, fused dense layers), on its `wasm` or `cpu` backend.
 *
 * `couplings` affine couplings; each keeps the first floor(D/2) coordinates, reads them with a perceptron of two hidden ReLU
 * layers, and moves the rest by y = x·exp(s) + t with s = 3 tanh(raw/3), last layer started at zero; the coordinates are then
 * reversed. Standard normal base, mean negative log-likelihood, Adam 1e-3, standard normal batches fed in rotation, float32.
 */

import { createRequire, register } from 'node:module';
import { dirname, join, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';

export interface TfjsRealNvpConfig {
  readonly dim: number;
  readonly hidden: number;
  readonly couplings: number;
  readonly batch: number;
  readonly seed?: number;
  /** How many batches are made beforehand and fed in rotation (16 unless told). */
  readonly batches?: number;
}

export interface TfjsRealNvp {
  /** How many numbers are trained. */
  readonly parameters: number;
  /** One training step: forward, backward, Adam. Gives the loss before the update. */
  readonly step: () => Promise<number>;
  readonly dispose: () => void;
}

const requireHere = createRequire(import.meta.url);
const packageFolder = (name: string): string => dirname(requireHere.resolve(`${name}/package.json`));

/**
 * tfjs-core keeps its gradients in `dist/register_all_gradients`, which is written for bundlers: ES modules with extension-less
 * imports in a package that Node reads as CommonJS. These hooks let Node load it, and touch nothing outside that folder. The
 * gradients land in a registry that every copy of tfjs-core in the process shares.
 */
const gradientHooks = `
const inside = (url) => url !== undefined && url.includes('/@tensorflow/tfjs-core/dist/') && !url.endsWith('.node.js');
export const resolve = async (specifier, context, next) => {
  if (!inside(context.parentURL) || !specifier.startsWith('.')) return next(specifier, context);
  for (const ending of ['', '.js', '/index.js']) {
    try { return await next(specifier + ending, context); } catch {}
  }
  return next(specifier, context);
};
export const load = (url, context, next) => next(url, inside(url) ? { ...context, format: 'module' } : context);
`;

const registerGradients = async (): Promise<void> => {
  if (tf.getGradient('_FusedMatMul') !== undefined || tf.getGradient('Sum') !== undefined) return;
  register(`data:text/javascript,${encodeURIComponent(gradientHooks)}`);
  const file = join(packageFolder('@tensorflow/tfjs-core'), 'dist', 'register_all_gradients.js');
  await import(pathToFileURL(file).href);
};

const prepare = async (backend: 'wasm' | 'cpu'): Promise<void> => {
  await registerGradients();
  if (tf.getBackend() === backend) return;
  if (backend === 'wasm' && tf.engine().registry.wasm === undefined) {
    setWasmPaths(join(packageFolder('@tensorflow/tfjs-backend-wasm'), 'dist') + sep);
  }
  if (!(await tf.setBackend(backend))) throw new Error(`tfjs could not start its '${backend}' backend`);
};

interface Dense {
  readonly kernel: tf.Variable<tf.Rank.R2>;
  readonly bias: tf.Variable<tf.Rank.R1>;
}

/** Starts as PyTorch's Linear does, uniform within 1/sqrt(fan-in); `zero` starts at zero. */
const dense = (inputs: number, outputs: number, start: { readonly seed: number } | 'zero'): Dense => {
  const bound = 1 / Math.sqrt(inputs);
  const draw = <R extends tf.Rank>(shape: tf.ShapeMap[R], offset: number): tf.Tensor<R> =>
    start === 'zero' ? tf.zeros<R>(shape) : tf.randomUniform<R>(shape, -bound, bound, 'float32', start.seed + offset);
  return tf.tidy(() => ({
    kernel: tf.variable<tf.Rank.R2>(draw<tf.Rank.R2>([inputs, outputs], 0)),
    bias: tf.variable<tf.Rank.R1>(draw<tf.Rank.R1>([outputs], 1)),
  }));
};

const apply = (layer: Dense, x: tf.Tensor2D, activation: 'relu' | 'linear'): tf.Tensor2D =>
  tf.fused.matMul({ a: x, b: layer.kernel, bias: layer.bias, activation }) as tf.Tensor2D;

/** The training step on one backend. One model at a time is meant: the backend of tfjs is global to the process. */
export const tfjsRealNvp = async (backend: 'wasm' | 'cpu', config: TfjsRealNvpConfig): Promise<TfjsRealNvp> => {
  const { dim, hidden, couplings, batch, seed = 0, batches: count = 16 } = config;
  if (dim < 2) throw new Error(`a coupling needs at least 2 coordinates, got dim = ${dim}`);
  await prepare(backend);

  const kept = Math.floor(dim / 2);
  const changed = dim - kept;
  const conditioners = Array.from({ length: couplings }, (_, index) => {
    const start = seed + 10 * index;
    return [
      dense(kept, hidden, { seed: start + 1 }),
      dense(hidden, hidden, { seed: start + 3 }),
      dense(hidden, 2 * changed, 'zero'),
    ] as const;
  });
  const variables = conditioners.flatMap((layers) => layers.flatMap(({ kernel, bias }) => [kernel, bias]));
  const batches = Array.from({ length: count }, (_, index) =>
    tf.randomNormal<tf.Rank.R2>([batch, dim], 0, 1, 'float32', seed + 100_000 + index),
  );
  const optimiser = tf.train.adam(1e-3);
  const constant = 0.5 * dim * Math.log(2 * Math.PI);

  const negativeLogLikelihood = (data: tf.Tensor2D): tf.Scalar => {
    let x = data;
    let logDet: tf.Tensor1D | undefined;
    for (const [first, second, last] of conditioners) {
      const [conditioning, moved] = tf.split(x, [kept, changed], 1) as [tf.Tensor2D, tf.Tensor2D];
      const features = apply(second, apply(first, conditioning, 'relu'), 'relu');
      const [raw, shift] = tf.split(apply(last, features, 'linear'), 2, 1) as [tf.Tensor2D, tf.Tensor2D];
      const logScale = tf.mul(3, tf.tanh(tf.div(raw, 3)));
      x = tf.reverse(tf.concat([conditioning, tf.add(tf.mul(moved, tf.exp(logScale)), shift)], 1), 1);
      const contribution = tf.sum<tf.Tensor1D>(logScale, 1);
      logDet = logDet === undefined ? contribution : tf.add(logDet, contribution);
    }
    const energy = tf.mul(0.5, tf.sum<tf.Tensor1D>(tf.square(x), 1));
    return tf.add(tf.mean<tf.Scalar>(logDet === undefined ? energy : tf.sub(energy, logDet)), constant);
  };

  let taken = 0;
  const step = async (): Promise<number> => {
    if (tf.getBackend() !== backend) await tf.setBackend(backend);
    const before = tf.memory().numTensors;
    const data = batches[taken % batches.length];
    const { value, grads } = tf.variableGrads(() => negativeLogLikelihood(data), variables);
    optimiser.applyGradients(Object.entries(grads).map(([name, tensor]) => ({ name, tensor })));
    tf.dispose(grads);
    const [loss] = await value.data();
    value.dispose();
    // The first step makes Adam's moments, two a variable; after it a step must leave nothing behind.
    const left = tf.memory().numTensors - before;
    if (taken > 0 && left !== 0) throw new Error(`a training step must not leak, but left ${left} tensors behind`);
    taken += 1;
    return loss;
  };

  return {
    parameters: variables.reduce((total, { size }) => total + size, 0),
    step,
    dispose: () => {
      optimiser.dispose();
      tf.dispose([variables, batches]);
    },
  };
};
