import { MongoNetworkError } from 'mongodb';
import { Database } from '../../app/repository/database';

/** A database of which one answer is lost: its sender does not hear whether the write has happened. */
export class LostAnswer extends Database {
  private next: { method: string; landed: boolean } | null = null;

  /** The next call of this method of any collection fails; `landed` says whether it has happened. */
  lose(method: string, landed: boolean): void {
    this.next = { method, landed };
  }

  override collection(model: { readonly collection: string }) {
    return new Proxy(super.collection(model), {
      get: (target, name) => {
        const method: unknown = Reflect.get(target, name);
        if (typeof method !== 'function') return method;
        return (...given: unknown[]) => {
          const call = () => Reflect.apply(method, target, given);
          if (this.next?.method !== name) return call();
          const { landed } = this.next;
          this.next = null;
          return this.unanswered(landed ? call : null);
        };
      },
    });
  }

  private async unanswered(call: (() => unknown) | null): Promise<never> {
    if (call !== null) await call();
    throw new MongoNetworkError('connection closed');
  }
}
