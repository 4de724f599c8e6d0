import { z } from 'zod';
import { endpoint, nothing } from './endpoint';
import { jsonObject } from './parameters';

const previewAnswer = z.object({
  fires: z.array(
    z.object({
      at: z.iso.datetime(),
      local: z.string(),
      offset: z.string(),
      keptBack: z.boolean(),
      note: z.string().nullable(),
    }),
  ),
  description: z.object({ en: z.string(), zh: z.string() }),
  warnings: z.array(z.string()),
  zone: z.string(),
});

/** `/api/v1/schedules` */
export default class SchedulesController {
  readonly preview = endpoint({
    summary:
      'What a schedule will do: its next fires, the sentence that it is, and what its author may not have thought of',
    params: nothing,
    query: nothing,
    body: { schema: jsonObject, document: watchbell => watchbell.previews.document() },
    answer: previewAnswer,
    handle: async ({ body, watchbell }) => ({ status: 200, body: await watchbell.previews.of(body) }),
  });
}
