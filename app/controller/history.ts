import { z } from 'zod';
import { slugSchema } from '../domain/slug';
import { deliveryStates } from '../model/delivery';
import { runStates } from '../model/run';
import { isoDate } from '../service/definition/fields';
import { decodeCursor, encodeCursor, timePosition } from '../service/page';
import { endpoint, noBody, nothing } from './endpoint';
import { idParams, pageQuery } from './parameters';

const page = z.strictObject(pageQuery);
const alertStates = ['ok', 'pending', 'firing', 'noData', 'error'] as const;

/** What has happened: runs, alerts with their transitions, deliveries. */
export default class HistoryController {
  readonly runs = endpoint({
    summary: 'Runs from new to old',
    params: nothing,
    query: page.extend({
      job: slugSchema.optional(),
      state: z.enum(runStates).optional(),
      from: isoDate.optional(),
      to: isoDate.optional(),
      hostId: z.string().max(64).optional(),
    }),
    body: noBody,
    handle: async ({ query: { limit, cursor, ...filter }, watchbell }) => {
      const { items, next } = await watchbell.runs.list(filter, limit, decodeCursor(timePosition, cursor));
      return { status: 200, body: { items, nextCursor: encodeCursor(next) } };
    },
  });

  readonly run = endpoint({
    summary: 'One run',
    params: idParams,
    query: nothing,
    body: noBody,
    handle: async ({ params, watchbell }) => ({ status: 200, body: await watchbell.runs.get(params.id) }),
  });

  readonly alerts = endpoint({
    summary: 'Open alerts',
    params: nothing,
    query: page.extend({ state: z.enum(alertStates).optional(), job: slugSchema.optional() }),
    body: noBody,
    handle: async ({ query, watchbell }) => ({ status: 200, body: await watchbell.alerts.list(query) }),
  });

  readonly alert = endpoint({
    summary: 'One alert',
    params: idParams,
    query: nothing,
    body: noBody,
    handle: async ({ params, watchbell }) => ({ status: 200, body: await watchbell.alerts.get(params.id) }),
  });

  readonly transitions = endpoint({
    summary: 'The changes of an alert from new to old',
    params: idParams,
    query: page,
    body: noBody,
    handle: async ({ params, query, watchbell }) => ({
      status: 200,
      body: await watchbell.alerts.transitions(params.id, query),
    }),
  });

  readonly deliveries = endpoint({
    summary: 'Deliveries from new to old',
    params: nothing,
    query: page.extend({
      channel: slugSchema.optional(),
      state: z.enum(deliveryStates).optional(),
      job: slugSchema.optional(),
    }),
    body: noBody,
    handle: async ({ query, watchbell }) => ({ status: 200, body: await watchbell.deliveries.list(query) }),
  });
}
