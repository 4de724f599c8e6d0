import { readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { command, program } from '../support/command';

const result = z.object({
  pass: z.boolean(),
  faults: z.array(
    z.object({
      fault: z.string(),
      due: z.number(),
      missed: z.number(),
      twice: z.number(),
      repeatedOfClose: z.number(),
      takenOver: z.object({ count: z.number(), maxMs: z.number() }),
      recoveredMs: z.number().nullable(),
      pass: z.boolean(),
    }),
  ),
});

const environment = { ...process.env, NODE_OPTIONS: '' };
const folders = () => readdirSync(tmpdir()).filter(name => name.startsWith('watchbell-drill-'));

/** Hosts, witnesses and databases that a drill has started, by what stands in their command lines. */
function processesLeft(): string[] {
  return readdirSync('/proc').flatMap(pid => {
    if (!/^\d+$/.test(pid)) return [];
    try {
      const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').join(' ');
      return /watchbell-drill-|--title=wb-drill-/.test(line) ? [line] : [];
    } catch {
      return [];
    }
  });
}

describe('npm run drill', () => {
  it('finds nothing missed and nothing twice in four faults, says so by its exit code, and leaves nothing', {
    timeout: 600_000,
  }, async () => {
    const drilled = await program(
      process.execPath,
      ['tools/run.cjs', 'drill', '--quick', '--json', '--seed', '1'],
      environment,
      580_000,
    );
    const json = drilled.output.split('\n').find(line => line.startsWith('{"pass"')) ?? '{}';
    const { pass, faults } = result.parse(JSON.parse(json));
    expect(faults.map(one => one.fault)).toEqual(['worker-kill', 'host-kill', 'worker-stop', 'mongod-kill']);
    for (const one of faults) {
      expect(one, drilled.output).toMatchObject({ missed: 0, twice: 0, repeatedOfClose: 0 });
      expect(one.due).toBeGreaterThan(500);
    }
    expect(Math.max(...faults.map(one => one.takenOver.count))).toBeGreaterThan(0);
    // Whether it was also quick enough is the machine's matter too; the verdict and the exit code say it.
    expect(drilled.code).toBe(pass ? 0 : 1);
    expect(processesLeft()).toEqual([]);
    expect(folders()).toEqual([]);
  });

  it('leaves nothing when it is ended in between', { timeout: 60_000 }, async () => {
    // As Ctrl-C: after this span the hosts are up, or just coming up.
    const ended = await program(
      'timeout',
      ['--signal=INT', '12', process.execPath, 'tools/run.cjs', 'drill', '--quick'],
      environment,
    );
    expect(ended.output).toContain('Drill of worker-kill');
    expect(ended.output).not.toContain('pass');
    expect(processesLeft()).toEqual([]);
    expect(folders()).toEqual([]);
  });

  it.each([
    [['--fault', 'flood'], 'There is no fault "flood"; there are worker-kill, agent-kill'],
    [['--rounds', '0'], '--rounds 0: give a whole number from 1 to 100.'],
    [['--fault', 'none'], '--fault none goes with --url'],
    [['--url', 'http://127.0.0.1:1', '--token', 'wb_x'], '--url needs --witness-url host:port'],
    [['--url', 'http://127.0.0.1:1', '--witness-url', '127.0.0.1:7900'], '--url needs --token'],
    [['--speed', '9'], "Unknown option '--speed'"],
  ])('says what is wrong with %j', async (args, sentence) => {
    const refused = await command(['drill', ...args], environment);
    expect(refused).toMatchObject({ code: 1 });
    expect(refused.output).toContain(sentence);
    expect(refused.output).not.toContain('    at ');
  });
});
