import type { Application } from 'egg';
import { type ApiWatchbell, composeApi } from '../composeApi';

/** The real routes over the real use cases. */
export default class ApiBoot {
  private watchbell: ApiWatchbell | null = null;

  constructor(private readonly app: Application) {}

  async didLoad(): Promise<void> {
    const closeTokenInQuery = process.env['WATCHBELL_TEST_CLOSE_TOKEN_IN_QUERY'] === 'true';
    this.watchbell = composeApi(process.env['WATCHBELL_TEST_API_URL'] ?? '', { closeTokenInQuery });
    this.app.watchbell = this.watchbell;
  }

  async beforeClose(): Promise<void> {
    await this.watchbell?.close();
  }
}
