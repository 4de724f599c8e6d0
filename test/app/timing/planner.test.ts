import { afterEach, describe, expect, it } from 'vitest';
import type { DayRule } from '../../../app/domain/calendar/types';
import type { Job } from '../../../app/domain/job/types';
import { calendarModel, jobModel } from '../../../app/model/definition';
import { Calendars } from '../../../app/repository/calendars';
import { Jobs } from '../../../app/repository/jobs';
import { CalendarBook } from '../../../app/timing/calendarBook';
import { type JobPlans, Planner } from '../../../app/timing/planner';
import { useDatabase } from '../../support/database';
import { storeJob } from '../../support/storedJob';

const { database } = useDatabase();
const newYear = Date.parse('2026-01-01T00:00:00Z') / 86_400_000;

afterEach(async () => {
  for (const model of [jobModel, calendarModel]) await database.collection(model).deleteMany({});
});

/** What the timekeeper would know. */
class Plans implements JobPlans {
  readonly jobs = new Map<string, { job: Job; rule: DayRule | null }>();
  upserts = 0;

  upsert(job: Job, rule: DayRule | null): void {
    this.upserts += 1;
    this.jobs.set(job.name, { job, rule });
  }

  remove(name: string): void {
    this.jobs.delete(name);
  }

  retain(names: ReadonlySet<string>): void {
    for (const name of this.jobs.keys()) if (!names.has(name)) this.jobs.delete(name);
  }
}

function plannerOf() {
  const plans = new Plans();
  const order: string[] = [];
  const beforeLoad = async () => {
    order.push(`before ${plans.upserts}`);
  };
  const calendars = new CalendarBook(new Calendars(database));
  const planner = new Planner({ jobs: new Jobs(database), calendars, plans: [plans], beforeLoad });
  return { planner, plans, order };
}

async function storeCalendar(revision: number, holidays: string[]) {
  const spec = {
    kind: 'plain',
    zone: 'UTC',
    weekend: [],
    holidays: holidays.map(date => ({ date, name: '' })),
    workdays: [],
  };
  const head = { revision, createdRevision: 1, deleted: false, updatedAt: new Date(), updatedBy: 'test' };
  await database.collection(calendarModel).replaceOne({ _id: 'company' }, { ...head, spec }, { upsert: true });
}

const calendar = { name: 'company', on: 'workdays', outside: 'skip' } as const;
const isWorkday = (plans: Plans, job: string) => plans.jobs.get(job)?.rule?.days.isWorkday(newYear);

describe('Planner', () => {
  it('loads every job with its calendar, after it was asked from when on occurrences may have been missed', async () => {
    await storeCalendar(1, ['2026-01-01']);
    await storeJob(database, { name: 'office', calendar });
    await storeJob(database, { name: 'always' });
    const { planner, plans, order } = plannerOf();
    plans.upsert(await storeJob(database, { name: 'gone' }), null);
    await database.collection(jobModel).deleteOne({ _id: 'gone' });
    await planner.loadAll();
    expect(order).toEqual(['before 1']);
    expect([...plans.jobs.keys()].sort()).toEqual(['always', 'office']);
    expect(isWorkday(plans, 'office')).toBe(false);
    expect(plans.jobs.get('always')?.rule).toBeNull();
  });

  it.each(['loadSince', 'loadOne'] as const)(
    'plans the jobs of a changed calendar anew, and no others (%s)',
    async how => {
      await storeCalendar(1, []);
      await storeJob(database, { name: 'office', calendar, revision: 2 });
      await storeJob(database, { name: 'always', revision: 3 });
      const { planner, plans } = plannerOf();
      await planner.loadAll();
      expect(isWorkday(plans, 'office')).toBe(true);
      const { upserts } = plans;
      await storeCalendar(4, ['2026-01-01']);
      if (how === 'loadSince') await planner.loadSince(3);
      else await planner.loadOne('calendar', 'company');
      expect(isWorkday(plans, 'office')).toBe(false);
      expect(plans.upserts).toBe(upserts + 1);
    },
  );

  it('takes a job in that was changed, and out that is no more', async () => {
    const { planner, plans } = plannerOf();
    await planner.loadAll();
    await storeJob(database, { name: 'new', revision: 5 });
    await planner.loadSince(4);
    expect(plans.jobs.has('new')).toBe(true);
    await database.collection(jobModel).deleteOne({ _id: 'new' });
    await planner.loadOne('job', 'new');
    expect(plans.jobs.has('new')).toBe(false);
  });
});
