/**
 * All commands. They are loaded together, and only when one of them runs: one more file to read, not forty.
 *
 * @module
 */

export { Session } from '../session';
export { run as add } from './add';
export { cancel, move, remove, retry } from './change';
export { run as clear } from './clear';
export { run as complete } from './complete';
export { run as completion } from './completion';
export { define, definitions, undefine } from './define';
export { run as doctor } from './doctor';
export { run as edit } from './edit';
export { run as explain } from './explain';
export { run as exportJobs } from './export';
export { run as history } from './history';
export { run as importJobs } from './import';
export { run as list } from './list';
export { run as logs } from './logs';
export { pause, resume } from './pause';
export { run as plugins } from './plugins';
export {
  scheduleList,
  schedulePause,
  schedulePreview,
  scheduleRemove,
  scheduleResume,
  scheduleSet,
  scheduleShow,
  scheduleTrigger,
} from './schedule';
export { run as show } from './show';
export { run as state } from './state';
export { run as stats } from './stats';
export * as template from './template';
export { run as undo } from './undo';
export { run as wait } from './wait';
export { run as watch } from './watch';
export { run as work } from './work';
