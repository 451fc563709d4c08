import { type Declare, withCommon, withExamples } from '../kit.ts';

/** `pushforward evaluate`. */
export const evaluateCommand: Declare = (program, on) => {
  const command = program
    .command('evaluate')
    .summary('measure a trained model on data')
    .description(
      'Prints the mean −log p of data under a checkpoint, with its standard error and what kind of number it is (= exact, ≤ a bound). ' +
        'Without --data: the test rows the model was trained with.',
    )
    .argument('<checkpoint>', 'a checkpoint, or the folder of a run')
    .option('--data <toy|file>', 'a toy distribution or a file; default: the run’s own test data')
    .option('--rows <A:B>', 'files: rows A to B−1, counted from 0 (default: all)')
    .option('--size <n>', 'toys: how many points (default 20,000)')
    .option('--columns <a,b>', 'CSV files: columns to keep, by name or number')
    .option('--labels <file>', 'files: the class of each row, for models of a class')
    .option('--levels <n>', 'files: the data are integers 0 … n−1 (known for 8-bit images)')
    .option('--importance-samples <k>', 'bounds: tighten by k importance-weighted samples of each event (IWAE)');
  withCommon(command, 'seed', 'backend', 'with');
  withExamples(
    command,
    ['pushforward evaluate runs/realNVP-twoMoons', 'on the data held out when it was trained'],
    ['pushforward evaluate runs/realNVP-twoMoons --data twoMoons --size 100000 --seed 5', 'on fresh points'],
    ['pushforward evaluate runs/vae --importance-samples 50', 'a tighter bound, from 50 samples'],
    ['pushforward evaluate runs/table --data new.csv --json', 'on a file, for a script'],
  );
  command.action(on(async () => (await import('../actions/evaluate.ts')).evaluateCheckpoint));
};
