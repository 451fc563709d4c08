import { type Declare, withCommon, withExamples } from '../kit.ts';

/** `pushforward models`. */
export const modelsCommand: Declare = (program, on) => {
  const command = program
    .command('models')
    .summary('list the models')
    .description('Lists the surveyed models: what each is, and where it was published; of one model, its options.')
    .argument('[name]', 'a model, for its options');
  withCommon(command);
  withExamples(
    command,
    ['pushforward models', 'what there is'],
    ['pushforward models glow', 'what --set can say of Glow'],
    ['pushforward models --json | jq -r ".[].name"', 'names only, for a script'],
  );
  command.action(on(async () => (await import('../actions/lists.ts')).listModels));
};
