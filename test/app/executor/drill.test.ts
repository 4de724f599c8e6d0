import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { executors, executorsWith } from '../../../app/executor';
import type { RunTools } from '../../../app/executor/types';
import { Receiver } from '../../../tools/drill/receiver';
import { eventSchema } from '../../../tools/drill/types';

const folder = mkdtempSync(path.join(tmpdir(), 'wb-drill-test-'));
const file = path.join(folder, 'witness.jsonl');
const receiver = new Receiver(file);
const outbound = { purpose: 'channel', allowNets: [], allowLoopback: true } as const;
const idle = new AbortController().signal;
let url = '';
let seen = 0;
let leftMs = 10_000;

beforeAll(async () => {
  url = `http://127.0.0.1:${await receiver.listen(['127.0.0.1'], 0)}/`;
});

afterAll(async () => {
  await receiver.close();
  rmSync(folder, { recursive: true });
});

beforeEach(() => {
  seen = lines().length;
  leftMs = 10_000;
});

function lines(): string[] {
  return readFileSync(file, 'utf8').split('\n').filter(Boolean);
}

/** What the witness wrote since the test began. */
function written() {
  return lines()
    .slice(seen)
    .map(line => eventSchema.parse(JSON.parse(line)));
}

const tools: RunTools = { run: { id: 'load@2026-11-21T10:00:00.000Z', fence: 3 }, readSource: async () => [] };

function drill() {
  const lease = { memberId: 'a:1:x', remainingMs: () => leftMs };
  const executor = executorsWith({ outbound, lease }).get('drill');
  if (executor === undefined) throw new Error('drill is not registered');
  return executor;
}

describe('the job kind drill', () => {
  it('is not there unless it is asked for', () => {
    expect(executors.has('drill')).toBe(false);
    expect(executorsWith(null).has('drill')).toBe(false);
    expect([...executorsWith({ outbound, lease: { memberId: 'a', remainingMs: () => 1 } }).keys()]).toEqual([
      ...executors.keys(),
      'drill',
    ]);
  });

  it('tells the witness of the start and of the end of its work', async () => {
    const outcome = await drill().run({ url, workMs: 150 }, tools, idle);
    expect(outcome).toEqual({ check: null, summary: { workMs: 150 } });
    const base = { occurrence: 'load@2026-11-21T10:00:00.000Z', fence: 3, member: 'a:1:x' };
    expect(written()).toMatchObject([
      { ...base, phase: 'start' },
      { ...base, phase: 'end' },
    ]);
    const [start, end] = written();
    expect(Number(end?.at) - Number(start?.at)).toBeGreaterThanOrEqual(140);
  });

  it('tells nobody where it has no witness, and still takes its time', async () => {
    const outcome = await drill().run({ url: null, workMs: 0 }, tools, idle);
    expect(outcome).toEqual({ check: null, summary: { workMs: 0 } });
    expect(written()).toEqual([]);
  });

  it('ends with its signal, and tells nobody of an end', async () => {
    const controller = new AbortController();
    const run = drill().run({ url, workMs: 60_000 }, tools, controller.signal);
    setTimeout(() => controller.abort(new Error('lost')), 200);
    await expect(run).rejects.toThrow();
    expect(written().map(one => one.phase)).toEqual(['start']);
  });

  it('tells nobody anything once its lease has passed, and waits for the end of its run', async () => {
    leftMs = 0;
    const controller = new AbortController();
    const run = drill().run({ url, workMs: 1 }, tools, controller.signal);
    setTimeout(() => controller.abort(new Error('The lease is lost.')), 100);
    await expect(run).rejects.toThrow('The lease is lost.');
    expect(written()).toEqual([]);
  });

  it('fails where the witness does not take the call', async () => {
    const nobody = 'http://127.0.0.1:9/';
    await expect(drill().run({ url: nobody, workMs: 1 }, tools, idle)).rejects.toMatchObject({ code: 'network' });
    const wordless: RunTools = { ...tools, run: { id: 'x', fence: 0.5 } };
    await expect(drill().run({ url, workMs: 1 }, wordless, idle)).rejects.toThrow('The witness answered 422');
  });

  it('goes through the guard on addresses', async () => {
    const guarded = executorsWith({
      outbound: { ...outbound, allowLoopback: false },
      lease: { memberId: 'a', remainingMs: () => 1000 },
    }).get('drill');
    await expect(guarded?.run({ url, workMs: 1 }, tools, idle)).rejects.toThrow('WATCHBELL_ALLOW_LOOPBACK');
  });

  it('has no alerts', () => {
    expect(drill().failed({ url, workMs: 1 }, { code: 'x', message: 'y' })).toBeNull();
    expect(drill().references({ url, workMs: 1 })).toEqual([]);
  });
});
