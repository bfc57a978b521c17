/**
 * Templates: jobs with parameters and presets.
 *
 * @module
 */
export { parameterSchema, parseParameter } from './parameters';
export { type RenderedJob, renderTemplate, type TemplateInput, templateTag } from './render';
export {
  PARAMETER_TYPES,
  type ParameterSchema,
  type Template,
  type TemplateJob,
  type TemplateParameter,
} from './template';
export { Templates } from './templates';
