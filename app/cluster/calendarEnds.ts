import { Gauge, type Registry } from 'prom-client';
import { knownUntil } from '../domain/calendar/compile';
import { daysLeft } from '../domain/calendar/end';
import type { Calendar, CivilDay } from '../domain/calendar/types';
import type { Calendars } from '../repository/calendars';
import type { DefinitionKind, Revisions } from '../repository/revisions';
import type { FeedHandler } from './definitionFeed';
import type { Clock } from './types';

/** Shows on /metrics how long each calendar still has data, by MongoDB's time. One without dates has no end. */
export class CalendarEnds implements FeedHandler {
  private readonly lastDays = new Map<string, CivilDay>();

  constructor(
    private readonly calendars: Calendars,
    private readonly revisions: Revisions,
    clock: Clock,
    registry: Registry,
  ) {
    const { lastDays } = this;
    new Gauge({
      name: 'watchbell_calendar_days_left',
      help: 'Days until a calendar has no data any more, negative afterwards',
      labelNames: ['calendar'],
      // Each worker of the host shows the same calendars.
      aggregator: 'min',
      registers: [registry],
      collect() {
        this.reset();
        for (const [calendar, last] of lastDays) this.set({ calendar }, daysLeft(last, clock.now().getTime()));
      },
    });
  }

  async loadAll(): Promise<void> {
    const found: Calendar[] = [];
    for await (const calendar of this.calendars.all()) found.push(calendar);
    this.lastDays.clear();
    for (const calendar of found) this.keep(calendar);
  }

  async loadSince(revision: number): Promise<void> {
    await this.load(await this.revisions.changedNames('calendar', revision));
  }

  async loadOne(kind: DefinitionKind, name: string): Promise<void> {
    if (kind === 'calendar') await this.load([name]);
  }

  private async load(names: readonly string[]): Promise<void> {
    const found = await this.calendars.byNames(names);
    for (const name of names) {
      const calendar = found.get(name);
      if (calendar === undefined) this.lastDays.delete(name);
      else this.keep(calendar);
    }
  }

  private keep(calendar: Calendar): void {
    const last = knownUntil(calendar);
    if (last === null) this.lastDays.delete(calendar.name);
    else this.lastDays.set(calendar.name, last);
  }
}
