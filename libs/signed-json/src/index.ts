export { canonicalText, isDeeperThan } from './json-text';
export { type SignedRequest, canonicalJson, ed25519Key, isRequestSignedBy, isSignedBy } from './signed-json';
