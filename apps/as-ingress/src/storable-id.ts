/** Control characters and halves of surrogate pairs: in no id that a homeserver makes, and Postgres refuses a NUL. */
const UNSTORABLE = /[\p{Cc}\p{Cs}]/u;

/** Whether stores can hold this id. One that they cannot would fail in the worker, and fail again. */
export function isStorable(id: string): boolean {
  return !UNSTORABLE.test(id);
}
