/**
 * Code blocks of a Markdown document that are marked to be tried. An HTML comment on the line before a fence marks it:
 *
 * - `run` (a sh block): a reader's shell, in a folder that is empty at the document's start and kept from block to block.
 * - `run: repository` (a sh block): a shell in a fresh copy of this repository, kept from block to block as well.
 * - `program: NAME` (a ts or js block): the reader saves it as NAME, a `.mjs` file, in the reader's folder and runs it.
 */

/**
 * @typedef {object} MarkedBlock
 * @property {'run' | 'run: repository' | 'program'} kind
 * @property {string} [name] Of a program.
 * @property {string} code
 * @property {number} line Of the fence, from 1.
 */

const mark = /^<!--\s*(run|run:\s*repository|program:\s*(\S+))\s*-->$/;
const looksLikeMark = /^<!--\s*(?:run|program)\b/;
const languages = { run: ['sh', 'bash'], program: ['js', 'mjs', 'ts'] };

/**
 * @param {string} markdown
 * @returns {MarkedBlock[]}
 * @throws {Error} naming the line of a mark that cannot be understood or marks nothing: it would silently try nothing.
 */
export function markedBlocks(markdown) {
  const blocks = [];
  const lines = markdown.split(/\r?\n/);
  /** @type {{ kind: MarkedBlock['kind'], name?: string, line: number } | undefined} */
  let pending;
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? '';
    const fence = /^(`{3,}|~{3,})\s*(\w*)/.exec(line);
    if (fence !== null) {
      const end = closingFence(lines, at, fence[1] ?? '```');
      if (pending !== undefined) {
        const wanted = languages[pending.kind === 'program' ? 'program' : 'run'];
        const language = fence[2] ?? '';
        if (!wanted.includes(language)) {
          throw new Error(
            `line ${at + 1}: a block marked "${pending.kind}" is ${wanted.join(' or ')}, not "${language}"`,
          );
        }
        blocks.push({ ...pending, code: `${lines.slice(at + 1, end).join('\n')}\n`, line: at + 1 });
        pending = undefined;
      }
      at = end;
      continue;
    }
    if (pending !== undefined && line.trim() !== '')
      throw new Error(`line ${pending.line}: no code block follows this mark`);
    if (looksLikeMark.test(line)) pending = parseMark(line, at + 1);
  }
  if (pending !== undefined) throw new Error(`line ${pending.line}: no code block follows this mark`);
  return blocks;
}

/** @param {string} text @param {number} line @returns {{ kind: MarkedBlock['kind'], name?: string, line: number }} */
function parseMark(text, line) {
  const match = mark.exec(text.trim());
  if (match === null) throw new Error(`line ${line}: "${text.trim()}" is no mark that is known here`);
  const name = match[2];
  if (name === undefined) return { kind: match[1] === 'run' ? 'run' : 'run: repository', line };
  if (!/^[\w.-]+\.mjs$/.test(name))
    throw new Error(`line ${line}: a program's name ends in .mjs and has no folder: ${name}`);
  return { kind: 'program', name, line };
}

/** @param {string[]} lines @param {number} start @param {string} fence */
function closingFence(lines, start, fence) {
  const end = lines.findIndex(
    (line, at) => at > start && line.startsWith(fence) && line.trim().replaceAll(fence[0] ?? '`', '') === '',
  );
  if (end === -1) throw new Error(`line ${start + 1}: this code block has no end`);
  return end;
}
