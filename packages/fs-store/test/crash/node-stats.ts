/** As much of `fs.Stats` and `fs.Dirent` as the store looks at. */
import { constants, type Dirent, type Stats } from 'node:fs';
import type { Node } from './disk';

const uid = process.geteuid?.() ?? 0;
const FILE_TYPE = constants.S_IFREG;
const FOLDER_TYPE = constants.S_IFDIR;

/** As much of `fs.Stats` as the store looks at. */
class NodeStats {
  readonly ino: number;
  readonly mtimeMs: number;
  readonly size: number;
  readonly mode: number;
  readonly uid = uid;
  readonly dev = 1;
  readonly birthtimeMs = 1;

  constructor(private readonly node: Node) {
    this.ino = node.ino;
    this.mtimeMs = node.mtimeMs;
    this.size = node.kind === 'file' ? node.content.size : 0;
    this.mode = node.mode | (node.kind === 'file' ? FILE_TYPE : FOLDER_TYPE);
  }

  isFile(): boolean {
    return this.node.kind === 'file';
  }

  isDirectory(): boolean {
    return this.node.kind === 'folder';
  }

  isSymbolicLink(): boolean {
    return false;
  }
}

export function statsOf(node: Node): Stats {
  return new NodeStats(node) as unknown as Stats;
}

/** As much of `fs.Dirent`. */
class NodeEntry {
  constructor(
    readonly name: string,
    private readonly node: Node | undefined,
  ) {}

  isFile(): boolean {
    return this.node?.kind === 'file';
  }

  isDirectory(): boolean {
    return this.node?.kind === 'folder';
  }

  isSymbolicLink(): boolean {
    return false;
  }
}

export function entryOf(name: string, node: Node | undefined): Dirent {
  return new NodeEntry(name, node) as unknown as Dirent;
}
