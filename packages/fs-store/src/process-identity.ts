/**
 * Which process is that, and is it proven to be dead? A pid alone says neither: pids are used again, and one of another
 * machine or container means nothing here.
 *
 * Tested on Linux. macOS (`sysctl`, `ps`) and Windows (PowerShell) follow the same rules, but what they ask the system for
 * is exercised only where the tests run on them; an answer that does not come proves nothing, so the lock stays held.
 *
 * @module
 */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { errorCode } from './files';

/** What tells one process from every other. `null`: could not be found out, so nothing is concluded from it. */
export interface ProcessIdentity {
  pid: number;
  /** When the process started, as the system words it: only ever compared for equality. */
  startTime: string | null;
  /** Changes with each boot. */
  bootId: string | null;
  /** Name and, where there is one, id of the machine. */
  host: string;
  /** Where pids are counted: containers of one machine see other processes under the same numbers. */
  pidNamespace: string | null;
}

/** This process. */
export function ownIdentity(): ProcessIdentity {
  own ??= {
    pid: process.pid,
    startTime: startTimeOf(process.pid),
    bootId: bootId(),
    host: host(),
    pidNamespace: orNull(() => readlinkSync('/proc/self/ns/pid')),
  };
  return own;
}

let own: ProcessIdentity | undefined;

/**
 * Whether that process can no longer write a byte: another boot of this machine since, no such pid, or the pid belongs to a
 * later process. `false` is no proof of life: it is also the answer about other machines and containers.
 */
export function isProvenDead(process: ProcessIdentity, me: ProcessIdentity = ownIdentity()): boolean {
  const sameBoot = process.bootId !== null && process.bootId === me.bootId;
  // One boot is one machine, whatever it is called by now or in its containers.
  if (!sameBoot && process.host !== me.host) return false;
  if (!sameBoot && process.bootId !== null && me.bootId !== null) return true;
  if (process.pidNamespace !== me.pidNamespace) return false;
  if (!exists(process.pid)) return true;
  if (isZombie(process.pid)) return true;
  const startTime = process.startTime === null ? null : startTimeOf(process.pid);
  return startTime !== null && startTime !== process.startTime;
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it is there, and somebody else's.
    return errorCode(error) !== 'ESRCH';
  }
}

/** Killed, and its parent has not looked yet. While any of its threads is left, a write may still be under way. */
function isZombie(pid: number): boolean {
  const state = linuxStat(pid)?.[0];
  if (state !== 'Z' && state !== 'X') return false;
  return orNull(() => readdirSync(`/proc/${pid}/task`).length <= 1) ?? false;
}

/** The fields of /proc/<pid>/stat behind the process's name, which may hold spaces and brackets itself (proc(5)). */
function linuxStat(pid: number): string[] | null {
  const stat = orNull(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
  return stat === null ? null : stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

function startTimeOf(pid: number): string | null {
  switch (process.platform) {
    case 'linux':
    case 'android':
      // Field 22, in clock ticks since the boot: immune to a clock that is set.
      return linuxStat(pid)?.[19] ?? null;
    case 'win32':
      return powershell(`(Get-Process -Id ${pid}).StartTime.ToFileTimeUtc()`);
    default:
      return run('ps', ['-o', 'lstart=', '-p', String(pid)]);
  }
}

function bootId(): string | null {
  switch (process.platform) {
    case 'linux':
    case 'android':
      return orNull(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim());
    case 'darwin':
      return run('sysctl', ['-n', 'kern.bootsessionuuid']);
    case 'win32':
      return powershell('(Get-CimInstance Win32_OperatingSystem).LastBootUpTime.ToFileTimeUtc()');
    default:
      return null;
  }
}

/** Two machines may have the same name and share a folder; the boot of one must not make the other's process look dead. */
function host(): string {
  switch (process.platform) {
    case 'darwin': {
      // The name of a Mac changes with the network that it is in; this does not.
      const registry = run('ioreg', ['-rd1', '-c', 'IOPlatformExpertDevice']);
      return /"IOPlatformUUID" = "([^"]+)"/.exec(registry ?? '')?.[1] ?? hostname();
    }
    case 'win32':
      return powershell('(Get-ItemProperty HKLM:\\SOFTWARE\\Microsoft\\Cryptography).MachineGuid') ?? hostname();
    default: {
      const machine = orNull(() => readFileSync('/etc/machine-id', 'utf8').trim());
      return machine ? `${hostname()} ${machine}` : hostname();
    }
  }
}

function powershell(script: string): string | null {
  return run('powershell.exe', ['-NoProfile', '-NonInteractive', '-Command', script]);
}

function run(command: string, args: string[]): string | null {
  return orNull(
    () =>
      execFileSync(command, args, {
        encoding: 'utf8',
        timeout: 10_000,
        windowsHide: true,
        stdio: ['ignore', 'pipe', 'ignore'],
        // `ps` words its times after the locale and the zone.
        env: { ...process.env, LC_ALL: 'C', TZ: 'UTC' },
      }).trim() || null,
  );
}

function orNull<T>(read: () => T): T | null {
  try {
    return read();
  } catch {
    return null;
  }
}
