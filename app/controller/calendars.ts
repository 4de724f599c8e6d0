import { z } from 'zod';
import { decodeCursor } from '../service/page';
import {
  allow,
  type DefinitionRoutes,
  deleteOne,
  getOne,
  listReply,
  patchOne,
  putOne,
  writeOptions,
  written,
} from './definitionEndpoints';
import { endpoint, noBody, nothing } from './endpoint';
import { flag, givenFields, nameParams, pageQuery, writeQuery } from './parameters';

const routes: DefinitionRoutes = { kind: 'calendar', set: watchbell => watchbell.definitions.calendars };

const list = z.enum(['holidays', 'workdays']);

/** iCalendar as it is, with the choices in the query; or in JSON, with the choices beside it. */
const importBody = z.union([
  z.string().transform(ical => ({ ical, as: undefined, replace: undefined })),
  z.strictObject({ ical: z.string(), as: list.optional(), replace: z.boolean().optional() }),
]);

/** `/api/v1/calendars` */
export default class CalendarsController {
  readonly list = endpoint({
    summary: 'The calendars in the order of their names',
    params: nothing,
    query: z.strictObject({ ...pageQuery, kind: z.string().max(64).optional() }),
    body: noBody,
    handle: async ({ query: { limit, cursor, kind }, watchbell }) => {
      const after = decodeCursor(z.string(), cursor);
      const filter = givenFields({ 'spec.kind': kind });
      return listReply(await watchbell.definitions.calendars.list({ limit, after, filter }));
    },
  });

  readonly get = getOne(routes);
  readonly put = putOne(routes);
  readonly patch = patchOne(routes);
  readonly remove = deleteOne(routes);

  readonly import = endpoint({
    summary: 'Takes the all-day events of an iCalendar file into a calendar, all or none; answers how many it added',
    params: nameParams,
    query: writeQuery.extend({ as: list.optional(), replace: flag.optional() }),
    body: { schema: importBody, types: ['text/calendar'] },
    handle: async call => {
      const { params, query, body, identity, watchbell } = call;
      allow(routes, identity, params.name);
      const given = {
        ical: body.ical,
        as: body.as ?? query.as,
        replace: body.replace ?? query.replace ?? false,
      };
      return await written(call, await watchbell.definitions.calendars.import(params.name, given, writeOptions(call)));
    },
  });
}
