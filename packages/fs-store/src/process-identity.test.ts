import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { isProvenDead, ownIdentity } from './process-identity';

const me = ownIdentity();

async function deadPid(): Promise<number> {
  const child = spawn(process.execPath, ['-e', '']);
  await once(child, 'exit');
  return child.pid ?? 0;
}

describe('the identity of a process', () => {
  it('is the same each time it is asked for', () => {
    expect(ownIdentity()).toEqual(me);
    expect(me.pid).toBe(process.pid);
  });

  it.runIf(process.platform === 'linux')('holds start time, boot and namespace on Linux', () => {
    expect(me.startTime).toMatch(/^\d+$/);
    expect(me.bootId).toMatch(/^[0-9a-f-]{36}$/);
    expect(me.pidNamespace).toMatch(/^pid:/);
  });
});

describe('proof of death', () => {
  it('is not there for a living process', () => {
    expect(isProvenDead(me)).toBe(false);
  });

  it('is a pid that no process has', async () => {
    expect(isProvenDead({ ...me, pid: await deadPid() })).toBe(true);
  });

  it('is a pid that a later process got', () => {
    expect(isProvenDead({ ...me, startTime: '1' })).toBe(true);
  });

  it('is another boot of the same machine', () => {
    const before = { ...me, bootId: 'an earlier boot' };
    expect(isProvenDead(before, { ...me, bootId: 'this boot' })).toBe(true);
  });

  it('is never another machine, whatever its pids and boots are', async () => {
    const elsewhere = { ...me, host: 'elsewhere', bootId: 'its boot', pid: await deadPid() };
    expect(isProvenDead(elsewhere)).toBe(false);
    expect(isProvenDead({ ...elsewhere, bootId: null })).toBe(false);
  });

  it('is never a pid of another container, nor a start time that nobody knows', async () => {
    const container = { ...me, pidNamespace: 'pid:[1]', pid: await deadPid(), startTime: '1' };
    expect(isProvenDead(container)).toBe(false);
    expect(isProvenDead({ ...me, startTime: null })).toBe(false);
  });

  it('survives a change of the name of the machine while it runs', async () => {
    if (me.bootId === null) return expect(existsSync('/proc/sys/kernel/random/boot_id')).toBe(false);
    expect(isProvenDead({ ...me, host: 'old-name', pid: await deadPid() })).toBe(true);
  });

  it('is not there for processes that belong to somebody else', () => {
    // Process 1 is there, and seldom ours to signal.
    expect(isProvenDead({ ...me, pid: 1, startTime: null })).toBe(false);
  });
});
