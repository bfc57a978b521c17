/**
 * Templates: jobs with parameters and presets.
 *
 * @module
 */
export { parameterSchema, parseParameter } from './parameters';
export {
  type RenderedFlow,
  type RenderedJob,
  renderFlow,
  renderTemplate,
  type TemplateInput,
  templateTag,
} from './render';
export {
  type FlowTemplate,
  type JobTemplate,
  PARAMETER_TYPES,
  type ParameterSchema,
  type Template,
  type TemplateFlowJob,
  type TemplateJob,
  type TemplateParameter,
} from './template';
export { type FlowJobOptions, Templates } from './templates';
