import type { Server } from 'node:http';
import type { Application, IBoot } from 'egg';
import { structuredLog } from './app/cluster/structuredLog';
import { WorkerRuntime } from './app/service/workerRuntime';

/** Composition only: a worker serves the API, executes runs and sends deliveries. */
export default class AppBoot implements IBoot {
  private readonly runtime: WorkerRuntime;
  private server: Server | null = null;

  constructor(app: Application) {
    this.runtime = new WorkerRuntime({
      settings: app.config.watchbell,
      messenger: app.messenger,
      log: structuredLog(app.getLogger('watchbellLogger')),
      pid: process.pid,
      masterPid: process.ppid,
      workers: app.options.workers ?? 1,
      refuse: sentence => this.refuse(sentence),
    });
    app.watchbell = this.runtime.watchbell;
    app.on('server', (server: Server) => {
      this.server = server;
    });
  }

  async willReady(): Promise<void> {
    await this.runtime.start();
  }

  async beforeClose(): Promise<void> {
    const served = this.endServing();
    await this.runtime.stop();
    await served;
  }

  /** Requests under way are answered; kept connections without one are closed. */
  private async endServing(): Promise<void> {
    const { server } = this;
    if (server === null || !server.listening) return;
    const closed = new Promise<void>(resolve => server.close(() => resolve()));
    server.closeIdleConnections();
    const limit = setTimeout(() => server.closeAllConnections(), requestEndMs);
    await closed;
    clearTimeout(limit);
  }

  /** Nothing of this host may run: the master ends its workers and its agent. */
  private refuse(sentence: string): void {
    process.stderr.write(`${sentence}\n`);
    process.kill(process.ppid, 'SIGTERM');
  }
}

/** Requests under way at the end get this long, within Egg's 5 s. */
const requestEndMs = 3000;
