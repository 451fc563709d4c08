import { type Declare, withCommon, withExamples } from '../kit.ts';

/** `pushforward samplers`. */
export const samplersCommand: Declare = (program, on) => {
  const command = program
    .command('samplers')
    .summary('list the samplers of diffusion models')
    .description('Lists the samplers that sample --sampler knows: what each does, and where it was published.');
  withCommon(command);
  withExamples(
    command,
    ['pushforward samplers', 'what there is'],
    ['pushforward sample runs/ddpm --sampler dpmSolver --steps 20 --out digits.png', 'twenty steps of DPM-Solver++'],
  );
  command.action(on(async () => (await import('../actions/lists.ts')).listSamplers));
};
