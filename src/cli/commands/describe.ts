import { type Declare, withCommon, withExamples } from '../kit.ts';

/** `pushforward describe`. */
export const describeCommand: Declare = (program, on) => {
  const command = program
    .command('describe')
    .summary('show how a model is composed')
    .description('Shows a model’s composition: shapes, parameters, evidence, and what each direction costs.')
    .argument('<model>', 'a model, a declaration in a .json file, a checkpoint, or the folder of a run')
    .option('--shape <sizes>', 'shape of an event, for a model by name, such as 2 or 28,28 (default 2)')
    .option('--levels <n>', 'the events are integers 0 … n−1')
    .option(
      '--set <name=value>',
      'an option of the model under its own name, such as groups=4 or hidden=64,64; may be repeated (see: pushforward models NAME)',
      (value: string, before: readonly string[] = []) => [...before, value],
    )
    .option('--layers <n>', '--set layers=<n>')
    .option('--hidden <sizes>', '--set hidden=<sizes>, such as 64,64')
    .option('--latent <n>', '--set latent=<n>')
    .option('--format <name>', 'text, json, svg, png or spec: the declaration for train (default: by --out, else text)')
    .option('--rewritten', 'also the shorter composition for the same distribution: what cancels or fuses is gone')
    .option('--out <file>', 'write to a file instead of stdout');
  withCommon(command, 'with');
  withExamples(
    command,
    ['pushforward describe realNVP', 'what RealNVP is made of'],
    ['pushforward describe realNVP --shape 28,28 --levels 256 --out realnvp.svg', 'a picture of the one for images'],
    [
      'pushforward describe realNVP --layers 4 --format spec --out mine.json',
      'a declaration to edit, then: train mine.json',
    ],
    ['pushforward describe runs/realNVP-twoMoons --format json', 'of a trained model, for a script'],
  );
  command.action(on(async () => (await import('../actions/describe.ts')).describeModel));
};
