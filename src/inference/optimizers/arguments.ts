/** Checks of optimisers' arguments. */
import { raise } from '../../core/errors.ts';

const checked = (is: boolean, optimizer: string, name: string, expected: string, value: number): number =>
  is ? value : raise('ArgumentError', optimizer, `${name} cannot be used`, { expected, got: `${value}` });

/** A number in [0, 1): what is kept of an average. */
export const share = (optimizer: string, name: string, value: number): number =>
  checked(value >= 0 && value < 1, optimizer, name, 'a number from 0 and under 1', value);

/** A finite number above 0. */
export const above = (optimizer: string, name: string, value: number): number =>
  checked(value > 0 && Number.isFinite(value), optimizer, name, 'a positive number', value);

/** A finite number from 0. */
export const fromZero = (optimizer: string, name: string, value: number): number =>
  checked(value >= 0 && Number.isFinite(value), optimizer, name, 'a number from 0', value);
