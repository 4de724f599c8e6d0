import { setTimeout as sleep } from 'node:timers/promises';
import { MongoBackend } from '@agendajs/mongo-backend';
import { Agenda } from 'agenda';
import { z } from 'zod';

/** One process of an Agenda cluster: tells whoever started it of each start and end of a handler. */
const options = z.object({
  url: z.string(),
  database: z.string(),
  /** How often it looks for what is due; its own default of 5 s would be the lateness. */
  processEveryMs: z.number(),
  /** Null is its default, 10 minutes. */
  lockMs: z.number().nullable(),
  workMs: z.number(),
});

const { url, database, processEveryMs, lockMs, workMs } = options.parse(JSON.parse(process.argv[2] ?? 'null'));
const address = new URL(url.replace(/^mongodb:/, 'http:'));
address.pathname = `/${database}`;
const agenda = new Agenda({
  backend: new MongoBackend({ address: address.toString().replace(/^http:/, 'mongodb:') }),
  processEvery: processEveryMs,
  defaultConcurrency: 100,
  maxConcurrency: 100,
  ...(lockMs === null ? {} : { defaultLockLifetime: lockMs }),
});
const index = z.object({ index: z.number() });

agenda.define('bench', async job => {
  const told = { index: index.parse(job.attrs.data).index, pid: process.pid };
  process.send?.({ ...told, phase: 'start', at: Date.now() });
  if (workMs > 0) await sleep(workMs);
  process.send?.({ ...told, phase: 'end', at: Date.now() });
});
agenda.on('error', error => console.error(error));
process.once('disconnect', () => process.exit(0));
void agenda.start().then(() => process.send?.({ ready: true }));
