import { pluginManifest, ValidationError } from '@leviathan/core';
import { runJob, testLeviathan } from '@leviathan/core/testing';
import { describe, expect, it } from 'vitest';
import plugin, { processor } from '../src/index';

describe('the processor', () => {
  it('works on every item, and tells how far it is', async () => {
    const { status, result, progress, logs } = await runJob(processor, { items: ['a', 'b'] });
    expect({ status, result }).toEqual({ status: 'completed', result: { done: 2 } });
    expect(progress.map(({ percent }) => percent)).toEqual([50, 100]);
    expect(logs.map(({ message }) => message)).toEqual(['2 of 2 items done']);
  });

  it('is tried again when it fails, and fails for good in the end', async () => {
    const { status, attempts, error } = await runJob(processor, { items: [' '] }, { attempts: 2 });
    expect({ status, attempts }).toEqual({ status: 'failed', attempts: 2 });
    expect(error?.message).toBe('There is nothing to work on.');
  });

  it('refuses data that does not fit before anything runs', async () => {
    await using leviathan = testLeviathan({ plugins: [plugin] });
    await expect(leviathan.add(processor.type, { items: [] })).rejects.toThrow(ValidationError);
  });
});

describe('the plugin', () => {
  it('brings the processor into a program', async () => {
    await using leviathan = testLeviathan({ plugins: [plugin] });
    const job = await leviathan.add(processor.type, { items: ['a'] });
    await leviathan.drain();
    expect(await job.result()).toEqual({ done: 1 });
  });

  it('tells forms what a job needs', () => {
    expect(pluginManifest(plugin).processors).toMatchObject([
      { type: processor.type, input: { type: 'object', required: ['items'] } },
    ]);
  });
});
