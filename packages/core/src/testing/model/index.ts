/**
 * The model suite of stores: random sequences of calls against a reference. Needs vitest and fast-check.
 *
 * @module
 */
export { type ModelSuiteOptions, modelSuite } from './model-suite';
