import { z } from 'zod';

const jobs = z.number().int().positive();
/** The mongod that all subjects of a workload share. */
const place = { mongodbUrl: z.string(), mongodPid: z.number().int() };

/** What one fresh process is to measure. */
export const taskSchema = z.discriminatedUnion('kind', [
  /** All jobs due in one second, `leadMs` after the start; `watchLoop` also samples the event loop. */
  z.object({ kind: z.literal('burst'), jobs, leadMs: z.number(), watchLoop: z.boolean() }),
  /** Each job due every `periodSeconds`, spread evenly over that period, in zones or all in UTC. */
  z.object({ kind: z.literal('sustained'), jobs, periodSeconds: z.number().int(), zones: z.boolean() }),
  z.object({ kind: z.literal('registration'), jobs }),
  z.object({ kind: z.literal('idle'), jobs, forMs: z.number() }),
  /** How long the event loop stands still while jobs are loaded. */
  z.object({ kind: z.literal('loading'), jobs }),
  /** How long it stands still while so many of the loaded jobs change. */
  z.object({ kind: z.literal('changes'), jobs, changed: jobs }),
  /** Next occurrences in a zone, for so much CPU time each. */
  z.object({ kind: z.literal('next'), cpuMs: z.number() }),
  /** The full path of runs that do nothing, so many due in one instant each 10 s: these loads, one after another. */
  z.object({ kind: z.literal('path'), ...place, loads: z.array(jobs), periods: z.number().int().positive() }),
  /** So many schedules of one second for so long; one of two workers is killed a third of the way. */
  z.object({ kind: z.literal('kill'), ...place, schedules: jobs, seconds: jobs, workMs: z.number() }),
  /** From the due time of so many jobs to the handler in one of two workers, so often; or the same messages alone. */
  z.object({ kind: z.literal('ipc'), jobs, bursts: jobs, mode: z.enum(['timekeeper', 'batches', 'single']) }),
  /** So many occurrences due at once, claimed by so many processes. */
  z.object({
    kind: z.literal('claims'),
    ...place,
    occurrences: jobs,
    hosts: jobs,
    mode: z.enum(['spread', 'one', 'race']),
  }),
  /** Mutes and changes of definitions, so many of each, asked of one host and looked for on both. */
  z.object({ kind: z.literal('inForce'), ...place, times: jobs }),
  /** What so many stored jobs, hosts and runs cost while nothing is due. */
  z.object({ kind: z.literal('growth'), ...place, jobs, hosts: jobs, runs: z.number().int(), idleMs: z.number() }),
]);

export type Task = z.infer<typeof taskSchema>;

/** Named figures of one measurement; the unit is the end of the name. */
const figuresSchema = z.record(z.string(), z.number());

export type Figures = z.infer<typeof figuresSchema>;

const measuredSchema = z.object({
  figures: figuresSchema,
  /** For `next`: the answers to the sample questions, by expression. */
  answers: z.record(z.string(), z.array(z.number())).optional(),
});

export type Measured = z.infer<typeof measuredSchema>;

/** From the process that measures; `late` when the jobs were not registered before they were due. */
export const messageSchema = z.union([z.object({ late: z.literal(true) }), measuredSchema]);

export type Message = z.infer<typeof messageSchema>;
