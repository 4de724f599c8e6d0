import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

/** How the demo speaks: a heading for each step, sentences, commands and messages, each with a shape of its own. */
export class Narrator {
  private readonly startedAt = performance.now();
  private step = 0;

  constructor(
    private readonly write: (line: string) => void,
    private readonly colour: boolean,
  ) {}

  title(text: string): void {
    this.write(this.style('bold', text));
  }

  heading(text: string): void {
    this.step += 1;
    this.write('');
    this.write(this.style('bold', `${this.step}. ${text}`) + this.style('dim', `  (${this.seconds()} s)`));
  }

  say(text: string): void {
    this.write(`   ${text}`);
  }

  /** A part that is up: its name, what it is, how long that took. */
  part(name: string, what: string, tookMs: number): void {
    this.write(
      `   ${this.style('green', '✔')} ${name.padEnd(12)} ${what} ${this.style('dim', `(${(tookMs / 1000).toFixed(1)} s)`)}`,
    );
  }

  /** A command that the reader could have typed. */
  command(line: string): void {
    for (const [index, part] of line.split('\n').entries()) {
      this.write(this.style('cyan', `   ${index === 0 ? '$' : ' '} ${part}`));
    }
  }

  answer(text: string): void {
    this.write(`     → ${text}`);
  }

  /** A message, framed, as it came. */
  message(title: string, content: string, at: Date): void {
    this.write(`   ${this.style('yellow', '┌─')} ${title} at ${at.toISOString().slice(11, 19)}Z`);
    for (const line of content.split('\n')) this.write(`   ${this.style('yellow', '│')} ${line}`);
    this.write(`   ${this.style('yellow', '└─')}`);
  }

  seen(text: string): void {
    this.write(`   ${this.style('green', '✔')} ${text}`);
  }

  failed(text: string): void {
    this.write(`   ${this.style('red', '✘')} ${text}`);
  }

  blank(): void {
    this.write('');
  }

  /** Seconds since the demo began. */
  seconds(): string {
    return ((performance.now() - this.startedAt) / 1000).toFixed(0);
  }

  private style(style: Style, text: string): string {
    return this.colour ? styleText(style, text) : text;
  }
}
