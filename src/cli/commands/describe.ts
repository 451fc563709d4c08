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
    .option('--layers <n>', 'number of layers')
    .option('--hidden <sizes>', 'hidden widths of each network, such as 64,64')
    .option('--latent <sizes>', 'latent variables: dimensions of the code')
    .option('--format <name>', 'text, json, svg, png or spec: the declaration for train (default: by --out, else text)')
    .option('--rewritten', 'also the shorter composition for the same distribution: what cancels or fuses is gone')
    .option('--out <file>', 'write to a file instead of stdout');
  withCommon(command);
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
