import { z } from 'zod';
import { defineModel } from './types';

export const tokenModel = defineModel({
  collection: 'tokens',
  schema: z.object({
    /** SHA-256 of the token's text in hex: the text itself is shown once and kept nowhere. */
    _id: z.string(),
    id: z.string(),
    name: z.string(),
    role: z.enum(['viewer', 'operator', 'admin']),
    /** `close`: may call /close and /open and nothing else. */
    scopes: z.array(z.literal('close')),
    /** Globs of job names; empty means every job. */
    jobs: z.array(z.string()),
    createdAt: z.date(),
    createdBy: z.string(),
    expiresAt: z.date().nullable(),
  }),
  indexes: [{ key: { id: 1 }, name: 'id', unique: true }],
});

export type TokenDoc = z.infer<typeof tokenModel.schema>;

/** Single documents of the whole installation. */
export const metaModel = defineModel({
  collection: 'meta',
  schema: z.object({ _id: z.string(), value: z.string() }),
  indexes: [],
});

/** `_id: 'revision'`: the one counter that every definition's revision is drawn from. */
export const counterModel = defineModel({
  collection: 'counters',
  schema: z.object({ _id: z.string(), value: z.number().int() }),
  indexes: [],
});
