import { type Declare, withCommon, withExamples } from '../kit.ts';

/** `pushforward toys`. */
export const toysCommand: Declare = (program, on) => {
  const command = program
    .command('toys')
    .summary('list the toy distributions with their entropies')
    .description(
      'Lists the toy distributions in the plane that --data knows, each with its entropy in nats: the least test −log p that any model can reach.',
    );
  withCommon(command);
  withExamples(
    command,
    ['pushforward toys', 'what there is'],
    ['pushforward train realNVP --data checkerboard', 'learn one of them'],
  );
  command.action(on(async () => (await import('../actions/lists.ts')).listToys));
};
