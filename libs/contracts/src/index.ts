export * from './errors';
export * from './ids';
export * from './messages';
export * from './roles';
export * from './user-mapping';
