/** Small versions of registered models, each under its own names of options. */
import type { ModelOptions } from '../../src/models/index.ts';

/** Options for few layers (or steps) and narrow networks; `latent` where the model has a code. */
export const smallOptions = (
  model: string,
  { layers = 2, width = 8 }: { readonly layers?: number; readonly width?: number } = {},
): ModelOptions => {
  const hidden = [width];
  const own: { readonly [name: string]: ModelOptions } = {
    realNVPMultiScale: { channels: width, hidden },
    glow: { steps: layers, channels: width, hidden },
    planarFlow: { layers },
    gaussianisation: { layers },
    vae: { hidden },
    hvae: { hidden },
    iafVae: { layers, hidden, flowHidden: hidden },
    flowPriorVae: { layers, hidden, flowHidden: hidden },
    nvae: { groups: layers, channels: width },
    recurrentVae: { state: width },
    dequantisedFlow: { layers, hidden, noiseHidden: hidden },
    cld: { steps: layers, likelihoodSteps: layers, hidden },
    rbm: { hidden: width },
    energy: { hidden },
    productOfExperts: { experts: width },
    jem: { hidden },
  };
  const steps = ['ncsn', 'ncsnv2', 'ddpm', 'improvedDdpm', 'ddim', 'scoreSdeVe', 'scoreSdeVp', 'scoreSdeSubVp', 'edm'];
  return own[model] ?? (steps.includes(model) ? { steps: layers, hidden } : { layers, hidden });
};
