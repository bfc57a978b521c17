/** Starts child processes. */
import { spawn } from 'node:child_process';
import { StringDecoder } from 'node:string_decoder';

/**
 * @typedef {object} RunOptions
 * @property {string} [cwd]
 * @property {NodeJS.ProcessEnv} [env] The whole environment; this process's by default.
 * @property {boolean} [live] Shows the output as it comes.
 * @property {number} [timeout] Milliseconds, after which the process and all it started are ended.
 *
 * @typedef {object} Outcome
 * @property {boolean} ok The process ended by itself with 0.
 * @property {number | null} code
 * @property {string} output Standard output and error, in the order they came.
 * @property {string} stdout
 */

/**
 * Runs `command` to its end. Never throws: what went wrong is in the outcome.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {RunOptions} [options]
 * @returns {Promise<Outcome>}
 */
export function run(command, args, options = {}) {
  const { cwd, env = process.env, live = false, timeout } = options;
  return new Promise((resolve) => {
    let output = '';
    let stdout = '';
    // Its own process group, so that a time-out ends what it started too.
    const group = timeout !== undefined && process.platform !== 'win32';
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], detached: group });
    /** @param {NodeJS.ReadableStream} stream @param {NodeJS.WriteStream} shown @param {(text: string) => void} keep */
    const follow = (stream, shown, keep) => {
      const decoder = new StringDecoder('utf8');
      stream.on('data', (/** @type {Buffer} */ chunk) => {
        const text = decoder.write(chunk);
        output += text;
        keep(text);
        if (live) shown.write(chunk);
      });
    };
    follow(child.stdout, process.stdout, (text) => {
      stdout += text;
    });
    follow(child.stderr, process.stderr, () => {});

    const end = () => {
      if (child.pid === undefined) return;
      try {
        process.kill(group ? -child.pid : child.pid, 'SIGKILL');
      } catch {
        // It is gone already.
      }
    };
    const timer =
      timeout === undefined
        ? undefined
        : setTimeout(() => {
            output += `\nstopped: it ran for more than ${timeout / 1000} s\n`;
            end();
          }, timeout);
    // A detached group does not get the terminal's Ctrl-C.
    const onSignal = () => {
      end();
      process.exit(130);
    };
    if (group) process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
    let started = true;
    child.once('error', (error) => {
      started = false;
      output += `cannot start ${command}: ${error.message}\n`;
    });
    child.once('close', (code) => {
      clearTimeout(timer);
      process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
      resolve({ ok: started && code === 0, code: started ? code : null, output, stdout });
    });
  });
}

/**
 * Runs a Node script.
 *
 * @param {string} script
 * @param {string[]} args
 * @param {RunOptions} [options]
 */
export function runNode(script, args, options) {
  return run(process.execPath, [script, ...args], options);
}
