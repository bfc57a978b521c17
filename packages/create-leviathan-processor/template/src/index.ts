/** The plugin: name this package in `leviathan.config.json`, or pass the default export to `new Leviathan({ plugins })`. */
import { definePlugin } from '@leviathan/core';
import { description, name, version } from '../package.json';
import { processor } from './processor';

export { processor } from './processor';

export default definePlugin({ name, version, description, processors: [processor] });
