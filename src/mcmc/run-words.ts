/** A run of chains in a sentence. */
import type { Tensor } from '../core/tensor.ts';
import { energyMixing } from './diagnostics.ts';
import type { Chains } from './run-chains.ts';

const meanOf = (t: Tensor): number => {
  let s = 0;
  for (let i = 0; i < t.data.length; i++) s += t.data[i];
  return s / t.data.length;
};

/**
 * What a run says of itself as a whole: `4 chains of 1000 draws, acceptance 0.87, 0 divergent, E-BFMI 0.93, 25660 gradients, 3.1 s`. Acceptance, divergences and the least
 * E-BFMI of the chains (below 0.3 is a warning) where the kernel has them.
 *
 * @example
 * const ran = await runChains({ target: normal([2]), kernel: mala({ stepSize: 0.5 }), samples: 50 })();
 * if (ran._tag === 'Right') showChains(ran.right);
 */
export const showChains = ({ samples, infos, ending, gradients, seconds }: Chains): string => {
  const [chains, draws] = samples.shape;
  const { acceptance, divergent, energy } = infos;
  const length = (energy?.data.length ?? 0) / chains;
  const mixing = Array.from({ length: length > 1 ? chains : 0 }, (_, c) =>
    energyMixing(energy.data.subarray(c * length, (c + 1) * length)),
  );
  return [
    `${chains} chains of ${draws} draws`,
    ...(ending === 'interrupted' ? ['interrupted'] : []),
    ...(acceptance === undefined ? [] : [`acceptance ${meanOf(acceptance).toFixed(2)}`]),
    ...(divergent === undefined ? [] : [`${Math.round(meanOf(divergent) * divergent.data.length)} divergent`]),
    ...(mixing.length === 0 ? [] : [`E-BFMI ${Math.min(...mixing).toFixed(2)}`]),
    ...(gradients === undefined ? [] : [`${gradients} gradients`]),
    `${seconds.toFixed(1)} s`,
  ].join(', ');
};
