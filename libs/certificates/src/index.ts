export {
  ExtendedKeyUsage,
  type KeyedCertificate,
  type Names,
  type Validity,
  makeAuthority,
  makeLeaf,
} from './x509';
