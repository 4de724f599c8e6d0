import type { Application } from 'egg';
import CalendarsController from './controller/calendars';
import CloseController from './controller/close';
import { dispatch } from './controller/dispatch';
import HistoryController from './controller/history';
import HostsController from './controller/hosts';
import JobsController from './controller/jobs';
import MutesController from './controller/mutes';
import { openapiEndpoint, type Route } from './controller/openapi';
import RemotesController from './controller/remotes';
import RunsController from './controller/runs';
import SchedulesController from './controller/schedules';
import ServerController from './controller/server';
import TokensController from './controller/tokens';

const jobs = new JobsController();
const sources = new RemotesController('source');
const channels = new RemotesController('channel');
const calendars = new CalendarsController();
const schedules = new SchedulesController();
const history = new HistoryController();
const runs = new RunsController();
const mutes = new MutesController();
const close = new CloseController();
const tokens = new TokensController();
const hosts = new HostsController();
const server = new ServerController();

/**
 * Every URL: method, path, who may call it, and what it does. Jobs, calendars, mutes and drains are an operator's work. Sources, channels
 * and tokens are an admin's: whoever changes an address decides where a stored secret is sent.
 */
const routes: readonly Route[] = [
  ['GET', '/healthz', 'public', server.healthz],
  ['GET', '/readyz', 'public', server.readyz],
  ['GET', '/metrics', 'viewer', server.metrics],

  ['GET', '/close', 'close', close.closeByGet],
  ['POST', '/close', 'close', close.closeByPost],
  ['GET', '/open', 'close', close.openByGet],
  ['POST', '/open', 'close', close.openByPost],

  ['GET', '/api/v1/jobs', 'viewer', jobs.list],
  ['GET', '/api/v1/jobs/:name', 'viewer', jobs.get],
  ['PUT', '/api/v1/jobs/:name', 'operator', jobs.put],
  ['PATCH', '/api/v1/jobs/:name', 'operator', jobs.patch],
  ['DELETE', '/api/v1/jobs/:name', 'operator', jobs.remove],
  ['POST', '/api/v1/jobs/:name/pause', 'operator', jobs.pause],
  ['POST', '/api/v1/jobs/:name/resume', 'operator', jobs.resume],
  ['POST', '/api/v1/jobs/:name/run', 'operator', runs.now],
  ['POST', '/api/v1/jobs/:name/backfill', 'operator', runs.backfill],
  ['POST', '/api/v1/jobs/:name/test', 'operator', jobs.test],
  ['POST', '/api/v1/jobs/test', 'operator', jobs.testBody],

  ['GET', '/api/v1/sources', 'viewer', sources.list],
  ['GET', '/api/v1/sources/:name', 'viewer', sources.get],
  ['PUT', '/api/v1/sources/:name', 'admin', sources.put],
  ['PATCH', '/api/v1/sources/:name', 'admin', sources.patch],
  ['DELETE', '/api/v1/sources/:name', 'admin', sources.remove],
  ['POST', '/api/v1/sources/:name/test', 'operator', sources.test],

  ['GET', '/api/v1/channels', 'viewer', channels.list],
  ['GET', '/api/v1/channels/:name', 'viewer', channels.get],
  ['PUT', '/api/v1/channels/:name', 'admin', channels.put],
  ['PATCH', '/api/v1/channels/:name', 'admin', channels.patch],
  ['DELETE', '/api/v1/channels/:name', 'admin', channels.remove],
  ['POST', '/api/v1/channels/:name/test', 'operator', channels.test],

  ['POST', '/api/v1/schedules/preview', 'viewer', schedules.preview],

  ['GET', '/api/v1/calendars', 'viewer', calendars.list],
  ['GET', '/api/v1/calendars/:name', 'viewer', calendars.get],
  ['PUT', '/api/v1/calendars/:name', 'operator', calendars.put],
  ['PATCH', '/api/v1/calendars/:name', 'operator', calendars.patch],
  ['DELETE', '/api/v1/calendars/:name', 'operator', calendars.remove],
  ['POST', '/api/v1/calendars/:name/import', 'operator', calendars.import],

  ['GET', '/api/v1/runs', 'viewer', history.runs],
  ['GET', '/api/v1/runs/:id', 'viewer', history.run],
  ['POST', '/api/v1/runs/:id/cancel', 'operator', runs.cancel],
  ['GET', '/api/v1/alerts', 'viewer', history.alerts],
  ['GET', '/api/v1/alerts/:id', 'viewer', history.alert],
  ['GET', '/api/v1/alerts/:id/transitions', 'viewer', history.transitions],
  ['GET', '/api/v1/deliveries', 'viewer', history.deliveries],

  ['GET', '/api/v1/mutes', 'viewer', mutes.list],
  ['POST', '/api/v1/mutes', 'operator', mutes.create],
  ['POST', '/api/v1/mutes/preview', 'viewer', mutes.preview],
  ['DELETE', '/api/v1/mutes/:id', 'operator', mutes.end],

  ['GET', '/api/v1/tokens', 'admin', tokens.list],
  ['POST', '/api/v1/tokens', 'admin', tokens.create],
  ['DELETE', '/api/v1/tokens/:id', 'admin', tokens.revoke],

  ['GET', '/api/v1/cluster', 'viewer', server.cluster],
  ['POST', '/api/v1/cluster/hosts/:hostId/drain', 'operator', hosts.drain],
  ['DELETE', '/api/v1/cluster/hosts/:hostId/drain', 'operator', hosts.resume],
  ['GET', '/api/v1/kinds', 'viewer', server.kinds],
  ['GET', '/api/v1/openapi.json', 'viewer', openapiEndpoint(() => routes)],
];

/** Egg calls it with the application, whose `watchbell` the endpoints use. */
export default function router(app: Application): void {
  for (const [method, path, access, endpoint] of routes) {
    app.router.register(path, [method], [dispatch(access, endpoint)]);
  }
}
