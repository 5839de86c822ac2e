import { BridgeError } from '@bridge/contracts';
import { Logger } from '@nestjs/common';
import type { Authorization } from './authorization';

/** A token as it was issued. */
export interface IssuedToken {
  readonly value: string;
  /** Milliseconds. */
  readonly lifeMs: number;
}

interface HeldToken {
  readonly value: string;
  /** From then on a new one is fetched while this one still serves. */
  renewFrom: number;
  /** From then on it serves no more. */
  readonly usableUntil: number;
}

/** Three quarters: of the five minutes that SMART suggests, 75 seconds are left to get the next one. */
const shareBeforeRenewal = 0.75;
/** A request may be under way for a while before its token is looked at, and clocks differ a little. */
const marginMs = 10_000;
const largestMarginShare = 0.1;
/** Every call would ask for a token, and log that there is none, while there is much to do. */
const afterFailureMs = 1_000;

/**
 * Holds one access token for all callers. It is renewed while it still serves, so that nobody waits for a token as long
 * as there is work; and however many callers need one, it is asked for once.
 */
export class AccessTokens implements Authorization {
  private readonly logger = new Logger(AccessTokens.name);
  private held?: HeldToken;
  private renewal?: Promise<HeldToken>;

  /** @param issue asks for a new token; called once at a time */
  constructor(private readonly issue: () => Promise<IssuedToken>) {}

  async header(): Promise<string> {
    const now = Date.now();
    const held = this.held;
    if (!held || now >= held.usableUntil) return bearer(await this.renewed());
    // Not waited for: the present one serves on, whatever comes of it.
    if (now >= held.renewFrom && !this.renewal)
      this.renewed().catch((failure: unknown) => this.postpone(held, failure));
    return bearer(held);
  }

  /** Of several callers whose token was refused only the first takes it away: the next token is not theirs to refuse. */
  refused(header: string | undefined): boolean {
    if (this.held && bearer(this.held) === header) this.held = undefined;
    return true;
  }

  private renewed(): Promise<HeldToken> {
    this.renewal ??= this.fetch().finally(() => (this.renewal = undefined));
    return this.renewal;
  }

  private async fetch(): Promise<HeldToken> {
    const askedAt = Date.now();
    const { value, lifeMs } = await this.issue();
    const margin = Math.min(marginMs, lifeMs * largestMarginShare);
    this.held = {
      value,
      renewFrom: askedAt + lifeMs * shareBeforeRenewal,
      usableUntil: askedAt + lifeMs - margin,
    };
    return this.held;
  }

  private postpone(held: HeldToken, failure: unknown): void {
    const asked = failure instanceof BridgeError ? (failure.retryAfterMs ?? 0) : 0;
    held.renewFrom = Date.now() + Math.max(afterFailureMs, asked);
    this.logger.warn({
      msg: 'No new token for the FHIR server yet; the present one serves on',
      err: failure,
    });
  }
}

function bearer({ value }: HeldToken): string {
  return `Bearer ${value}`;
}
