export type { GeneratedFile, Target } from './emit.js';
export { type GenerateOptions, generate, type OutputOptions } from './generate.js';
export type { ReadSource, Source } from './load.js';
export { type LoadedService, type LoadedServices, type LoadServicesOptions, loadServices } from './load-services.js';
export { formatProblem, GenerateError, type Problem } from './problem.js';
export type { ImportExtension } from './scope.js';
