/** The interpreter a flag names. */
import { type Backend, backend } from '../core/interpreters/index.ts';
import { settled } from './failures.ts';

/** What runs where nothing else was asked for: it is inside the package, and as fast as any other on a processor. */
export const EMBEDDED = 'onnx-cpu';

/** The backend of a name; throws `UnknownName` with the nearest name, or `BackendError` with the reason. */
export const chosenBackend = (name: string = EMBEDDED): Promise<Backend> => settled(backend(name));
