#!/usr/bin/env node
import { main } from './main';

process.exitCode = await main(process.argv.slice(2), {
  cwd: process.cwd(),
  agent: process.env.npm_config_user_agent,
  out: (line) => console.log(line),
  err: (line) => console.error(line),
});
