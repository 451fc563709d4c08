/** The interpreters, and which of them can run here. */
export type { Backend, Executable, Feeds, Precision, Program } from '../program.ts';
export { type BackendInfo, backend, backendNames, backends } from './backends.ts';
export { exportOnnx, onnx } from './onnx/index.ts';
export { reference } from './reference/index.ts';
export { type TfjsBackend, tfjs } from './tfjs/index.ts';
export { type Valuable, type ValueOf, type ValueOptions, value } from './value.ts';
