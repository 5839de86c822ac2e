import { Catch, type INestApplicationContext, type RpcExceptionFilter, UseFilters } from '@nestjs/common';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { PATTERN_METADATA } from '@nestjs/microservices/constants';
import { throwError, type Observable } from 'rxjs';

/** Lets an error through as it is. */
@Catch()
class KeepError implements RpcExceptionFilter {
  catch(error: unknown): Observable<never> {
    return throwError(() => error);
  }
}

/**
 * Without this, Nest logs whatever a handler throws and puts "Internal server error" in its place, and nobody could tell
 * transient from permanent any more. A global filter does not reach the microservice of a hybrid app (unless
 * it inherits the app's configuration), so each message handler gets the filter on itself.
 * To be called before Nest registers the handlers with a strategy.
 */
export function keepErrorsOfHandlers(app: INestApplicationContext): void {
  // An instance: a class that Nest has not met while it scanned the modules is left out without a word.
  const keepError = new KeepError();
  const scanner = app.get(MetadataScanner, { strict: false });
  for (const { metatype } of app.get(DiscoveryService, { strict: false }).getControllers()) {
    const prototype = metatype?.prototype as object | undefined;
    if (!prototype) continue;
    for (const name of scanner.getAllMethodNames(prototype)) {
      const descriptor = descriptorOf(prototype, name);
      if (descriptor && Reflect.hasMetadata(PATTERN_METADATA, descriptor.value as object)) {
        UseFilters(keepError)(prototype, name, descriptor);
      }
    }
  }
}

/** Also of a method that the controller inherited. */
function descriptorOf(prototype: object | null, name: string): PropertyDescriptor | undefined {
  if (!prototype) return undefined;
  return (
    Object.getOwnPropertyDescriptor(prototype, name) ??
    descriptorOf(Object.getPrototypeOf(prototype) as object | null, name)
  );
}
