declare module 'egg-schedule/lib/strategy/worker' {
  /** Plans one schedule in Egg's agent and sends each occurrence to one worker. */
  export default class WorkerStrategy {
    constructor(schedule: { cron: string; cronOptions: { tz?: string } }, agent: object, key: string);
    start(): void;
  }
}
