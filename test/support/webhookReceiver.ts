import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { type Answer, LocalServer, type Received } from '../../tools/demo/localServer';

export interface WebhookCall {
  at: Date;
  /** The header Idempotency-Key. */
  id: string | null;
  /** The header Watchbell-Fence. */
  fence: number | null;
  signature: 'absent' | 'valid' | 'invalid';
  headers: IncomingHttpHeaders;
  rawBody: string;
  /** null where it is not JSON. */
  body: unknown;
  /** Answered 2xx, or taken without an answer (hang, reset): its effect stands. */
  taken: boolean;
}

/** A receiver of the generic webhook: verifies the signature in its own way, answers 204, keeps every call. */
export class WebhookReceiver extends LocalServer {
  /** Every call, refused ones too, oldest first. */
  readonly calls: WebhookCall[] = [];

  constructor(private readonly secret: string | null = null) {
    super();
  }

  get url(): string {
    return `${this.origin}/hook`;
  }

  get taken(): WebhookCall[] {
    return this.calls.filter(call => call.taken);
  }

  /** How often each Idempotency-Key was taken: more than 1 is a message sent twice. */
  takenById(): Map<string, number> {
    const counts = new Map<string, number>();
    for (const { id } of this.taken) if (id !== null) counts.set(id, (counts.get(id) ?? 0) + 1);
    return counts;
  }

  /** The next `times` calls are answered with this status. */
  answer(status: number, headers: Record<string, string> = {}, times = Number.POSITIVE_INFINITY): void {
    this.behave({ type: 'answer', answer: { status, headers, body: `told to answer ${status}` } }, times);
  }

  protected handle(request: Received, told: Answer | null): Answer {
    const answer = told ?? this.judge(request);
    this.calls.push({
      at: request.at,
      id: headerOf(request, 'idempotency-key'),
      fence: numberOf(headerOf(request, 'watchbell-fence')),
      signature: this.verify(request),
      headers: request.headers,
      rawBody: request.rawBody,
      body: parseJson(request.rawBody),
      taken: answer.status >= 200 && answer.status < 300,
    });
    return answer;
  }

  private judge(request: Received): Answer {
    if (request.method !== 'POST') return { status: 405, body: 'POST only' };
    if (this.secret !== null && this.verify(request) !== 'valid') return { status: 401, body: 'bad signature' };
    return { status: 204, body: '' };
  }

  private verify(request: Received): WebhookCall['signature'] {
    const given = headerOf(request, 'x-signature');
    if (given === null) return 'absent';
    const signed = `${headerOf(request, 'x-timestamp')}.${request.rawBody}`;
    const expected = createHmac('sha256', this.secret ?? '')
      .update(signed)
      .digest();
    const actual = Buffer.from(given, 'hex');
    return actual.length === expected.length && timingSafeEqual(actual, expected) ? 'valid' : 'invalid';
  }
}

function headerOf(request: Received, name: string): string | null {
  const value = request.headers[name];
  return typeof value === 'string' ? value : null;
}

function numberOf(text: string | null): number | null {
  return text === null ? null : Number(text);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
