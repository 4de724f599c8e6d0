import { z } from 'zod';

/** What every name of a job, source or channel must be; said to whoever gives another one. */
const slugMessage =
  'a name has 1 to 64 characters: a-z, 0-9, ".", "_" and "-", and begins with a letter or a digit, such as "online-404"';

/** Name of a job, source or channel. */
export const slugSchema = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, {
  error: issue => `${JSON.stringify(issue.input)} is not a name: ${slugMessage}`,
});
