/**
 * The model suite of stores: random sequences of calls against a reference. Needs vitest and fast-check.
 *
 * @module
 */

export { type RulesModelOptions, rulesModelSuite } from '../rules-model/index';
export { type ModelSuiteOptions, modelSuite } from './model-suite';
