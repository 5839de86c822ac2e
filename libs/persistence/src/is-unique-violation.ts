import { Prisma } from './generated/client';

/** Prisma's code for "another row has this key already". */
export function isUniqueViolation(error: unknown): boolean {
  return error instanceof Prisma.PrismaClientKnownRequestError && error.code === 'P2002';
}
