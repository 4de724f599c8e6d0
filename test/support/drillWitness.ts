import { z } from 'zod';
import { type Answer, LocalServer, type Received } from '../../tools/demo/localServer';

const call = z.object({
  occurrence: z.string(),
  fence: z.number(),
  member: z.string(),
  phase: z.enum(['start', 'end']),
});

/** What runs of the kind `drill` tell, outside of Watchbell and in the order in which it came. */
export class DrillWitness extends LocalServer {
  readonly calls: z.output<typeof call>[] = [];

  get url(): string {
    return `${this.origin}/drill`;
  }

  starts(): z.output<typeof call>[] {
    return this.calls.filter(({ phase }) => phase === 'start');
  }

  protected handle({ rawBody }: Received): Answer {
    this.calls.push(call.parse(JSON.parse(rawBody)));
    return { status: 204, body: '' };
  }
}
