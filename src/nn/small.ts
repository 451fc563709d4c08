/** Small, smooth networks as JSON, for the examples of definitions: few units for smooth activations, since all of a handful of ReLUs may be dead. */

/** A perceptron. */
export const smallMlp = { type: 'mlp', hidden: [4], activation: 'tanh' } as const;

/** A masked perceptron. */
export const smallMade = { type: 'made', hidden: [6], activation: 'tanh' } as const;

/** A perceptron that reads a noise level. */
export const smallResMlp = {
  type: 'resMlp',
  hidden: [4],
  activation: 'tanh',
  embedding: { type: 'sinusoidal', size: 4, scale: 100 },
} as const;
