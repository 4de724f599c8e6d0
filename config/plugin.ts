import type { EggPlugin } from 'egg';

/** Only what is used: no views, sessions, static files, i18n or JSONP. */
const plugin: EggPlugin = {
  schedule: true,
  security: true,
  view: false,
  session: false,
  static: false,
  i18n: false,
  jsonp: false,
  multipart: false,
  watcher: false,
  development: false,
};

export default plugin;
