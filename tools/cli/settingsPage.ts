import { z } from 'zod';
import { environmentSchema } from '../../config/settings';
import { startSchema } from '../../config/startSettings';

interface Property {
  description?: string;
  default?: unknown;
  unit?: string;
  minimum?: number;
  maximum?: number;
}

const propertiesSchema = z.object({
  properties: z.record(
    z.string(),
    z.object({
      description: z.string().optional(),
      default: z.unknown().optional(),
      unit: z.string().optional(),
      minimum: z.number().optional(),
      maximum: z.number().optional(),
    }),
  ),
});

const head = `# Settings

Every setting is an environment variable. This page is made from the schemas in \`config/\` by \`npm run docs:settings\`.
The server refuses to start with a value that is out of its range, and says which.
`;

/** The text of docs/guide/settings.md. */
export function settingsPage(): string {
  return [
    head,
    '## The server\n',
    table(propertiesOf(environmentSchema)),
    '',
    '## The commands around it (`npm start`, `npm run dev`)\n',
    table(propertiesOf(startSchema)),
    '',
  ].join('\n');
}

function propertiesOf(schema: z.ZodType): [string, Property][] {
  return Object.entries(
    propertiesSchema.parse(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })).properties,
  );
}

function table(properties: [string, Property][]): string {
  const rows = properties.map(([name, property]) => {
    const { description = '', unit = '' } = property;
    return `| \`${name}\` | ${fallback(property)} | ${unit} | ${range(property)} | ${description} |`;
  });
  return ['| name | default | unit | range | meaning |', '|---|---|---|---|---|', ...rows].join('\n');
}

function fallback({ default: value }: Property): string {
  return value === undefined || value === '' ? '–' : `\`${String(value)}\``;
}

function range({ minimum, maximum }: Property): string {
  return minimum === undefined || maximum === undefined ? '' : `${minimum} – ${maximum}`;
}
