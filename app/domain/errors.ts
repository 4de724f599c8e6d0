/** One fault of one field, named so that the person can find and mend it. */
export interface FieldError {
  /** Path in the request, such as `schedule.cron` or `check.rule.threshold`. */
  path: string;
  /** What is wrong, the value that was given, and what is allowed. */
  message: string;
}

export interface AppErrorOptions {
  status: number;
  title: string;
  detail: string;
  errors?: FieldError[];
  /** For 429 and 503: when it is worth trying again. */
  retryAfterMs?: number;
  cause?: unknown;
}

/** An error that a person of the API can act on; the middleware turns it into `application/problem+json`. */
export class AppError extends Error {
  readonly status: number;
  readonly title: string;
  readonly errors: FieldError[];
  readonly retryAfterMs: number | undefined;

  constructor(
    readonly code: string,
    options: AppErrorOptions,
  ) {
    super(options.detail, { cause: options.cause });
    this.name = new.target.name;
    this.status = options.status;
    this.title = options.title;
    this.errors = options.errors ?? [];
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** 422: every fault of the body or the query at once. */
export class ValidationError extends AppError {
  constructor(errors: FieldError[]) {
    const detail =
      errors.length === 1 ? `${errors[0]?.path}: ${errors[0]?.message}` : `${errors.length} fields are not valid.`;
    super('invalid', { status: 422, title: 'Not valid', detail, errors });
  }
}

export class BadRequestError extends AppError {
  constructor(detail: string) {
    super('badRequest', { status: 400, title: 'Bad request', detail });
  }
}

export class UnauthorizedError extends AppError {
  constructor(detail = 'Send a valid token: "Authorization: Bearer wb_…".') {
    super('unauthorized', { status: 401, title: 'Not signed in', detail });
  }
}

export class ForbiddenError extends AppError {
  constructor(detail: string) {
    super('forbidden', { status: 403, title: 'Not allowed', detail });
  }
}

export class NotFoundError extends AppError {
  constructor(detail: string, errors: FieldError[] = []) {
    super('notFound', { status: 404, title: 'Not found', detail, errors });
  }
}

/** 409: it is used by others, or in a state that does not allow this; the detail says by whom. */
export class ConflictError extends AppError {
  constructor(detail: string, errors: FieldError[] = []) {
    super('conflict', { status: 409, title: 'Conflict', detail, errors });
  }
}

/** 412: somebody was faster; the detail names the revision that is stored. */
export class PreconditionError extends AppError {
  constructor(detail: string) {
    super('precondition', { status: 412, title: 'Changed meanwhile', detail });
  }
}

/** 503: MongoDB is away or the outcome of a write is unknown; the same request may be sent again. */
export class UnavailableError extends AppError {
  constructor(detail: string, cause?: unknown) {
    super('unavailable', { status: 503, title: 'Not available', detail, retryAfterMs: 2000, cause });
  }
}

/** A setting or the environment does not allow the start. The message is one sentence that says what to do. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
}

/** A source could not answer; the message is the remote's own wherever it gave one. */
export class SourceError extends Error {
  override readonly name = 'SourceError';

  constructor(
    /** The remote's code (`62`), or `timeout`, `network`, `tooManyRows`, `tooManyBytes`, `notNumeric`, `refused`, `aborted`. */
    readonly code: string,
    message: string,
    options?: { cause?: unknown },
  ) {
    super(message, options);
  }
}

/** A channel's remote did not take a message. */
export class ChannelError extends Error {
  override readonly name = 'ChannelError';

  constructor(
    /** The remote's code (`93000`), an HTTP status (`http500`), or `timeout`, `network`, `refused`. */
    readonly code: string,
    message: string,
    readonly options: {
      /** The same message may be sent again later. */
      retryable: boolean;
      /** Not before this span, in ms. */
      retryAfterMs?: number;
      /** The remote refuses this channel for good until a person mends it: its deliveries wait, the channel shows `broken`. */
      broken?: boolean;
      /** The whole budget key (robot) is held for this span, in ms: the remote says that its limit is reached. */
      holdMs?: number;
      /** The request may have arrived although no answer came. */
      uncertain?: boolean;
    },
    cause?: unknown,
  ) {
    super(message, { cause });
  }
}
