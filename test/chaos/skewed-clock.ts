/*
 * Preloaded into a process (`node --require`), shows it a clock that is wrong by CHAOS_CLOCK_SKEW_MS. The system's clock
 * cannot be set for one process alone.
 */
const skewMs = Number(process.env.CHAOS_CLOCK_SKEW_MS);
if (!Number.isFinite(skewMs)) throw new Error('CHAOS_CLOCK_SKEW_MS is not a number');

const SystemDate = Date;
const now = (): number => SystemDate.now() + skewMs;

globalThis.Date = new Proxy(SystemDate, {
  construct: (target, args: unknown[], newTarget) =>
    Reflect.construct(target, args.length > 0 ? args : [now()], newTarget) as Date,
  apply: () => new SystemDate(now()).toString(),
  get: (target, name, receiver): unknown => (name === 'now' ? now : Reflect.get(target, name, receiver)),
});
