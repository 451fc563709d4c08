/** A run of chains in a sentence. */
import { range } from '../core/shape.ts';
import type { Tensor } from '../core/tensor.ts';
import { energyMixing } from './diagnostics.ts';
import { saidOf } from './run-arrays.ts';
import type { Chains } from './run-chains.ts';

const meanOf = (t: Tensor): number => {
  let s = 0;
  for (let i = 0; i < t.data.length; i++) s += t.data[i];
  return s / t.data.length;
};

/**
 * One line about a run as a whole: `4 chains of 1000 draws, acceptance 0.87, 0 divergent, E-BFMI 0.93, 25660 gradients, 3.1 s`. It gives acceptance,
 * divergences and the smallest E-BFMI of the chains (below 0.3 is a warning) where the kernel reports them; for a kernel made of several, the acceptance of
 * each.
 *
 * @example
 * const ran = await runChains({ target: normal([2]), kernel: mala({ stepSize: 0.5 }), samples: 50 })();
 * if (ran._tag === 'Right') showChains(ran.right);
 */
export const showChains = ({ samples, infos, ending, gradients, seconds }: Chains): string => {
  const [chains, draws] = samples.shape;
  const [acceptance, divergent, energies] = ['acceptance', 'divergent', 'energy'].map((name) => saidOf(infos, name));
  const mixing = energies.flatMap(({ data }) => {
    const length = data.length / chains;
    return length > 1 ? range(chains).map((c) => energyMixing(data.subarray(c * length, (c + 1) * length))) : [];
  });
  const divergences = divergent.reduce((n, t) => n + Math.round(meanOf(t) * t.data.length), 0);
  return [
    `${chains} chains of ${draws} draws`,
    ...(ending === 'interrupted' ? ['interrupted'] : []),
    ...(acceptance.length === 0 ? [] : [`acceptance ${acceptance.map((t) => meanOf(t).toFixed(2)).join(' and ')}`]),
    ...(divergent.length === 0 ? [] : [`${divergences} divergent`]),
    ...(mixing.length === 0 ? [] : [`E-BFMI ${Math.min(...mixing).toFixed(2)}`]),
    ...(gradients === undefined ? [] : [`${gradients} gradients`]),
    `${seconds.toFixed(1)} s`,
  ].join(', ');
};
