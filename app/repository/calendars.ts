import type { ClientSession } from 'mongodb';
import { z } from 'zod';
import type { Calendar } from '../domain/calendar/types';
import { calendarModel, calendarSpecSchema, jobModel } from '../model/definition';
import type { Database } from './database';

const live = calendarModel.schema.extend({ spec: calendarSpecSchema });
const user = z.object({ _id: z.string() });

/** Calendars as schedules read them, from the primary; definitions.ts writes them. */
export class Calendars {
  private readonly collection;
  private readonly jobs;

  constructor(database: Database) {
    this.collection = database.collection(calendarModel);
    this.jobs = database.collection(jobModel);
  }

  /** The newest definitions by name; a calendar that is missing or deleted is not in the answer. */
  async byNames(names: readonly string[], session?: ClientSession): Promise<Map<string, Calendar>> {
    if (names.length === 0) return new Map();
    const filter = { _id: { $in: [...new Set(names)] }, deleted: false };
    const stored = await this.collection.find(filter, { session }).toArray();
    return new Map(stored.map(parseCalendar).map(calendar => [calendar.name, calendar]));
  }

  /** Every calendar that is not deleted. */
  async *all(): AsyncGenerator<Calendar> {
    for await (const document of this.collection.find({ deleted: false }).sort({ _id: 1 })) {
      yield parseCalendar(document);
    }
  }

  /** Names of the jobs that name any of these calendars: what is to be planned anew when one of them changes. */
  async jobsOf(names: readonly string[]): Promise<string[]> {
    if (names.length === 0) return [];
    const filter = { calendars: { $in: [...names] }, deleted: false };
    const stored = await this.jobs
      .find(filter, { projection: { _id: 1 } })
      .sort({ _id: 1 })
      .toArray();
    return stored.map(document => user.parse(document)._id);
  }
}

/** Reads a stored calendar that is not deleted; throws a ZodError where the document is not one. */
export function parseCalendar(document: unknown): Calendar {
  const { _id: name, revision, spec } = live.parse(document);
  return { ...spec, name, revision };
}
