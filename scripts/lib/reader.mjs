/** A reader who tries a document's marked blocks: an empty folder, a home of their own, npm, and a fresh copy of the repository. */
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { repositoryFiles } from './files.mjs';
import { commandScript, npmScript, root } from './repository.mjs';
import { run, runNode } from './run.mjs';

const timeout = 240_000;

export class Reader {
  #home = mkdtempSync(join(tmpdir(), 'leviathan-reader-'));
  #folder = join(this.#home, 'project');
  #repository = join(this.#home, 'leviathan');
  #env;

  /** @param {NodeJS.ProcessEnv} env What npm needs beyond the reader's own home; see {@link npmSettings}. */
  constructor(env = {}) {
    mkdirSync(this.#folder);
    this.#env = { ...cleanEnvironment(), ...env, HOME: this.#home, USERPROFILE: this.#home };
  }

  /**
   * @param {import('./marked-blocks.mjs').MarkedBlock} block
   * @returns {Promise<{ ok: boolean, output: string }>}
   */
  async try(block) {
    if (block.kind === 'program') return this.#program(block.name ?? 'program.mjs', block.code);
    const cwd = block.kind === 'run' ? this.#folder : await this.#copyOfTheRepository();
    // Each line is shown as it runs; the first that fails ends the block.
    return run('bash', ['-eu', '-o', 'pipefail', '-x', '-c', block.code], { cwd, env: this.#env, timeout });
  }

  close() {
    rmSync(this.#home, { recursive: true, force: true });
  }

  /** Runs a program, and compiles it against the types that its imports bring. @param {string} name @param {string} code */
  async #program(name, code) {
    writeFileSync(join(this.#folder, name), code);
    const ran = await runNode(name, [], { cwd: this.#folder, env: this.#env, timeout });
    if (!ran.ok) return ran;
    const typed = name.replace(/\.mjs$/, '.mts');
    writeFileSync(join(this.#folder, typed), code);
    const options = [
      '--noEmit',
      '--strict',
      '--target',
      'es2022',
      '--module',
      'nodenext',
      '--lib',
      'es2023',
      '--pretty',
      'false',
    ];
    const types = ['--types', 'node', '--typeRoots', join(root, 'node_modules', '@types')];
    const compiled = await runNode(commandScript('typescript', 'tsc'), [...options, ...types, typed], {
      cwd: this.#folder,
    });
    rmSync(join(this.#folder, typed));
    return { ok: compiled.ok, output: `${ran.output}${compiled.output}` };
  }

  /** What a clone would hold: no node_modules, no build. */
  async #copyOfTheRepository() {
    if (existsSync(this.#repository)) return this.#repository;
    for (const path of await repositoryFiles()) {
      const target = join(this.#repository, path);
      mkdirSync(dirname(target), { recursive: true });
      copyFileSync(join(root, path), target);
    }
    return this.#repository;
  }
}

/** Nothing of the npm, the CI or the queue that this process runs under. */
function cleanEnvironment() {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(npm_.*|LEVIATHAN_.*|CI|INIT_CWD)$/i.test(name)),
  );
}

/**
 * This machine's settings and caches of npm and pnpm (proxies, certificates, no second download), and a registry for the
 * packages of this repository.
 *
 * @param {string} file Where to write the settings.
 * @param {string} registry
 * @returns {Promise<NodeJS.ProcessEnv>}
 */
export async function npmSettings(file, registry) {
  const [globalConfig = '', userConfig = '', cache = ''] = await Promise.all(
    ['globalconfig', 'userconfig', 'cache'].map(npmSetting),
  );
  const machine = existsSync(globalConfig) ? readFileSync(globalConfig, 'utf8') : '';
  writeFileSync(file, `${machine}\n@leviathan:registry=${registry}\n`, { mode: 0o600 });
  return {
    npm_config_globalconfig: file,
    npm_config_userconfig: userConfig,
    npm_config_cache: cache,
    npm_config_update_notifier: 'false',
    npm_config_fund: 'false',
    npm_config_audit: 'false',
    // pnpm's store.
    XDG_DATA_HOME: process.env.XDG_DATA_HOME ?? join(homedir(), '.local', 'share'),
  };
}

/** @param {string} name */
async function npmSetting(name) {
  const npm = npmScript();
  const asked = await (npm === undefined ? run('npm', ['config', 'get', name]) : runNode(npm, ['config', 'get', name]));
  return asked.stdout.trim();
}
