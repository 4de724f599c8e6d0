import type { Watchbell } from '../app/service/watchbell';
import type { WatchbellConfig } from '../config/watchbellConfig';

declare module 'egg' {
  interface EggAppConfig {
    watchbell: WatchbellConfig;
  }

  interface Application {
    /** What the master was started with. */
    options: { workers?: number };
    /** Composed in app.ts; the controllers reach every use case through it. */
    watchbell: Watchbell;
  }
}
