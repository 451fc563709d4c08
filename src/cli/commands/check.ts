import { type Declare, withCommon, withExamples } from '../kit.ts';

/** `pushforward check`. */
export const checkCommand: Declare = (program, on) => {
  const command = program
    .command('check')
    .summary('run the laws on a module of your own')
    .description(
      'Reads what a module exports (layers, families, networks, models), and holds each to its laws: JSON comes back as it was, directions undo each other, ' +
        'contributions are log-determinants, samples follow the density. Exits with 1 where a law is broken.',
    )
    .argument('<module>', 'a JavaScript module (.mjs)');
  withCommon(command);
  withExamples(
    command,
    ['pushforward check ./my-model.mjs', 'before training it'],
    ['pushforward check ./my-model.mjs --json', 'for a script'],
  );
  command.action(on(async () => (await import('../actions/check.ts')).checkModule));
};
