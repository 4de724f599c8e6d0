import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { findClickHouse } from '../../tools/demo/clickhouse';
import { command, program } from '../support/command';

const demoFolders = () => readdirSync(tmpdir()).filter(name => name.startsWith('watchbell-demo-'));

async function processesOf(words: string): Promise<string> {
  const listed = await program('ps', ['-wweo', 'pid,args'], process.env);
  return listed.output
    .split('\n')
    .filter(line => line.includes(words) && !line.includes('ps -wweo'))
    .join('\n');
}

describe('npm run demo -- --once', () => {
  it.for(['clickhouse', 'mongodb'])(
    'shows every step in under 90 s with the log in %s, and leaves nothing',
    { timeout: 180_000 },
    async (log, { skip }) => {
      if (log === 'clickhouse' && findClickHouse() === null) return skip('no ClickHouse here');
      const before = demoFolders();
      const played = await command(['demo', '--once', '--log', log], { ...process.env, NODE_OPTIONS: '' }, 150_000);
      expect(played, played.output).toMatchObject({ code: 0 });
      expect(played.tookMs).toBeLessThan(90_000);
      for (const step of ['FIRING', 'held on both workers', 'muted by mute', '/open?name=online-404', 'RESOLVED']) {
        expect(played.output).toContain(step);
      }
      expect(demoFolders()).toEqual(before);
      expect(await processesOf('watchbell-demo-')).toBe('');
    },
  );
});
