/**
 * How this machine is, as far as Node and Linux tell: load, memory, disk, and on Linux whether it runs on battery. Whether the network is
 * metered and when somebody used the machine last they do not tell; a desktop program, which knows, gives the store a probe of its own.
 *
 * @module
 */
import { readdirSync, readFileSync, statfsSync } from 'node:fs';
import { availableParallelism, freemem, loadavg, platform } from 'node:os';
import { join } from 'node:path';
import type { MachineProbe, MachineState } from '@leviathan/core';

/** What is read is as good as new for so long (ms). */
const FRESH_MS = 1_000;
const MB = 1024 * 1024;
const POWER_SUPPLIES = '/sys/class/power_supply';

/** A probe of this machine, and of the disk that the folder is on. */
export function machineProbe(folder: string, supplies = POWER_SUPPLIES): MachineProbe {
  let state: MachineState = {};
  let readAt = Number.NEGATIVE_INFINITY;
  return {
    read: () => {
      if (performance.now() - readAt < FRESH_MS) return state;
      readAt = performance.now();
      state = {};
      // Windows has no load average, and Node says 0 there.
      if (platform() !== 'win32') state.load = (loadavg()[0] as number) / availableParallelism();
      state.freeMemory = freemem() / MB;
      const freeDisk = freeDiskOf(folder);
      if (freeDisk !== undefined) state.freeDisk = freeDisk;
      const onBattery = isOnBattery(supplies);
      if (onBattery !== undefined) state.onBattery = onBattery;
      return state;
    },
  };
}

/** Megabytes; `undefined` where the folder cannot be asked. */
function freeDiskOf(folder: string): number | undefined {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return (bavail * bsize) / MB;
  } catch {
    return undefined;
  }
}

/**
 * By the kernel's power supplies ("Linux power supply class", Documentation/ABI/testing/sysfs-class-power): on battery when one discharges
 * and no mains adapter is online. A machine without a battery runs on mains.
 */
function isOnBattery(supplies: string): boolean | undefined {
  try {
    let discharges = false;
    for (const name of readdirSync(supplies)) {
      const read = (file: string): string => readFileSync(join(supplies, name, file), 'utf8').trim();
      const type = read('type');
      if ((type === 'Mains' || type === 'USB') && read('online') === '1') return false;
      // A mouse has a battery, too.
      if (type === 'Battery' && scopeOf(read) !== 'Device' && read('status') === 'Discharging') discharges = true;
    }
    return discharges;
  } catch {
    return undefined;
  }
}

function scopeOf(read: (file: string) => string): string {
  try {
    return read('scope');
  } catch {
    return 'System';
  }
}
