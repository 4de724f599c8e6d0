import type { EggAppConfig, PowerPartial } from 'egg';

export default () => {
  const config: PowerPartial<EggAppConfig> = { logger: { level: 'INFO', consoleLevel: 'NONE' } };
  return config;
};
