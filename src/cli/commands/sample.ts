import { type Declare, withCommon, withExamples } from '../kit.ts';

/** `pushforward sample`. */
export const sampleCommand: Declare = (program, on) => {
  const command = program
    .command('sample')
    .summary('draw from a trained model')
    .description(
      'Draws samples from a checkpoint. Sample i is the same however many are drawn; without --out they go to stdout as CSV.',
    )
    .argument('<checkpoint>', 'a checkpoint, or the folder of a run')
    .option('-n, --number <n>', 'how many (default 1,000; 100 for a picture)')
    .option('--given <x,y>', 'models of what is given: the numbers, in the order of training, or name=value pairs')
    .option('--class <k>', 'models of a class: which one, from 0')
    .option('--sampler <name>', 'diffusion models: another sampler (see: pushforward samplers)')
    .option('--steps <n>', 'steps of that sampler (default: its own)')
    .option('--out <file>', 'a .npy or .csv file, or a .png picture: a grid of images, or a plane of dots');
  withCommon(command, 'seed', 'backend', 'with');
  withExamples(
    command,
    ['pushforward sample runs/realNVP-twoMoons -n 5', 'five points on the terminal'],
    ['pushforward sample runs/realNVP-twoMoons -n 100000 --out samples.npy --seed 7', 'many, for NumPy'],
    ['pushforward sample runs/ddpm --sampler dpmSolver --steps 20', 'a diffusion model in twenty steps'],
    ['pushforward sample runs/prices --given 3,120 -n 500', 'what the model says of rows with these numbers given'],
    ['pushforward sample runs/digits --class 7 -n 64 --out sevens.png', 'a grid of sevens'],
    ['pushforward sample runs/mnist -n 64 --out digits.png', 'a grid of digits'],
  );
  command.action(on(async () => (await import('../actions/sample.ts')).sample));
};
