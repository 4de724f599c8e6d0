import type { z } from 'zod';
import { CommandError } from '../errors';
import type { Narrator } from './narrator';

/** The public API as the reader would call it: every told call is shown as the curl line that does the same. */
export class Api {
  constructor(
    readonly origin: string,
    private readonly token: string,
    private readonly narrator: Narrator,
  ) {}

  /** What the curl lines take for granted. */
  get exports(): string {
    return `export WB=${this.origin} TOKEN=${this.token}`;
  }

  /** Shows the curl line, calls, and answers the body. Throws CommandError with the problem's own words. */
  async tell<Schema extends z.ZodType>(
    method: string,
    path: string,
    schema: Schema,
    body?: unknown,
  ): Promise<z.output<Schema>> {
    this.narrator.command(curlLine(method, path, body));
    return await this.call(method, path, schema, body);
  }

  /** Calls without a word. */
  async call<Schema extends z.ZodType>(
    method: string,
    path: string,
    schema: Schema,
    body?: unknown,
  ): Promise<z.output<Schema>> {
    const answer = await fetch(this.origin + path, {
      method,
      headers: {
        Authorization: `Bearer ${this.token}`,
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(10_000),
    });
    const text = await answer.text();
    if (!answer.ok) throw new CommandError(`${method} ${path} answered ${answer.status}: ${text}`);
    return schema.parse(JSON.parse(text));
  }
}

function curlLine(method: string, path: string, body: unknown): string {
  const verb = method === 'GET' ? '' : ` -X ${method}`;
  const line = `curl -s${verb} -H "Authorization: Bearer $TOKEN" "$WB${path}"`;
  if (body === undefined) return line;
  const short = JSON.stringify(body);
  const json = short.length <= 200 ? short : lineForEachField(body);
  return `${line} \\\n  -H 'Content-Type: application/json' -d '${json.replaceAll("'", "'\\''")}'`;
}

/** Neither one long line nor a line for each brace. */
function lineForEachField(body: unknown): string {
  if (typeof body !== 'object' || body === null) return JSON.stringify(body);
  const fields = Object.entries(body).map(([name, value]) => `  ${JSON.stringify(name)}: ${JSON.stringify(value)}`);
  return `{\n${fields.join(',\n')}\n}`;
}
