export * from './clinical';
export * from './errors';
export * from './ids';
export * from './messages';
export * from './notices';
export * from './roles';
export * from './user-mapping';
