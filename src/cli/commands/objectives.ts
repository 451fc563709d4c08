import { type Declare, withCommon, withExamples } from '../kit.ts';

/** `pushforward objectives`. */
export const objectivesCommand: Declare = (program, on) => {
  const command = program
    .command('objectives')
    .summary('list the estimators')
    .description('Lists the estimators that train --objective knows: what each minimises, and where it was published.');
  withCommon(command);
  withExamples(
    command,
    ['pushforward objectives', 'what there is'],
    ['pushforward train vae --data twoMoons --objective importanceWeighted:8', 'the bound from eight samples'],
  );
  command.action(on(async () => (await import('../actions/lists.ts')).listObjectives));
};
