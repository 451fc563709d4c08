import { type Declare, withCommon, withExamples } from '../kit.ts';

/** `pushforward train`. */
export const trainCommand: Declare = (program, on) => {
  const command = program
    .command('train')
    .summary('train a model on a toy distribution or a file')
    .description(
      'Trains a model and writes its checkpoint, its report (report.html) and its pictures into a folder. ' +
        'Ctrl-C saves what was learned; --resume goes on from there, bit for bit.',
    )
    .argument('[model]', 'a model (see: pushforward models), or a declaration in a .json file')
    .optionsGroup('Data:')
    .option(
      '--data <toy|file>',
      'a toy distribution (see: pushforward toys), or a CSV, TSV, NPY or IDX file, also with .gz',
    )
    .option('--standardise', 'shift and scale each column inside the model; results stay in the units of the data')
    .option(
      '--validation <share>',
      'share of the training rows to validate on (0.1 where --patience or the plateau needs some)',
    )
    .option('--size <n>', 'toys: points to train on (default 50,000)')
    .option('--test-size <n>', 'toys: points to test on, from another seed (default 20,000)')
    .option('--test <share>', 'files: share of the rows held out for the test, drawn by the seed (default 0.1)')
    .option('--train-rows <A:B>', 'files: train on rows A to B−1, counted from 0 (with --test-rows)')
    .option('--test-rows <A:B>', 'files: test on rows A to B−1')
    .option('--columns <a,b>', 'CSV files: columns to keep, by name or number')
    .option('--labels <file>', 'files: the class of each row, in a file beside (with --given label)')
    .option('--shape <sizes>', 'files: another shape for the events, such as 28,28')
    .option('--levels <n>', 'files: the data are integers 0 … n−1 (known for 8-bit images)')
    .option('--classes <n>', 'the last n columns are the class, one-hot: the model is of (event, class)')
    .option('--given <a,b>', 'what is given: columns by name or number, or label; the model is of the other columns')
    .option('--binarise', 'images: each pixel is a coin flip with its grey value as chance, thrown anew at every step')
    .optionsGroup('Model:')
    .option(
      '--set <name=value>',
      'an option of the model under its own name, such as groups=4 or hidden=64,64; may be repeated (see: pushforward models NAME)',
      (value: string, before: readonly string[] = []) => [...before, value],
    )
    .option('--layers <n>', '--set layers=<n>')
    .option('--hidden <sizes>', '--set hidden=<sizes>, such as 64,64')
    .option('--latent <n>', '--set latent=<n>')
    .option(
      '--objective <name[:n]>',
      'what is minimised (see: pushforward objectives), such as importanceWeighted:50 (default: the model’s)',
    )
    .optionsGroup('Training:')
    .option('--steps <n>', 'optimiser steps in all (default 5,000)')
    .option('--epochs <n>', 'passes over the training data, instead of --steps')
    .option('--batch-size <n>', 'examples in a step (default: the model’s)')
    .option('--optimizer <name>', 'adam, adamW, sgd, momentum, adagrad, rmsprop or lion (default adam)')
    .option('--learning-rate <x>', 'learning rate (default: the model’s for adam and adamW, else the optimiser’s)')
    .option(
      '--schedule <name>',
      'cosine (to zero at the last step), constant, oneCycle (the learning rate is its peak), exponential (to a hundredth), or plateau (halved after 5 validations that are no better) (default cosine)',
    )
    .option('--warm-up <n>', 'steps of a linear rise of the learning rate, in front of the schedule')
    .option('--weight-decay <x>', 'decoupled weight decay, per unit of the learning rate (adamW: 0.01 where not given)')
    .option('--clip <norm>', 'largest norm of the gradient (default: the model’s)')
    .option('--ema [decay]', 'keep an average of the parameters and use it (decay 0.999 where not given)')
    .option('--patience <n>', 'stop after n validations without a better loss')
    .option('--resume <checkpoint>', 'go on from a checkpoint, or from the one in a run’s folder')
    .optionsGroup('Output:')
    .option(
      '--out <folder>',
      'folder of the run (default: a new one in runs/); files of an earlier run in it are replaced, each when its successor is whole',
    )
    .option('--save-every <n>', 'steps between checkpoints (default: ten in all)')
    .option('--no-report', 'leave out the report and the pictures')
    .optionsGroup('General:');
  withCommon(command, 'seed', 'backend', 'with');
  withExamples(
    command,
    ['pushforward train realNVP --data twoMoons', 'two moons, in half a minute'],
    [
      'pushforward train realNVP --data table.csv --standardise --patience 5 --out runs/table',
      'a table of numbers; stops when the validation loss gets no better',
    ],
    [
      'pushforward train realNVP --data t10k-images-idx3-ubyte.gz --train-rows 0:8000 --test-rows 8000:10000 --epochs 8',
      'images: dequantised, measured in bits/dim',
    ],
    [
      'pushforward train vae --data digits-idx3-ubyte.gz --binarise --latent 20 --hidden 500 --epochs 30',
      'a variational auto-encoder of binary images; its −log P is an upper bound',
    ],
    [
      'pushforward train nsf --data houses.csv --given rooms,area --out runs/prices',
      'the distribution of the other columns given these two',
    ],
    [
      'pushforward train vae --data images-idx3-ubyte.gz --labels labels-idx1-ubyte.gz --given label --out runs/digits',
      'digits of each class: sample --class 7 draws sevens',
    ],
    ['pushforward train --resume runs/table --steps 20000', 'go on with a run that was stopped'],
  );
  command.action(on(async () => (await import('../actions/train.ts')).train));
};
