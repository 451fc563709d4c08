import { type Declare, withCommon, withExamples } from '../kit.ts';

/** `pushforward export`. */
export const exportCommand: Declare = (program, on) => {
  const command = program
    .command('export')
    .summary('write a trained model as an ONNX file')
    .description(
      'Writes a part of a trained model as a self-contained ONNX file, parameters inside, and checks that ONNX Runtime gives the same numbers. ' +
        'The file’s metadata say what its inputs are; a sampler takes its noise as inputs.',
    )
    .argument('<checkpoint>', 'a checkpoint, or the folder of a run')
    .option('--what <part>', 'sampler, log-density, score or encode (default sampler)')
    .option('--batch <n>', 'examples in one run of the file (default 1)')
    .option('--out <file>', 'the file (default: the part’s name with .onnx)');
  withCommon(command, 'seed', 'with');
  withExamples(
    command,
    ['pushforward export runs/realNVP-twoMoons --what sampler --batch 256 --out sampler.onnx', 'noise in, samples out'],
    ['pushforward export runs/realNVP-twoMoons --what log-density --out density.onnx', 'an event in, log p(x) out'],
    ['pushforward export runs/realNVP-twoMoons --what score --batch 64', '∇ log p(x) of 64 events'],
  );
  command.action(on(async () => (await import('../actions/export.ts')).exportCheckpoint));
};
