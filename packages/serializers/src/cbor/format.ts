/** RFC 8949, section 3.1. */
export const MAJOR = {
  unsigned: 0,
  negative: 1,
  bytes: 2,
  text: 3,
  list: 4,
  map: 5,
  tag: 6,
  simple: 7,
} as const;

/** Of IANA's registry of CBOR tags, those for which Python has a type. */
export const TAG = {
  datetime: 0,
  timestamp: 1,
  bignum: 2,
  negativeBignum: 3,
  decimal: 4,
  uuid: 37,
  set: 258,
  date: 1_004,
  cbor: 55_799,
} as const;
