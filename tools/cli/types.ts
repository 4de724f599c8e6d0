/** What a command gets to work with. */
export interface CommandContext {
  /** The project's folder. */
  root: string;
  env: NodeJS.ProcessEnv;
  /** Arguments behind the command's name. */
  args: string[];
  /** Writes one line for the person. */
  say: (line: string) => void;
}

/** Answers the exit code. Throws CommandError, SettingsError or MongodError with a sentence for the person. */
export type Command = (context: CommandContext) => Promise<number>;
