import { endpoint, noBody, nothing } from './endpoint';

/** What the server says of itself. */
export default class ServerController {
  readonly healthz = endpoint({
    summary: 'The process is up',
    params: nothing,
    query: nothing,
    body: noBody,
    handle: async () => ({ status: 200, body: { status: 'ok' } }),
  });

  readonly readyz = endpoint({
    summary: 'The process can do its work: 200, or 503 with the reasons',
    params: nothing,
    query: nothing,
    body: noBody,
    handle: async ({ watchbell }) => {
      const { ready, reasons } = await watchbell.readiness();
      const body = { ready, reasons };
      return ready ? { status: 200, body } : { status: 503, body, headers: { 'Retry-After': '2' } };
    },
  });

  readonly metrics = endpoint({
    summary: "Figures of this host in Prometheus' text format",
    params: nothing,
    query: nothing,
    body: noBody,
    handle: async ({ watchbell }) => {
      const { contentType, text } = await watchbell.metricsText();
      return { status: 200, body: text, type: contentType };
    },
  });

  readonly cluster = endpoint({
    summary: 'Who is in the cluster and what each has in force',
    params: nothing,
    query: nothing,
    body: noBody,
    handle: async ({ watchbell }) => ({ status: 200, body: await watchbell.cluster.status() }),
  });

  readonly kinds = endpoint({
    summary: 'Every kind of job, source, channel and calendar, with the JSON schema of its settings',
    params: nothing,
    query: nothing,
    body: noBody,
    handle: async ({ watchbell }) => ({ status: 200, body: watchbell.kinds }),
  });
}
