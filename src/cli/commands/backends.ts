import { type Declare, withCommon, withExamples } from '../kit.ts';

/** `pushforward backends`. */
export const backendsCommand: Declare = (program, on) => {
  const command = program
    .command('backends')
    .summary('list the interpreters that run here')
    .description('Lists the interpreters, each available on this machine or not, and why.');
  withCommon(command);
  withExamples(
    command,
    ['pushforward backends', 'what runs here'],
    ['pushforward train realNVP --data twoMoons --backend auto', 'compute on the fastest of them'],
  );
  command.action(on(async () => (await import('../actions/lists.ts')).listBackends));
};
